"""The committed gas figures are those of this tree, to the unit."""

import json

import pytest

from tests.gas.__main__ import SNAPSHOT, stale, texts
from tests.gas.calls import NAMES
from tests.gas.measure import STAGES, difference, measure_on, sizes, table, to_text
from tests.gas.profile import TRACED, profile


def test_gas_bytecode_and_tables_are_as_committed() -> None:
    found = stale(texts())
    assert not found, f"judge this, run `make gas`, commit the files:\n{found}"


def test_every_contract_is_within_the_limits() -> None:
    measured = sizes()
    limit = measured["limit"]
    for name, size in measured.items():
        assert size["runtime"] <= limit["runtime"], name
        assert size["init"] <= limit["init"], name
    # Its init code is stored as the code of the blueprint, behind three bytes.
    assert measured["LeveragedToken"]["init"] + 3 <= limit["runtime"]


def test_the_snapshot_is_shown_whole() -> None:
    shown = table(json.loads(SNAPSHOT.read_text()))
    assert all(name in shown for name in (*NAMES, "LeveragedToken"))


def test_a_difference_names_the_line_and_both_figures() -> None:
    found = difference(to_text({"redeem": 1}), to_text({"redeem": 2}))
    assert '-  "redeem": 1' in found
    assert '+  "redeem": 2' in found


@pytest.mark.parametrize("stage", STAGES)
def test_the_steps_of_a_call_add_up_to_its_gas(stage: str) -> None:
    """None of these calls frees storage, so that nothing is refunded."""
    with measure_on(stage) as measured:
        for call in TRACED:
            spent = profile(measured, call)
            assert spent.total() == measured.gas[call]
            assert spent["refund"] == 0
