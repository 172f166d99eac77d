"""Deploying oracles: a local chain gets both sources, a public network the one that its file asks
for."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ape
import pytest
import yaml
from ape.api import NetworkAPI

from levtoken import chain as chain_module
from levtoken.chain import system
from levtoken.deploy import deploy
from levtoken.deployments import Deployment, load_record, save_record
from levtoken.errors import ConfigError, DeploymentError
from levtoken.markets import Config, load_config
from levtoken.oracles import NOBODY
from levtoken.units import WAD
from tests.scripts.chains import CONFIG, Chain, connected_to, governance, lasting_chain

SEPOLIA = 11155111
PROTOCOL = ["timelock", "logic", "policies.3x.BTC", "blueprint", "factory", "lens", "tokens.BTC3L"]


@pytest.fixture(scope="module")
def public() -> Iterator[Chain]:
    """A chain with a public network's id. Anvil mines when it is sent something, so nothing ever
    confirms a transaction."""
    with pytest.MonkeyPatch.context() as patch, lasting_chain(chain_id=SEPOLIA) as chain:
        patch.setattr(NetworkAPI, "required_confirmations", 0)
        yield chain


@pytest.fixture(scope="module")
def existing(public: Chain) -> Deployment:
    """What others put there: everything that a local chain has, and a feed of the uptime."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chain_module, "LOCAL_NETWORKS", {"sepolia"})
        patch.setattr(chain_module, "LOCAL_CHAIN_IDS", {SEPOLIA})
        with connected_to(public, "sepolia"):
            account = ape.accounts.test_accounts[0]
            done = deploy(load_config(CONFIG), ["BTC3L"], account, record=None)
            name = "L2 Sequencer Uptime Status Feed"
            sequencer = account.deploy(ape.project.MockAggregator, 0, name, 0)
            return done.with_address("sequencer", sequencer.address)


def config_for(folder: Path, existing: Deployment, **changes: object) -> Config:
    """The shipped configuration with a file for sepolia, in which BTC has these `changes`."""
    there = {"venue": existing.markets["BTC"], "feed": existing.feeds["BTC"], **changes}
    network = {
        "chain_id": SEPOLIA,
        "assets": existing.assets,
        "sequencer": existing.sequencer,
        "pyth": existing.pyth,
        "markets": {"BTC": there},
        "governance": governance(),
    }
    shutil.copytree(CONFIG, folder / "config", dirs_exist_ok=True)
    (folder / "config" / "networks" / "sepolia.yaml").write_text(yaml.safe_dump(network))
    return load_config(folder / "config")


def told(contract: Any, *names: str) -> list[object]:
    return [getattr(contract, name)() for name in names]


