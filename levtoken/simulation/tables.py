"""Markdown tables that a command writes between the markers of a page."""

from collections.abc import Sequence

from levtoken.errors import OutputError

END = "<!-- end -->"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def with_tables(document: str, tables: dict[str, str]) -> str:
    """The document with each table between `<!-- made: NAME -->` and `<!-- end -->`."""
    for name, text in tables.items():
        start = f"<!-- made: {name} -->\n"
        before, found, rest = document.partition(start)
        if not found or END not in rest:
            raise OutputError(f"the page has no place for the table {name!r}: write its markers")
        document = before + start + text + END + rest.partition(END)[2]
    return document
