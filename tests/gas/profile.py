"""Shows where the gas of a call goes: `python -m tests.gas.profile redeem`. The tables of
docs/gas.md are the same figures in fewer rows."""

from collections import Counter
from collections.abc import Mapping

import click

from levtoken.artifacts import PROJECT
from tests.gas.calls import BASE, NAMES, VIEW, Measured
from tests.gas.measure import STAGES, measure_on
from tests.gas.stage import HOLDER, NEWCOMER, RECIPIENT
from tests.gas.trace import SUPPLY_SLOT, balance_slot, intrinsic, steps

DOCUMENT = PROJECT / "docs" / "gas.md"
START, END = "<!-- made by make gas -->\n", "<!-- end -->"
TRACED = tuple(name for name in NAMES if name != "create_token")
SHOWN = ("deposit_existing_holder", "redeem", "rebalance", "late_keeper", "transfer", VIEW)
PLAIN_SLOTS = 64  # below: variables in the order of their declaration
# The rows of the document, and the steps in each.
ROWS: Mapping[str, tuple[str, ...]] = {
    "base and calldata": ("base and calldata",),
    "asset transfer": ("reaching asset", "asset: "),
    "venue: reaching it": ("reaching venue",),
    "venue: storage": ("venue: storage",),
    "venue: computation": ("venue: computation", "venue: guard"),
    "venue: events": ("venue: events",),
    "oracle and feed": ("reaching oracle", "oracle: ", "reaching feed", "feed: "),
    "policy and logic": ("reaching logic", "logic: "),
    "token: terms and progress": ("token: slot ",),
    "token: shares of the fee recipient": ("token: shares of the recipient",),
    "token: shares of others, supply": ("token: shares of ", "token: total supply"),
    "token: events": ("token: events",),
    "token: computation": ("token: computation", "token: guard", "reaching a precompile"),
    "refund": ("refund",),
}


def profile(measured: Measured, call: str) -> Counter[str]:
    """Gas by step of a measured call; the sum is what its receipt says."""
    stage, hash_ = measured.stage, measured.transactions[call]
    contracts = {
        "token": measured.token,
        "venue": stage.venue,
        "asset": stage.asset,
        "logic": stage.logic,
        "oracle": stage.oracle,
    }
    names = {one.address.lower(): name for name, one in contracts.items() if one}
    names.setdefault(stage.feed.address.lower(), "feed")
    transaction = stage.chain.node.request("eth_getTransactionByHash", hash_)
    to, data = transaction["to"], bytes.fromhex(transaction["input"][2:])
    spent = steps(stage.chain.trace(hash_), to, names, _slots())
    spent["base and calldata"] = intrinsic(data) - (BASE if call == VIEW else 0)
    spent["refund"] = measured.gas[call] - spent.total()
    return spent


def in_rows(spent: Mapping[str, int]) -> dict[str, int]:
    """The steps in the rows of the document."""
    rows = dict.fromkeys(ROWS, 0)
    for step, gas in spent.items():
        row = next((row for row, steps_ in ROWS.items() if step.startswith(steps_)), None)
        assert row is not None, f"no row for {step}"
        rows[row] += gas
    return rows


def document_tables(stages: Mapping[str, Mapping[str, Mapping[str, int]]]) -> str:
    """A table by step for each stage, of rows by call."""
    parts = []
    for stage, calls in stages.items():
        lines = [
            f"### On the {'thin venue' if stage == 'thin' else 'market'}",
            "",
            f"| step | {' | '.join(f'`{call}`' for call in SHOWN)} |",
            "| --- |" + " ---: |" * len(SHOWN),
        ]
        lines += [
            f"| {row} |" + "".join(f" {calls[call][row]:,} |" for call in SHOWN)
            for row in ROWS
            if any(calls[call][row] for call in SHOWN)
        ]
        totals = "".join(f" **{sum(calls[call].values()):,}** |" for call in SHOWN)
        parts.append("\n".join([*lines, f"| **all** |{totals}"]))
    return "\n\n".join(parts)


def with_tables(document: str, tables: str) -> str:
    """The document with `tables` between its marks."""
    head, rest = document.split(START)
    return f"{head}{START}\n{tables}\n\n{END}{rest.split(END)[1]}"


def _slots() -> dict[int, str]:
    holders = {
        RECIPIENT: "shares of the recipient",
        NEWCOMER: "shares of the holder",
        HOLDER: "shares of another",
    }
    named = {balance_slot(holder): name for holder, name in holders.items()}
    return {
        **{slot: f"slot {slot}" for slot in range(PLAIN_SLOTS)},
        **named,
        SUPPLY_SLOT: "total supply",
    }


@click.command()
@click.argument("calls", nargs=-1, type=click.Choice(TRACED))
def main(calls: tuple[str, ...]) -> None:
    """Shows every step of CALLS (none: of all)."""
    for name in STAGES:
        with measure_on(name) as measured:
            for call in calls or TRACED:
                click.echo(f"\n{call} on {name}: {measured.gas[call]:,}")
                for step, gas in profile(measured, call).most_common():
                    if gas:
                        click.echo(f"{gas:>9,}  {step}")


if __name__ == "__main__":
    main()
