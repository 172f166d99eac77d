"""Assets that call back in the middle of a verb: no verb goes through then, and every view is
right. The naive version has neither a lock nor an order of effects."""

import pytest

from levtoken.artifacts import PROJECT
from levtoken.evm import Contract
from levtoken.units import WAD
from tests.stand import NO_LIMIT
from tests.threats.stage import ALL, HOLDER, KEEPER, OWNER, Stage, opened

FEES = {"streaming": WAD // 20, "deposit": WAD // 100, "redemption": WAD // 100}
LOCKED = bytes.fromhex("ab143c06")  # Reentrancy()
BEFORE, AFTER = "MockHookERC20", "MockHookReceiverERC20"
LIVE = ("deposit", "mint", "redeem", "withdraw", "rebalance")


def stage_of(asset: str) -> tuple[Stage, Contract]:
    """Half of the shares belong to a contract that can be told what to do; fees have accrued."""
    stage = opened(asset=asset, fees=FEES)
    witness = stage.evm.deploy("MockWitness")
    shares = stage.token.call("balanceOf", HOLDER)
    stage.act(HOLDER, "transfer", witness.address, shares // 2)
    stage.asset.transact("mint", witness.address, 10**6 * stage.unit)
    approve = stage.asset.calldata("approve", stage.token.address, ALL)
    witness.transact("act", [stage.asset.address], [approve])
    stage.wait(30 * 86_400)
    return stage, witness


def perform(stage: Stage, verb: str) -> None:
    """The verb, by the holder; a price at which there is something to do comes first."""
    amounts = {"deposit": 100 * stage.unit, "mint": 100 * WAD, "redeem": 100 * WAD}
    amount = amounts.get(verb, 100 * stage.unit)
    whose = {"deposit": (HOLDER,), "mint": (HOLDER,), "rebalance": ()}.get(verb, (HOLDER, HOLDER))
    arguments = whose if verb == "rebalance" else (amount, *whose)
    stage.act(HOLDER, verb, *arguments)


def ready(stage: Stage, verb: str) -> None:
    if verb == "rebalance":
        stage.push(53_000)


def inside(stage: Stage, witness: Contract, verb: str, calls: list[tuple[Contract, bytes]]):  # type: ignore[no-untyped-def]
    """What calls of the witness answer while the verb moves assets."""
    act = witness.calldata("act", [to.address for to, _ in calls], [data for _, data in calls])
    stage.asset.transact("setHook", witness.address, act)
    perform(stage, verb)
    return witness.call("answers")


def verbs_of(stage: Stage, witness: Contract) -> list[tuple[Contract, bytes]]:
    token, me = stage.token, witness.address
    calls = (
        ("deposit", stage.unit * 100, me),
        ("deposit", stage.unit * 100, me, 0, NO_LIMIT),
        ("depositWithPermit", stage.unit * 100, me, 0, NO_LIMIT, 0, bytes(32), bytes(32)),
        ("mint", WAD, me),
        ("mint", WAD, me, NO_LIMIT, NO_LIMIT),
        ("withdraw", stage.unit, me, me),
        ("withdraw", stage.unit, me, me, NO_LIMIT, NO_LIMIT),
        ("redeem", WAD, me, me),
        ("redeem", WAD, me, me, 0, NO_LIMIT),
        ("rebalance",),
        ("performUpkeep", b""),
        ("accrue",),
        ("close",),
    )
    return [(token, token.calldata(name, *arguments)) for name, *arguments in calls]


@pytest.mark.parametrize("asset", [BEFORE, AFTER])
@pytest.mark.parametrize("verb", LIVE)
def test_no_verb_goes_through_in_the_middle_of_another(asset: str, verb: str) -> None:
    """Naive: without a lock, a redemption inside a deposit is paid before the deposit is booked."""
    stage, witness = stage_of(asset)
    ready(stage, verb)
    answers = inside(stage, witness, verb, verbs_of(stage, witness))
    assert len(answers) == len(verbs_of(stage, witness))
    assert all(not one["ok"] and one["data"] == LOCKED for one in answers)


@pytest.mark.parametrize("asset", [BEFORE, AFTER])
@pytest.mark.parametrize("verb", LIVE)
def test_prices_read_in_the_middle_of_a_verb_are_right(asset: str, verb: str) -> None:
    """Naive: shares burned before the position shrinks double the price that a lender reads; a fee
    clock that moves before its shares exist makes the fees of a month vanish from it."""
    stage, witness = stage_of(asset)
    ready(stage, verb)
    token = stage.token
    names = ("sharePrice", "totalAssets", "supplyAfterFees")
    expected = token.call("sharePrice")
    answers = inside(stage, witness, verb, [(token, token.calldata(one)) for one in names])
    after = token.call("sharePrice")
    price, total, supply = (int.from_bytes(one["data"], "big") for one in answers)
    # A rebalance pays its cost; a flow moves the price up, by a rounding and by the fee on what
    # is burned, never down.
    assert min(expected, after) - 1 <= price <= max(expected, after) + 1
    # Assets round down by a unit.
    assert abs(total * (WAD // stage.unit) * WAD // supply - price) <= WAD // stage.unit


def test_no_verb_of_a_token_goes_through_in_the_middle_of_one_of_the_market() -> None:
    """Naive: the locks of token and market know nothing of each other, and a token is entered while
    the market has taken assets that it has not booked: they are booked twice."""
    stage, witness = stage_of(BEFORE)
    trade = stage.market.calldata("depositMargin", 1_000 * stage.unit)
    calls = verbs_of(stage, witness)[:1]
    act = witness.calldata("act", [to.address for to, _ in calls], [data for _, data in calls])
    allow = stage.asset.calldata("approve", stage.market.address, ALL)
    witness.transact("act", [stage.asset.address], [allow])
    stage.asset.transact("setHook", witness.address, act)
    stage.evm.send(stage.market.address, trade, HOLDER)
    [answer] = witness.call("answers")
    assert not answer["ok"]
    assert answer["data"] == LOCKED


def closing(asset: str) -> tuple[Stage, Contract]:
    """A token that has traded out."""
    stage, witness = stage_of(asset)
    stage.act(OWNER, "startClosing")
    while stage.market.call("state", stage.token.address)["size"] != 0:
        stage.wait(3_000)
        stage.act(KEEPER, "rebalance")
    return stage, witness


@pytest.mark.parametrize("asset", [BEFORE, AFTER])
def test_no_verb_goes_through_in_the_middle_of_a_close(asset: str) -> None:
    """Naive: a redemption while the assets are on their way is paid from an empty token."""
    stage, witness = closing(asset)
    calls = verbs_of(stage, witness)
    act = witness.calldata("act", [to.address for to, _ in calls], [data for _, data in calls])
    stage.asset.transact("setHook", witness.address, act)
    stage.act(KEEPER, "close")
    answers = witness.call("answers")
    assert len(answers) == len(calls)
    assert all(not one["ok"] and one["data"] == LOCKED for one in answers)


@pytest.mark.parametrize("asset", [BEFORE, AFTER])
@pytest.mark.parametrize("verb", ["close", "redeem", "withdraw"])
def test_a_closed_token_tells_no_price_while_its_assets_move(asset: str, verb: str) -> None:
    """Naive: closed before the assets arrive, the price is 0 for a moment; burned before they
    leave, it doubles. A lender who reads it there is robbed."""
    stage, witness = closing(asset)
    token = stage.token
    if verb != "close":
        stage.act(KEEPER, "close")
    before = token.call("sharePrice")
    names = ("sharePrice", "totalAssets")
    reads = [token.calldata(name) for name in names]
    reads += [token.calldata(name, WAD) for name in ("convertToAssets", "previewRedeem")]
    act = witness.calldata("act", [token.address] * len(reads), reads)
    stage.asset.transact("setHook", witness.address, act)
    arguments = () if verb == "close" else (50 * stage.unit, HOLDER, HOLDER)
    stage.act(HOLDER, verb, *arguments)
    answers = witness.call("answers")
    assert len(answers) == len(reads)
    assert all(not one["ok"] for one in answers)
    # Rounded to a unit of the asset.
    assert abs(token.call("sharePrice") - before) <= WAD // stage.unit


def test_two_calls_in_one_transaction_are_two_calls() -> None:
    """Naive: a transient slot that is not cleared locks the second call of a transaction out, or
    one slot of two uses lets it in (SIR, 355,000)."""
    stage, witness = stage_of(BEFORE)
    token, me = stage.token, witness.address
    calls = [
        token.calldata("deposit", 100 * stage.unit, me),
        token.calldata("redeem", WAD, me, me),
        token.calldata("deposit", 100 * stage.unit, me),
    ]
    witness.transact("act", [token.address] * 3, calls)
    assert all(one["ok"] for one in witness.call("answers"))


def test_transient_storage_has_one_use_in_each_contract() -> None:
    """Naive: the address of a callback in the slot that holds an amount later (SIR)."""
    sources = [
        path.read_text() for path in PROJECT.glob("contracts/**/*.sol") if "mocks" not in str(path)
    ]
    assert sources
    assert not any(word in text for text in sources for word in ("tstore", "tload", " transient "))
    users = [text for text in sources if "ReentrancyGuardTransient.sol" in text]
    assert len(users) == 1
