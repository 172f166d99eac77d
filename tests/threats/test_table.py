"""docs/threats.md names tests; each of them exists."""

import re

from levtoken.artifacts import PROJECT

PAGE = PROJECT / "docs" / "threats.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_every_test_that_the_page_names_exists() -> None:
    named = NAMED.findall(PAGE.read_text())
    assert len(named) > 100
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (PROJECT / file).is_file()
        or (name and f"def {name}(" not in (PROJECT / file).read_text())
    ]
    assert missing == []


def test_every_attack_of_these_files_is_on_the_page() -> None:
    text = PAGE.read_text()
    files = sorted((PROJECT / "tests" / "threats").glob("test_*.py"))
    absent = [
        name
        for file in files
        if file.name != "test_table.py"
        for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)
        if f"`{file.relative_to(PROJECT)}::{name}`" not in text
    ]
    assert absent == []
