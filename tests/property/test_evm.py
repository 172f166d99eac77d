"""The in-process EVM: what it takes from `pyrevm` and what it hides of it."""

import shutil

import pytest

from levtoken.artifacts import PROJECT, load
from levtoken.errors import ChainError
from levtoken.evm import DEPLOYER, Evm, Revert, signed, words
from levtoken.system import Feed, deploy_system
from levtoken.units import WAD
from tests.property.calls import ADDRESSES
from tests.property.scenarios import Scenario
from tests.property.world import START

SCENARIO = Scenario("three times long", "3")
DEPOSITOR = ADDRESSES["depositor"]
# A contract that stores 1 in its transient slot 0 and returns what was there before.
TRANSIENT = bytes.fromhex("600d600c600039600d6000f3" + "5f5c60015f5d5f5260205ff3" + "00")


@pytest.fixture
def system():
    evm = Evm(timestamp=START)
    return deploy_system(evm, feed=Feed(3000 * 10**8), market=SCENARIO.market_params())


@pytest.fixture
def token(system):
    return system.create_token("T3L", 3 * WAD, SCENARIO.policy_params(), name="Three times")


def test_structs_are_mappings_both_ways(system, token):
    policy = token.call("progress")["policy"]
    assert system.logic.call("policyAt", policy) == SCENARIO.policy_params()
    assert token.call("name") == "Three times"
    assert token.call("symbol") == "T3L"


def test_an_overload_is_found_by_its_number_of_arguments(system, token):
    system.asset.transact("mint", DEPOSITOR, 10**9)
    system.asset.transact("approve", token.address, 10**9, sender=DEPOSITOR)
    short = token.transact("deposit", 10**8, DEPOSITOR, sender=DEPOSITOR)
    long = token.transact("deposit", 10**8, DEPOSITOR, 0, START, sender=DEPOSITOR)
    assert short + long == token.call("balanceOf", DEPOSITOR)
    with pytest.raises(ChainError, match="LeveragedToken has no function deposit with 3 arguments"):
        token.call("deposit", 1, DEPOSITOR, 0)


@pytest.mark.parametrize(
    ("verb", "arguments", "name"),
    [
        ("redeem", (1, DEPOSITOR, DEPOSITOR), "InsufficientBalance"),  # of the ERC-20 library
        ("deposit", (10**8, DEPOSITOR), "TransferFromFailed"),  # raised in assembly
        ("rebalance", (), "TokenFlat"),  # of the project, handed around as a selector
        ("convertToShares", (2**256 - 1,), "Panic(0x11)"),
    ],
)
def test_a_revert_carries_the_name_of_its_error(token, verb, arguments, name):
    with pytest.raises(Revert) as found:
        token.transact(verb, *arguments, sender=DEPOSITOR)
    assert found.value.name == name
    assert isinstance(found.value, ChainError)


def test_a_constructor_that_refuses_says_why(system):
    policy = {**SCENARIO.policy_params(), "lower": 4 * WAD}
    with pytest.raises(Revert, match="InvalidPolicy"):
        system.create_token("BAD", 3 * WAD, policy)


def test_transient_storage_does_not_outlive_a_call():
    evm = Evm(timestamp=START)
    contract = evm.deploy_code(TRANSIENT)
    assert [words(evm.send(contract, b"")) for _ in range(2)] == [[0], [0]]


def test_what_is_rolled_back_leaves_no_trace(system):
    evm = system.evm
    with evm.rolled_back():
        evm.next_block(START + 60)
        system.asset.transact("mint", DEPOSITOR, 5)
        assert system.asset.call("balanceOf", DEPOSITOR) == 5
    assert system.asset.call("balanceOf", DEPOSITOR) == 0
    assert (evm.number, evm.timestamp) == (1, START)


def test_time_passes_as_it_is_told(system):
    system.evm.next_block(START + 3_600)
    assert system.oracle.call("price")[2] == bytes(4)
    system.evm.next_block(START + 3_601)
    assert system.oracle.call("price")[2] == words_of("PriceStale")


def words_of(name: str) -> bytes:
    errors = load()["Errors"].errors
    return next(selector for selector, found in errors.items() if found == name)


def test_a_view_changes_nothing(system):
    calldata = system.asset.calldata("mint", DEPOSITOR, 5)
    with pytest.raises(Revert):
        system.evm.view(system.asset.address, calldata)
    assert system.asset.call("balanceOf", DEPOSITOR) == 0


def test_the_logs_are_those_of_the_last_transaction(system):
    system.feed.transact("push", 7)
    [(address, topics, data)] = system.evm.logs()
    assert address == system.feed.address
    assert int(topics[1], 16) == 7
    assert words(data) == [START]


def test_the_lens_reads_what_was_deployed(system, token):
    [status] = system.lens.call("status", [token.address])
    assert status["ok"]
    assert status["symbol"] == "T3L"
    assert status["venue"] == system.market.address


def test_words_are_unsigned_until_they_are_asked_for_their_sign():
    [word] = words((-5).to_bytes(32, "big", signed=True))
    assert word == 2**256 - 5
    assert signed(word) == -5
    assert signed(5) == 5


def test_a_build_of_other_sources_is_not_used(tmp_path):
    (tmp_path / "contracts").mkdir()
    shutil.copytree(PROJECT / ".build", tmp_path / ".build")
    (tmp_path / "contracts" / "Broken.sol").write_text("contract Broken {")
    with pytest.raises(ChainError, match="run `make compile`"):
        load(tmp_path)


def test_the_deployer_holds_nothing_that_others_do_not(system):
    assert system.asset.call("balanceOf", DEPLOYER) == 0
