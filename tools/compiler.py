"""The project's compiler by its standard JSON, with the settings of ape-config.yaml. What is
deployed is compiled by Ape; this serves tools that want less of a compilation, or of another tree.
"""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parent.parent
COMPILERS = PROJECT / ".tools" / "solc"
_IMPORT = re.compile(r'from\s+"(\.[^"]+)"')
_CONCRETE = re.compile(r"^contract (\w+)", re.MULTILINE)

Selection = Mapping[str, Mapping[str, Sequence[str]]]  # file, contract: what is asked of it


class CompilationError(Exception):
    """The compiler refused a source."""


def version() -> str:
    return str(_config()["version"])


def settings() -> dict[str, Any]:
    """As Ape gives them."""
    config = _config()
    return {
        "evmVersion": config["evm_version"],
        "optimizer": {"enabled": config["optimize"], "runs": config["optimization_runs"]},
        "remappings": config["import_remapping"],
        "viaIR": config["via_ir"],
    }


def sources(tree: Path) -> dict[str, str]:
    """Every source below `contracts` by its path."""
    found = (path.relative_to(tree) for path in sorted((tree / "contracts").rglob("*.sol")))
    return {str(path): (tree / path).read_text() for path in found if ".cache" not in path.parts}


def compile_tree(
    tree: Path, selection: Selection, debug: Sequence[str] = ("location",)
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Input and output of the compiler for the contracts below `tree`. `debug` is what comments of
    intermediate code tell."""
    options = {**settings(), "debug": {"debugInfo": [*debug]}, "outputSelection": selection}
    given = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in sources(tree).items()},
        "settings": options,
    }
    done = subprocess.run(
        [COMPILERS / f"solc-v{version()}", "--standard-json", "--base-path", tree],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )
    output: dict[str, Any] = json.loads(done.stdout)
    for one in output.get("errors", []):
        if one["severity"] == "error":
            raise CompilationError(one["formattedMessage"])
    return given, output


def contracts(texts: Mapping[str, str]) -> dict[str, str]:
    """Each contract that can be deployed, with its file."""
    return {name: file for file, text in texts.items() for name in _CONCRETE.findall(text)}


def affected(texts: Mapping[str, str], changed: str) -> list[str]:
    """The contracts that can be deployed whose code may hold code of the file `changed`. A contract
    that is imported is called, not contained: none here creates or inherits another."""
    whole = set(contracts(texts).values())
    found = []
    for name, root in contracts(texts).items():
        seen: set[str] = set()
        left = [root]
        while left:
            file = left.pop()
            if file in seen or (file in whole and file != root):
                continue
            seen.add(file)
            left += [_resolve(file, path) for path in _IMPORT.findall(texts[file])]
        if changed in seen:
            found.append(name)
    return found


def _resolve(file: str, imported: str) -> str:
    path = (PROJECT / file).parent / imported
    return str(path.resolve().relative_to(PROJECT))


def _config() -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((PROJECT / "ape-config.yaml").read_text())
    return dict(config["solidity"])
