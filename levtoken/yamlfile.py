"""Reads a YAML file into a pydantic model: numbers exact, and errors that name the field."""

import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, TypeAdapter
from pydantic import ValidationError as PydanticError

from levtoken.errors import ConfigError

T = TypeVar("T")
DECIMALS = 18
LONGEST = 60  # characters of a wrong value that are shown
UNKNOWN = "extra_forbidden"
MESSAGES = {"missing": "is missing", UNKNOWN: "is not a field here"}
# Pydantic's words, and the ones that the rules of this project use; the first that fits counts.
WORDS = {
    "Value error, ": "",
    "Input should be": "expected",
    "less than or equal to": "at most",
    "greater than or equal to": "at least",
    "greater than": "more than",
}
LARGEST = 10**15  # far from where the contracts' narrow fields end


class Model(BaseModel):
    """Base of every record that is read from a file: frozen, and unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _refuse_inexact(value: object) -> object:
    if isinstance(value, bool | float):
        raise ValueError("expected a decimal number")  # noqa: TRY004 pydantic reports it
    return value


def _refuse_text(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("expected a whole number")  # noqa: TRY004 as above
    return value


def _fits_chain(value: Decimal) -> Decimal:
    if not value.is_finite() or abs(value) > LARGEST:
        raise ValueError(f"expected a number of at most {LARGEST}")
    if value != round(value, DECIMALS):
        raise ValueError(f"expected at most {DECIMALS} decimals")
    return value


# An exact number that fits the chain's 18 decimals: 0.0006, "0.0006" and 6 are all fine.
Exact = Annotated[Decimal, BeforeValidator(_refuse_inexact), AfterValidator(_fits_chain)]
Whole = Annotated[int, BeforeValidator(_refuse_text)]


class _Loader(yaml.SafeLoader):
    """Numbers with a point become `Decimal`; a key given twice is an error, not the last one's."""


def _decimal(_: _Loader, node: yaml.ScalarNode) -> Decimal:
    try:
        return Decimal(str(node.value).replace("_", ""))
    except InvalidOperation:
        raise yaml.constructor.ConstructorError(
            problem=f"{node.value} is not a decimal number", problem_mark=node.start_mark
        ) from None


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in result:
            raise yaml.constructor.ConstructorError(
                problem=f"{key} is given twice", problem_mark=key_node.start_mark
            )
        result[key] = loader.construct_object(value_node, deep=True)
    return result


def _text(_: _Loader, node: yaml.ScalarNode) -> str:
    return str(node.value)


_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _text)


def read(path: Path, kind: type[T], named: str) -> T:
    """The file as a `kind`. `named` is how messages call the file."""
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{named}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{named}: {_where(error)}") from None
    try:
        return TypeAdapter(kind).validate_python(raw)
    except PydanticError as error:
        raise ConfigError(f"{named}: {explain(error)}") from None


def explain(error: PydanticError) -> str:
    """The first fault as `field: what is expected, got value`, and how many more there are. A field
    that is not known comes first: misspelt, it is also why another one is missing."""
    faults = sorted(error.errors(include_url=False), key=lambda each: each["type"] != UNKNOWN)
    first = faults[0]
    parts = [str(part) for part in first["loc"] if part != "[key]"]
    message = MESSAGES.get(first["type"]) or _expected(first["msg"], first["input"])
    if own := re.match(r"([a-z_.]+): ", message):  # a rule that names the field itself
        parts.append(own[1])
        message = message[own.end() :]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return ": ".join(part for part in (".".join(parts), message + more) if part)


def _expected(message: str, got: object) -> str:
    for theirs, ours in WORDS.items():
        message = message.replace(theirs, ours)
    message = re.sub(r"Decimal\('(.*?)'\)", r"\1", message)
    shown = f", got {str(got)[:LONGEST]}" if isinstance(got, str | int | float | Decimal) else ""
    return message[:1].lower() + message[1:] + shown


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "syntax error"
    return f"line {mark.line + 1}: {problem}" if mark is not None else problem
