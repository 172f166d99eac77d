"""`ape run feed` on a chain that stays: what it publishes, and what the oracles and the verbs make
of it."""

import csv
import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import ape
import pytest

from levtoken.chain import connected, load_deployment, system
from levtoken.deploy import deploy
from levtoken.markets import Config, load_config
from tests.scripts.chains import CONFIG, Chain, connected_to, lasting_chain, one_line, run
from tests.sources import PRICE

START = 1_583_625_600  # 2020-03-08 00:00 UTC
HEARTBEAT, MAX_AGE = 3_600, 1_800  # so that no machine is too slow for two commands
BOTH = [
    ("zero", "PriceNotPositive"),
    ("negative", "PriceNotPositive"),
    ("future", "PriceFromFuture"),
    ("bounds", "PriceOutOfBounds"),
]
CHAINLINK_ONLY = [("incomplete", "RoundIncomplete"), ("broken", "FeedUnavailable")]
PYTH_ONLY = [("confidence", "ConfidenceTooWide"), ("exponent", "ExponentOutOfRange")]


class Desk:
    """The script, on one chain with BTC3L deployed."""

    def __init__(self, chain: Chain, records: Path) -> None:
        self.chain = chain
        self.options = ["--network", chain.network, "--records", str(records)]
        self.records = records

    def run(self, *arguments: str) -> str:
        """What the script prints; it must succeed."""
        result = run("feed", *arguments, *self.options)
        assert result.exit_code == 0, result.output
        return result.stdout

    def read(self, *arguments: str) -> list[dict[str, Any]]:
        """The last line of what it tells programs."""
        found: list[dict[str, Any]] = json.loads(self.run(*arguments, "--json").splitlines()[-1])
        return found

    def faults(self, *arguments: str) -> list[str | None]:
        return [reading["fault"] for reading in self.read(*arguments)]

    def fail(self, *arguments: str) -> str:
        """The one line with which the script fails."""
        return one_line(run("feed", *arguments, *self.options))

    def now(self) -> int:
        """The time of the newest block."""
        with connected_to(self.chain):
            return int(ape.networks.provider.get_block("latest").timestamp)

    def height(self) -> int:
        """The number of the newest block: how much was sent."""
        with connected_to(self.chain):
            return int(ape.networks.provider.get_block("latest").number)


def patient() -> Config:
    """The configuration, but that prices of Pyth of BTC are good for `MAX_AGE`."""
    config = load_config(CONFIG)
    market = config.markets["BTC"]
    assert market.pyth is not None
    pyth = market.pyth.model_copy(update={"max_age": MAX_AGE})
    changed = market.model_copy(update={"pyth": pyth})
    return config.model_copy(update={"markets": {**config.markets, "BTC": changed}})


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with lasting_chain() as chain:
        desk = Desk(chain, tmp_path_factory.mktemp("deployments"))
        with connected_to(chain):
            account = ape.accounts.test_accounts[0]
            deploy(patient(), ["BTC3L"], account, record=desk.records / "devnet.json")
        yield desk


def test_the_first_price_of_pyth_is_that_of_chainlink(desk: Desk) -> None:
    assert desk.run("push", "BTC") == f"BTC chainlink: {PRICE:,}\nBTC pyth: {PRICE:,}\n"


def test_a_price_goes_to_both_sources_at_one_time(desk: Desk) -> None:
    output = desk.run("push", "BTC", "54,321.5")
    assert output == "BTC chainlink: 54,321.5\nBTC pyth: 54,321.5\n"
    before = desk.now()
    readings = desk.read("push", "BTC")
    assert [one["price"] for one in readings] == ["54321.5", "54321.5"]
    assert [one["source"] for one in readings] == ["chainlink", "pyth"]
    [time] = {one["updated_at"] for one in readings}
    assert before <= time <= desk.now()
    assert {one["underlying"] for one in readings} == {"BTC"}


def test_a_price_goes_to_one_source_only(desk: Desk) -> None:
    desk.run("push", "BTC", "54000")
    assert desk.run("push", "BTC", "55000", "--source", "pyth") == "BTC pyth: 55,000\n"
    assert desk.run("push", "BTC", "56000", "--source", "chainlink") == "BTC chainlink: 56,000\n"
    # Without a price every source says its own again.
    assert desk.run("push", "BTC") == "BTC chainlink: 56,000\nBTC pyth: 55,000\n"


def test_prices_that_follow_at_once_all_arrive(desk: Desk) -> None:
    for price in range(50_000, 50_004):
        assert desk.run("push", "BTC", str(price)).count(f"{price:,}") == 2


