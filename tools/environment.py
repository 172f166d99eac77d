"""Run at every start of the project's own Python (set-up writes a .pth file that imports it).

It points Ape, its compiler plugin and matplotlib at folders inside the project, so that nothing
reads or writes the home directory, discards compiled contracts that no longer match their
sources, and keeps Anvil off ports that may be taken. Every way in is covered: `ape run`,
`ape test`, `pytest`, a notebook.
"""

import hashlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

PROJECT = Path(__file__).resolve().parent.parent
TOOLS = PROJECT / ".tools"
ANVIL_PORTS = (20_000, 32_000)  # below what Linux and macOS give to outgoing connections


def configure() -> None:
    os.environ["APE_DATA_FOLDER"] = str(PROJECT / ".ape")
    os.environ["SOLCX_BINARY_PATH"] = str(TOOLS / "solc")
    os.environ["MPLCONFIGDIR"] = str(TOOLS / "matplotlib")
    binaries = str(TOOLS / "bin")
    others = [p for p in os.environ.get("PATH", os.defpath).split(os.pathsep) if p != binaries]
    os.environ["PATH"] = os.pathsep.join([binaries, *others])


def discard_stale_build(project: Path) -> None:
    """Ape recompiles a changed file but not the contracts that import it, and does not notice
    changed settings or libraries: bytecode would be deployed that no source in the tree yields."""
    digest = _digest_inputs(project)
    build = project / ".build"
    record = build / "inputs.sha256"
    try:
        if record.is_file() and record.read_text() == digest:
            return
        build.mkdir(exist_ok=True)
        (build / "__local__.json").unlink(missing_ok=True)
        record.write_text(digest)
    except OSError:
        return  # a tree that cannot be written holds no build either


def _digest_inputs(project: Path) -> str:
    inputs = [project / "ape-config.yaml", project / "package-lock.json"]
    inputs += sorted((project / "contracts").rglob("*.sol"))
    digest = hashlib.sha256()
    for path in inputs:
        if path.is_file():
            digest.update(f"{path.relative_to(project)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


class AnvilPorts:
    """An import hook. ape-foundry draws a port from those of outgoing connections, and the closed
    ones hold theirs for a minute: one start in thirty failed, after a wait of twenty seconds."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "ape_foundry.provider":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_set(module: ModuleType) -> None:
            execute(module)
            first, last = ANVIL_PORTS
            vars(module).update(EPHEMERAL_PORTS_START=first, EPHEMERAL_PORTS_END=last)

        spec.loader.exec_module = execute_and_set  # type: ignore[method-assign]
        return spec


configure()
discard_stale_build(PROJECT)
sys.meta_path.insert(0, AnvilPorts())
