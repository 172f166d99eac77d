"""Write docs/licences.md: what is installed, under which licence, and why (`make licences`)."""

import json
import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parent.parent
REASONS = {
    "ape-foundry": "runs Anvil as Ape's local chain and forks",
    "ape-solidity": "compiles Solidity for Ape",
    "ccxt": "downloads of prices and funding rates",
    "click": "command-line scripts",
    "eth-abi": "encodes calls for the in-process EVM",
    "eth-ape": "contracts, accounts, networks, scripts and tests",
    "matplotlib": "charts",
    "mypy": "type checks",
    "pandas": "price series",
    "pandas-stubs": "types of pandas",
    "pyarrow": "reads Parquet",
    "pydantic": "typed configuration",
    "pyrevm": "the in-process EVM of simulations and property tests",
    "pytest": "tests",
    "pyyaml": "reads configuration",
    "rich": "tables and progress",
    "ruff": "lint and format of Python",
    "slither-analyzer": "static analysis of Solidity, by `make audit` alone",
    "setuptools": "builds the packages that come as source only",
    "types-pyyaml": "types of PyYAML",
    "web3": "the node connection below Ape",
    "@openzeppelin/contracts": "the timelock that owns the tokens",
    "@pythnetwork/pyth-sdk-solidity": "the interface of Pyth's contracts, and its mock of them",
    "@foundry-rs/anvil": "the local chain",
    "@foundry-rs/forge": "lint and format of Solidity",
    "solady": "contract library: ERC-20, fixed-point mathematics, reentrancy guard",
    "solc": "the Solidity compiler",
}
# What a package's own metadata leaves out or puts at length.
KNOWN = {
    "lazyasd": "BSD-3-Clause",
    "matplotlib": "Matplotlib licence (PSF-based)",
    "memorystream": "MIT",
    "pyrevm": "none stated; it binds revm, which is MIT",
    "solc": "MIT; the compiler inside is GPL-3.0",
}
CLASSIFIER = re.compile(r"^License :: (?:OSI Approved :: )?(.+)$")


class Package(NamedTuple):
    name: str
    version: str
    licence: str
    is_direct: bool


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def python_packages() -> list[Package]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    groups = [project["project"]["dependencies"], *project["dependency-groups"].values()]
    direct = {canonical(re.split(r"[=<>~]", line)[0].strip()) for group in groups for line in group}
    packages = []
    for lock in ("requirements.lock", "tools/build-requirements.lock"):
        for line in (PROJECT / lock).read_text().splitlines():
            if pinned := re.match(r"([A-Za-z0-9._-]+)==(\S+)(?: ; (.*))? \\", line):
                name, version, marker = pinned.groups()
                if "win32" in (marker or "") and "!=" not in marker:
                    continue  # Windows is not supported
                licence = KNOWN.get(name) or licence_of(distribution(name))
                packages.append(Package(name, version, licence, name in direct))
    return packages


def licence_of(package: Distribution) -> str:
    metadata = package.metadata
    classifiers = [CLASSIFIER.match(line) for line in metadata.get_all("Classifier") or []]
    named = ", ".join(found.group(1) for found in classifiers if found)
    stated = [*(metadata.get_all("License-Expression") or []), *filter(None, [named])]
    stated += metadata.get_all("License") or []
    return str(stated[0]).splitlines()[0] if stated else "not stated"


def npm_packages() -> list[Package]:
    locked = json.loads((PROJECT / "package-lock.json").read_text())["packages"]
    root = locked.pop("")
    direct = root["dependencies"] | root["devDependencies"]
    packages = []
    for path, entry in locked.items():
        name = path.removeprefix("node_modules/")
        licence = KNOWN.get(name) or entry["license"]
        packages.append(Package(name, entry["version"], licence, name in direct))
    return packages


def table(packages: Iterable[Package]) -> str:
    packages = sorted(packages, key=lambda package: package.name)
    direct = [p for p in packages if p.is_direct]
    rows = [f"| {p.name} | {p.version} | {p.licence} | {REASONS[p.name]} |" for p in direct]
    others = [f"| {p.name} | {p.version} | {p.licence} |" for p in packages if not p.is_direct]
    return "\n".join(
        [
            "| package | version | licence | what for |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
            "Needed by these:",
            "",
            "| package | version | licence |",
            "| --- | --- | --- |",
            *others,
        ]
    )


def document() -> str:
    return f"""# Licences

levtoken is under the MIT licence (`LICENSE`). It installs the packages below and contains none of
them. Solady's and OpenZeppelin's code becomes part of what levtoken deploys; of Pyth's SDK the
oracle uses the interface alone, and its mock is deployed on local chains only. `make licences`
writes this file from the lock files and the packages' own metadata.

## Python packages

{table(python_packages())}

## npm packages

{table(npm_packages())}
"""


if __name__ == "__main__":
    (PROJECT / "docs" / "licences.md").write_text(document())