def test_the_price_of_pyth_goes_through_its_oracle_which_keeps_nothing(desk: Desk) -> None:
    with connected_to(desk.chain):
        there = system(load_deployment(desk.records, connected()))
        pyth, oracle = there.deployment.pyth, there.deployment.pull_oracles["BTC"]
        before = ape.networks.provider.get_balance(pyth)
    desk.run("push", "BTC", "54000", "--source", "pyth")
    with connected_to(desk.chain):
        assert ape.networks.provider.get_balance(pyth) == before + 1
        assert ape.networks.provider.get_balance(oracle) == 0
        assert there.markets["BTC"].pullOracle() == oracle


@pytest.mark.parametrize(("what", "fault"), [*BOTH, *CHAINLINK_ONLY])
def test_a_wrong_answer_of_chainlink_stops_the_verbs_until_the_next_price(
    desk: Desk, what: str, fault: str
) -> None:
    desk.run("push", "BTC", "54000")
    assert desk.faults("wrong", "BTC", what, "--source", "chainlink") == [fault]
    refusal = one_line(run("mint", "BTC3L", "1000", *desk.options))
    assert fault in refusal
    assert desk.faults("push", "BTC", "54000") == [None, None]
    assert run("mint", "BTC3L", "1000", "--dry-run", *desk.options).exit_code == 0


@pytest.mark.parametrize(("what", "fault"), [*BOTH, *PYTH_ONLY])
def test_a_wrong_answer_of_pyth_is_a_fault_until_the_next_price(
    desk: Desk, what: str, fault: str
) -> None:
    desk.run("push", "BTC", "54000")
    assert desk.faults("wrong", "BTC", what, "--source", "pyth") == [fault]
    assert desk.faults("push", "BTC", "54000") == [None, None]


@pytest.mark.parametrize(("what", "fault"), BOTH)
def test_both_sources_can_be_wrong_at_once(desk: Desk, what: str, fault: str) -> None:
    desk.run("push", "BTC", "54000")
    assert desk.faults("wrong", "BTC", what) == [fault, fault]
    assert desk.faults("push", "BTC", "54000") == [None, None]


@pytest.mark.parametrize(
    ("whats", "options", "prices"),
    [
        (["zero", "negative"], [], [str(PRICE), str(PRICE)]),
        (["bounds"], [], [str(PRICE), str(PRICE)]),
        (["future"], [], ["54000", "54001"]),
        (["bounds", "broken"], ["--source", "chainlink"], ["54001", "54001"]),
        (["exponent"], ["--source", "pyth"], ["54000", "54000"]),
    ],
)
def test_a_push_without_a_price_ends_whatever_is_wrong(
    desk: Desk, whats: list[str], options: list[str], prices: list[str]
) -> None:
    desk.run("push", "BTC", "54000")
    desk.run("push", "BTC", "54001", "--source", "pyth")
    for what in whats:
        desk.run("wrong", "BTC", what, *options)
    readings = desk.read("push", "BTC")
    assert [one["fault"] for one in readings] == [None, None]
    assert [one["price"] for one in readings] == prices


@pytest.mark.parametrize("options", [(), ("--for", "1")])
def test_time_that_passes_does_not_mend_a_broken_feed(desk: Desk, options: tuple[str, ...]) -> None:
    desk.run("push", "BTC", "54000")
    desk.run("wrong", "BTC", "broken")
    height = desk.height()
    assert desk.faults("stale", "BTC", *options)[0] == "FeedUnavailable"
    assert desk.height() == height + 1
    assert [one["price"] for one in desk.read("push", "BTC")] == ["54000", "54000"]


@pytest.mark.parametrize(("what", "fault"), [*CHAINLINK_ONLY, *PYTH_ONLY])
def test_what_only_one_source_can_do_leaves_the_other_alone(
    desk: Desk, what: str, fault: str
) -> None:
    desk.run("push", "BTC", "54000")
    faults = desk.faults("wrong", "BTC", what)
    assert sorted(faults, key=str) == sorted([fault, None], key=str)
    source = "pyth" if (what, fault) in CHAINLINK_ONLY else "chainlink"
    other = "chainlink" if source == "pyth" else "pyth"
    refusal = desk.fail("wrong", "BTC", what, "--source", source)
    assert refusal == f"only {other} can be wrong by {what}: pass --source {other} or both"
    assert desk.faults("push", "BTC", "54000") == [None, None]


@pytest.mark.parametrize(
    ("source", "age", "faults"),
    [
        ("pyth", MAX_AGE, [None, "PriceStale"]),
        ("chainlink", HEARTBEAT, ["PriceStale", "PriceStale"]),
        ("both", HEARTBEAT, ["PriceStale", "PriceStale"]),
    ],
)
def test_a_stale_period_ends_when_the_price_is_too_old(
    desk: Desk, source: str, age: int, faults: list[str | None]
) -> None:
    published = desk.read("push", "BTC", "54000")[0]["updated_at"]
    assert set(desk.faults("stale", "BTC", "--source", source)) == {"PriceStale"}
    assert desk.now() >= published + age + 1
    assert [one["fault"] for one in desk.read("stale", "BTC", "--for", "1")] == faults
    assert desk.faults("push", "BTC") == [None, None]


