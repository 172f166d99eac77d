"""The keeper on Anvil: what it sends, what it leaves, and what others may do in between."""

import json
import signal
import subprocess
from collections.abc import Iterator

import ape
import pytest

from levtoken.chain import statuses
from levtoken.keeper.decide import Settings
from levtoken.keeper.execute import Result, execute
from levtoken.keeper.run import keep
from levtoken.status import Trigger
from levtoken.units import WAD
from tests.desk import GAS, HEARTBEAT, PRICE, SYMBOLS, Desk, open_desk
from tests.scripts.chains import PATIENCE, PROJECT, one_line, run
from tests.scripts.demos import APE

LOW = PRICE * 9 // 10  # takes 3x to 3.86x, above the band, and -3x to 2.08x, below it
DEEP = PRICE * 85 // 100  # takes 3x to 4.64x, beyond the emergency level


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("deployments")) as desk:
        yield desk


@pytest.fixture
def desk(opened: Desk) -> Iterator[Desk]:
    snapshot = request("evm_snapshot")
    yield opened
    request("evm_revert", snapshot)


def request(method: str, *arguments: object) -> object:
    return ape.networks.provider.make_request(method, list(arguments))


def keeper(desk: Desk, *arguments: str) -> list[dict[str, str]]:
    """What the script reports; it must succeed."""
    options = ["--network", desk.chain.network, "--records", str(desk.records)]
    result = run("keeper", "--account", "TEST::1", "--json", *arguments, *options)
    assert result.exit_code == 0, result.output
    outcomes: list[dict[str, str]] = json.loads(result.stdout)
    return outcomes


def test_a_pass_with_nothing_due_sends_nothing(desk: Desk) -> None:
    block = ape.chain.blocks.height
    outcomes = keeper(desk)
    assert [one["symbol"] for one in outcomes] == SYMBOLS
    assert {one["detail"] for one in outcomes} == {"inside the band (NothingDue)"}
    assert ape.chain.blocks.height == block


def test_a_dry_run_says_what_is_due_and_sends_nothing(desk: Desk) -> None:
    desk.move(LOW)
    block = ape.chain.blocks.height
    long, short = keeper(desk, "--dry-run")
    assert (long["result"], long["trigger"]) == ("dry_run", "upper")
    assert (short["result"], short["trigger"]) == ("dry_run", "lower")
    assert float(long["traded"]) < 0
    assert float(long["reward"]) > 0
    assert ape.chain.blocks.height == block


def test_a_pass_rebalances_what_is_due_and_earns_the_reward(desk: Desk) -> None:
    desk.move(LOW)
    asset = desk.system.assets["USDC"]
    before = asset.balanceOf(desk.keeper)
    long, short = keeper(desk)
    assert (long["result"], short["result"]) == ("rebalanced", "rebalanced")
    assert float(long["leverage_after"]) == pytest.approx(3.15, abs=1e-6)
    assert desk.leverage("BTC3L") < 3.16 * WAD
    assert desk.leverage("BTC3S") > 2.79 * WAD
    earned = asset.balanceOf(desk.keeper) - before
    assert earned == round((float(long["reward"]) + float(short["reward"])) * 10**6) > 0


def test_an_emergency_goes_back_to_the_target(desk: Desk) -> None:
    desk.move(DEEP)
    [outcome] = keeper(desk, "--token", "BTC3L")
    assert outcome["trigger"] == "emergency"
    assert float(outcome["leverage_after"]) == pytest.approx(3, abs=1e-6)


def test_a_second_pass_finds_nothing_to_do(desk: Desk) -> None:
    desk.move(LOW)
    keeper(desk)
    assert {one["result"] for one in keeper(desk)} == {"not_due"}


def test_a_reward_below_the_minimum_is_left_to_others(desk: Desk) -> None:
    desk.move(LOW)
    [outcome] = keeper(desk, "--token", "BTC3L", "--min-reward", "1000000")
    assert outcome["result"] == "not_due"
    assert outcome["detail"].startswith("the reward of ")


