"""The compiled market against the integers of the real one, and proof that a difference shows."""

import json
import subprocess

import pytest
import yaml
from click.testing import CliRunner

from levtoken.artifacts import PROJECT, Artifact, Function, selector
from tests.vectors.replay import OWN_FILES, main, replay

MARKET = "contracts/mocks/MockPerpMarket.sol"
BOOK = "contracts/mocks/PerpBook.sol"
MATH = "contracts/mocks/PerpMath.sol"
ORDERS = "contracts/mocks/PerpOrders.sol"
PRICING = "contracts/libraries/SkewPricing.sol"
# What each wrong reading of a rule changes: the source, its text, and what stands there instead.
BREAKS = {
    "profit rounds down instead of toward zero": (
        MATH,
        "int256 profit = position.size * (price - position.lastPrice) / WAD;",
        # A shift by all bits is -1 below zero; no profit of the vectors is a whole WAD there.
        """int256 profit = position.size * (price - position.lastPrice);
        profit = profit / WAD + (profit >> 255);""",
    ),
    "the whole of a flip pays the taker rate": (
        PRICING,
        """return value * takerShare / WAD * curve.taker / WAD + value * (WAD - takerShare) / WAD
                * curve.maker / WAD;""",
        "return value * curve.taker / WAD;",
    ),
    "orders fill at the skew after them": (
        PRICING,
        "return (before + later) / 2;",
        "return later;",
    ),
    "funding runs at the rate of the end": (
        BOOK,
        "int256 mean = -(rate + market.fundingRate) / 2;",
        "int256 mean = -market.fundingRate;",
    ),
    "submitting takes the deposit and does not mark": (
        ORDERS,
        "Errors.raise(_moveMargin(market, position, int256(fill.price), -deposit, sizeDelta));",
        "position.margin -= deposit;",
    ),
    "liquidation asks for no premium": (
        BOOK,
        "return PerpMath.marked(market, position) <= int256(_health(position.size, market.price));",
        (
            "return PerpMath.marked(market, position)"
            " <= int256(_liquidationMargin(PerpMath.notional(position.size, market.price)));"
        ),
    ),
}


def broken_build(path: str, old: str, new: str) -> Artifact:
    """The market compiled with one text of one source replaced."""
    text = (PROJECT / path).read_text()
    found = text.count(old)
    assert found == 1, f"{path} has {found} times what the test replaces, not once: {old}"
    settings = yaml.safe_load((PROJECT / "ape-config.yaml").read_text())["solidity"]
    # What these import the compiler reads from the project.
    sources = {MARKET: (PROJECT / MARKET).read_text(), path: text.replace(old, new)}
    request = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in sources.items()},
        "settings": {
            "optimizer": {"enabled": True, "runs": settings["optimization_runs"]},
            "evmVersion": settings["evm_version"],
            "viaIR": settings["via_ir"],
            "remappings": settings["import_remapping"],
            "outputSelection": {MARKET: {"MockPerpMarket": ["abi", "evm.bytecode.object"]}},
        },
    }
    [solc] = (PROJECT / ".tools" / "solc").glob("solc-v*")
    command = [solc, "--standard-json", "--base-path", PROJECT]
    given = json.dumps(request).encode()
    answer = json.loads(
        subprocess.run(command, input=given, capture_output=True, check=True).stdout
    )
    faults = [one["message"] for one in answer.get("errors", []) if one["severity"] == "error"]
    assert faults == []
    return artifact(answer["contracts"][MARKET]["MockPerpMarket"])


def artifact(output: dict) -> Artifact:
    """What the compiler says of the market, as `levtoken.artifacts` has it."""
    abi = output["abi"]
    [constructor] = [one for one in abi if one["type"] == "constructor"]
    functions = [one for one in abi if one["type"] == "function"]
    return Artifact(
        name="MockPerpMarket",
        init_code=bytes.fromhex(output["evm"]["bytecode"]["object"]),
        constructor=Function(constructor),
        functions={(one["name"], len(one["inputs"])): Function(one) for one in functions},
        errors={selector(one): one["name"] for one in abi if one["type"] == "error"},
    )


def test_the_market_gives_every_integer_of_the_vectors():
    result = CliRunner().invoke(main)
    print(result.output)
    *_, last = result.output.splitlines()
    # 190 steps, each with eight fields of the market and nine of each of three accounts: 6650; the
    # others are what the verbs did.
    assert last == "7121 comparisons, 0 mismatches"
    assert result.exit_code == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", BREAKS)
def test_a_market_that_reads_one_rule_otherwise_shows_mismatches(name):
    build = broken_build(*BREAKS[name])
    mismatches = [line for path in OWN_FILES for line in replay(path, build).outcome.mismatches]
    print(f"{name}: {len(mismatches)} mismatches")
    assert mismatches


def test_a_verb_that_succeeds_although_it_should_not_shows_no_error(tmp_path):
    content = json.loads(OWN_FILES[0].read_text())
    content["steps"] = content["steps"][:1]
    content["steps"][0]["ok"] = False
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(content))
    lines = CliRunner().invoke(main, [str(path)]).output.splitlines()
    assert "wrong.json step 0 (margin): ok: expected False, actual True" in lines


def test_the_command_prints_the_first_mismatches_and_the_count_of_the_rest(tmp_path):
    content = json.loads(OWN_FILES[0].read_text())
    content["steps"] = content["steps"][:3]
    for step in content["steps"]:
        step["after"]["skew"] += 1
        step["after"]["accounts"][1]["flagged"] = True
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(content))
    result = CliRunner().invoke(main, [str(path), "--show", "2"])
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "wrong.json step 0 (margin): skew: expected 1, actual 0",
        "wrong.json step 0 (margin): accounts[1].flagged: expected True, actual False",
        "... and 4 more",
        f"{3 * (1 + 8 + 3 * 9)} comparisons, 6 mismatches",
    ]
