"""The committed gas figures are those of this tree, to the unit."""

import json

import pytest

from tests.gas.calls import NAMES
from tests.gas.measure import SNAPSHOT, STAGES, difference, measure_on, sizes, table, to_text


@pytest.mark.parametrize("stage", STAGES)
def test_the_gas_of_every_call_is_as_committed(stage: str) -> None:
    committed = json.loads(SNAPSHOT.read_text())[stage]
    found = difference(to_text(committed), to_text(measure_on(stage).gas))
    assert not found, f"judge the difference, run `make gas`, commit the file:\n{found}"


def test_the_size_of_every_contract_is_as_committed_and_within_the_limits() -> None:
    measured = sizes()
    found = difference(to_text(json.loads(SNAPSHOT.read_text())["bytecode"]), to_text(measured))
    assert not found, f"judge the difference, run `make gas`, commit the file:\n{found}"
    limit = measured["limit"]
    for name, size in measured.items():
        assert size["runtime"] <= limit["runtime"], name
        assert size["init"] <= limit["init"], name
    # Its init code is stored as the code of the blueprint, behind three bytes.
    assert measured["LeveragedToken"]["init"] + 3 <= limit["runtime"]


def test_the_snapshot_is_written_as_it_is_committed_and_shown_whole() -> None:
    text = SNAPSHOT.read_text()
    values = json.loads(text)
    assert to_text(values) == text
    shown = table(values)
    assert all(name in shown for name in (*NAMES, "LeveragedToken"))


def test_a_difference_names_the_line_and_both_figures() -> None:
    found = difference(to_text({"redeem": 1}), to_text({"redeem": 2}))
    assert '-  "redeem": 1' in found
    assert '+  "redeem": 2' in found