def test_a_period_of_so_many_seconds(desk: Desk) -> None:
    desk.run("push", "BTC", "54000")
    before = desk.now()
    assert desk.faults("stale", "BTC", "--for", "30") == [None, None]
    assert desk.now() >= before + 30


def write(folder: Path, prices: Sequence[float], *symbols: str) -> Path:
    file = folder / "bars.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["date", "close", *(["symbol"] if symbols else [])])
        for symbol in symbols or ("",):
            rows = [[START + 3_600 * i, price, symbol] for i, price in enumerate(prices)]
            writer.writerows(row if symbols else row[:2] for row in rows)
    return file


@pytest.mark.parametrize("symbols", [(), ("BTCUSDT",)])
@pytest.mark.parametrize(("options", "every"), [(["--every", "45"], 45), ([], 3_600)])
def test_a_path_is_published_at_its_own_pace(
    desk: Desk, tmp_path: Path, symbols: tuple[str, ...], options: list[str], every: int
) -> None:
    file = write(tmp_path, [50_000, 50_500.25, 49_000], *symbols)
    before = desk.now()
    lines = desk.run("path", "BTC", str(file), "--json", *options).splitlines()
    readings = [json.loads(line) for line in lines]
    for source in (0, 1):
        assert [one[source]["price"] for one in readings] == ["50000", "50500.25", "49000"]
        times = [one[source]["updated_at"] for one in readings]
        assert [later - earlier for earlier, later in pairwise(times)] == [every, every]
    assert before <= readings[0][0]["updated_at"]
    assert readings[-1][0]["updated_at"] <= desk.now()


def test_a_path_of_one_source_and_a_window(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path, [50_000, 51_000, 52_000, 53_000], "BTCUSDT", "ETHUSDT")
    window = ["--from", "2020-03-08T01:00", "--to", "2020-03-08T02:00"]
    options = [*window, "--symbol", "BTCUSDT", "--every", "1", "--source", "chainlink"]
    output = desk.run("path", "BTC", str(file), *options)
    assert output == "BTC chainlink: 51,000\nBTC chainlink: 52,000\n"
    refusal = desk.fail("path", "BTC", str(file))
    assert refusal == "bars.csv has no symbol BTC: choose by --symbol from BTCUSDT, ETHUSDT"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["push", "DOGE", "1"], "no feed of DOGE here: choose from BTC"),
        (["push", "BTC", "0"], "a price must be above 0: a feed's smallest is 0.00000001"),
        (["push", "BTC", "1e12", "--source", "pyth"], "a price of Pyth must be above 0 and below"),
        (["path", "BTC", "nowhere.csv"], "there is no file nowhere.csv"),
    ],
)
def test_what_cannot_be_published_is_one_line(
    desk: Desk, arguments: list[str], message: str
) -> None:
    assert message in desk.fail(*arguments)


def test_what_one_source_refuses_no_source_takes(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path, [50_000, 1e12, 49_000])
    height = desk.height()
    for arguments in (["push", "BTC", "1e30"], ["path", "BTC", str(file)]):
        assert "a price of Pyth must be above 0 and below" in desk.fail(*arguments)
        assert desk.height() == height


def test_what_is_not_a_command_shows_those_there_are(desk: Desk) -> None:
    for arguments in (["wrong", "BTC", "late"], ["push", "BTC", "--source", "band"], ["pull"]):
        result = run("feed", *arguments, *desk.options)
        assert result.exit_code == 2
        assert "Usage" in result.stderr
        assert "<" not in result.stderr


@pytest.mark.parametrize("name", ["push", "path", "stale", "wrong"])
def test_the_help_teaches(name: str) -> None:
    result = run("feed", name, "--help")
    assert result.exit_code == 0
    assert f"ape run feed {name} BTC" in result.stdout
    assert "<" not in result.stdout
    for option in ("--network", "--account", "--source", "--json"):
        assert option in result.stdout


def test_a_market_without_pyth_has_one_source(tmp_path: Path) -> None:
    config = load_config(CONFIG)
    bare = config.markets["BTC"].model_copy(update={"pyth": None})
    changed = config.model_copy(update={"markets": {**config.markets, "BTC": bare}})
    with lasting_chain() as chain:
        desk = Desk(chain, tmp_path)
        with connected_to(chain):
            account = ape.accounts.test_accounts[0]
            done = deploy(changed, ["BTC3L"], account, record=tmp_path / "devnet.json")
            assert int(system(done).markets["BTC"].pullOracle(), 16) == 0
            assert (done.pyth, done.pull_oracles) == (None, {})
        assert desk.run("push", "BTC", "54000") == "BTC chainlink: 54,000\n"
        refusal = desk.fail("push", "BTC", "54000", "--source", "pyth")
        assert refusal.startswith("BTC has no oracle of Pyth here: add a section pyth")
