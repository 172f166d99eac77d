"""The whole system in one in-process EVM: asset, feed, oracle, market, factory and lens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from levtoken.evm import Contract, Evm

NOBODY = "0x" + "00" * 20
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
class System:
    """What `deploy_system` deployed."""

    evm: Evm
    asset: Contract
    feed: Contract
    oracle: Contract
    market: Contract
    factory: Contract
    lens: Contract

    def create_token(
        self, symbol: str, target_leverage: int, policy: Mapping[str, int], name: str = ""
    ) -> Contract:
        """A token of the factory. Target leverage is signed and WAD; the policy has the fields of
        the contract's struct."""
        params = {
            "name": (name or symbol).encode(),
            "symbol": symbol.encode(),
            "venue": self.market.address,
            "targetLeverage": target_leverage,
            "policy": policy,
        }
        return self.evm.at("LeveragedToken", self.factory.transact("create", params))


def deploy_system(
    evm: Evm, *, feed: Feed, market: Mapping[str, Any], asset_decimals: int = 6
) -> System:
    """Deploys mocks and protocol. `market` has the fields of the contract's `MarketParams`."""
    asset = evm.deploy("MockERC20", "Asset", "AST", asset_decimals)
    aggregator = evm.deploy("MockAggregator", feed.decimals, "underlying / asset", feed.answer)
    max_answer = feed.max_answer or NO_BOUND // 10 ** (18 - feed.decimals)
    bounds = (feed.heartbeat, feed.min_answer, max_answer)
    oracle = evm.deploy("ChainlinkOracle", aggregator.address, *bounds)
    venue = evm.deploy("MockPerpMarket", asset.address, oracle.address, NOBODY, market)
    factory = evm.deploy("LeveragedTokenFactory", evm.deploy_blueprint("LeveragedToken"))
    lens = evm.deploy("LeveragedTokenLens")
    return System(evm, asset, aggregator, oracle, venue, factory, lens)
