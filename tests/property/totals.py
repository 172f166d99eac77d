"""What walks of the token must have met and looked at to count."""

from collections import Counter
from collections.abc import Iterable

from tests.property.world import FAULTS

COMMON = (
    "deposit",
    "mint",
    "withdraw",
    "redeem",
    "transfer",
    "rebalance",
    "move",
    "trade",
    "gift",
    "pretend",
    "attack",
    "accrue",
    "at most",
)
FLOWS = ("deposit", "mint", "withdraw", "redeem")
RARE = (
    "take margin",
    "first deposit",
    "first mint",
    *(f"{flow} without position" for flow in FLOWS),
    *(f"most of {flow}" for flow in FLOWS),
    *(f"fee of a {flow}" for flow in FLOWS),
    "redeem to flat",
    "withdraw to flat",
    "flow paid by the skew",
    "flow across the flip of the skew",
    "upper rebalance",
    "lower rebalance",
    "emergency rebalance",
    "emergency by a move",
    "schedule rebalance",
    "closing rebalance",
    "slice",
    "rest of a rebalance",
    "wider limit",
    "capped reward",
    "clipped growth",
    "rebalance paid by the skew",
    "redeem a part of what is owed",
    "withdraw a part of what is owed",
    "flag token",
    "flag trader",
    "liquidate token",
    "liquidate trader",
    "liquidation",
    "remove",
    *("fees", "recipient", "limits", "policy", "pause", "scale"),
    "start closing",
    "redeem while closing",
    "withdraw while closing",
    "close when lost",
    "close when settled",
    "close when traded out",
    "close: NothingToClose",
    "redeem of what is closed",
    "withdraw of what is closed",
    "new token",
    "settle",
    "deposit: NoSolution",
    "deposit: SupplyCapExceeded",
    "deposit: BelowMinimumDeposit",
    "deposit: SizeLimitExceeded",
    "deposit: DepositsPaused",
    "mint: SupplyCapExceeded",
    "mint: SizeLimitExceeded",
    "mint: CostAboveValue",
    "withdraw: InsufficientBalance",
    "redeem: Liquidatable",
    "trade: FillNotPositive",
    "rebalance: FillBeyondLimit",
    "rebalance: SizeLimitExceeded",
    "deposit: MarketInsolvent",
    "mint: MarketInsolvent",
    "trade: MarketInsolvent",
    "add margin: MarketInsolvent",
    "provide: LiquidityBelowDeficit",
    "redeem: PositionFlagged",
    "liquidate: NotFlagged",
    *(f"spoil: {fault}" for fault in FAULTS),
)
# Of these a walk of the usual length may see nothing; corners show most of them.
SELDOM = (
    "rebalance while not all is paid",
    "forced liquidation",
    "rebalance: PositionFlagged",
    "liquidate: LiquidationTooLarge",
)
LOOKED = (
    *(f"I-{number}" for number in range(1, 15)),
    "I-2 of closing",
    "I-5 at most",
    "I-7 of flows",
    "I-8 of setters",
    "I-10 settled",
    "errors",
)


def missed(done: Counter[str], looked: Counter[str], kinds: Iterable[str] = RARE) -> list[str]:
    """What never happened, and what was never looked at."""
    never = [kind for kind in kinds if not done[kind]]
    return never + [one for one in LOOKED if not looked[one]]
