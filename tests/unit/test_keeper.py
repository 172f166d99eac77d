"""The keeper's decisions, its reports and its passes, without a chain."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from requests.exceptions import ConnectionError as NoConnection
from rich.console import Console
from web3.exceptions import TimeExhausted

from levtoken.errors import ChainError
from levtoken.keeper.decide import EXPLANATIONS, Settings, decide, explain
from levtoken.keeper.execute import LATE, Outcome, Result, skip
from levtoken.keeper.metrics import Tally
from levtoken.keeper.report import Units, describe, table, to_plain
from levtoken.keeper.run import BrokenPassError, keep
from levtoken.keeper.watch import watch
from levtoken.simulation.demo.replay import outside
from levtoken.status import Trigger
from levtoken.units import WAD
from tests.statuses import ASSET, DUE, NOT_DUE, status

UNITS: Units = {ASSET: ("USDC", 6)}
READY = status(leverage=39 * WAD // 10, due=DUE)


def rebalanced() -> Outcome:
    [decision] = decide([READY], Settings())
    return replace(
        skip(decision),
        result=Result.REBALANCED,
        leverage_after=34 * WAD // 10,
        gas_cost=2 * 10**14,
        transaction="0xabc",
    )


def shown(outcome: Outcome) -> list[str]:
    """The cells of the line that a person reads."""
    console = Console(file=io.StringIO(), width=200)
    console.print(table([outcome], UNITS))
    line = console.file.getvalue().strip().splitlines()[-1]
    return [cell.strip() for cell in line.split("   ") if cell.strip()]


def test_what_the_chain_says_is_due_is_rebalanced() -> None:
    [decision] = decide([READY], Settings())
    assert decision.due
    assert decision.why_not == ""


def test_a_token_inside_its_band_is_left_alone() -> None:
    [decision] = decide([status()], Settings())
    assert not decision.due
    assert decision.why_not == "inside the band (NothingDue)"


@pytest.mark.parametrize("reason", sorted(EXPLANATIONS))
def test_every_reason_of_the_chain_is_passed_on_in_words_and_by_name(reason: str) -> None:
    [decision] = decide([status(due=replace(DUE, reason=reason))], Settings())
    assert not decision.due
    assert decision.why_not == f"{EXPLANATIONS[reason]} ({reason})"


def test_a_reason_without_words_still_has_its_name() -> None:
    assert explain("0x12345678") == "the chain refuses (0x12345678)"


def test_a_token_that_cannot_be_read_is_no_reason_to_stop() -> None:
    broken = status(ok=False, symbol="", due=DUE)
    first, second = decide([broken, READY], Settings())
    assert first.why_not == "cannot be read"
    assert second.due
    assert skip(first).symbol == broken.token


@pytest.mark.parametrize(("least", "due"), [(0, True), (DUE.reward, True), (DUE.reward + 1, False)])
def test_a_reward_below_the_minimum_is_left_to_others(least: int, due: bool) -> None:
    [decision] = decide([READY], Settings({ASSET: least}))
    assert decision.due is due
    assert due or decision.why_not == "the reward of 1500000 units is below 1500001"


def test_a_minimum_in_another_asset_does_not_count() -> None:
    [decision] = decide([READY], Settings({"0x" + "b" * 40: 10**18}))
    assert decision.due


def test_decisions_keep_the_order_of_the_tokens() -> None:
    found = [status(symbol=symbol) for symbol in ("B", "A", "C")]
    assert [one.status.symbol for one in decide(found, Settings())] == ["B", "A", "C"]


def test_a_dry_run_reports_what_would_be_done() -> None:
    [decision] = decide([READY], Settings())
    outcome = skip(decision)
    assert outcome.result is Result.DRY_RUN
    assert (outcome.traded, outcome.reward) == (DUE.size_delta, DUE.reward)
    assert outcome.trigger is Trigger.UPPER
    assert outcome.transaction is None


def test_what_is_not_due_trades_and_earns_nothing() -> None:
    [decision] = decide([status(due=replace(DUE, reason="CooldownActive"))], Settings())
    outcome = skip(decision)
    assert outcome.result is Result.NOT_DUE
    assert (outcome.traded, outcome.reward) == (0, 0)


def test_only_reverts_that_a_rival_causes_count_as_late() -> None:
    assert set(EXPLANATIONS) > LATE == {"NothingDue", "CooldownActive", "BelowMinimumTrade"}


def test_a_person_reads_leverage_band_trade_reward_and_what_happened() -> None:
    assert shown(rebalanced()) == [
        "BTC3L",
        "3.900 to 3.400",
        "2.40 to 3.80",
        "-2.0000",
        "1.50 USDC",
        "rebalanced: upper",
    ]
    [decision] = decide([status()], Settings())
    assert shown(skip(decision)) == [
        "BTC3L",
        "3.000",
        "2.40 to 3.80",
        "not due: inside the band (NothingDue)",
    ]


def test_a_program_reads_exact_numbers() -> None:
    plain = to_plain(rebalanced(), UNITS)
    assert json.loads(json.dumps(plain)) == plain
    assert plain["leverage_before"] == "3.9"
    assert plain["leverage_after"] == "3.4"
    assert (plain["traded"], plain["reward"], plain["gas_cost"]) == ("-2", "1.5", "0.0002")
    assert (plain["result"], plain["trigger"]) == ("rebalanced", "upper")
    assert plain["transaction"] == "0xabc"


def test_a_tally_adds_passes_up() -> None:
    [idle] = decide([status()], Settings())
    tally = Tally().add([rebalanced(), skip(idle)]).add([skip(idle)])
    assert tally.passes == 2
    assert tally.results == {Result.REBALANCED: 1, Result.NOT_DUE: 2}
    assert tally.rewards == {ASSET: DUE.reward}
    assert describe(tally, UNITS) == (
        "2 passes; tokens: 2 not due, 1 rebalanced; rewards: 1.50 USDC; gas: 0.000200 ETH"
    )


def test_a_tally_does_not_change_the_one_before_it() -> None:
    empty = Tally()
    empty.add([rebalanced()])
    assert empty == Tally()


class Passes:
    """Passes that go as told, and then Ctrl-C in the pause after the last."""

    def __init__(self, *results: Outcome | Exception) -> None:
        self.left = list(results)
        self.shown: list[list[Outcome]] = []
        self.complaints: list[str] = []

    def make(self) -> list[Outcome]:
        result = self.left.pop(0)
        if isinstance(result, Exception):
            raise result
        return [result]

    def pause(self) -> None:
        if not self.left:
            raise KeyboardInterrupt

    def watch(self) -> Tally:
        return watch(self.make, self.shown.append, self.complaints.append, self.pause)


def test_a_watch_goes_on_after_a_pass_that_failed() -> None:
    passes = Passes(rebalanced(), ChainError("no gas"), NoConnection("refused"), rebalanced())
    tally = passes.watch()
    assert tally.passes == 2
    assert len(passes.shown) == 2
    assert passes.complaints[0] == "no gas"
    assert "does not answer" in passes.complaints[1]
    assert all("\n" not in complaint for complaint in passes.complaints)


def test_a_watch_counts_what_was_done_before_the_node_went() -> None:
    passes = Passes(BrokenPassError("the node does not answer", [rebalanced()]), rebalanced())
    tally = passes.watch()
    assert (tally.passes, tally.results) == (2, {Result.REBALANCED: 2})
    assert passes.shown[0] == [rebalanced()]
    assert passes.complaints == ["the node does not answer"]


Pass = Callable[..., list[Outcome]]


@pytest.fixture
def make_pass(monkeypatch: pytest.MonkeyPatch) -> Pass:
    """A pass over three due tokens, of which the second raises `fault`."""

    def run(fault: Exception) -> list[Outcome]:
        def execute(decision: Any, *_: object) -> Outcome:
            if decision.status.symbol == "B":
                raise fault
            return replace(skip(decision), result=Result.REBALANCED)

        monkeypatch.setattr("levtoken.keeper.run.execute", execute)
        found = [replace(READY, symbol=symbol) for symbol in "ABC"]
        system: Any = SimpleNamespace(tokens={"A": SimpleNamespace(address=READY.token)})
        account: Any = object()
        return keep(system, found, account, Settings())

    return run


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (ChainError("send it some ETH"), "send it some ETH"),
        (TimeExhausted("not in the chain after 120 seconds"), "the node refused"),
    ],
)
def test_a_fault_of_a_token_leaves_the_others_alone(
    make_pass: Pass, fault: Exception, says: str
) -> None:
    outcomes = make_pass(fault)
    assert [one.result for one in outcomes] == [
        Result.REBALANCED,
        Result.REFUSED,
        Result.REBALANCED,
    ]
    assert says in outcomes[1].detail
    assert "\n" not in outcomes[1].detail


def test_a_node_that_goes_ends_the_pass_but_not_what_was_done(make_pass: Pass) -> None:
    with pytest.raises(BrokenPassError, match="does not answer") as caught:
        make_pass(NoConnection("refused"))
    assert [one.symbol for one in caught.value.outcomes] == ["A"]


def test_a_pass_does_not_hide_a_fault_of_the_program(make_pass: Pass) -> None:
    with pytest.raises(ZeroDivisionError):
        make_pass(ZeroDivisionError())


def test_a_watch_does_not_hide_a_fault_of_the_program() -> None:
    with pytest.raises(ZeroDivisionError):
        Passes(ZeroDivisionError()).watch()


@pytest.mark.parametrize(
    ("leverage", "why_not"),
    [
        (24 * WAD // 10 + 1, ""),
        (38 * WAD // 10 - 1, ""),
        (24 * WAD // 10, "inside the band (NothingDue)"),
        (38 * WAD // 10, "inside the band (NothingDue)"),
    ],
)
def test_a_replay_asks_the_chain_why_a_token_is_outside_its_band(
    leverage: int, why_not: str
) -> None:
    assert outside(status(leverage=leverage, due=NOT_DUE)) == why_not


def test_a_token_that_is_due_again_at_once_is_outside_its_band() -> None:
    assert outside(status(leverage=4 * WAD, due=DUE)) == "due again"
