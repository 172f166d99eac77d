"""A vector file that cannot be replayed says what to mend."""

import json

import pytest
from click.testing import CliRunner

from tests.vectors.contract import InexactPriceError, mantissa
from tests.vectors.files import MissingFieldError, VectorFileError, read
from tests.vectors.replay import OWN_FILES, main


@pytest.fixture
def content():
    """The first steps of a good file."""
    content = json.loads(OWN_FILES[0].read_text())
    return content | {"steps": content["steps"][:4]}


@pytest.fixture
def written(tmp_path, content):
    def write():
        path = tmp_path / "some.json"
        path.write_text(json.dumps(content))
        return path

    return write


def test_a_good_file_is_read_without_a_note(written):
    file = read(written())
    assert (len(file.steps), file.accounts, file.notes) == (4, 3, [])
    assert file.params["maxOrderAge"] == 30
    assert file.params["takerFee"] == 6 * 10**14


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ((), "steps"),
        (("params",), "skewScale"),
        (("global",), "minKeeperFee"),
        (("steps", 1), "op"),
        (("steps", 1), "price"),
        (("steps", 2, "after"), "debt"),
        (("steps", 2, "after", "accounts", 1), "flagged"),
    ],
)
def test_a_missing_field_is_named_with_its_place(written, content, path, name):
    place = content
    for key in path:
        place = place[key]
    del place[name]
    with pytest.raises(MissingFieldError, match=f"has no field {name}: add it"):
        read(written())


@pytest.mark.parametrize("name", ["tExec", "execOk", "fillPrice"])
def test_a_submitted_order_needs_its_execution(written, content, name):
    [step] = [step for step in content["steps"] if step["op"] == "order"][:1]
    del step[name]
    with pytest.raises(MissingFieldError, match=name):
        read(written())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"op": "swap"}, "the format has margin, order, liquidate, view"),
        ({"acct": 3}, "only 3 are listed"),
        ({"acct": True}, "acct must be an integer"),
        ({"price": "2000"}, "price must be an integer"),
        ({"ok": 1}, "ok must be true or false"),
        ({"t": 5}, "t lies before an earlier block"),
        ({"after": []}, "after must be an object"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(written, content, change, message):
    content["steps"][0] |= change
    with pytest.raises(VectorFileError, match=message):
        read(written())


def test_every_step_has_the_same_accounts(written, content):
    content["steps"][2]["after"]["accounts"].pop()
    with pytest.raises(VectorFileError, match="step 2 has 2 accounts"):
        read(written())


def test_a_parameter_is_a_number(written, content):
    content["params"]["takerFee"] = content["params"]["takerFeeOffchainDelayedOrder"] = "much"
    with pytest.raises(VectorFileError, match="takerFeeOffchainDelayedOrder is not a number"):
        read(written())


def test_what_is_not_used_is_noted_once(written, content):
    content["params"]["colour"] = "blue"
    for step in content["steps"]:
        step["after"]["accounts"][0]["mood"] = 1
    assert read(written()).notes == [
        "some.json: params: field colour is not used",
        "some.json: step.after.accounts: field mood is not used",
    ]


def test_a_price_is_exact_in_the_pull_oracle_or_refused():
    assert mantissa(2_002_345305330000000000) == (200234530533, -8)
    assert mantissa(10**18) == (1, 0)
    assert mantissa(1) == (1, -18)
    assert mantissa(5 * 10**36) == (5 * 10**18, 0)
    for price in (2_002_345305330000000001, 0, 10**37):
        with pytest.raises(InexactPriceError, match="does not fit"):
            mantissa(price)


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_the_command_ends_with_two_for_a_file_that_cannot_be_replayed(tmp_path, text):
    path = tmp_path / "broken.json"
    path.write_text(text)
    for arguments in ([str(path)], [str(tmp_path / "missing.json")]):
        result = CliRunner(mix_stderr=False).invoke(main, arguments)
        assert result.exit_code == 2
        assert result.stderr.startswith("vectors: ")
