"""Every oracle with its feeds in one in-process EVM, each under a market and a token of its own."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from levtoken.evm import DEPLOYER, Contract, Evm
from levtoken.feeds import Signed
from levtoken.system import (
    Feed,
    PythFeed,
    System,
    deploy_pyth_oracle,
    deploy_system,
    update_data,
)
from levtoken.units import WAD, to_fixed
from tests.runtime import UNLIMITED, deploy_runtime
from tests.world import BTC_MARKET, POLICY_3X

NOW = 1_750_000_000
NOBODY = "0x" + "00" * 20
UNIT = 10**6
PRICE = 60_000
DECIMALS = 8  # of the feed, and the exponent of the price of Pyth
ANSWER = PRICE * 10**DECIMALS
HEARTBEAT = 3_600
GRACE = 3_600
MAX_AGE = 60
MAX_CONFIDENCE = WAD // 100
MAX_DEVIATION = WAD // 50
MIN_PRICE, MAX_PRICE = 100, 10**7
MIN_ANSWER, MAX_ANSWER = MIN_PRICE * 10**DECIMALS, MAX_PRICE * 10**DECIMALS
PYTH = PythFeed(
    max_age=MAX_AGE,
    max_confidence=MAX_CONFIDENCE,
    min_price=MIN_PRICE * WAD,
    max_price=MAX_PRICE * WAD,
)
REVERTING = "5f5ffd"  # PUSH0, PUSH0, REVERT
HUNGRY = "fe"  # INVALID: uses up its gas
HUGE = "620f42405ff3"  # PUSH3 1000000, PUSH0, RETURN: a million bytes of zeros
ORACLES = ("chainlink", "pyth", "dual", "reversed")


@dataclass(frozen=True)
class Desk:
    """A market on one oracle, a token there, and whoever holds and trades."""

    oracle: Contract
    market: Contract
    token: Contract

    def verbs(self) -> dict[str, Callable[[], object]]:
        """Every verb that needs a price, as a call that a good price lets through."""
        token, market = self.token, self.market
        return {
            "depositMargin": lambda: market.transact("depositMargin", 10**3 * UNIT),
            "trade": lambda: market.transact("trade", WAD, 0, 2**255, DEPLOYER),
            "deposit": lambda: token.transact("deposit", 10**3 * UNIT, DEPLOYER),
            "mint": lambda: token.transact("mint", 10**3 * WAD, DEPLOYER),
            "redeem": lambda: token.transact("redeem", 10**3 * WAD, DEPLOYER, DEPLOYER),
            "withdraw": lambda: token.transact("withdraw", 10**3 * UNIT, DEPLOYER, DEPLOYER),
            "rebalance": lambda: token.transact("rebalance"),
            "exit": lambda: market.transact("exit", 1, 10, UNLIMITED, DEPLOYER),
            "provideLiquidity": lambda: market.transact("provideLiquidity", UNIT),
            "removeLiquidity": lambda: market.transact("removeLiquidity", WAD, DEPLOYER),
            "submit": lambda: market.transact("submit", WAD, 2**255),
        }


@dataclass(frozen=True)
class Rig:
    """The feeds, each behind a relay, and by name the desks of the oracles on them: `dual` has
    Chainlink for its primary, `reversed` has Pyth."""

    system: System
    feed: Contract
    sequencer: Contract
    pyth: Contract
    relays: dict[str, Contract]
    desks: dict[str, Desk]

    @property
    def evm(self) -> Evm:
        return self.system.evm

    def fault(self, oracle: str) -> str:
        """The name of the oracle's fault, "" for none."""
        return fault_of(self.desks[oracle].oracle)

    def wait(self, seconds: int) -> None:
        self.evm.next_block(self.evm.timestamp + seconds)

    def publish(self, price: int = PRICE) -> None:
        """A good price of both sources, a second later."""
        self.wait(1)
        self.feed.transact("push", price * 10**DECIMALS)
        self.bring(Signed(price * 10**DECIMALS, self.evm.timestamp))

    def bring(self, quote: Signed) -> None:
        """Signs a price and brings it to the Pyth contract."""
        self.pyth.transact(
            "updatePriceFeeds", [update_data(self.pyth, PYTH.price_id, quote)], value=PYTH.fee
        )

    def replace(self, source: str, code: str) -> None:
        """Puts other code where the source was; none for an address without code."""
        there = deploy_runtime(self.evm, code) if code else NOBODY[:-2] + "ee"
        self.relays[source].transact("setTarget", there)


def fault_of(oracle: Contract) -> str:
    """The name of the oracle's fault, "" for none."""
    fault: bytes = oracle.call("price")[2]
    return oracle.evm.name_of(fault) if any(fault) else ""


def build_rig() -> Rig:
    """Deploys everything at a good price."""
    evm = Evm(timestamp=NOW)
    evm.give(DEPLOYER, WAD)
    system = deploy_system(evm, feed=Feed(ANSWER), market=BTC_MARKET, pyth_feed=PYTH)
    sequencer = evm.deploy("MockAggregator", 0, "L2 Sequencer Uptime Status Feed", 0)
    sequencer.transact("pushRound", 0, NOW - GRACE - 1, NOW)
    behind = {"chainlink": system.feed, "sequencer": sequencer, "pyth": system.pyth}
    relays = {name: evm.deploy("MockRelay", one.address) for name, one in behind.items()}
    limits = (HEARTBEAT, MIN_ANSWER, MAX_ANSWER, relays["sequencer"].address, GRACE)
    chainlink = evm.deploy("ChainlinkOracle", relays["chainlink"].address, *limits)
    pyth = deploy_pyth_oracle(evm, relays["pyth"], PYTH)
    pair = (chainlink.address, pyth.address)
    oracles = {
        "chainlink": chainlink,
        "pyth": pyth,
        "dual": evm.deploy("DualOracle", *pair, MAX_DEVIATION),
        "reversed": evm.deploy("DualOracle", *reversed(pair), MAX_DEVIATION),
    }
    rig = Rig(system, system.feed, sequencer, system.pyth, relays, {})
    rig.publish()
    system.asset.transact("mint", DEPLOYER, 10**12 * UNIT)
    for name, oracle in oracles.items():
        rig.desks[name] = _open(system, name, oracle, pyth)
    return rig


def _open(system: System, name: str, oracle: Contract, pull: Contract) -> Desk:
    evm = system.evm
    sources = (system.asset.address, oracle.address, pull.address)
    market = evm.deploy("MockPerpMarket", *sources, BTC_MARKET)
    token = replace(system, market=market).create_token(name, to_fixed(3), POLICY_3X)
    for spender in (market, token):
        system.asset.transact("approve", spender.address, 2**256 - 1)
    market.transact("provideLiquidity", 10**8 * UNIT)
    market.transact("depositMargin", 10**6 * UNIT)
    token.transact("deposit", 10**5 * UNIT, DEPLOYER)
    return Desk(oracle, market, token)
