"""What a simulation runs: one token, its market and who acts; and the chain on which it does."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from levtoken.evm import DEPLOYER, Contract, Evm
from levtoken.markets import Config, Market
from levtoken.policies import Policy
from levtoken.system import Feed, deploy_system
from levtoken.units import WAD, to_fixed

CODE_LIMIT = 2**16  # bytes; the simulation's market is a little longer than chains allow
DECIMALS = 6  # of the asset
OTHERS = 1_000  # margin of the others, in capitals
POOL = 1_000  # what the pool pays profits with, in capitals


@dataclass(frozen=True)
class Keeper:
    """Acts on what it sees `latency` seconds later, and only for a reward of at least `cost`
    (asset) a rebalance: 0 is a keeper who acts for nothing."""

    latency: int = 0
    cost: float = 0.0


@dataclass(frozen=True)
class Setup:
    """One simulation. `capital` is what is paid in at the first bar, in the asset; `balanced`: the
    others of the market take the other side of every trade of the token, so that the next one finds
    a balanced market; `fees` are a token's, fractions by name."""

    name: str
    target: Decimal
    policy: Policy
    market: Market
    capital: Decimal = Decimal(100_000)
    fees: dict[str, Decimal] = field(default_factory=dict)
    keeper: Keeper = Keeper()
    balanced: bool = True

    @property
    def leverage(self) -> float:
        return float(self.target)


@dataclass(frozen=True)
class Stage:
    """The chain of a simulation at its first bar. `unit` is the WAD of an asset unit."""

    evm: Evm
    token: Contract
    simulator: Contract
    market: Contract
    unit: int


def from_config(config: Config, symbol: str, **changes: Any) -> Setup:  # noqa: ANN401 # its fields
    """The simulation of a token as it is configured."""
    token = config.token(symbol)
    fees = {"streaming": token.streaming_fee}
    plain = Setup(
        symbol, token.leverage, config.policies[token.policy], config.market_of(symbol), fees=fees
    )
    return replace(plain, **changes)


def build(  # noqa: PLR0913 # what a stage needs
    setup: Setup,
    time: int,
    answer: int,
    *,
    imposes: bool,
    thorough: bool = False,
    chain: Evm | None = None,
) -> Stage:
    """Deploys everything at `time` (seconds since the epoch) and a first answer of the feed, and
    pays the capital in. `imposes`: funding rates will be told, and the market's own are off.
    `thorough`: the token is asked at every bar whether something is due. `chain`: where, if not on
    a new one in process."""
    evm = chain or Evm(timestamp=time, code_limit=CODE_LIMIT)
    params = setup.market.struct()
    if imposes:
        params = params | {"maxFundingVelocity": 0}
    feed = setup.market.feed
    system = deploy_system(
        evm,
        feed=Feed(answer, feed.decimals, feed.heartbeat),
        market=params,
        asset_decimals=DECIMALS,
        venue="SimulationMarket",
    )
    policy = setup.policy.struct(setup.market.max_trade)
    fees = {"streaming": 0, "deposit": 0, "redemption": 0}
    fees |= {name: to_fixed(value) for name, value in setup.fees.items()}
    target = to_fixed(setup.target)
    token = system.create_token("TOKEN", target, policy, fees=fees, feeRecipient="0x" + "fe" * 20)
    capital = to_fixed(setup.capital, DECIMALS)
    pool = POOL * capital
    system.asset.transact("mint", DEPLOYER, pool)
    system.asset.transact("approve", system.market.address, pool)
    system.market.transact("provideLiquidity", pool)
    acts = (setup.balanced, thorough)
    simulator = evm.deploy("Simulator", token.address, system.feed.address, *acts)
    if setup.balanced:
        simulator.transact("fund", OTHERS * capital)
    simulator.transact("deposit", capital)
    return Stage(evm, token, simulator, system.market, WAD // 10**DECIMALS)
