"""The mutants: what is changed in which contract, as the tables beside this file say."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

TABLES = Path(__file__).with_name("table")


class MutantError(Exception):
    """A mutant that cannot be made."""


@dataclass(frozen=True)
class Mutant:
    """One change of one source. `survives` is the reason why no test can notice it, if so."""

    file: str
    name: str
    old: str
    new: str
    survives: str = ""

    @property
    def title(self) -> str:
        return f"{Path(self.file).stem}: {self.name}"

    def applied(self, source: str) -> str:
        return source.replace(self.old, self.new)


def read_tables(tables: Path = TABLES) -> list[Mutant]:
    found = []
    for table in sorted(tables.glob("*.yaml")):
        for file, entries in yaml.safe_load(table.read_text()).items():
            for one in entries:
                reason = one.get("survives", "")
                found.append(Mutant(file, one["name"], one["from"], one["to"], reason))
    return found


def check(mutants: Iterable[Mutant], sources: Mapping[str, str]) -> None:
    """Each changes one place, and is told apart by its title."""
    stale = [one for one in mutants if sources.get(one.file, "").count(one.old) != 1]
    if stale:
        titles = "\n".join(f"  {one.title}: {one.old!r}" for one in stale)
        raise MutantError(f"these texts do not occur just once, adapt the tables:\n{titles}")
    twice = [title for title, n in Counter(one.title for one in mutants).items() if n > 1]
    if twice:
        raise MutantError(f"these titles occur twice: {', '.join(twice)}")
