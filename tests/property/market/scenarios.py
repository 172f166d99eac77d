"""The markets on which the properties of the venue are tested, and the habits of their traders."""

from dataclasses import dataclass
from fractions import Fraction

from tests.property import scenarios

LIMITED_SIZE = {"maxLiquidationDelta": "0.002"}
LIMITED_SKEW = {"maxLiquidationSkew": "0.0005"}
SHALLOW = {
    "depth": 10**5,
    "crowd": Fraction(1, 3),
    "wild": 0.2,
    "market": {"liquidationPremiumMultiplier": "0.1"},
}


@dataclass(frozen=True)
class Scenario(scenarios.Scenario):
    """`crowd` is how large orders are, as a part of the scale; `wild` how far prices go at once;
    `pool` what the first provider brings, in assets."""

    leverage: str = "3"
    wild: float = 0.1

    def market_params(self) -> dict[str, int]:
        """Settles within a few hours, so that many walks come to it."""
        return {**super().market_params(), "settlementDelay": 3 * 3_600}


def market(name: str, **changes: object) -> Scenario:
    values: dict[str, object] = {"depth": 10**8, "pool": 10**7, "crowd": Fraction(1, 50)}
    return Scenario(name, **{**values, **changes})  # type: ignore[arg-type]


SCENARIOS = [
    market("calm, 6 decimals"),
    market("calm, 8 decimals", asset_decimals=8, price="60000"),
    market("calm, 18 decimals", asset_decimals=18, feed_decimals=18),
    market("crashes", wild=0.9, crowd=Fraction(1, 20)),
    market("crashes, 18 decimals", wild=0.9, asset_decimals=18, price="0.01", feed_decimals=18),
    market("wild funding", market={"maxFundingVelocity": "36"}, crowd=Fraction(1, 4)),
    market("beyond the scale", **SHALLOW),
    market("small pool", pool=10**4, wild=0.3, crowd=Fraction(1, 200)),
    market("small pool, 18 decimals", pool=10**4, wild=0.3, asset_decimals=18),
    market("empty pool", pool=0, wild=0.3, crowd=Fraction(1, 200), asset_decimals=8),
    market("too large to liquidate", market=LIMITED_SIZE, wild=0.3),
    market("too skewed to liquidate", market=LIMITED_SKEW, wild=0.3),
    market("small cap", market={"maxMarketSize": "300", "maxLeverage": "10"}, wild=0.2),
    market("no fees", market={"makerFee": 0, "takerFee": 0, "minKeeperFee": "0.5"}, wild=0.2),
    market("costly keepers", market={"minKeeperFee": 50, "keeperLiquidationFee": 30}, wild=0.4),
]
