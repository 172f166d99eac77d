"""Kinds of arguments of the scripts: exact numbers, fractions and addresses."""

import re
from decimal import Decimal, InvalidOperation

import click
from eth_utils.address import is_address, is_checksum_address, to_checksum_address

THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?")


class NumberType(click.ParamType):
    """An exact number of at least 0; thousands may be grouped as in 1,000.5."""

    name = "number"

    def convert(
        self, value: str | Decimal, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        text = str(value)
        try:
            number = Decimal(text.replace(",", "") if THOUSANDS.fullmatch(text) else text)
        except InvalidOperation:
            self.fail(f"{text} is not a number: write it as 1000.5", param, ctx)
        if not number.is_finite() or number < 0:
            self.fail(f"{text} is not a number of at least 0", param, ctx)
        return number


class FractionType(NumberType):
    """An exact number between 0 and 1."""

    name = "fraction"

    def convert(
        self, value: str | Decimal, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        number = super().convert(value, param, ctx)
        if number > 1:
            self.fail(f"{value} is more than 1: half a percent is 0.005", param, ctx)
        return number


class AddressType(click.ParamType):
    """An address, checksummed or all in lower case."""

    name = "address"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not is_address(value) or (value != value.lower() and not is_checksum_address(value)):
            self.fail(f"{value} is not an address: check its letters", param, ctx)
        return to_checksum_address(value)


NUMBER = NumberType()
FRACTION = FractionType()
ADDRESS = AddressType()
