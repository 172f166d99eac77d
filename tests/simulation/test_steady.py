"""Flows that keep a token about as large as it started; rules at each other's tracking error."""

from decimal import Decimal

import pytest

from levtoken.errors import OutputError
from levtoken.markets import load_config
from levtoken.simulation.advise import brownian
from levtoken.simulation.engine import Track
from levtoken.simulation.equal import equal_error, scaled
from levtoken.simulation.measures import Measures
from levtoken.simulation.pool import Job, run
from levtoken.simulation.setup import Setup, from_config
from levtoken.simulation.steady import steady_flows
from levtoken.simulation.tables import table, with_tables
from levtoken.units import WAD
from tests.scripts.chains import PROJECT

CONFIG = load_config(PROJECT / "config")
HOUR = 3_600
# Up and down by some percent in waves of different length, and up by the half in all.
MOVES = [0.012, 0.02, -0.015, 0.03, -0.028, 0.01, -0.022, 0.018, 0.025, -0.02, -0.01] * 40


def prices() -> list[int]:
    found, price = [], 60_000.0
    for move in MOVES:
        found.append(round(price * 100) * WAD // 100)
        price *= 1 + move
    return found


def track(**changes: object) -> Track:
    times = [1_600_000_000 + HOUR * i for i in range(len(MOVES))]
    return Track(times, prices(), [0] * len(MOVES), **changes)  # type: ignore[arg-type]


def setup(policy: str = "3x") -> Setup:
    return from_config(CONFIG, "BTC3S", name=policy, policy=CONFIG.policies[policy])


def replayed(flows: dict[int, float], policy: str = "3x") -> Measures:
    return run(Job(setup(policy), track(flows=flows))).measures


def test_a_flow_comes_when_the_ideal_token_has_grown_or_shrunk_by_half() -> None:
    rising = [WAD * 110**i // 100**i for i in range(6)]
    # A 3x long grows by 1.3 a bar: 1.69 at the second, and from there again.
    assert steady_flows(rising, 3.0) == {
        2: pytest.approx(1 / 1.69 - 1),
        4: pytest.approx(1 / 1.69 - 1),
    }
    shrinking = steady_flows(rising, -3.0)
    assert shrinking == {2: pytest.approx(1 / 0.49 - 1), 4: pytest.approx(1 / 0.49 - 1)}


def test_steady_flows_change_neither_what_holders_get_nor_how_well_the_token_tracks() -> None:
    plain, steady = replayed({}), replayed(steady_flows(prices(), -3.0))
    assert steady_flows(prices(), -3.0)
    assert not steady.refusals
    # A flow that is as large as the token changes the size of trades, and so their impact: by
    # some basis points of what is traded.
    assert steady.total == pytest.approx(plain.total, abs=2e-3)
    assert steady.tracking_error == pytest.approx(plain.tracking_error, rel=5e-3)


def test_a_scaled_policy_has_its_band_so_many_times_as_wide() -> None:
    policy = scaled(CONFIG.policies["3x"], Decimal(3), 2.0)
    assert (policy.lower, policy.upper) == (Decimal("2.2"), Decimal("3.6"))
    assert policy.emergency == CONFIG.policies["3x"].emergency
    wide = scaled(CONFIG.policies["3x"], Decimal(3), 6.0)
    assert wide.upper == Decimal("4.8")
    assert wide.emergency > Decimal("4.8")


def test_a_rule_is_compared_at_the_tracking_error_of_its_rival() -> None:
    path = brownian(0.8, 30, 1)
    rival = run(Job(setup("reference/REF_3L_RESET_0.5"), path)).measures
    match = equal_error(Job(setup(), path), CONFIG.policies["3x"], rival)
    assert match is not None
    assert rival.tracking_error is not None
    assert rival.over_limit is not None
    assert match.tracking_error == pytest.approx(rival.tracking_error, rel=0.05)
    assert match.saved == pytest.approx(1 - match.score / rival.over_limit)


def test_tables_go_between_their_markers_and_nowhere_else() -> None:
    page = "a\n<!-- made: one -->\nold\n<!-- end -->\nb\n"
    made = with_tables(page, {"one": table(["x", "y"], [["1", "2"]])})
    assert made == "a\n<!-- made: one -->\n| x | y |\n| --- | --- |\n| 1 | 2 |\n<!-- end -->\nb\n"
    with pytest.raises(OutputError, match="no place for the table 'two'"):
        with_tables(page, {"two": ""})
