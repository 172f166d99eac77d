"""The only holder of the tokens of a replay: mints before it and redeems after it."""

from decimal import Decimal

from levtoken.artifacts import load
from levtoken.chain import System
from levtoken.errors import ChainError, RevertedError
from levtoken.simulation.demo.market import NO_LIMIT, ReplayMarket, adopt
from levtoken.simulation.demo.remote import RemoteContract
from levtoken.simulation.node import Node
from levtoken.units import from_fixed, to_fixed


class Holder:
    """Holds all shares but those that are locked."""

    def __init__(self, node: Node, system: System) -> None:
        self._address = adopt(node, "holder")
        token = load()["LeveragedToken"]
        self._tokens = {
            symbol: RemoteContract(node, token, contract.address)
            for symbol, contract in system.tokens.items()
        }

    def mint(self, symbol: str, market: ReplayMarket, capital: Decimal) -> None:
        """Puts `capital` of the asset, which is a mock, into a token."""
        token = self._tokens[symbol]
        amount = to_fixed(capital) // market.unit
        market.asset.send(self._address, "mint", self._address, amount)
        market.asset.send(self._address, "approve", token.address, NO_LIMIT)
        try:
            token.send(self._address, "deposit", amount, self._address)
        except RevertedError as error:
            raise ChainError(
                f"{symbol} does not take {capital:,f} at the first price ({error}): choose another "
                "--capital, or prices that fit the market in config/"
            ) from error

    def redeem(self, symbol: str, market: ReplayMarket) -> tuple[Decimal, str]:
        """Redeems all shares. Returns what came back, and why nothing did if it failed."""
        token = self._tokens[symbol]
        shares = token.call("balanceOf", self._address)
        before = market.asset.call("balanceOf", self._address)
        try:
            token.send(self._address, "redeem", shares, self._address, self._address)
        except RevertedError as error:
            return Decimal(0), str(error)
        received = market.asset.call("balanceOf", self._address) - before
        return from_fixed(received * market.unit), ""
