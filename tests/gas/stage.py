"""What is measured on: the same token at the thin venue and at the market with its oracle."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from levtoken.system import NO_CAP, NOBODY, PLAIN_POLICY
from levtoken.units import WAD, to_fixed
from tests.gas.chain import GasChain, GasContract
from tests.world import BTC_MARKET, POLICY_3X

PRICE = 60_000
UNIT = 10**6
UNLIMITED = 2**256 - 1
HEARTBEAT = 3_600
FEED_DECIMALS = 8
THIN_RULES = (HEARTBEAT, to_fixed("0.0006"), to_fixed(55), to_fixed(40), to_fixed(PRICE))
FEES = {"streaming": to_fixed("0.02"), "deposit": 0, "redemption": 0}

DEPLOYER, HOLDER, NEWCOMER = "0x" + "d1" * 20, "0x" + "a1" * 20, "0x" + "a2" * 20
RECIPIENT, KEEPER, LATE_KEEPER = "0x" + "f1" * 20, "0x" + "e1" * 20, "0x" + "e2" * 20
OWNER, TRADER, PROVIDER = "0x" + "c1" * 20, "0x" + "b1" * 20, "0x" + "b2" * 20


@dataclass(frozen=True)
class Stage:
    """The contracts of one measurement. `feed` is whose price is moved, in units of `feed_unit`."""

    chain: GasChain
    asset: GasContract
    venue: GasContract
    feed: GasContract
    feed_unit: int
    logic: GasContract
    factory: GasContract
    oracle: GasContract | None = None

    def set_price(self, price: float) -> None:
        verb = "setPrice" if self.oracle is None else "push"
        self.feed.send(DEPLOYER, verb, round(price * self.feed_unit))

    def params(self, symbol: str, target: int) -> dict[str, Any]:
        """Parameters of a token whose policy is stored already."""
        policy = {**PLAIN_POLICY, **POLICY_3X}
        self.logic.send(DEPLOYER, "storePolicy", policy)
        return {
            "name": f"{symbol} on gas".encode(),
            "symbol": symbol.encode(),
            "venue": self.venue.address,
            "targetLeverage": target,
            "policy": self.logic.call("storePolicy", policy),
            "owner": OWNER,
            "guardian": NOBODY,
            "feeRecipient": RECIPIENT,
            "fees": FEES,
            "supplyCap": NO_CAP,
            "minDeposit": UNIT,
        }

    def create(self, params: Mapping[str, Any]) -> tuple[GasContract, int]:
        """A token, and the gas of its creation."""
        receipt = self.factory.send(DEPLOYER, "create", params)
        number = self.factory.call("tokenCount")
        (address,) = self.factory.call("tokens", number - 1, 1)
        return self.chain.at("LeveragedToken", address), int(receipt["gasUsed"], 16)

    def give(self, account: str, assets: int, *spenders: GasContract) -> None:
        """Assets, which `spenders` may take without bound."""
        self.asset.send(DEPLOYER, "mint", account, assets)
        for spender in spenders:
            self.asset.send(account, "approve", spender.address, UNLIMITED)


def thin_stage(chain: GasChain) -> Stage:
    """At the thin venue, which has assets to pay profits."""
    asset = chain.deploy("MockERC20", "Asset", "AST", 6)
    venue = chain.deploy("ThinVenue", asset.address, *THIN_RULES)
    stage = Stage(chain, asset, venue, venue, WAD, *_protocol(chain))
    stage.give(PROVIDER, 10**7 * UNIT, venue)
    venue.send(PROVIDER, "fund", 10**7 * UNIT)
    return stage


def market_stage(chain: GasChain) -> Stage:
    """At the market behind a Chainlink feed, with a pool and another trader."""
    asset = chain.deploy("MockERC20", "Asset", "AST", 6)
    feed = chain.deploy("MockAggregator", FEED_DECIMALS, "BTC / USD", PRICE * 10**FEED_DECIMALS)
    limits = (HEARTBEAT, 10**FEED_DECIMALS, 10**7 * 10**FEED_DECIMALS, NOBODY, 0)
    oracle = chain.deploy("ChainlinkOracle", feed.address, *limits)
    venue = chain.deploy("MockPerpMarket", asset.address, oracle.address, NOBODY, BTC_MARKET)
    stage = Stage(chain, asset, venue, feed, 10**FEED_DECIMALS, *_protocol(chain), oracle=oracle)
    stage.give(PROVIDER, 10**7 * UNIT, venue)
    venue.send(PROVIDER, "provideLiquidity", 10**7 * UNIT)
    stage.give(TRADER, 10**6 * UNIT, venue)
    venue.send(TRADER, "depositMargin", 10**6 * UNIT)
    venue.send(TRADER, "trade", -3 * WAD, 0, 0, TRADER)
    return stage


def _protocol(chain: GasChain) -> tuple[GasContract, GasContract]:
    """The logic and the factory, which has created a token before: counters are not zero."""
    logic = chain.deploy("TokenLogic")
    blueprint = chain.deploy_blueprint("LeveragedToken")
    return logic, chain.deploy("LeveragedTokenFactory", blueprint, logic.address)
