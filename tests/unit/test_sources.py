"""Ape lists at most 500 files and keeps one contract of each name, both without a word: what it
compiled is compared with what the sources declare."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import yaml
from ape.managers.project import LocalProject

PROJECT = Path(__file__).resolve().parents[2]
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
DECLARATION = re.compile(r"(?m)^\s*(?:abstract\s+)?(?:contract|interface|library)\s+(\w+)")
PRAGMA = re.compile(r"(?m)^pragma solidity ([^;]+);")


class Contract(NamedTuple):
    source: str
    name: str


def sources_of(root: Path) -> dict[str, str]:
    paths = sorted((root / "contracts").rglob("*.sol"))
    return {path.relative_to(root).as_posix(): path.read_text() for path in paths}


def declared_in(root: Path) -> list[Contract]:
    return [
        Contract(source, name)
        for source, text in sources_of(root).items()
        for name in DECLARATION.findall(COMMENT.sub("", text))
    ]


def repeated_names(contracts: Iterable[Contract]) -> list[Contract]:
    contracts = list(contracts)
    counts = Counter(contract.name for contract in contracts)
    return [contract for contract in contracts if counts[contract.name] > 1]


def write_sources(root: Path, **texts: str) -> None:
    (root / "contracts").mkdir()
    for name, text in texts.items():
        (root / "contracts" / f"{name}.sol").write_text(text)


def test_every_source_is_listed_by_ape(project: LocalProject) -> None:
    assert set(sources_of(PROJECT)) - set(project.sources) == set()


def test_every_declared_contract_is_compiled(project: LocalProject) -> None:
    types = [container.contract_type for container in project.load_contracts().values()]
    compiled = {Contract(t.source_id, t.name) for t in types}
    assert set(declared_in(PROJECT)) - compiled == set()


def test_contract_names_are_unique() -> None:
    assert repeated_names(declared_in(PROJECT)) == []


def test_the_compiler_version_is_the_same_everywhere() -> None:
    version = json.loads((PROJECT / "package.json").read_text())["devDependencies"]["solc"]
    ape_config = yaml.safe_load((PROJECT / "ape-config.yaml").read_text())
    assert ape_config["solidity"]["version"] == version
    forge_config = tomllib.loads((PROJECT / "foundry.toml").read_text())
    assert forge_config["profile"]["default"]["solc"].endswith(f"solc-v{version}")
    pragmas = {source: PRAGMA.findall(text) for source, text in sources_of(PROJECT).items()}
    assert {source: found for source, found in pragmas.items() if found != [version]} == {}


def test_declarations_are_found_outside_comments(tmp_path: Path) -> None:
    write_sources(
        tmp_path,
        One="// contract Not {}\nabstract contract One {}\n/* library\nNot2 {} */ library Two {}",
        Three="interface Three {\n}\nerror Contract();",
    )
    assert [contract.name for contract in declared_in(tmp_path)] == ["One", "Two", "Three"]


def test_a_repeated_name_is_noticed(tmp_path: Path) -> None:
    write_sources(tmp_path, One="contract Same {}", Two="library Same {}\ncontract Other {}")
    assert [contract.source for contract in repeated_names(declared_in(tmp_path))] == [
        "contracts/One.sol",
        "contracts/Two.sol",
    ]
