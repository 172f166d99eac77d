"""A vector file that cannot be replayed says what to mend."""

import json

import pytest
from click.testing import CliRunner

from tests.vectors.contract import mantissa
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
        ({"t": 2**32}, "step 0.t is out of range"),
        ({"delta": 2**300}, "step 0.delta is out of range"),
        ({"price": -(2**255) - 1}, "step 0.price is out of range"),
        ({"limit": -1}, "step 0.limit is out of range"),
        ({"limit": "0"}, "limit must be an integer"),
        ({"err": 5}, "err must be a string"),
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


@pytest.mark.parametrize("value", ["-1", "1e60", "nan", "inf"])
def test_a_parameter_fits_into_the_contracts(written, content, value):
    content["params"]["skewScale"] = value
    with pytest.raises(VectorFileError, match=r"params\.skewScale is"):
        read(written())


def test_the_other_integers_fit_too(written, content):
    content["global"]["minKeeperFee"] = 2**256
    with pytest.raises(VectorFileError, match=r"global\.minKeeperFee is out of range"):
        read(written())
    content["global"]["minKeeperFee"], content["t0"] = 1, -1
    with pytest.raises(VectorFileError, match="t0 is out of range"):
        read(written())


def test_a_file_without_steps_is_refused(written, content):
    content["steps"] = []
    with pytest.raises(VectorFileError, match="there are no steps"):
        read(written())


def test_what_is_not_used_is_noted_once(written, content):
    content["params"]["colour"] = "blue"
    for step in content["steps"]:
        step["after"]["accounts"][0]["mood"] = 1
    assert read(written()).notes == [
        "some.json: params: field colour is not used",
        "some.json: step.after.accounts: field mood is not used",
    ]


def test_a_price_is_exact_in_the_pull_oracle_or_has_no_number():
    assert mantissa(2_002_345305330000000000) == (200234530533, -8)
    assert mantissa(10**18) == (1, 0)
    assert mantissa(1) == (1, -18)
    assert mantissa(5 * 10**36) == (5 * 10**18, 0)
    assert mantissa(0) == (0, 0)
    assert mantissa(-(10**18)) == (-1, 0)
    for price in (20_002_345305330000000001, 10**37, -(10**37)):
        assert mantissa(price) is None


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_the_command_ends_with_two_for_a_file_that_cannot_be_replayed(tmp_path, text):
    path = tmp_path / "broken.json"
    path.write_text(text)
    for arguments in ([str(path)], [str(tmp_path / "missing.json")]):
        result = CliRunner(mix_stderr=False).invoke(main, arguments)
        assert result.exit_code == 2
        assert result.stderr.startswith("vectors: ")


def test_a_bad_file_does_not_hide_the_others(tmp_path, written, content):
    good = written()
    content["steps"][0]["delta"] = 2**300
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(content))
    alone = CliRunner(mix_stderr=False).invoke(main, [str(good)])
    result = CliRunner(mix_stderr=False).invoke(main, [str(bad), str(good)])
    assert (alone.exit_code, result.exit_code) == (0, 2)
    assert "bad.json: step 0.delta is out of range" in result.stderr
    *_, last = result.stdout.splitlines()
    assert alone.stdout.splitlines()[-1] == last
    assert last.endswith(" comparisons, 0 mismatches")
    assert not last.startswith("0 ")
    result = CliRunner(mix_stderr=False).invoke(main, [str(bad)])
    assert (result.exit_code, result.stdout) == (2, "0 comparisons, 0 mismatches\n")
