"""Guards that a review of the contracts asked for, each by the case that showed the need."""

from dataclasses import replace

import pytest

from levtoken.evm import DEPLOYER, Evm, Revert
from levtoken.system import Feed, System, deploy_system
from levtoken.units import WAD, to_fixed
from tests.world import BTC_MARKET, NO_PULL, NO_SEQUENCER, POLICY_3X

UNIT = 10**6
NOW = 10**9
SOL = BTC_MARKET | {
    "skewScale": to_fixed(1_750_000),
    "makerFee": to_fixed("0.0002"),
    "takerFee": to_fixed("0.0008"),
    "maxLeverage": to_fixed("27.5"),
    "maxMarketSize": to_fixed(385_449),
    "liquidationBufferRatio": to_fixed("0.01"),
}
SOL_PRICE = 150 * 10**8
POLICY_5X = POLICY_3X | {
    "lower": to_fixed("4.2"),
    "upper": to_fixed(6),
    "emergency": to_fixed(7),
    "maxTrade": to_fixed(1_575),
}
POLICY_10X = POLICY_5X | {
    "lower": to_fixed("8.8"),
    "upper": to_fixed("11.4"),
    "emergency": to_fixed(13),
    "maxSlippage": to_fixed("0.006"),
}


def build(market: dict[str, int], answer: int, asset: str = "") -> System:
    system = deploy_system(Evm(timestamp=NOW), feed=Feed(answer), market=market)
    if asset:
        hooked = system.evm.deploy(asset)
        venue = system.evm.deploy(
            "MockPerpMarket", hooked.address, system.oracle.address, NO_PULL, market
        )
        system = replace(system, asset=hooked, market=venue)
    system.asset.transact("mint", DEPLOYER, 10**9 * UNIT)
    system.asset.transact("approve", system.market.address, 2**256 - 1)
    system.market.transact("provideLiquidity", 10**8 * UNIT)
    return system


def token_of(system: System, target: int, policy: dict[str, int]):  # type: ignore[no-untyped-def]
    token = system.create_token("TOKEN", target * WAD, policy)
    system.asset.transact("approve", token.address, 2**256 - 1)
    return token


def can_liquidate(system: System, account: str) -> bool:
    return system.market.call("accountReport", account)["canLiquidate"]