def test_a_local_chain_has_both_sources_and_the_market_knows_them(
    public: Chain, existing: Deployment
) -> None:
    with connected_to(public, "sepolia"):
        there = system(existing)
        market = there.markets["BTC"]
        assert market.oracle() == existing.oracles["BTC"]
        assert market.pullOracle() == existing.pull_oracles["BTC"]
        oracle = there.pull_oracles["BTC"]
        price_id = "0x" + bytes(oracle.priceId()).hex()
        assert price_id == load_config(CONFIG).markets["BTC"].pyth.price_id
        assert told(oracle, "pyth", "maxAge", "maxConfidence") == [existing.pyth, 60, WAD // 100]
        assert told(oracle, "minPrice", "maxPrice") == [100 * WAD, 10**7 * WAD]
        oracle = ape.project.ChainlinkOracle.at(existing.oracles["BTC"], fetch_from_explorer=False)
        assert told(oracle, "sequencer", "gracePeriod") == [NOBODY, 0]


def test_a_feed_of_a_rollup_gets_its_sequencer_and_its_own_heartbeat(
    public: Chain, existing: Deployment, tmp_path: Path
) -> None:
    config = config_for(tmp_path, existing, heartbeat=1_200)
    with connected_to(public, "sepolia"):
        deployer = ape.accounts.test_accounts[1]
        done = deploy(config, ["BTC3L"], deployer, record=tmp_path / "sepolia.json")
        assert list(done.transactions) == ["oracles.BTC", *PROTOCOL]
        oracle = ape.project.ChainlinkOracle.at(done.oracles["BTC"], fetch_from_explorer=False)
        assert told(oracle, "feed", "heartbeat") == [existing.feeds["BTC"], 1_200]
        assert told(oracle, "sequencer", "gracePeriod") == [existing.sequencer, 3_600]


def test_an_oracle_of_pyth_alone(public: Chain, existing: Deployment, tmp_path: Path) -> None:
    config = config_for(tmp_path, existing, oracle="pyth", feed=None)
    with connected_to(public, "sepolia"):
        deployer = ape.accounts.test_accounts[1]
        done = deploy(config, ["BTC3L"], deployer, record=tmp_path / "sepolia.json")
        assert list(done.transactions) == ["oracles.BTC", *PROTOCOL]
        oracle = ape.project.PythOracle.at(done.oracles["BTC"], fetch_from_explorer=False)
        assert told(oracle, "pyth", "maxAge") == [existing.pyth, 60]


def test_two_sources_and_what_compares_them_also_when_it_was_interrupted(
    public: Chain, existing: Deployment, tmp_path: Path
) -> None:
    config = config_for(tmp_path, existing, oracle="dual")
    record = tmp_path / "sepolia.json"
    with connected_to(public, "sepolia"):
        deployer = ape.accounts.test_accounts[1]
        done = deploy(config, ["BTC3L"], deployer, record=record)
        parts = ["chainlink_oracles.BTC", "pull_oracles.BTC", "oracles.BTC"]
        assert list(done.transactions) == [*parts, *PROTOCOL]
        oracle = ape.project.DualOracle.at(done.oracles["BTC"], fetch_from_explorer=False)
        assert oracle.primary() == done.chainlink_oracles["BTC"]
        assert oracle.secondary() == done.pull_oracles["BTC"]
        assert oracle.maxDeviation() == WAD // 50
        nonce = deployer.nonce
        assert deploy(config, ["BTC3L"], deployer, record=record) == done
        assert deployer.nonce == nonce
        hashes = {key: one for key, one in done.transactions.items() if key != "oracles.BTC"}
        save_record(record, done.model_copy(update={"oracles": {}, "transactions": hashes}))
        again = deploy(config, ["BTC3L"], deployer, record=record)
        assert deployer.nonce == nonce + 1
    assert again.chainlink_oracles == done.chainlink_oracles
    assert load_record(record) == again


def test_an_oracle_that_is_not_the_one_asked_for_is_an_error(
    public: Chain, existing: Deployment, tmp_path: Path
) -> None:
    record = tmp_path / "sepolia.json"
    refusals: list[tuple[dict[str, object], str]] = [
        ({"oracle": "pyth"}, "oracles.BTC contract: another one instead of PythOracle"),
        ({"oracle": "dual"}, "oracles.BTC contract: another one instead of DualOracle"),
        ({"heartbeat": 60}, "oracles.BTC heartbeat: 3600 instead of 60"),
    ]
    with connected_to(public, "sepolia"):
        deployer = ape.accounts.test_accounts[1]
        deploy(config_for(tmp_path, existing), ["BTC3L"], deployer, record=record)
        for changes, message in refusals:
            config = config_for(tmp_path, existing, **changes)
            with pytest.raises(DeploymentError) as caught:
                deploy(config, ["BTC3L"], deployer, record=record)
            assert message in str(caught.value)


def test_what_an_oracle_stands_on_must_be_there_before_anything_is_spent(
    public: Chain, existing: Deployment, tmp_path: Path
) -> None:
    empty = ape.accounts.test_accounts[5].address
    refusals: list[tuple[Deployment, str]] = [
        (existing.with_address("feeds.BTC", empty), "feeds.BTC: there is no contract at"),
        (existing.with_address("feeds.BTC", str(existing.lens)), "asset, venue and feed do not"),
        (existing.with_address("pyth", empty), "pyth: there is no contract at"),
        (existing.with_address("sequencer", empty), "sequencer: there is no contract at"),
    ]
    for wrong, message in refusals:
        config = config_for(tmp_path, wrong, oracle="dual")
        with connected_to(public, "sepolia"):
            deployer = ape.accounts.test_accounts[2]
            with pytest.raises(ConfigError) as caught:
                deploy(config, ["BTC3L"], deployer, record=tmp_path / "sepolia.json")
            assert deployer.nonce == 0
        assert message in str(caught.value)
    with pytest.raises(ConfigError, match=r"BTC\.oracle: dual needs feed here and the section"):
        config_for(tmp_path, existing, oracle="dual", feed=None)
