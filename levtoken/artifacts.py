"""The compiled contracts as Ape leaves them, and their encoding. Ape is the only way to compile."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from levtoken.errors import ChainError

PROJECT = Path(__file__).resolve().parent.parent

AbiValue = Any  # int, bytes, str or bool, a list of them, or a mapping for a struct

# Solady raises these in assembly, so that no ABI lists them.
_ASSEMBLY_ERRORS = (
    "DivFailed",
    "FullMulDivFailed",
    "MulDivFailed",
    "Overflow",
    "Reentrancy",
    "TooBigForSmallString",
    "TransferFailed",
    "TransferFromFailed",
)


class Function:
    """One function of an ABI. Structs are mappings by the names of their fields, both ways."""

    def __init__(self, abi: Mapping[str, Any]) -> None:
        self.inputs: list[Mapping[str, Any]] = abi["inputs"]
        self.outputs: list[Mapping[str, Any]] = abi.get("outputs", [])
        self._types = [_type(one) for one in self.inputs]
        self._output_types = [_type(one) for one in self.outputs]
        self.selector = selector(abi)

    def arguments(self, *values: AbiValue) -> bytes:
        pairs = zip(self.inputs, values, strict=True)
        return encode(self._types, [_to_tuple(one, value) for one, value in pairs])

    def calldata(self, *values: AbiValue) -> bytes:
        return self.selector + self.arguments(*values)

    def result(self, data: bytes) -> AbiValue:
        """What the function returned: nothing, a value, or a tuple of several."""
        pairs = zip(self.outputs, decode(self._output_types, data), strict=True)
        values = [_to_mapping(one, value) for one, value in pairs]
        return tuple(values) if len(values) > 1 else values[0] if values else None


@dataclass(frozen=True)
class Artifact:
    """A compiled contract. An overloaded function is found by its number of arguments."""

    name: str
    init_code: bytes = field(repr=False)
    constructor: Function = field(repr=False)
    functions: Mapping[tuple[str, int], Function] = field(repr=False)
    errors: Mapping[bytes, str] = field(repr=False)

    def function(self, name: str, arity: int) -> Function:
        if (name, arity) not in self.functions:
            raise ChainError(f"{self.name} has no function {name} with {arity} arguments")
        return self.functions[name, arity]


def load(project: Path = PROJECT) -> dict[str, Artifact]:
    """Every contract of the project by name; compiles first when a source has changed."""
    manifest = _read(project)
    if not _is_current(manifest, project):
        _compile(project)
        manifest = _read(project)
    return {name: _artifact(name, one) for name, one in manifest["contractTypes"].items()}


def error_names(artifacts: Mapping[str, Artifact]) -> dict[bytes, str]:
    """Every named error by its selector."""
    names = {keccak(text=f"{name}()")[:4]: name for name in _ASSEMBLY_ERRORS}
    for artifact in artifacts.values():
        names.update(artifact.errors)
    return names


def selector(abi: Mapping[str, Any]) -> bytes:
    types = ",".join(_type(one) for one in abi["inputs"])
    return keccak(text=f"{abi.get('name', '')}({types})")[:4]


def _read(project: Path) -> dict[str, Any]:
    path = project / ".build" / "__local__.json"
    manifest: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return manifest


def _is_current(manifest: Mapping[str, Any], project: Path) -> bool:
    """Whether the build has exactly the sources of the tree. Their settings and libraries are not
    compared here: the start of the project's Python discards a build that has others."""
    built = {name: one["content"] for name, one in manifest.get("sources", {}).items()}
    found = project.glob("contracts/**/*.sol")
    sources = {str(path.relative_to(project)): path.read_text() for path in found}
    return {name: text.rstrip() for name, text in built.items()} == {
        name: text.rstrip() for name, text in sources.items() if ".cache" not in name
    }


def _compile(project: Path) -> None:
    from ape import Project  # noqa: PLC0415  # a second to import, and seldom needed
    from ape.exceptions import ApeException  # noqa: PLC0415

    try:
        for _ in Project(project).load_contracts(use_cache=False):
            pass
    except ApeException as error:
        # Behind it stands all that the compiler says of every file: megabytes.
        fault = " ".join(str(error).split())
        raise ChainError(f"the contracts do not compile: run `make compile` ({fault})") from None
    if not _is_current(_read(project), project):
        raise ChainError("the compiled contracts do not match contracts/: run `make compile`")


def _artifact(name: str, contract: Mapping[str, Any]) -> Artifact:
    abi = contract["abi"]
    constructors = [one for one in abi if one["type"] == "constructor"]
    code = (contract.get("deploymentBytecode") or {}).get("bytecode") or "0x"
    functions = [one for one in abi if one["type"] == "function"]
    return Artifact(
        name=name,
        init_code=bytes.fromhex(code.removeprefix("0x")),
        constructor=Function(constructors[0] if constructors else {"inputs": []}),
        functions={(one["name"], len(one["inputs"])): Function(one) for one in functions},
        errors={selector(one): one["name"] for one in abi if one["type"] == "error"},
    )


def _type(abi: Mapping[str, Any]) -> str:
    kind: str = abi["type"]
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(_type(one) for one in abi["components"])
    return f"({inner}){kind.removeprefix('tuple')}"


def _to_tuple(abi: Mapping[str, Any], value: AbiValue) -> AbiValue:
    if not abi["type"].startswith("tuple"):
        return value
    if abi["type"] != "tuple":
        return [_to_tuple({**abi, "type": "tuple"}, one) for one in value]
    return tuple(_to_tuple(one, value[one["name"]]) for one in abi["components"])


def _to_mapping(abi: Mapping[str, Any], value: AbiValue) -> AbiValue:
    if not abi["type"].startswith("tuple"):
        return value
    if abi["type"] != "tuple":
        return [_to_mapping({**abi, "type": "tuple"}, one) for one in value]
    pairs = zip(abi["components"], value, strict=True)
    return {one["name"]: _to_mapping(one, item) for one, item in pairs}
