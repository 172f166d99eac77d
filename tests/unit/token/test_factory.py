"""Factory: one blueprint, one token for each set of parameters."""

import pytest

from levtoken.artifacts import AbiValue
from levtoken.evm import Revert
from levtoken.system import NO_CAP, PLAIN_POLICY, System
from levtoken.units import WAD
from tests.unit.token.desk import ROLES, STRANGER, Desk
from tests.world import BTC_MARKET, NO_PULL, POLICY_3X

BLUEPRINT_LIMIT = 24_576
NAME, SYMBOL = b"BTC 3x".ljust(32, b"\0"), b"BTC3".ljust(32, b"\0")


def params(system: System, **changes: AbiValue) -> dict[str, AbiValue]:
    return {
        **ROLES,
        "fees": {"streaming": 0, "deposit": 0, "redemption": 0},
        "supplyCap": NO_CAP,
        "minDeposit": 0,
        "name": NAME,
        "symbol": SYMBOL,
        "venue": system.market.address,
        "targetLeverage": 3 * WAD,
        "policy": system.logic.transact("storePolicy", PLAIN_POLICY | POLICY_3X),
        **changes,
    }


def test_refuses_a_blueprint_without_preamble_and_a_logic_without_code(empty: Desk) -> None:
    evm, factory = empty.evm, empty.system.factory
    wrong = [
        (empty.asset.address, empty.system.logic.address),
        (STRANGER, empty.system.logic.address),
        (factory.call("blueprint"), STRANGER),
    ]
    for arguments in wrong:
        with pytest.raises(Revert, match="InvalidParameter"):
            evm.deploy("LeveragedTokenFactory", *arguments)


def test_anyone_creates_a_token_once_at_the_address_that_follows_from_its_parameters(
    empty: Desk,
) -> None:
    factory, wanted = empty.system.factory, params(empty.system)
    expected = factory.call("addressOf", wanted)
    assert not factory.call("isToken", expected)
    assert factory.transact("create", wanted, sender=STRANGER) == expected
    assert factory.call("isToken", expected)
    with pytest.raises(Revert, match="TokenExists"):
        factory.transact("create", wanted)
    assert factory.call("addressOf", wanted | {"minDeposit": 1}) != expected


def test_lists_the_tokens_by_pages(empty: Desk) -> None:
    factory = empty.system.factory
    second = factory.transact("create", params(empty.system))
    assert factory.call("tokenCount") == 2
    assert factory.call("tokens", 0, 9) == (empty.token.address, second)
    assert factory.call("tokens", 1, 1) == (second,)
    assert factory.call("tokens", 2, 1) == factory.call("tokens", 2**255, 2**255) == ()


def test_a_token_is_what_its_parameters_say(empty: Desk) -> None:
    system = empty.system
    token = empty.evm.at("LeveragedToken", system.factory.transact("create", params(system)))
    told = [token.call(one) for one in ("name", "symbol", "decimals", "targetLeverage")]
    assert told == ["BTC 3x", "BTC3", 18, 3 * WAD]
    parts = [token.call(one) for one in ("asset", "venue", "logic")]
    assert parts == [system.asset.address, system.market.address, system.logic.address]
    policy = system.logic.call("policyAt", token.call("progress")["policy"])
    assert policy == PLAIN_POLICY | POLICY_3X
    assert (token.call("sharePrice"), token.call("totalAssets")) == (WAD, 0)


def test_the_error_of_the_constructor_reaches_the_creator(empty: Desk) -> None:
    for wrong in ({"name": b"S" * 32}, {"symbol": b"S" * 32}, {"targetLeverage": 101 * WAD}):
        with pytest.raises(Revert, match="InvalidParameter"):
            empty.system.factory.transact("create", params(empty.system, **wrong))


def test_refuses_decimals_that_shares_cannot_carry(empty: Desk) -> None:
    coarse = empty.evm.deploy("MockERC20", "Coarse", "C", 5)
    sources = (coarse.address, empty.system.oracle.address, NO_PULL)
    market = empty.evm.deploy("MockPerpMarket", *sources, BTC_MARKET)
    with pytest.raises(Revert, match="InvalidParameter"):
        empty.system.factory.transact("create", params(empty.system, venue=market.address))


def test_code_fits_the_limit_of_a_blueprint(empty: Desk) -> None:
    code = empty.evm.artifacts["LeveragedToken"].init_code
    assert len(code) + 3 <= BLUEPRINT_LIMIT
