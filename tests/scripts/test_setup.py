"""tools/setup.sh with node, npm and Python faked: what it says when it cannot go on, and that the
next run recovers. Nothing is downloaded."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SYSTEM_TOOLS = "awk cat cmp cp df dirname grep ln mkdir rm sed sh touch uname"
BUILD = "0.8.37+commit.f401782d"

NODE = f"""
case $1 in
    --version) echo "${{FAKE_NODE_VERSION:-v20.11.0}}" ;;
    tools/solc.cjs) echo "Version: {BUILD}.Emscripten.clang" ;;
esac
"""

NPM = """
echo "npm $*" >>calls
[ -z "${FAKE_NPM_ERROR:-}" ] || { echo "$FAKE_NPM_ERROR" >&2; exit 1; }
rm -rf node_modules
for tool in ${FAKE_NPM_TOOLS-anvil forge}; do
    mkdir -p "node_modules/@foundry-rs/$tool-linux-amd64/bin"
    cp "$(dirname "$0")/node" "node_modules/@foundry-rs/$tool-linux-amd64/bin/$tool"
done
mkdir -p node_modules
"""

PYTHON = """
case "$1 $2" in
    "-c "*) echo "${FAKE_PYTHON_VERSION:-3.11}" ;;
    "-m venv")
        echo "venv" >>calls
        [ -z "${FAKE_VENV_ERROR:-}" ] || { echo "$FAKE_VENV_ERROR" >&2; exit 1; }
        mkdir -p .venv/bin .venv/lib/python3.11/site-packages
        cp "$0" .venv/bin/python
        ;;
    "-m pip")
        echo "pip" >>calls
        touch .venv/half-finished
        [ -z "${FAKE_KILL:-}" ] || { kill -9 $PPID; exit 1; }
        [ -z "${FAKE_PIP_ERROR:-}" ] || { echo "$FAKE_PIP_ERROR" >&2; exit 1; }
        rm .venv/half-finished
        ;;
