"""The mutants: what is changed in which contract, as the tables beside this file say."""

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
        if source.count(self.old) != 1:
            times = source.count(self.old)
            raise MutantError(
                f"{self.title}: its text occurs {times} times in {self.file}, not once: adapt it"
            )
        return source.replace(self.old, self.new)


def read_tables(tables: Path = TABLES) -> list[Mutant]:
    found = []
    for table in sorted(tables.glob("*.yaml")):
        for file, entries in yaml.safe_load(table.read_text()).items():
            for one in entries:
                reason = one.get("survives", "")
                found.append(Mutant(file, one["name"], one["from"], one["to"], reason))
    return found