def test_a_rival_who_was_faster_costs_nothing(desk: Desk) -> None:
    desk.move(LOW)
    [decision] = desk.decide("BTC3L")
    desk.system.tokens["BTC3L"].rebalance(sender=desk.rival, gas_limit=GAS)
    before = desk.keeper.balance
    outcome = execute(decision, desk.system.tokens["BTC3L"], desk.keeper)
    assert outcome.result is Result.LATE
    assert "NothingDue" in outcome.detail
    assert desk.keeper.balance == before


def test_a_rival_in_the_same_block_costs_gas_and_is_no_error(desk: Desk) -> None:
    desk.move(LOW)
    [decision] = desk.decide("BTC3L")
    token = desk.system.tokens["BTC3L"]
    request("evm_setAutomine", False)
    try:
        theirs = {
            "from": desk.rival.address,
            "to": token.address,
            "data": "0x" + token.rebalance.encode_input().hex(),
            "gas": hex(GAS),
            "maxFeePerGas": hex(10**12),
            "maxPriorityFeePerGas": hex(10**11),
        }
        request("eth_sendTransaction", theirs)
        request("evm_setIntervalMining", 1)
        outcome = execute(decision, token, desk.keeper)
    finally:
        request("evm_setIntervalMining", 0)
        request("evm_setAutomine", True)
    assert outcome.result is Result.LATE
    assert outcome.gas_cost > 0
    assert outcome.transaction is not None


def test_a_keeper_without_gas_money_is_told_so(desk: Desk) -> None:
    desk.move(LOW)
    request("anvil_setBalance", desk.keeper.address, "0x0")
    outcomes = keep(desk.system, statuses(desk.system), desk.keeper, Settings())
    assert {one.result for one in outcomes} == {Result.REFUSED}
    assert all("send it some" in one.detail for one in outcomes)
    result = run(
        "keeper",
        "--account",
        "TEST::1",
        "--network",
        desk.chain.network,
        "--records",
        str(desk.records),
    )
    assert "send it some" in one_line(result)


def test_a_stale_price_stops_the_keeper_without_an_error(desk: Desk) -> None:
    head = ape.chain.blocks.head.timestamp
    request("evm_mine", head + HEARTBEAT + 1)
    for outcome in keeper(desk):
        assert outcome["detail"] == "the price is stale (PriceStale)"


def test_an_outcome_reports_the_state_of_the_chain(desk: Desk) -> None:
    desk.move(LOW)
    [outcome] = keep(desk.system, statuses(desk.system, ["BTC3L"]), desk.keeper, Settings())
    assert outcome.trigger is Trigger.UPPER
    assert outcome.leverage_after == desk.leverage("BTC3L")
    assert outcome.leverage_before > outcome.status.policy.upper
    assert outcome.gas_cost > 0


def test_a_watch_goes_on_until_it_is_interrupted_and_then_sums_up(desk: Desk) -> None:
    desk.move(LOW)
    options = ["--network", desk.chain.network, "--records", str(desk.records)]
    command = [str(APE), "run", "keeper", "--watch", "1", "--json", *options]
    pipe = subprocess.PIPE
    watch = subprocess.Popen(command, cwd=PROJECT, stdout=pipe, stderr=pipe, text=True)
    assert watch.stdout is not None
    first, second = (json.loads(watch.stdout.readline()) for _ in range(2))
    watch.send_signal(signal.SIGINT)
    _, told = watch.communicate(timeout=PATIENCE)
    assert watch.returncode == 0, told
    assert {one["result"] for one in first} == {"rebalanced"}
    assert {one["result"] for one in second} == {"not_due"}
    assert " passes; tokens: " in told
    assert "2 rebalanced; rewards: " in told


def test_a_chain_that_is_gone_is_one_line(tmp_path_factory: pytest.TempPathFactory) -> None:
    records = tmp_path_factory.mktemp("gone")
    with open_desk(records) as gone:
        network = gone.chain.network
        gone.chain.stop()
    result = run("keeper", "--network", network, "--records", str(records))
    assert "does not answer" in one_line(result)
