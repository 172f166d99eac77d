"""The numbers of a replay, once: the table, the chart and the summary all show these."""

from dataclasses import dataclass
from decimal import Decimal

from levtoken.keeper.metrics import Tally
from levtoken.simulation.demo.attribution import RESIDUAL_LIMIT, Attribution


@dataclass(frozen=True)
class Holding:
    """A token and its only holder: the signed target, the band as magnitudes, and what the holder
    paid and got, in the asset. `refusal` is why the redemption at the end failed, if it did."""

    symbol: str
    name: str
    underlying: str
    target: Decimal
    lower: Decimal
    upper: Decimal
    emergency: Decimal
    paid: Decimal
    received: Decimal
    refusal: str


@dataclass(frozen=True)
class TokenResult:
    """A token over the replay. Share prices and the attribution in assets per share; leverage as a
    magnitude. `total`, `ideal` and `path` are changes: 0.1 is a gain of 10 %."""

    holding: Holding
    share_price_start: Decimal
    share_price_end: Decimal
    total: Decimal
    ideal: Decimal
    path: Decimal
    attribution: Attribution
    residual: Decimal
    rebalances: dict[str, int]
    leverage_low: Decimal
    leverage_high: Decimal
    worst_drawdown: Decimal
    nearest_liquidation: Decimal | None
    tracking_error: float | None
    passes: int
    outside: dict[str, int]
    is_liquidated: bool

    @property
    def inside(self) -> int:
        """Passes after which leverage lay inside the band."""
        return self.passes - sum(self.outside.values())

    @property
    def is_explained(self) -> bool:
        """Whether the attribution explains the share price to a billionth of it."""
        return abs(self.residual) <= RESIDUAL_LIMIT * self.share_price_end


@dataclass(frozen=True)
class ArbitrageurResult:
    """An arbitrageur over the replay. Sizes in the underlying, + long; money in the asset."""

    underlying: str
    largest_size: Decimal
    last_size: Decimal
    trades: int
    deposited: Decimal
    price_profit: Decimal
    funding: Decimal
    fees: Decimal
    impact: Decimal
    liquidation: Decimal
    residual: Decimal
    refusals: int


@dataclass(frozen=True)
class ReplayResult:
    """A whole replay. Times are the path's, in seconds since the epoch; the chain's is `offset`
    seconds later."""

    source: str
    is_synthetic: bool
    start: int
    end: int
    step: int
    bars: int
    offset: int
    asset: str
    tokens: tuple[TokenResult, ...]
    arbitrageurs: tuple[ArbitrageurResult, ...]
    keeper: Tally
