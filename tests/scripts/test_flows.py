"""Minting, looking, moving the price and redeeming by the scripts, on a chain that stays."""

import os
from collections.abc import Iterator
from decimal import Decimal

import ape
import click
import pytest
from ape_accounts import generate_account

from levtoken.faults import REMEDIES
from levtoken.faults import one_line as one_fault
from levtoken.flows import Coin, Flow
from levtoken.tables import preview_line
from tests.scripts.chains import connected_to, lasting_chain, run
from tests.scripts.desk import Desk

DEPOSITOR = "TEST::1"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with lasting_chain() as chain:
        desk = Desk(chain, tmp_path_factory.mktemp("deployments"))
        desk.run("deploy", "BTC3L", "BTC3S")
        with connected_to(chain):
            poor = ape.accounts.test_accounts[9].address
            ape.networks.provider.make_request("anvil_setBalance", [poor, "0x0"])
        yield desk


def test_a_holder_mints_sees_the_price_move_and_redeems(desk: Desk) -> None:
    before = desk.balance("USDC", 1)
    output = desk.run("mint", "BTC3L", "1,000", "--faucet", "--account", DEPOSITOR)
    # 3x of 1,000 is traded at a fee of 6 basis points: about 1.8.
    assert "1,000 USDC for 998.2" in output
    assert desk.balance("USDC", 1) == before
    shares = desk.balance("BTC3L", 1)
    assert f"minted {Decimal(shares) / 10**18:,.6f}"[:-1] in output

    assert desk.status("BTC3L")["leverage"].startswith(("3.0000", "2.9999"))
    desk.run("feed", "push", "BTC", "57000")
    status = desk.status("BTC3L")
    # 5 % down: equity falls by 15 %, leverage rises to 3 * 0.95 / 0.85.
    assert status["leverage"].startswith("3.352")
    assert status["share_price"].startswith("0.8")
    assert "BTC3L" in desk.run("status")

    part = desk.run("redeem", "BTC3L", "100", "--account", DEPOSITOR)
    assert part.startswith("100 BTC3L for 8")
    assert desk.balance("BTC3L", 1) == shares - 100 * 10**18
    # The gas of a redemption differs between a block of the same second and a later one.
    desk.run("redeem", "BTC3L", "--all", "--account", DEPOSITOR)
    assert desk.balance("BTC3L", 1) == 0
    assert desk.balance("USDC", 1) > 840 * 10**6
    desk.run("feed", "push", "BTC", "60000")


def test_a_dry_run_sends_nothing(desk: Desk) -> None:
    block = desk.block()
    assert "for" in desk.run("mint", "BTC3S", "500", "--dry-run", "--faucet")
    assert desk.block() == block


def test_the_receiver_gets_the_shares_and_the_assets(desk: Desk) -> None:
    receiver = ape.accounts.test_accounts[7].address
    desk.run("mint", "BTC3S", "500", "--faucet", "--receiver", receiver.lower())
    assert desk.balance("BTC3S", 7) > 0
    assert desk.balance("BTC3S", 0) == 0
    desk.run(
        "redeem", "BTC3S", "--all", "--account", "TEST::7",
        "--receiver", ape.accounts.test_accounts[8].address,
    )  # fmt: skip
    assert desk.balance("USDC", 8) > 490 * 10**6


def test_a_bound_above_the_preview_is_refused_before_anything_is_sent(desk: Desk) -> None:
    desk.run("mint", "BTC3L", "1000", "--faucet", "--account", "TEST::3")
    block = desk.block()
    message = desk.fail("mint", "BTC3L", "1000", "--faucet", "--min-shares", "9999")
    assert "and --min-shares is 9,999 BTC3L: lower it" in message
    assert "--slippage" not in message
    message = desk.fail("redeem", "BTC3L", "1", "--min-assets", "2", "--account", "TEST::3")
    assert "and --min-assets is 2 USDC: lower it" in message
    assert desk.block() == block
    desk.run("redeem", "BTC3L", "--all", "--account", "TEST::3")


@pytest.mark.parametrize("name", ["SharesBelowMinimum", "AssetsBelowMinimum"])
def test_the_remedy_against_a_bound_fits_every_option_that_sets_it(name: str) -> None:
    assert "--slippage" not in REMEDIES[name]


@pytest.mark.parametrize(("cost", "words"), [(-28489, "gains 0.028489"), (28489, "costs 0.028489")])
def test_a_trade_that_the_skew_pays_for_gains(cost: int, words: str) -> None:
    share, asset = Coin(None, "BTC3L", 18), Coin(None, "USDC", 6)
    line = preview_line(Flow(share, asset, 10**18, 10**6, 10**6, cost), share, asset)
    assert f"after a trade that {words} USDC; reverts below 1 USDC" in line


