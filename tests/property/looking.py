"""What holds after every step, whatever it was."""

from fractions import Fraction

from levtoken.evm import Revert
from levtoken.units import WAD
from tests.property import tolerances
from tests.property.calls import HOLDERS
from tests.property.checks import require
from tests.property.reference import WEI
from tests.property.walk import Walk
from tests.property.world import LOCKED_OWNER

OWNERS = (*HOLDERS, "attacker", "recipient")  # nobody else ever gets a share
VIEWS = ("totalAssets", "sharePrice", "leverage", "assess", "priceValid")


def look(walk: Walk) -> None:
    shares_add_up(walk)
    books_add_up(walk)
    walk.streaming.seen(walk.before)
    nobody_owes(walk)
    walk.looked("I-1", "I-12", "I-13")


def shares_add_up(walk: Walk) -> None:
    """I-1: the sum of the balances is the supply."""
    total = sum(walk.world.shares_of(role) for role in OWNERS)
    total += walk.world.read("token", "balanceOf", LOCKED_OWNER)[0]
    supply = walk.before.total
    require("I-1", total == supply, f"balances add up to {total}, the supply is {supply}")


def books_add_up(walk: Walk) -> None:
    """The market holds what it has booked and what it was given, to the unit."""
    world = walk.world
    held = world.read("asset", "balanceOf", world.addresses["market"])[0]
    booked = walk.before.cash + world.gifts
    require("I-9", held == booked, f"the market holds {held}, booked {booked}")


def nobody_owes(walk: Walk) -> None:
    """I-13: the worst is 0, every view answers, and without equity nobody can come in."""
    world, before = walk.world, walk.before
    try:
        said = {view: world.read("token", view) for view in VIEWS}
    except Revert as revert:
        require("I-13", False, f"a view reverts with {revert.name}")
        return
    if before.is_closed:
        require("I-13", said["totalAssets"] == [before.held], "not all that it holds")
        return
    require("I-13", before.margin >= 0, f"a margin of {before.margin}")
    exact = max(Fraction(0), before.true_equity)
    exact *= before.part
    # Profit and funding are truncated by less than a wei each; and see `of_part`.
    bound = Fraction(2, WAD) + tolerances.of_part(walk.market, exact)
    off = abs(Fraction(before.equity, WAD) - exact)
    require("I-14", off <= bound, f"equity {before.equity}, exactly {float(exact)}")
    # Truncated once, where it is multiplied.
    off = Fraction(before.debt, WAD) - max(Fraction(0), before.owed)
    require("I-12", abs(off) < WEI, f"the debt is off by {float(off)}")
    require("I-12", before.escrow == 0, "a deposit of no order")
    worth = before.equity // world.unit
    require("I-13", said["totalAssets"] == [worth], f"{said['totalAssets']} of {worth}")
    if before.equity or not before.supply or walk.fault:
        return
    walk.looked("I-13 without equity")
    require("I-13", said["sharePrice"] == [0], "a share price without equity")
    assets = int(1000 / walk.token.unit)
    for verb, amount in (("previewDeposit", assets), ("previewMint", 1000 * WAD)):
        error, _ = world.preview("token", verb, amount)
        require("I-13", bool(error), f"{verb} without equity succeeds")