def test_an_emergency_takes_the_smallest_slice_that_the_venue_accepts() -> None:
    """The venue judges at the fill: against a skew it refuses a slice and takes a larger one."""
    system = build(SOL, SOL_PRICE)
    token = token_of(system, 5, POLICY_5X | {"emergencySlices": 100})
    token.transact("deposit", 1_900_000 * UNIT, DEPLOYER)
    system.market.transact("depositMargin", 20_000_000 * UNIT)
    skew = system.market.call("marketState")["skew"]
    short = -to_fixed(35_000) - skew
    system.market.transact("trade", short, 0, 0, DEPLOYER)
    system.feed.transact("push", 130 * 10**8)
    assert not can_liquidate(system, token.address)
    small = system.market.call("quote", token.address, -POLICY_5X["maxTrade"], 0)
    assert small["whyNot"] != bytes(4)
    due = token.call("assess")
    assert due["reason"] == bytes(4)
    assert due["sizeDelta"] % POLICY_5X["maxTrade"] == 0
    half = system.market.call("quote", token.address, due["sizeDelta"] // 2, 0)
    assert half["whyNot"] != bytes(4)
    before = token.call("leverage")
    token.transact("rebalance")
    assert token.call("leverage") < before


@pytest.mark.parametrize("target", [10, -10])
def test_no_flow_in_makes_a_token_liquidatable(target: int) -> None:
    """I-2, I-13: the size limit stops it before the margin for its own size does."""
    system = build(SOL, SOL_PRICE)
    token = token_of(system, target, POLICY_10X | {"emergencySlices": 100})
    most = token.call("maxDeposit", DEPLOYER)
    with pytest.raises(Revert, match="SizeLimitExceeded"):
        token.transact("deposit", most + 1, DEPLOYER)
    token.transact("deposit", most, DEPLOYER)
    assert token.call("maxDeposit", DEPLOYER) == 0
    for factor in ("0.9771", "1.0229"):
        with system.evm.rolled_back():
            # A quarter of what a leverage of ten could bear, against it, and the token is alive.
            system.feed.transact("push", int(to_fixed(factor) * SOL_PRICE // WAD))
            assert not can_liquidate(system, token.address)


def at_the_lowest_price_alive(system: System, account: str) -> None:
    """One unit of the feed less, and a long account can be liquidated."""
    low, high = SOL_PRICE * 9 // 10, SOL_PRICE
    while high - low > 1:
        middle = (low + high) // 2
        system.feed.transact("push", middle)
        low, high = (middle, high) if can_liquidate(system, account) else (low, middle)
    system.feed.transact("push", high)


@pytest.mark.parametrize("verb", ["deposit", "mint"])
def test_the_venue_refuses_a_flow_in_that_it_could_liquidate_at_once(verb: str) -> None:
    """I-2, I-13: a larger position needs more margin for each unit, and at the fill, which the
    flow itself pushes up, it would seem to have it."""
    system = build(SOL, SOL_PRICE)
    token = token_of(system, 10, POLICY_10X | {"emergencySlices": 100})
    token.transact("deposit", token.call("maxDeposit", DEPLOYER) * 93 // 100, DEPLOYER)
    at_the_lowest_price_alive(system, token.address)
    system.feed.transact("push", system.feed.call("latestRoundData")[1] * 10_002 // 10_000)
    assert not can_liquidate(system, token.address)
    whole = token.call("totalAssets" if verb == "deposit" else "totalSupply")
    size = system.market.call("state", token.address)["size"]
    assert size + size // 20 < token.call("terms")["maxSize"]
    with system.evm.rolled_back():
        token.transact(verb, whole // 1000, DEPLOYER)
        assert not can_liquidate(system, token.address)
    with pytest.raises(Revert, match="Liquidatable"):
        token.transact(verb, whole // 20, DEPLOYER)


@pytest.mark.parametrize("factor", ["1.01", "0.99"])
def test_a_mint_refuses_a_price_that_moved_while_the_assets_did(factor: str) -> None:
    """I-2."""
    system = build(BTC_MARKET, 60_000 * 10**8, asset="MockHookERC20")
    token = token_of(system, 3, POLICY_3X)
    token.transact("deposit", 100_000 * UNIT, DEPLOYER)
    price = token.call("sharePrice")
    moved = system.feed.calldata("push", int(to_fixed(factor) * 60_000 * 10**8 // WAD))
    system.asset.transact("setHook", system.feed.address, moved)
    with pytest.raises(Revert, match="MarketMoved"):
        token.transact("mint", 100_000 * WAD, DEPLOYER)
    assert token.call("sharePrice") == price


def test_a_deposit_in_an_asset_with_hooks_is_priced_after_the_hook() -> None:
    """I-2."""
    system = build(BTC_MARKET, 60_000 * 10**8, asset="MockHookERC20")
    token = token_of(system, 3, POLICY_3X)
    token.transact("deposit", 100_000 * UNIT, DEPLOYER)
    moved = system.feed.calldata("push", 60_600 * 10**8)
    system.asset.transact("setHook", system.feed.address, moved)
    token.transact("deposit", 100_000 * UNIT, DEPLOYER)
    # Three times one percent on equity, before the trade is paid by whoever made it.
    assert token.call("sharePrice") >= to_fixed("1.03") - WAD // 10**9


def test_a_policy_must_act_before_the_venue_liquidates() -> None:
    strict = BTC_MARKET | {"liquidationBufferRatio": to_fixed("0.22")}
    system = build(strict, 60_000 * 10**8)
    with pytest.raises(Revert, match="InvalidPolicy"):
        system.create_token("TOKEN", 3 * WAD, POLICY_3X)


@pytest.mark.parametrize("decimals", [0, 8, 18])
def test_an_oracle_takes_no_bound_beyond_the_prices_that_a_venue_keeps(decimals: int) -> None:
    largest = (2**128 - 1) // 10 ** (18 - decimals)
    evm = Evm(timestamp=NOW)
    feed = evm.deploy("MockAggregator", decimals, "BTC / USD", 1).address
    evm.deploy("ChainlinkOracle", feed, 1, 0, largest, *NO_SEQUENCER)
    with pytest.raises(Revert, match="InvalidParameter"):
        evm.deploy("ChainlinkOracle", feed, 1, 0, largest + 1, *NO_SEQUENCER)


def test_a_symbol_has_at_most_31_characters() -> None:
    system = build(BTC_MARKET, 60_000 * 10**8)
    system.create_token("S" * 31, 3 * WAD, POLICY_3X)
    with pytest.raises(Revert, match="InvalidParameter"):
        system.create_token("S" * 32, 3 * WAD, POLICY_3X)