def test_a_node_that_goes_away_in_the_middle_does_not_answer() -> None:
    with lasting_chain() as chain, connected_to(chain):
        deployer = ape.accounts.test_accounts[0]
        token = deployer.deploy(ape.project.MockERC20, "Token", "T", 6)
        assert token.totalSupply() == 0
        chain.stop()
        with pytest.raises(click.ClickException, match=r"^the node does not answer"), one_fault():
            token.totalSupply()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("mint BTC3L 1000 --account TEST::2", "lacks 1,000 USDC: get it, mint less, or"),
        ("mint BTC3L 1000 --faucet --account TEST::9", "has 0.000000 ETH and may need"),
        ("mint BTC3L 10 --faucet", "InsufficientMargin: the margin does not carry"),
        ("mint BTC3L 0", "ZeroAmount"),
        ("mint DOGE3L 1000", "DOGE3L is not deployed on devnet: choose from BTC3L, BTC3S"),
        ("mint BTC3L 1000 --account nobody", "no account nobody: `ape accounts list` shows yours"),
        ("mint BTC3L 1000 --account TEST::x", "TEST::x is not a test account"),
        ("mint BTC3L 1000 --account TEST::99", "TEST::99 is not a test account"),
        ("redeem BTC3L --all --account TEST::2", "holds 0 BTC3L: redeem at most that"),
        ("redeem BTC3L 1 --account TEST::2", "holds 0 BTC3L: redeem at most that"),
        ("status DOGE3L", "DOGE3L is not deployed on devnet"),
        ("feed push DOGE 1", "no feed of DOGE here: choose from BTC"),
        ("feed push BTC 0", "a price must be above 0"),
        ("feed push BTC 1 --account TEST::9", "has 0.000000 ETH and may need"),
    ],
)
def test_wrong_use_is_one_line(desk: Desk, arguments: str, message: str) -> None:
    block = desk.block()
    script, *rest = arguments.split()
    assert message in desk.fail(script, *rest)
    if "--faucet" not in rest:
        assert desk.block() == block


@pytest.mark.parametrize(
    "arguments",
    [
        "mint BTC3L many",
        "mint BTC3L nan",
        "mint BTC3L 1,5",
        "mint BTC3L 1 --slippage 5",
        "mint BTC3L 1 --receiver 0x12",
        "redeem BTC3L",
        "redeem BTC3L 1 --all",
        "status --network ethereum:nowhere",
    ],
)
def test_what_cannot_be_read_is_a_usage_error(desk: Desk, arguments: str) -> None:
    script, *rest = arguments.split()
    result = run(script, *desk.options, *rest)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr


@pytest.fixture
def keyfile(desk: Desk) -> Iterator[str]:
    """An account of one's own, with some ether."""
    alias = f"levtoken-test-{os.getpid()}"
    account = generate_account(alias, "correct horse")[0]
    with connected_to(desk.chain):
        ape.networks.provider.make_request("anvil_setBalance", [account.address, hex(10**18)])
    yield alias
    account.keyfile_path.unlink()


def test_an_account_of_ones_own_signs_with_its_password_only(
    desk: Desk, keyfile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["mint", "BTC3L", "1000", "--faucet", "--account", keyfile]
    asked = run(*arguments, *desk.options)
    assert "Sign:" in asked.stdout
    assert asked.exit_code == 1  # nobody answers
    monkeypatch.setenv(f"APE_ACCOUNTS_{keyfile}_PASSPHRASE", "battery staple")
    message = desk.fail(*arguments)
    assert "cannot sign" in message
    assert "Invalid password" in message
    monkeypatch.setenv(f"APE_ACCOUNTS_{keyfile}_PASSPHRASE", "correct horse")
    assert "minted" in desk.run(*arguments)


def test_a_stale_price_names_the_way_out(desk: Desk) -> None:
    with connected_to(desk.chain):
        ape.networks.provider.make_request("evm_increaseTime", [3601])
        ape.networks.provider.make_request("evm_mine", [])
    assert "PriceStale" in desk.fail("mint", "BTC3L", "1000")
    assert "ape run feed push UNDERLYING" in desk.fail("mint", "BTC3L", "1000")
    assert "PriceStale" in desk.run("status")
    assert desk.run("feed", "push", "BTC").startswith("BTC chainlink: 60,000\n")
    desk.run("mint", "BTC3L", "1000", "--faucet")


@pytest.mark.parametrize("script", ["deploy", "mint", "redeem", "status", "feed push"])
def test_the_help_teaches(script: str) -> None:
    result = run(*script.split(), "--help")
    assert result.exit_code == 0
    assert f"ape run {script}" in result.stdout
    for option in ("--network", "--account"):
        assert option in result.stdout
