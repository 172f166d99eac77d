"""Replays vector files and compares every integer: `make vectors FILES="a.json b.json"`.

Exit code 0: no mismatch; 1: there are some; 2: a file cannot be replayed (the others still are).
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import click

from levtoken.artifacts import Artifact
from levtoken.errors import LevtokenError
from levtoken.evm import Revert
from tests.vectors.contract import ContractMarket
from tests.vectors.files import VectorFile, VectorFileError, block_times, read
from tests.vectors.model import Fill, LiquidationFees, Refused

OWN_FILES = sorted(Path(__file__).parent.glob("perp_*.json"))
SHOWN = 20
KEEPER = "keeper"  # who executes, cancels, flags and liquidates when the file says "another"
NO_LIMIT = 2**255

# What the market of the files says: the name of the same fault here.
ERRORS = {
    "Insufficient margin": "InsufficientMargin",
    "Max leverage exceeded": "MaxLeverageExceeded",
    "Max market size exceeded": "MarketSizeExceeded",
    "Position can be liquidated": "Liquidatable",
}
REVERTED = "execution reverted: "


class Market(Protocol):
    """What is replayed on: the compiled contract, or the model. Verbs raise `Refused`."""

    def at(self, time: int, price: int) -> None: ...
    def move_margin(self, account: int, delta: int) -> None: ...
    def submit(self, account: int, size: int, limit: int) -> None: ...
    def execute(self, account: int, price: int, published: int, executor: int | str) -> Fill: ...
    def cancel(self, account: int, canceller: int | str) -> None: ...
    def flag(self, account: int, flagger: int | str) -> None: ...
    def liquidate(self, account: int, liquidator: int | str) -> LiquidationFees: ...
    def after(self, accounts: int) -> dict[str, Any]: ...


@dataclass
class Outcome:
    comparisons: int = 0
    mismatches: list[str] = field(default_factory=list)

    def compare(self, step: str, name: str, expected: object, actual: object) -> None:
        self.comparisons += 1
        if expected != actual:
            self.mismatches.append(f"{step}: {name}: expected {expected}, actual {actual}")


class Replay:
    """One file on one market."""

    def __init__(self, file: VectorFile, market: Market) -> None:
        self.file, self.market = file, market
        self.outcome = Outcome()
        self.notes = list(file.notes)
        self.where = ""

    def run(self) -> Outcome:
        for number, step in enumerate(self.file.steps):
            self.where = f"{self.file.path.name} step {number} ({step['op']})"
            getattr(self, f"_{step['op']}")(step)
            *_, (_, last) = block_times(step)
            self.market.at(last, step["price"])
            self._after(step["after"])
        return self.outcome

    def _margin(self, step: Mapping[str, Any]) -> None:
        self.market.at(step["t"], step["price"])
        self._try(step, "ok", lambda: self.market.move_margin(step["acct"], step["delta"]))

    def _order(self, step: Mapping[str, Any]) -> None:
        account, size, market = step["acct"], step["size"], self.market
        limit = step.get("limit", NO_LIMIT if size > 0 else 0)
        market.at(step["tSubmit"], step["price"])
        self._try(step, "submitOk", lambda: market.submit(account, size, limit))
        if not step["submitOk"]:
            return
        executor = account if step["selfExecuted"] else KEEPER
        market.at(step["tExec"], step["price"])
        pull = (step["execPrice"], step["publishTime"], executor)
        fill = self._try(step, "execOk", lambda: market.execute(account, *pull))
        if step["execOk"]:
            self._results(step, {"fillPrice": "price", "fee": "fee"}, fill)
            return
        market.at(step["tCancel"], step["price"])
        self._try(step, "cancelOk", lambda: market.cancel(account, KEEPER))

    def _liquidate(self, step: Mapping[str, Any]) -> None:
        def both() -> LiquidationFees:
            self.market.at(step["tFlag"], step["price"])
            self.market.flag(step["acct"], KEEPER)
            self.market.at(step["t"], step["price"])
            return self.market.liquidate(step["acct"], KEEPER)

        fees = self._try(step, "ok", both)
        if step["ok"]:
            names = {
                "flaggerFee": "flagger",
                "liquidatorFee": "liquidator",
                "stakersFee": "stakers",
            }
            self._results(step, names, fees)

    def _view(self, step: Mapping[str, Any]) -> None:
        """Only reads."""

    def _try(self, step: Mapping[str, Any], name: str, verb: Any) -> Any:
        """What the verb returns; whether and why it failed is compared."""
        result, error = None, None
        try:
            result = verb()
        except Refused as refusal:
            error = refusal.name
        actual = error is None
        shown = actual if error is None or not step[name] else f"{actual} ({error})"
        self.outcome.compare(self.where, name, step[name], shown)
        if not step[name] and "err" in step:
            self._error(step["err"], error)
        return result

    def _error(self, text: str, actual: str | None) -> None:
        expected = ERRORS.get(text.removeprefix(REVERTED))
        if expected is None:
            self.notes.append(f"{self.where}: the error {text!r} has no name here: not compared")
        else:
            self.outcome.compare(self.where, "err", expected, actual)

    def _results(self, step: Mapping[str, Any], names: Mapping[str, str], result: Any) -> None:
        for name, attribute in names.items():
            self.outcome.compare(self.where, name, step[name], getattr(result, attribute, None))

    def _after(self, expected: Mapping[str, Any]) -> None:
        try:
            actual = self.market.after(self.file.accounts)
        except Refused as refusal:
            self.outcome.compare(self.where, "after", "what can be read", refusal.name)
            return
        for name, value in expected.items():
            if name in actual and name != "accounts":
                self.outcome.compare(self.where, name, value, actual[name])
        for number, account in enumerate(expected["accounts"]):
            for name, value in account.items():
                if name in actual["accounts"][number]:
                    field_name = f"accounts[{number}].{name}"
                    found = actual["accounts"][number][name]
                    self.outcome.compare(self.where, field_name, value, found)


def replay(path: Path, build: Artifact | None = None) -> Replay:
    """The file at `path` on the compiled market, or on another build of it."""
    file = read(path)
    try:
        market = ContractMarket(file.params, file.start, build)
    except (Revert, Refused) as error:
        message = f"{path}: the market refuses params or global ({error.name}): check their values"
        raise VectorFileError(message) from None
    found = Replay(file, market)
    found.run()
    return found


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--show", default=SHOWN, show_default=True, help="How many mismatches to print.")
def main(files: tuple[Path, ...], show: int) -> None:
    """Replay vector FILES (default: the project's own) against the compiled contracts."""
    comparisons, mismatches, bad = 0, 0, False
    for path in files or OWN_FILES:
        try:
            found = replay(path)
        except LevtokenError as error:
            click.echo(f"vectors: {error}", err=True)
            bad = True
            continue
        for line in (*found.notes, *found.outcome.mismatches[: max(0, show - mismatches)]):
            click.echo(line)
        comparisons += found.outcome.comparisons
        mismatches += len(found.outcome.mismatches)
    if mismatches > show:
        click.echo(f"... and {mismatches - show} more")
    click.echo(f"{comparisons} comparisons, {mismatches} mismatches")
    sys.exit(2 if bad else 1 if mismatches else 0)


if __name__ == "__main__":
    main()
