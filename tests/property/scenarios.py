"""The markets, sides, policies and units on which the properties are tested."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from fractions import Fraction
from typing import Any

from levtoken.system import NO_CAP
from levtoken.units import WAD, to_fixed
from tests.property.reference import Rules
from tests.property.reference_policy import Policy

DEFAULT_DEPTH = 2 * 10**9  # asset; what the whole skew scale is worth at the first price
FORCED_DELAY = 86_400
TIMES = {
    "minOrderAge": 1,
    "maxOrderAge": 30,
    "forcedLiquidationDelay": FORCED_DELAY,
    "settlementDelay": 259_200,
}
COUNTS = {
    "cooldown": 900,
    "cooldownUp": 14_400,
    "rewardDelay": 900,
    "emergencyCooldown": 60,
    "emergencySlices": 4,
    "offset": 0,
    "interval": 0,
    "window": 0,
}
BANDS = {
    "1.5": ("1.2", "1.9", "2.4"),
    "2": ("1.6", "2.5", "3"),
    "3": ("2.4", "3.8", "4.5"),
    "5": ("4.2", "6", "7"),
    "10": ("8.8", "11.4", "13"),
}


@dataclass(frozen=True)
class Scenario:
    """One token on one market, with the habits of its surroundings. `policy` and `market` hold what
    differs from the defaults, in whole units. `crowd` is how far traders push the skew, as a part
    of the scale; `pool` what the liquidity provider brings first, in assets. `fees` are fractions,
    `cap` shares, `least` the smallest deposit in assets."""

    name: str
    leverage: str
    price: str = "3000"
    asset_decimals: int = 6
    feed_decimals: int = 8
    depth: int = DEFAULT_DEPTH
    crowd: Fraction = Fraction(1, 200)
    pool: int = 10**9
    policy: Mapping[str, str] = field(default_factory=dict)
    market: Mapping[str, str] = field(default_factory=dict)
    fees: Mapping[str, str] = field(default_factory=dict)
    cap: int = 0
    least: int = 0

    @property
    def scale(self) -> Decimal:
        return Decimal(self.depth) / Decimal(self.price)

    def market_params(self) -> dict[str, int]:
        defaults = {
            "skewScale": self.scale,
            "maxFundingVelocity": 9,
            "makerFee": "0.0001",
            "takerFee": "0.0006",
            "maxLeverage": "27.5",
            "maxMarketSize": 3 * self.scale,
            "liquidationBufferRatio": "0.0075",
            "liquidationPremiumMultiplier": "1.5625",
            "liquidationFeeRatio": "0.0035",
            "minKeeperFee": 1,
            "maxKeeperFee": 1000,
            "keeperLiquidationFee": 2,
            "minInitialMargin": 40,
            "maxDivergence": "0.1",
            "maxLiquidationDelta": 10,
            "maxLiquidationSkew": 10,
        }
        fixed = {name: to_fixed(value) for name, value in {**defaults, **self.market}.items()}
        return {**fixed, **TIMES}

    def policy_params(self) -> dict[str, int]:
        lower, upper, emergency = BANDS[self.leverage.removeprefix("-")]
        defaults = {
            "lower": lower,
            "upper": upper,
            "emergency": emergency,
            "recenter": "0.5",
            "maxSlippage": "0.01",
            "rewardRate": "0.001",
            "rewardRamp": "0.2",
            "rewardCap": 1000,
            "maxTrade": Decimal("0.9") * self.scale * Decimal("0.0007"),
            "emergencyMove": 0,
            "minDrift": 0,
            "minMove": 0,
        }
        merged = {**defaults, **COUNTS, **self.policy}
        return {
            name: int(value) if name in COUNTS else to_fixed(value)
            for name, value in merged.items()
        }

    def terms(self) -> dict[str, Any]:
        """Of the token, beside its roles."""
        fees = {"streaming": "0", "deposit": "0", "redemption": "0", **self.fees}
        return {
            "fees": {name: to_fixed(value) for name, value in fees.items()},
            "supplyCap": self.cap * WAD if self.cap else NO_CAP,
            "minDeposit": self.least * 10**self.asset_decimals,
        }

    def rules(self) -> Rules:
        """The same market for the reference."""
        values = list(self.market_params().values())[: len(fields(Rules))]
        return Rules(*(Fraction(value, WAD) for value in values))

    def reference_policy(self) -> Policy:
        return as_policy(self.policy_params())


def as_policy(params: Mapping[str, int]) -> Policy:
    """The contract's numbers for the reference."""
    return Policy(
        **{
            snake(name): value if name in COUNTS else Fraction(value, WAD)
            for name, value in params.items()
        }
    )


