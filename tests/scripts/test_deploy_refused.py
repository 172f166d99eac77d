"""Where deploying must not happen: the wrong chain, no node, and mocks on a public network."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import ape
import pytest
import yaml
from ape.api import NetworkAPI

from levtoken import chain as chain_module
from levtoken.deploy import deploy
from levtoken.deployments import Deployment, load_record, save_record
from levtoken.errors import ConfigError, DeploymentError
from levtoken.markets import Config, load_config
from tests.scripts.chains import (
    CONFIG,
    Chain,
    connected_to,
    free_port,
    governance,
    lasting_chain,
    one_line,
    run,
)

SEPOLIA = 11155111


@pytest.fixture(scope="module")
def public() -> Iterator[Chain]:
    """A chain with a public network's id."""
    with lasting_chain(chain_id=SEPOLIA) as chain:
        yield chain


@pytest.fixture(autouse=True, scope="module")
def quick_sepolia() -> Iterator[None]:
    """Anvil mines when it is sent something, so nothing ever confirms a transaction."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NetworkAPI, "required_confirmations", 0)
        yield


@pytest.fixture(scope="module")
def existing(public: Chain, quick_sepolia: None) -> Deployment:
    """Asset, feed, oracle and market that exist there, put by someone else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chain_module, "LOCAL_NETWORKS", {"sepolia"})
        patch.setattr(chain_module, "LOCAL_CHAIN_IDS", {SEPOLIA})
        with connected_to(public, "sepolia"):
            account = ape.accounts.test_accounts[0]
            return deploy(load_config(CONFIG), ["BTC3L"], account, record=None)


def config_for(folder: Path, network: object) -> Config:
    """The shipped configuration with a file for sepolia."""
    shutil.copytree(CONFIG, folder / "config")
    (folder / "config" / "networks" / "sepolia.yaml").write_text(yaml.safe_dump(network))
    return load_config(folder / "config")


def network_of(existing: Deployment, **changes: object) -> dict[str, object]:
    there = {"venue": existing.markets["BTC"], "feed": existing.feeds["BTC"]}
    return {
        "chain_id": SEPOLIA,
        "assets": existing.assets,
        "markets": {"BTC": there},
        "governance": governance(),
        **changes,
    }


def test_a_public_network_gets_the_protocol_and_no_mocks(
    public: Chain, existing: Deployment, tmp_path: Path
) -> None:
    config = config_for(tmp_path, network_of(existing))
    record = tmp_path / "sepolia.json"
    with connected_to(public, "sepolia"):
        deployer = ape.accounts.test_accounts[1]
        done = deploy(config, ["BTC3L", "BTC3S"], deployer, record=record)
        assert deployer.nonce == len(done.transactions)
        assert deploy(config, ["BTC3L", "BTC3S"], deployer, record=record) == done
    assert list(done.transactions) == [
        "oracles.BTC", "timelock", "logic", "policies.3x.BTC", "blueprint",
        "factory", "lens", "tokens.BTC3L", "tokens.BTC3S",
    ]  # fmt: skip
    assert done.markets == existing.markets
    assert done.assets == existing.assets
    assert load_record(record) == done


def test_a_public_network_refuses_before_it_spends(
    public: Chain, existing: Deployment, tmp_path: Path
) -> None:
    empty = ape.accounts.test_accounts[5].address
    refusals: list[tuple[dict[str, object], str]] = [
        ({"chain_id": 1}, "sepolia.yaml: chain_id: expected 11155111, that of the connected"),
        ({"markets": {"BTC": {}}}, "markets.BTC is not filled in: mocks are for local chains"),
        ({"assets": {}}, "assets.USDC is not filled in"),
        ({"governance": None}, "sepolia.yaml: governance is missing: it says who owns"),
        ({"governance": {"delay": 7_200}}, "governance.proposers is not filled in"),
        (
            {"governance": {"delay": 7_200, "proposers": [empty]}},
            "governance.fee_recipient is not filled in",
        ),
        ({"markets": {"BTC": {"venue": empty}}}, "markets.BTC: there is no contract at"),
        ({"markets": {"BTC": {"venue": existing.lens}}}, "do not answer as such: check them"),
    ]
    for number, (change, message) in enumerate(refusals):
        config = config_for(tmp_path / str(number), network_of(existing, **change))
        with connected_to(public, "sepolia"):
            deployer = ape.accounts.test_accounts[2]
            with pytest.raises(ConfigError) as caught:
                deploy(config, ["BTC3L"], deployer, record=tmp_path / "sepolia.json")
            assert deployer.nonce == 0
        assert message in str(caught.value)
    assert not (tmp_path / "sepolia.json").exists()


