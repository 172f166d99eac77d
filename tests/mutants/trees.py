"""A copy of the project whose contracts are broken, compiled just as far as they differ."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from levtoken.artifacts import PROJECT, load
from tests.mutants.mutants import Mutant, MutantError
from tools import compiler

COPIED = ("config", "contracts", "levtoken", "tests", "pyproject.toml")
CACHE = PROJECT / ".build" / "mutants"
CODE = ["evm.bytecode.object", "evm.deployedBytecode.object"]
CODE_LIMIT = 24_576  # bytes; a mutant that is larger would be killed by its size
_NUMBERS = re.compile(r"_\d+\b")  # that the compiler gives; a change moves them all

Codes = dict[str, str]  # init code by contract


class Tree:
    """The contracts of a mutant, and what tests need to run on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        for name in COPIED:
            source, target = PROJECT / name, folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__", ".cache")
                shutil.copytree(source, target, ignore=ignored)
            else:
                shutil.copy(source, target)
        load()  # compiles what is not compiled
        self.manifest: dict[str, Any] = json.loads(_manifest(PROJECT).read_text())
        self.texts = compiler.sources(PROJECT)
        self.unbroken: dict[str, dict[str, str]] = {}  # by file that is to be changed
        self.restore()

    def restore(self) -> None:
        for file, text in self.texts.items():
            (self.folder / file).write_text(text)
        self._write(self.manifest)

    def mutate(self, mutant: Mutant) -> Codes:
        """Puts the mutant into the tree; returns the contracts that it changes."""
        self.restore()
        text = mutant.applied(self.texts[mutant.file])
        (self.folder / mutant.file).write_text(text)
        codes = self._codes(mutant)
        manifest = json.loads(json.dumps(self.manifest))
        manifest["sources"][mutant.file]["content"] = text
        for name, code in codes.items():
            manifest["contractTypes"][name]["deploymentBytecode"]["bytecode"] = f"0x{code}"
        self._write(manifest)
        return codes

    def run(self, arguments: list[str], seconds: float) -> subprocess.CompletedProcess[str]:
        """Python in the tree, which finds the tree's packages first."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={"PYTHONPATH": str(self.folder), "PATH": "/usr/bin:/bin", "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def _codes(self, mutant: Mutant) -> Codes:
        """Compiled once for the same sources."""
        key = json.dumps([self.texts, mutant.file, mutant.old, mutant.new, compiler.settings()])
        cached = CACHE / f"{hashlib.sha256(key.encode()).hexdigest()}.json"
        if not cached.is_file():
            CACHE.mkdir(parents=True, exist_ok=True)
            cached.write_text(json.dumps(self._compile(mutant)))
        codes: Codes = json.loads(cached.read_text())
        return codes

    def _compile(self, mutant: Mutant) -> Codes:
        concrete = compiler.contracts(self.texts)
        names = compiler.affected(self.texts, mutant.file)
        selection = {concrete[name]: {name: ["ir"]} for name in names}
        if mutant.file not in self.unbroken:
            self.unbroken[mutant.file] = _intermediate(PROJECT, selection)
        before = self.unbroken[mutant.file]
        try:
            after = _intermediate(self.folder, selection)
            changed = [name for name in names if before[name] != after[name]]
            selection = {concrete[name]: {name: CODE} for name in changed}
            _, output = compiler.compile_tree(self.folder, selection) if changed else ({}, {})
        except compiler.CompilationError as error:
            raise MutantError(f"{mutant.title} does not compile: {error}") from error
        codes = {}
        for name in changed:
            code = output["contracts"][concrete[name]][name]["evm"]
            if len(code["deployedBytecode"]["object"]) > 2 * CODE_LIMIT:
                raise MutantError(f"{mutant.title} makes {name} larger than the limit")
            codes[name] = code["bytecode"]["object"]
        return codes

    def _write(self, manifest: dict[str, Any]) -> None:
        path = _manifest(self.folder)
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(manifest))


def _manifest(project: Path) -> Path:
    return project / ".build" / "__local__.json"


def _intermediate(tree: Path, selection: compiler.Selection) -> dict[str, str]:
    """The code of each contract before it is optimised, which is soon done."""
    _, output = compiler.compile_tree(tree, selection, debug=[])
    contracts = [one for file in output["contracts"].values() for one in file.items()]
    return {name: _NUMBERS.sub("", one["ir"]) for name, one in contracts}
