"""What a rebalance has done is judged by the state after it, whatever the venue promised."""

import pytest

from levtoken.evm import Contract, Revert
from levtoken.system import PLAIN_POLICY
from levtoken.units import WAD, to_fixed
from tests.unit.token.desk import KEEPER, OWNER, Desk, selector
from tests.world import POLICY_3X

BEFORE = "3.9"  # beyond the upper edge of 3.8
PLAIN = PLAIN_POLICY | POLICY_3X | {"rewardRate": 0, "rewardCap": 0, "maxTrade": 1_000 * WAD}
CLOSER = [
    ("3.9", False),  # nothing was done
    ("3.901", False),  # it grew
    ("3.899999999999999999", True),
    ("3.4", True),
    ("2.9997", True),  # a ten-thousandth past the target is tolerated ...
    ("2.999699999999999999", False),  # ... and not a wei more
]


def state(leverage: str) -> dict[str, object]:
    """A thousand assets of equity at a price of 1."""
    return {
        "price": WAD, "size": 1_000 * to_fixed(leverage), "equity": 1_000 * WAD, "fault": bytes(4)
    }  # fmt: skip


@pytest.fixture
def liar(empty: Desk) -> Contract:
    return empty.evm.deploy("MockLiarVenue", empty.asset.address, empty.market.call("limits"))


@pytest.fixture
def token(empty: Desk, liar: Contract) -> Contract:
    """A token of 3x at the liar."""
    liar.transact("tell", state("0"), 0, state("0"))
    params = {
        "name": b"LIE3L", "symbol": b"LIE3L", "venue": liar.address, "targetLeverage": 3 * WAD,
        "owner": OWNER, "guardian": OWNER, "feeRecipient": OWNER,
        "fees": {"streaming": 0, "deposit": 0, "redemption": 0},
        "supplyCap": 2**128 - 1, "minDeposit": 0,
        "policy": empty.system.logic.transact("storePolicy", PLAIN),
    }  # fmt: skip
    return empty.evm.at("LeveragedToken", empty.system.factory.transact("create", params))


@pytest.mark.parametrize(("after", "passes"), CLOSER)
def test_leverage_comes_strictly_closer_and_hardly_past_the_target(
    token: Contract, liar: Contract, after: str, passes: bool
) -> None:
    """I-6, law 2."""
    liar.transact("tell", state(BEFORE), -to_fixed(500), state(after))
    if passes:
        assert token.transact("rebalance", sender=KEEPER) == 0
        return
    with pytest.raises(Revert) as caught:
        token.transact("rebalance", sender=KEEPER)
    assert caught.value.name == "LeverageNotImproved"


@pytest.mark.parametrize(
    ("after", "passes"), [("2.5", True), ("0", True), ("3", False), ("3.1", False)]
)
def test_a_closing_token_only_shrinks(
    token: Contract, liar: Contract, after: str, passes: bool
) -> None:
    """I-6 while closing, law 2."""
    token.transact("startClosing", sender=OWNER)
    token.evm.next_block(token.evm.timestamp + POLICY_3X["cooldown"])
    liar.transact("tell", state("3"), -to_fixed(500), state(after))
    if passes:
        token.transact("rebalance", sender=KEEPER)
        return
    with pytest.raises(Revert) as caught:
        token.transact("rebalance", sender=KEEPER)
    assert caught.value.name == "LeverageNotImproved"


def test_slices_of_an_emergency_double_until_the_venue_takes_one(
    empty: Desk, token: Contract, liar: Contract
) -> None:
    """I-6: near liquidation a venue that judges at the fill may refuse what reduces too little."""
    slices = {"maxTrade": 100 * WAD, "emergencySlices": 100}
    stored = empty.system.logic.transact("storePolicy", PLAIN | slices)
    token.transact("setPolicy", stored, sender=OWNER)
    liar.transact("tell", state("5"), -to_fixed(2_000), state("4.6"))
    for least, size in ((0, 100), (100, 100), (101, 200), (400, 400), (1_700, 2_000)):
        liar.transact("refuseBelow", least * WAD)
        due = token.call("assess")
        assert (due["reason"], due["sizeDelta"]) == (bytes(4), -size * WAD)
        assert due["left"] == (2_000 - size) * WAD
    liar.transact("refuseBelow", 2_001 * WAD)
    assert token.call("assess")["reason"] == selector("Liquidatable")
