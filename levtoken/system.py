"""The whole system in one in-process EVM: asset, feeds, oracles, market, factory and lens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from levtoken.artifacts import AbiValue
from levtoken.evm import DEPLOYER, Contract, Evm
from levtoken.feeds import Signed
from levtoken.units import WAD

NOBODY = "0x" + "00" * 20
NO_CAP = 2**128 - 1  # shares; the largest supply cap
# What a plain band needs of a policy beside its own numbers.
PLAIN_POLICY = {
    "offset": 0,
    "emergencySlices": 4,
    "emergencyMove": 0,
    "minDrift": 0,
    "minMove": 0,
    "interval": 0,
    "window": 0,
}
# Nobody pays a fee, nobody is kept out.
PLAIN_TERMS: Mapping[str, Any] = {
    "owner": DEPLOYER,
    "guardian": NOBODY,
    "feeRecipient": DEPLOYER,
    "fees": {"streaming": 0, "deposit": 0, "redemption": 0},
    "supplyCap": NO_CAP,
    "minDeposit": 0,
}
NO_BOUND = 2**128 - 1  # WAD; the largest price that the oracle can be told to refuse


@dataclass(frozen=True)
class Feed:
    """A price feed as it starts. Answers are in its own decimals."""

    answer: int
    decimals: int = 8
    heartbeat: int = 3_600
    min_answer: int = 0
    max_answer: int | None = None


@dataclass(frozen=True)
class PythFeed:
    """A price of the Pyth contract, when it is refused, and what an update costs (wei). Confidence
    and bounds are WAD."""

    price_id: bytes = b"\x01" * 32
    max_age: int = 60
    max_confidence: int = WAD // 100
    min_price: int = 0
    max_price: int = NO_BOUND
    fee: int = 1


@dataclass(frozen=True)
class System:
    """What `deploy_system` deployed."""

    evm: Evm
    asset: Contract
    feed: Contract
    oracle: Contract
    pyth: Contract
    pull_oracle: Contract
    market: Contract
    logic: Contract
    factory: Contract
    lens: Contract

    def create_token(
        self,
        symbol: str,
        target_leverage: int,
        policy: Mapping[str, int],
        name: str = "",
        **terms: AbiValue,
    ) -> Contract:
        """A token of the factory. Target leverage is signed and WAD; the policy has the fields of
        the contract's struct, where those of `PLAIN_POLICY` may be left out; `terms` are what
        differs from `PLAIN_TERMS`."""
        params = {
            **PLAIN_TERMS,
            **terms,
            "name": (name or symbol).encode(),
            "symbol": symbol.encode(),
            "venue": self.market.address,
            "targetLeverage": target_leverage,
            "policy": self.logic.transact("storePolicy", {**PLAIN_POLICY, **policy}),
        }
        return self.evm.at("LeveragedToken", self.factory.transact("create", params))

    def price_update(self, signed: Signed) -> tuple[list[bytes], int]:
        """The data that bring a price to `pull_oracle`, and what that costs, wei."""
        data = [update_data(self.pyth, self.pull_oracle.call("priceId"), signed)]
        return data, self.pull_oracle.call("updateFee", data)


def update_data(pyth: Contract, price_id: bytes, signed: Signed) -> bytes:
    """An update as the mock of Pyth takes it. The averages and the time before are the newest's:
    nobody reads them here."""
    numbers = (signed.price, signed.confidence)
    times = (signed.time, signed.time)
    made: bytes = pyth.call(
        "createPriceFeedUpdateData", price_id, *numbers, signed.exponent, *numbers, *times
    )
    return made


def deploy_system(  # noqa: PLR0913 # what a system has
    evm: Evm,
    *,
    feed: Feed,
    market: Mapping[str, Any],
    asset_decimals: int = 6,
    pyth_feed: PythFeed = PythFeed(),
    venue: str = "MockPerpMarket",
) -> System:
    """Deploys mocks and protocol. `market` has the fields of the contract's `MarketParams`; `venue`
    is the contract that takes them."""
    asset = evm.deploy("MockERC20", "Asset", "AST", asset_decimals)
    aggregator = evm.deploy("MockAggregator", feed.decimals, "underlying / asset", feed.answer)
    max_answer = feed.max_answer or NO_BOUND // 10 ** (18 - feed.decimals)
    limits = (feed.heartbeat, feed.min_answer, max_answer, NOBODY, 0)
    oracle = evm.deploy("ChainlinkOracle", aggregator.address, *limits)
    pyth = evm.deploy("MockPythFeed", pyth_feed.max_age, pyth_feed.fee)
    pull_oracle = deploy_pyth_oracle(evm, pyth, pyth_feed)
    books = evm.deploy(venue, asset.address, oracle.address, pull_oracle.address, market)
    logic = evm.deploy("TokenLogic")
    blueprint = evm.deploy_blueprint("LeveragedToken")
    factory = evm.deploy("LeveragedTokenFactory", blueprint, logic.address)
    lens = evm.deploy("LeveragedTokenLens")
    return System(evm, asset, aggregator, oracle, pyth, pull_oracle, books, logic, factory, lens)


def deploy_pyth_oracle(evm: Evm, pyth: Contract, feed: PythFeed) -> Contract:
    """The oracle of one price of the Pyth contract."""
    bounds = (feed.min_price, feed.max_price)
    limits = (feed.price_id, feed.max_age, feed.max_confidence, *bounds)
    return evm.deploy("PythOracle", pyth.address, *limits)
