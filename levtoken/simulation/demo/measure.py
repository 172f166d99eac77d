"""From what a replay recorded to its numbers. Pure."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby

from levtoken.keeper.execute import Outcome, Result
from levtoken.keeper.metrics import Tally
from levtoken.simulation.demo.attribution import attribute, residual
from levtoken.simulation.demo.entries import Loss, Trade, Transfer, marks_of
from levtoken.simulation.demo.metrics import (
    changes,
    ideal,
    path_term,
    tracking_error,
    worst_drawdown,
)
from levtoken.simulation.demo.recording import Recording
from levtoken.simulation.demo.results import ArbitrageurResult, Holding, TokenResult
from levtoken.units import from_fixed


def token_result(holding: Holding, recording: Recording, step: int) -> TokenResult:
    """A token's numbers from what the replay recorded; `step` is that of its bars, seconds."""
    symbol, target = holding.symbol, holding.target
    entries, closes = recording.entries[symbol], recording.closes[symbol]
    marks = marks_of(entries)
    prices = [mark.price for mark in closes]
    share_prices = [mark.share_price for mark in closes]
    attribution = attribute(entries, target)
    levers = [abs(mark.leverage) for mark in marks if mark.size]
    distances = [mark.distance for mark in marks if mark.distance is not None]
    passes = [one for one in recording.passes if one.symbol == symbol]
    outcomes = [outcome for _, outcome in recording.outcomes if outcome.symbol == symbol]
    return TokenResult(
        holding=holding,
        share_price_start=share_prices[0],
        share_price_end=share_prices[-1],
        total=changes([share_prices[0], share_prices[-1]])[0],
        ideal=ideal(prices, target)[-1] - 1,
        path=path_term(prices, target),
        attribution=attribution,
        residual=residual(entries, attribution),
        rebalances=count_rebalances(outcomes),
        leverage_low=min(levers, default=Decimal(0)),
        leverage_high=max(levers, default=Decimal(0)),
        worst_drawdown=worst_drawdown([mark.share_price for mark in marks]),
        nearest_liquidation=min(distances, default=None),
        tracking_error=tracking_error(share_prices, prices, target, step),
        passes=len(passes),
        outside=dict(Counter(one.why_not for one in passes if one.why_not)),
        is_liquidated=any(isinstance(entry, Loss) for entry in entries),
    )


def count_rebalances(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Rebalances by trigger, in lower case."""
    done = (one for one in outcomes if one.result is Result.REBALANCED)
    return dict(Counter(one.trigger.name.lower() for one in done))


def arbitrageur_result(underlying: str, recording: Recording) -> ArbitrageurResult:
    """An arbitrageur's numbers from what the replay recorded."""
    entries = recording.entries[underlying]
    marks = marks_of(entries)
    terms = attribute(entries, Decimal(0))
    return ArbitrageurResult(
        underlying=underlying,
        largest_size=from_fixed(max((mark.size for mark in marks), key=abs)),
        last_size=from_fixed(marks[-1].size),
        trades=sum(isinstance(entry, Trade) for entry in entries),
        deposited=from_fixed(sum(one.amount for one in entries if isinstance(one, Transfer))),
        price_profit=terms.drift,
        funding=terms.funding,
        fees=terms.fees,
        impact=terms.impact,
        liquidation=terms.liquidation,
        residual=residual(entries, terms),
        refusals=sum(one[1] == underlying for one in recording.refusals),
    )


def keeper_tally(recording: Recording) -> Tally:
    """What the keeper's passes came to."""
    tally = Tally()
    for _, outcomes in groupby(recording.outcomes, key=lambda one: one[0]):
        tally = tally.add(outcome for _, outcome in outcomes)
    return tally