esac
"""


def write_command(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}")
    path.chmod(0o755)


class Clone:
    """A fresh clone on a machine with nothing but system tools, node, npm and Python 3.11."""

    def __init__(self, root: Path) -> None:
        self.root = root / "clone of levtoken"
        self.commands = root / "bin"
        self.commands.mkdir()
        (self.root / "tools").mkdir(parents=True)
        for name in ("tools/setup.sh", "tools/anvil.sh"):
            shutil.copy(PROJECT / name, self.root / name)
        for name in ("requirements.lock", "tools/build-requirements.lock", "package-lock.json"):
            (self.root / name).write_text(name)
        for name in SYSTEM_TOOLS.split():
            (self.commands / name).symlink_to(str(shutil.which(name)))
        for name, script in (("node", NODE), ("npm", NPM), ("python3.11", PYTHON)):
            write_command(self.commands / name, script)

    def run(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [shutil.which("sh") or "/bin/sh", "tools/setup.sh"],
            cwd=self.root,
            env={"PATH": str(self.commands), **environment},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    def complaint(self, **environment: str) -> str:
        result = self.run(**environment)
        assert result.returncode == 1
        [line] = result.stderr.splitlines()
        return line

    def calls(self) -> list[str]:
        """What was asked of the package managers since the last time this was asked."""
        path = self.root / "calls"
        calls = path.read_text().split("\n")[:-1] if path.exists() else []
        path.unlink(missing_ok=True)
        return [call.split()[0] for call in calls]

    def is_ready(self) -> bool:
        compiler = self.root / ".tools/solc/solc-v0.8.37"
        hook = self.root / ".venv/lib/python3.11/site-packages/levtoken.pth"
        return (
            compiler.is_symlink()
            and os.access(self.root / ".tools/bin/anvil", os.X_OK)
            and os.access(self.root / ".tools/foundry/forge", os.X_OK)
            and hook.read_text() == f"{self.root}\nimport tools.environment\n"
            and not (self.root / ".venv/half-finished").exists()
            and not (self.root / ".tools/setup.lock").exists()
        )


EVERYTHING = ["npm", "venv", "pip", "pip"]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_sets_up_once_and_is_silent_the_second_time(clone: Clone) -> None:
    first = clone.run()
    assert (first.returncode, first.stderr) == (0, "")
    assert clone.is_ready()
    assert clone.calls() == EVERYTHING
    second = clone.run()
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert clone.calls() == []


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("node", "node is missing: install Node.js 20"),
        ("npm", "npm is missing: install it"),
        ("python3.11", "Python 3.11 or 3.12 is missing: install one"),
    ],
)
def test_names_a_missing_prerequisite_before_any_work(
    clone: Clone, missing: str, words: str
) -> None:
    (clone.commands / missing).unlink()
    assert words in clone.complaint()
    assert clone.calls() == []


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"FAKE_NODE_VERSION": "v18.19.1"}, "node is v18.19.1: install Node.js 20"),
        ({"FAKE_NODE_VERSION": "nonsense"}, "node is nonsense: install Node.js 20"),
        ({"FAKE_PYTHON_VERSION": "3.10"}, "Python 3.11 or 3.12 is missing"),
        ({"FAKE_PYTHON_VERSION": "3.13"}, "Python 3.11 or 3.12 is missing"),
        ({"PYTHON": "python3.9"}, "PYTHON=python3.9 is not Python 3.11 or 3.12"),
        ({"FAKE_NPM_ERROR": "npm error code ENOTFOUND"}, "no network to download npm packages"),
        ({"FAKE_NPM_ERROR": "npm error code EACCES"}, "no permission to write"),
        ({"FAKE_NPM_ERROR": "npm error code EINTEGRITY"}, "could not install npm packages"),
        ({"FAKE_NPM_TOOLS": ""}, "npm has no anvil for"),
        ({"FAKE_VENV_ERROR": "ensurepip is not available"}, "python3.11 lacks its venv module"),
        ({"FAKE_PIP_ERROR": "NewConnectionError(...)"}, "no network to download Python packages"),
        ({"FAKE_PIP_ERROR": "[Errno 28] No space left on device"}, "the disk is full: free"),
        ({"FAKE_PIP_ERROR": "THESE PACKAGES DO NOT MATCH"}, "could not install Python packages"),
    ],
)
def test_says_one_line_and_the_next_run_recovers(
    clone: Clone, environment: dict[str, str], words: str
) -> None:
    assert words in clone.complaint(**environment)
    assert clone.run().returncode == 0
    assert clone.is_ready()


def test_prefers_the_newer_python_and_takes_the_one_named(clone: Clone) -> None:
    write_command(clone.commands / "python3.12", f"echo 3.12 >>chosen; {PYTHON}")
    write_command(clone.commands / "mine", f"echo mine >>chosen; {PYTHON}")
    for chosen, environment in (("3.12", {}), ("mine", {"PYTHON": "mine"})):
        shutil.rmtree(clone.root / ".venv", ignore_errors=True)
        (clone.root / "chosen").unlink(missing_ok=True)
        assert clone.run(**environment).returncode == 0
        assert set((clone.root / "chosen").read_text().split()) == {chosen}


def test_recovers_after_it_was_killed(clone: Clone) -> None:
    assert clone.run(FAKE_KILL="yes").returncode == -9
    assert (clone.root / ".venv/half-finished").exists()
    assert (clone.root / ".tools/setup.lock").exists()
    assert clone.run().returncode == 0
    assert clone.is_ready()


def test_waits_for_no_other_setup(clone: Clone) -> None:
    (clone.root / ".tools/setup.lock").mkdir(parents=True)
    (clone.root / ".tools/setup.lock/pid").write_text(str(os.getpid()))
    assert f"another set-up is running (process {os.getpid()})" in clone.complaint()
    assert clone.calls() == []


def damage_stamp(root: Path) -> None:
    (root / ".venv/stamp").write_text("garbled")


def lose_interpreter(root: Path) -> None:
    (root / ".venv/bin/python").unlink()


def change_python_lock(root: Path) -> None:
    (root / "requirements.lock").write_text("changed")


def change_npm_lock(root: Path) -> None:
    (root / "package-lock.json").write_text("changed")


def lose_npm_packages(root: Path) -> None:
    shutil.rmtree(root / "node_modules")


def lose_tools(root: Path) -> None:
    shutil.rmtree(root / ".tools")


@pytest.mark.parametrize(
    ("happen", "repaired"),
    [
        (damage_stamp, ["venv", "pip", "pip"]),
        (lose_interpreter, ["venv", "pip", "pip"]),
        (change_python_lock, ["venv", "pip", "pip"]),
        (change_npm_lock, ["npm"]),
        (lose_npm_packages, ["npm"]),
        (lose_tools, []),
    ],
)
def test_repairs_only_what_changed(
    clone: Clone, happen: Callable[[Path], None], repaired: list[str]
) -> None:
    clone.run()
    clone.calls()
    happen(clone.root)
    assert clone.run().returncode == 0
    assert clone.calls() == repaired
    assert clone.is_ready()


def test_a_moved_clone_is_set_up_anew(clone: Clone) -> None:
    clone.run()
    clone.calls()
    clone.root = clone.root.rename(clone.root.with_name("moved"))
    assert clone.run().returncode == 0
    assert clone.calls() == EVERYTHING
    assert clone.is_ready()


def test_a_folder_that_cannot_be_written_is_named(clone: Clone) -> None:
    (clone.root / ".tools").write_text("a file where the folder goes")
    assert f"cannot write to {clone.root}" in clone.complaint()


def test_a_disk_too_small_is_refused_before_any_work(clone: Clone) -> None:
    (clone.commands / "df").unlink()
    write_command(clone.commands / "df", "echo header; echo disk 0 0 102400 0% /")
    assert "the disk has only 100 MB free" in clone.complaint()
    assert clone.calls() == []


@pytest.mark.parametrize(("build", "taken"), [(BUILD, True), ("0.8.37+commit.deadbeef", False)])
def test_takes_a_native_compiler_only_of_the_same_build(
    clone: Clone, build: str, taken: bool
) -> None:
    write_command(clone.commands / "solc", f"echo 'Version: {build}.Linux.g++'")
    assert clone.run().returncode == 0
    assert (clone.root / ".tools/solc/native").exists() == taken
