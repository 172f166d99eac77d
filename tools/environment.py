"""Run at every start of the project's own Python (set-up writes a .pth file that imports it).

It points Ape, its compiler plugin and matplotlib at folders inside the project, so that nothing
reads or writes the home directory, and it discards compiled contracts that no longer match their
sources. Every way in is covered: `ape run`, `ape test`, `pytest`, a notebook.
"""

import hashlib
import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
TOOLS = PROJECT / ".tools"


def configure() -> None:
    os.environ["APE_DATA_FOLDER"] = str(PROJECT / ".ape")
    os.environ["SOLCX_BINARY_PATH"] = str(TOOLS / "solc")
    os.environ["MPLCONFIGDIR"] = str(TOOLS / "matplotlib")
    binaries = str(TOOLS / "bin")
    others = [p for p in os.environ.get("PATH", os.defpath).split(os.pathsep) if p != binaries]
    os.environ["PATH"] = os.pathsep.join([binaries, *others])


def discard_stale_build(project: Path) -> bool:
    """Ape recompiles a changed file but not the contracts that import it, and does not notice
    changed settings or libraries: bytecode would be deployed that no source in the tree yields."""
    digest = _digest_inputs(project)
    build = project / ".build"
    record = build / "inputs.sha256"
    try:
        if record.is_file() and record.read_text() == digest:
            return False
        build.mkdir(exist_ok=True)
        (build / "__local__.json").unlink(missing_ok=True)
        record.write_text(digest)
    except OSError:
        return False  # a read-only tree cannot hold a build either
    return True


def _digest_inputs(project: Path) -> str:
    inputs = [project / "ape-config.yaml", project / "package-lock.json"]
    inputs += sorted((project / "contracts").rglob("*.sol"))
    digest = hashlib.sha256()
    for path in inputs:
        if path.is_file():
            digest.update(f"{path.relative_to(project)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


configure()
discard_stale_build(PROJECT)
