"""Analyse the contracts with slither and compare with docs/audit.md (`make audit`).

Every finding above informational must be explained there, and everything explained there must
still be found: a new finding fails, and so does an explanation that has lost its finding.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tools.compiler import PROJECT, CompilationError, compile_tree, version

EXPLANATIONS = PROJECT / "docs" / "audit.md"
FOLDER = PROJECT / ".tools" / "audit"
RESULTS = FOLDER / "results.json"
# A place below a reason: - `Contract.function`, with how many findings there when several; or
# - `Contract.*` for all that a detector says of a contract.
_PLACE = re.compile(r"^- `([\w.]+(?:\.\*)?)`(?: \((\d+)\))?$")
_NO_CODE = {"object": "", "sourceMap": ""}

Finding = tuple[str, str]  # detector, place


def write_build_info(folder: Path) -> None:
    """What slither reads of a compilation: the syntax trees. No code is generated."""
    shown = ["abi", "userdoc", "devdoc"]
    given, output = compile_tree(PROJECT, {"*": {"": ["ast"], "*": shown}})
    for file in output["contracts"].values():
        for contract in file.values():
            contract["evm"] = {"bytecode": _NO_CODE, "deployedBytecode": _NO_CODE}
    folder.mkdir(parents=True, exist_ok=True)
    info = {"solcVersion": version(), "input": given, "output": output}
    (folder / "contracts.json").write_text(json.dumps(info))


def run_slither(folder: Path) -> list[dict[str, Any]]:
    results = RESULTS
    results.unlink(missing_ok=True)
    foundry = PROJECT / ".tools" / "foundry"  # slither asks forge where libraries are
    done = subprocess.run(
        [
            Path(sys.executable).with_name("slither"),
            ".",
            "--foundry-ignore-compile",
            "--foundry-build-info-directory",
            folder / "build-info",
            "--filter-paths",
            "node_modules",
            "--exclude-informational",
            "--exclude-optimization",
            "--json",
            results,
        ],
        cwd=PROJECT,
        env={**os.environ, "PATH": f"{foundry}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,  # it says by its code that it has findings
    )
    if not results.is_file():
        sys.exit(f"audit: slither failed:\n{done.stderr[-2000:]}")
    answer = json.loads(results.read_text())
    if not answer["success"]:
        sys.exit(f"audit: slither failed: {answer['error']}")
    found: list[dict[str, Any]] = answer["results"].get("detectors", [])
    return found


def place(element: dict[str, Any]) -> str:
    """`Contract.function` of a node, a variable or a function."""
    parent = element.get("type_specific_fields", {}).get("parent", {})
    if element["type"] in ("node", "variable") and parent.get("type") == "function":
        return place(parent)
    return f"{parent['name']}.{element['name']}" if "name" in parent else str(element["name"])


def read_explanations(text: str) -> tuple[Counter[Finding], list[str]]:
    """The findings that are explained, and what is wrong with the text."""
    explained: Counter[Finding] = Counter()
    wrong = []
    detector = reason = ""
    for line in text.splitlines():
        if line.startswith("## "):
            detector, reason = line.removeprefix("## ").split()[0], ""
        elif found := _PLACE.match(line):
            explained[detector, found[1]] += int(found[2] or 1)
            if not reason:
                wrong.append(f"no reason is given for {detector} in {found[1]}")
        elif line.startswith("- "):
            wrong.append(f"not a place: {line}")
        elif line:
            reason = line
    return explained, wrong


def compare(results: list[dict[str, Any]], explained: Counter[Finding]) -> list[str]:
    """What is found and not explained, and what is explained and not found."""
    by_place: dict[Finding, list[dict[str, Any]]] = {}
    for one in results:
        by_place.setdefault((one["check"], place(one["elements"][0])), []).append(one)
    wrong = []
    used = set()
    for (check, where), some in sorted(by_place.items()):
        anywhere = (check, f"{where.partition('.')[0]}.*")
        if anywhere in explained:
            used.add(anywhere)
        elif len(some) >= explained[check, where]:
            used.add((check, where))
            new = some[explained[check, where] :]
            wrong += [
                f"new: {one['impact']} {check} in {where}\n{one['description']}" for one in new
            ]
    return wrong + [f"stale: {check} in {where}" for check, where in sorted(set(explained) - used)]


def main() -> None:
    try:
        write_build_info(FOLDER / "build-info")
    except CompilationError as error:
        sys.exit(f"audit: the contracts do not compile: {error}")
    results = run_slither(FOLDER)
    explained, wrong = read_explanations(EXPLANATIONS.read_text())
    wrong += compare(results, explained)
    for one in wrong:
        print(f"audit: {one}", file=sys.stderr)
    if wrong:
        sys.exit(f"audit: fix the code, or explain in {EXPLANATIONS.relative_to(PROJECT)}")
    print(f"audit: {len(results)} findings, all explained in docs/audit.md")


if __name__ == "__main__":
    main()
