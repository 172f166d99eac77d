"""Measures the gas of the calls that matter and the size of every contract, and writes or checks
`snapshot.json` and the tables of docs/gas.md, which says how."""

import json
import sys
from pathlib import Path

import click

from tests.gas.measure import STAGES, difference, measure_on, sizes, table, to_text
from tests.gas.profile import DOCUMENT, SHOWN, document_tables, in_rows, profile, with_tables

SNAPSHOT = Path(__file__).parent / "snapshot.json"


def texts() -> dict[Path, str]:
    """What the committed files should be."""
    gas, rows = {}, {}
    for name in STAGES:
        with measure_on(name) as measured:
            gas[name] = measured.gas
            rows[name] = {call: in_rows(profile(measured, call)) for call in SHOWN}
    document = with_tables(DOCUMENT.read_text(), document_tables(rows))
    return {SNAPSHOT: to_text({**gas, "bytecode": sizes()}), DOCUMENT: document}


def stale(expected: dict[Path, str]) -> str:
    """How the committed files differ; empty when they do not."""
    pairs = ((path.read_text() if path.exists() else "", text) for path, text in expected.items())
    return "\n".join(found for pair in pairs if (found := difference(*pair)))


@click.command()
@click.option("--check", is_flag=True, help="Compare with the committed files; write nothing.")
def main(check: bool) -> None:
    """Measures gas and bytecode; writes tests/gas/snapshot.json and the tables of docs/gas.md."""
    expected = texts()
    click.echo(table(json.loads(expected[SNAPSHOT])))
    if not check:
        for path, text in expected.items():
            path.write_text(text)
    elif found := stale(expected):
        click.echo(
            f"\n{found}\ngas: not as committed: judge this, run `make gas`, commit the files"
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