def test_a_public_network_needs_its_file_and_its_own_record(
    public: Chain, existing: Deployment, tmp_path: Path
) -> None:
    record = tmp_path / "sepolia.json"
    with connected_to(public, "sepolia"):
        deployer = ape.accounts.test_accounts[2]
        with pytest.raises(ConfigError, match=r"networks/sepolia\.yaml is missing: copy example"):
            deploy(load_config(CONFIG), ["BTC3L"], deployer, record=record)
        save_record(record, existing.model_copy(update={"chain_id": 1}))
        before = record.read_text()
        with pytest.raises(DeploymentError, match="is of chain id 1, and this is 11155111"):
            deploy(load_config(CONFIG), ["BTC3L"], deployer, record=record)
        assert deployer.nonce == 0
    assert record.read_text() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("deploy BTC3L --account TEST::0", "the key of TEST::0 is public"),
        ("deploy BTC3L", "name the account that signs: --account ALIAS"),
        ("feed push BTC 1", "a price by hand is for local chains: this is sepolia"),
        ("status", "nothing is deployed on sepolia: run `ape run deploy`"),
    ],
)
def test_a_public_network_has_no_test_accounts_and_no_mocks(
    public: Chain, tmp_path: Path, arguments: str, message: str
) -> None:
    script, *rest = arguments.split()
    network = f"ethereum:sepolia:{public.url}"
    result = run(script, *rest, "--network", network, "--records", str(tmp_path))
    assert message in one_line(result)
    assert not list(tmp_path.iterdir())


def test_a_dry_run_on_a_public_network_needs_no_account(
    public: Chain, existing: Deployment, tmp_path: Path
) -> None:
    save_record(tmp_path / "sepolia.json", existing)
    options = ["--network", f"ethereum:sepolia:{public.url}", "--records", str(tmp_path)]
    result = run("mint", "BTC3L", "1000", "--dry-run", *options)
    assert result.exit_code == 0, result.stderr
    assert "1,000 USDC for 998.2" in result.stdout
    assert "name the account that signs" in one_line(run("mint", "BTC3L", "1000", *options))


@pytest.mark.parametrize("network", ["devnet", "local", "mainnet"])
@pytest.mark.parametrize("script", ["deploy", "status"])
def test_the_wrong_chain_id_is_one_line(
    public: Chain, tmp_path: Path, network: str, script: str
) -> None:
    choice = f"ethereum:{network}:{public.url}"
    result = run(script, "--network", choice, "--records", str(tmp_path))
    message = one_line(result)
    assert "11155111" in message
    assert "check --network" in message
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "script", ["deploy", "status", "feed push BTC", "mint BTC3L 1", "redeem BTC3L 1"]
)
def test_a_node_that_is_down_is_one_line(tmp_path: Path, script: str) -> None:
    name, *rest = script.split()
    network = f"ethereum:devnet:http://127.0.0.1:{free_port()}"
    message = one_line(run(name, *rest, "--network", network, "--records", str(tmp_path)))
    assert "the node does not answer" in message
    assert "`make chain`" in message
    assert not list(tmp_path.iterdir())


def test_a_chain_that_ends_with_the_command_has_nothing_deployed(tmp_path: Path) -> None:
    network = "ethereum:local:foundry"
    result = run("status", "--network", network, "--records", str(tmp_path))
    assert "run `make chain` in another terminal" in one_line(result)


def test_a_damaged_record_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "devnet.json").write_text('{"network": "devnet", "chain_id": "x"}')
    with lasting_chain() as chain:
        result = run("status", "--network", chain.network, "--records", str(tmp_path))
    assert "devnet.json is not a record (chain_id: " in one_line(result)
