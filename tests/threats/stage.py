"""A token at a market, who acts on it, and what everybody has by the market's own books."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from levtoken.artifacts import AbiValue
from levtoken.evm import DEPLOYER, Contract, Evm, Revert
from levtoken.system import Feed, deploy_system
from levtoken.units import WAD, to_fixed
from tests.stand import Stand
from tests.world import BTC_MARKET, NO_PULL, POLICY_3X

START = 1_700_000_000
DOLLARS = 60_000
ALL = 2**256 - 1
HOLDER, VICTIM, ATTACKER, TRADER, PROVIDER, KEEPER, GUARDIAN, RECIPIENT = (
    "0x" + pair * 20 for pair in ("a1", "a2", "ee", "b1", "c1", "d1", "91", "f1")
)
ACTORS = (HOLDER, VICTIM, ATTACKER, TRADER, PROVIDER)
OWNER = DEPLOYER
# Time costs nothing there but fees.
QUIET = BTC_MARKET | {"maxFundingVelocity": 0}
RICH = 10**12  # whole assets that every actor starts with


class Stage(Stand):
    """Who does what at a token, and what it is worth by the market's own books."""

    def act(self, sender: str, name: str, *arguments: AbiValue) -> AbiValue:
        """A verb of the token."""
        return self.token.transact(name, *arguments, sender=sender)

    def deposit(self, sender: str, whole: float) -> int:
        return self.act(sender, "deposit", round(whole * self.unit), sender)

    def redeem(self, sender: str, shares: int | None = None) -> int:
        if shares is None:
            shares = self.token.call("balanceOf", sender)
        return self.act(sender, "redeem", shares, sender, sender)

    def refuses(self, sender: str, name: str, *arguments: AbiValue) -> str:
        """The error by which a verb of the token fails now."""
        return refusal(self.token, sender, name, *arguments)

    def push(self, dollars: float | str) -> None:
        self.system.feed.transact("push", to_fixed(str(dollars)) // 10**10)

    def books(self, account: str) -> Fraction:
        """Equity of an account at the market and the index price, asset units."""
        equity = self.market.call("state", account)["equity"]
        return Fraction(equity * self.unit, WAD)

    def share(self, sender: str) -> Fraction:
        """What the shares of `sender` are of the token's equity in the market's books."""
        supply = self.token.call("supplyAfterFees")
        held = self.token.call("balanceOf", sender)
        return self.books(self.token.address) * held / supply if supply else Fraction(0)

    def wealth(self, sender: str) -> Fraction:
        """All that `sender` has, asset units."""
        cash = self.asset.call("balanceOf", sender)
        return cash + self.books(sender) + self.share(sender)

    def worth(self) -> Fraction:
        """Equity per share, asset units a whole share, by the market's books."""
        supply = self.token.call("supplyAfterFees")
        return self.books(self.token.address) * WAD / supply


def refusal(contract: Contract, sender: str, name: str, *arguments: AbiValue) -> str:
    """The error by which a call fails; it must."""
    try:
        contract.transact(name, *arguments, sender=sender)
    except Revert as error:
        return error.name
    raise AssertionError(f"{name} went through")


def build(
    *,
    target: int = 3,
    policy: Mapping[str, int] | None = None,
    market: Mapping[str, int] = BTC_MARKET,
    pool: int = 10**8,
    decimals: int = 6,
    dollars: float = DOLLARS,
    asset: str = "",
    asset_arguments: tuple[Any, ...] = (),
    **terms: AbiValue,
) -> Stage:
    """A token of `target` at a market with a pool of `pool`; nobody is in it."""
    evm = Evm(timestamp=START)
    feed = Feed(to_fixed(str(dollars)) // 10**10)
    system = deploy_system(evm, feed=feed, market=market, asset_decimals=decimals)
    if asset:
        own = evm.deploy(asset, *asset_arguments)
        venue = evm.deploy("MockPerpMarket", own.address, system.oracle.address, NO_PULL, market)
        system = replace(system, asset=own, market=venue)
    token = system.create_token("BTC3L", target * WAD, {**POLICY_3X, **(policy or {})}, **terms)
    unit = 10 ** system.asset.call("decimals")
    for actor in ACTORS:
        system.asset.transact("mint", actor, RICH * unit, sender=actor)
        for spender in (token.address, system.market.address):
            system.asset.transact("approve", spender, ALL, sender=actor)
    stage = Stage(system, token, unit)
    if pool:
        system.market.transact("provideLiquidity", pool * unit, sender=PROVIDER)
    return stage


def opened(held: float = 100_000, **changes: Any) -> Stage:
    """A token in which HOLDER has `held`."""
    stage = build(**changes)
    stage.deposit(HOLDER, held)
    return stage