def snake(name: str) -> str:
    return re.sub("([A-Z])", r"_\1", name).lower()


FEES = {"streaming": "0.02", "deposit": "0.001", "redemption": "0.002"}
HIGHEST = {"streaming": "0.05", "deposit": "0.01", "redemption": "0.01"}
DAILY = {"interval": "86400", "window": "3600", "offset": "1200"}
OFTEN = {"interval": "7200", "window": "3600", "cooldown": "300", "cooldownUp": "600"}
CROWDED = {"depth": 3 * 10**7, "crowd": Fraction(2, 5)}
SCENARIOS = [
    Scenario("three times long", "3", price="60000"),
    Scenario("three times short", "-3", price="60000"),
    Scenario("twice long", "2", asset_decimals=18),
    Scenario("twice short", "-2", asset_decimals=8),
    Scenario("one and a half long", "1.5", feed_decimals=18),
    Scenario("five times long", "5"),
    Scenario("ten times long", "10", policy={"maxSlippage": "0.006"}),
    Scenario("a millionth, long", "3", price="0.000001", feed_decimals=18),
    Scenario("a millionth, short", "-3", price="0.000001", feed_decimals=18, asset_decimals=18),
    Scenario("a million, long", "3", price="1000000", asset_decimals=18),
    Scenario("a million, short", "-2", price="1000000", asset_decimals=8),
    Scenario("reset to target", "3", policy={"recenter": "0"}),
    Scenario("stop just inside the band", "-3", policy={"recenter": "1"}),
    Scenario("small slices, long", "3", policy={"maxTrade": "7"}),
    Scenario("small slices, short", "-3", policy={"maxTrade": "5", "recenter": "0"}),
    Scenario("reward at its cap", "3", policy={"rewardCap": "0.05"}),
    Scenario("crowded long", "3", **CROWDED),
    Scenario("crowded short", "-3", **CROWDED),
    Scenario("crowded, huge slices", "5", **CROWDED, policy={"maxTrade": "1000"}),
    Scenario("crowded beyond the scale", "-2", depth=3 * 10**7, crowd=Fraction(5, 4)),
    Scenario("wild funding", "3", market={"maxFundingVelocity": "36"}, crowd=Fraction(1, 20)),
    Scenario("poor pool", "2", pool=0, crowd=Fraction(1, 10**5)),
    Scenario("poor pool, short", "-5", pool=0, crowd=Fraction(1, 10**4)),
    Scenario("too large to liquidate", "10", market={"maxLiquidationDelta": "0.0002"}),
    Scenario("too skewed to liquidate", "-10", market={"maxLiquidationSkew": "0.0005"}),
    Scenario("capped market", "-3", market={"maxMarketSize": "150", "maxLeverage": "10"}),
    Scenario("no maker fee", "3", market={"makerFee": "0", "takerFee": "0.001"}),
    Scenario("fees, long", "3", fees=FEES),
    Scenario("highest fees, short", "-2", fees=HIGHEST, asset_decimals=18, price="60000"),
    Scenario("capped supply", "3", fees=FEES, cap=100_000, least=100, asset_decimals=8),
    Scenario("daily", "3", policy=DAILY, fees=FEES),
    Scenario("often, by drift", "-3", policy={**OFTEN, "minDrift": "0.1"}),
    Scenario("often, by move", "2", policy={**OFTEN, "minMove": "0.01"}, fees=HIGHEST),
    Scenario(
        "schedule without a band",
        "-2",
        policy={**OFTEN, "lower": "0", "upper": "3", "maxTrade": "20"},
        fees=FEES,
    ),
    Scenario("adverse moves, long", "3", policy={"emergencyMove": "0.03"}),
    Scenario("adverse moves, short", "-3", policy={"emergencyMove": "0.02", **DAILY}, fees=FEES),
    Scenario("small limit", "3", policy={"maxTrade": "2", "emergencySlices": "1"}, fees=FEES),
]
