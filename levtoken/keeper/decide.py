"""Which tokens to rebalance, and why not the others. Pure: the chain has said what is due."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from levtoken.status import TokenStatus

EXPLANATIONS = {
    "NothingDue": "inside the band",
    "CooldownActive": "waits for the cooldown since the last rebalance",
    "TokenFlat": "holds no position",
    "TokenNotLive": "is closed",
    "EquityGone": "has no equity left",
    "BelowMinimumEquity": "has too little equity for a larger position",
    "BelowMinimumTrade": "what is left to trade is too small",
    "FillBeyondLimit": "the market would fill beyond the price limit",
    "Liquidatable": "can be liquidated, so the venue lets it trade no more",
    "MarketInsolvent": "the market owes more than it has, so no position grows",
    "MarketSettled": "the market has ended: anyone can close the token",
    "MarketSizeExceeded": "the market has no room for a larger position",
    "SizeLimitExceeded": "the position is as large as its policy lets it be",
    "PriceStale": "the price is stale",
    "PriceFromFuture": "the price is dated in the future",
    "PriceNotPositive": "the price is not positive",
    "PriceOutOfBounds": "the price is out of its bounds",
    "RoundIncomplete": "the feed's round has no answer yet",
    "FeedUnavailable": "the feed does not answer",
}


@dataclass(frozen=True)
class Settings:
    """What the keeper asks of a rebalance: the least reward, in units by asset address."""

    min_rewards: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """Whether to rebalance a token; `why_not` is empty when it is to be."""

    status: TokenStatus
    why_not: str

    @property
    def due(self) -> bool:
        return not self.why_not


def explain(reason: str) -> str:
    """The error that a rebalance would revert with, in words."""
    return f"{EXPLANATIONS.get(reason, 'the chain refuses')} ({reason})"


def decide(statuses: Iterable[TokenStatus], settings: Settings) -> list[Decision]:
    """One decision a token, in the order given."""
    return [Decision(status, _why_not(status, settings)) for status in statuses]


def _why_not(status: TokenStatus, settings: Settings) -> str:
    if not status.ok:
        return "cannot be read"
    reason = status.due.reason
    if reason is not None:
        return explain(reason)
    least = settings.min_rewards.get(status.asset, 0)
    if status.due.reward < least:
        return f"the reward of {status.due.reward} units is below {least}"
    return ""
