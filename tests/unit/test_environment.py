"""What every Python of the project starts with (tools/environment.py)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.environment import PROJECT, discard_stale_build


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "contracts" / "libraries").mkdir(parents=True)
    (tmp_path / "contracts" / "Token.sol").write_text("contract Token {}")
    (tmp_path / "contracts" / "libraries" / "Math.sol").write_text("library Math {}")
    (tmp_path / "ape-config.yaml").write_text("name: tree")
    discard_stale_build(tmp_path)
    build(tmp_path)
    return tmp_path


def build(tree: Path) -> None:
    (tree / ".build" / "__local__.json").write_text("{}")


def keeps_build(tree: Path) -> bool:
    discard_stale_build(tree)
    return (tree / ".build" / "__local__.json").exists()


def test_a_build_of_the_same_sources_is_kept(tree: Path) -> None:
    assert keeps_build(tree)


@pytest.mark.parametrize("path", ["contracts/libraries/Math.sol", "ape-config.yaml"])
def test_a_build_of_changed_inputs_is_discarded(tree: Path, path: str) -> None:
    (tree / path).write_text("changed")
    assert not keeps_build(tree)


def test_a_build_is_discarded_when_a_source_is_renamed_or_gone(tree: Path) -> None:
    (tree / "contracts" / "Token.sol").rename(tree / "contracts" / "Share.sol")
    assert not keeps_build(tree)
    build(tree)
    (tree / "contracts" / "Share.sol").unlink()
    assert not keeps_build(tree)


def test_tools_are_found_inside_the_project_without_activation() -> None:
    code = "import os, shutil; print(os.environ['APE_DATA_FOLDER']); print(shutil.which('anvil'))"
    shown = subprocess.run(
        [sys.executable, "-c", code], env={"PATH": os.defpath}, capture_output=True, check=True
    )
    assert shown.stdout.decode().splitlines() == [f"{PROJECT}/.ape", f"{PROJECT}/.tools/bin/anvil"]


def test_the_anvil_that_is_found_passes_exit_codes_on() -> None:
    anvil = shutil.which("anvil")
    assert anvil is not None
    assert subprocess.run([anvil, "--no-such-option"], capture_output=True, check=False).returncode


def test_anvil_stays_off_the_ports_of_outgoing_connections() -> None:
    from ape_foundry import provider  # noqa: PLC0415 - the import is what is tested

    assert (provider.EPHEMERAL_PORTS_START, provider.EPHEMERAL_PORTS_END) == (20_000, 32_000)
