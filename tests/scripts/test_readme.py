"""The README is true: its commands run as typed, its tree is the tree."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.scripts.chains import PROJECT

README = (PROJECT / "README.md").read_text()
PORT = 8545  # of `make chain`, which the README's commands find without being told
PATIENCE = 60  # seconds
NOT_SHOWN = {"__pycache__", "node_modules", "out"}


def block(language: str) -> str:
    """The one block of code of that language."""
    [found] = re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    return str(found)


def is_answering() -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", PORT)) == 0


@pytest.fixture
def chain() -> Iterator[None]:
    """`make chain`, as in the other terminal."""
    if is_answering():
        pytest.skip(f"something listens on port {PORT}, so `make chain` cannot be tried")
    process = subprocess.Popen(
        ["make", "chain"], cwd=PROJECT, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        deadline = time.monotonic() + PATIENCE
        while not is_answering():
            assert process.poll() is None, "`make chain` ended"
            assert time.monotonic() < deadline, "`make chain` does not answer"
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


@pytest.mark.usefixtures("chain")
def test_the_walk_by_hand_works_as_typed() -> None:
    commands = block("sh")
    assert commands.count("ape run") == 9
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=PROJECT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "BTC3L" in done.stdout
    assert "rebalanced" in done.stdout
    assert "BTC3L.setFees(" in done.stdout


def test_every_verb_and_script_it_names_exists() -> None:
    verbs = set(re.findall(r"^make ([a-z]+)", README, re.MULTILINE))
    listed = subprocess.run(
        ["make", "help"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout
    assert verbs
    assert verbs <= set(re.findall(r"^make ([a-z]+)", listed, re.MULTILINE))
    named = re.search(r"ape run NAME: (.*)", README)
    assert named
    scripts = {path.stem for path in (PROJECT / "scripts").glob("[!_]*.py")}
    assert set(named[1].split(", ")) == scripts


def test_the_tree_in_it_is_the_tree() -> None:
    shown: set[str] = set()
    parent = ""
    for indent, name in re.findall(r"^( *)([a-z]+)/ ", block("text"), re.MULTILINE):
        parent = parent if indent else name
        shown.add(f"{parent}/{name}" if indent else name)
    folders = {
        str(path.relative_to(PROJECT))
        for top in (PROJECT, PROJECT / "contracts", PROJECT / "levtoken")
        for path in top.iterdir()
        if path.is_dir() and not path.name.startswith(".") and path.name not in NOT_SHOWN
    }
    assert shown - {"deployments"} == folders - {"deployments"}
    tests = set(re.findall(r"`tests/([a-z]+)`", README))
    assert tests == {
        path.name
        for path in (PROJECT / "tests").iterdir()
        if path.is_dir() and path.name not in NOT_SHOWN and any(path.glob("test_*.py"))
    }
