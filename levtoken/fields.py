"""Kinds of fields of `config/`: numbers within bounds, addresses, short texts."""

from typing import Annotated

from eth_utils.address import is_checksum_address
from pydantic import AfterValidator, Field

from levtoken.yamlfile import Exact, Whole

MAX_LEVERAGE = 100  # LeveragedToken
MAX_NAME = 31  # what fits into a bytes32 with its length
TEST_ACCOUNT = r"^TEST::[0-9]$"  # as Ape names those of a local chain


def _checksummed(value: str) -> str:
    if not is_checksum_address(value):
        raise ValueError("expected an address in checksum notation")
    return value


Address = Annotated[str, AfterValidator(_checksummed)]
TestAccount = Annotated[str, Field(pattern=TEST_ACCOUNT)]
Positive = Annotated[Exact, Field(gt=0)]
NotNegative = Annotated[Exact, Field(ge=0)]
Leverage = Annotated[Exact, Field(gt=0, le=MAX_LEVERAGE)]
Fraction = Annotated[Exact, Field(ge=0, lt=1)]
Inside = Annotated[Exact, Field(gt=0, lt=1)]
Seconds = Annotated[Whole, Field(gt=0)]
Label = Annotated[str, Field(min_length=1, max_length=MAX_NAME, pattern=r"^[\x20-\x7e]+$")]
