"""The scripts at a token that takes nothing, or no more: paused, capped, closing, closed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import ape
import pytest

from levtoken.chain import connected, load_deployment, system
from tests.scripts.chains import connected_to, lasting_chain
from tests.scripts.desk import Desk as ScriptDesk

if TYPE_CHECKING:
    from ape.contracts import ContractInstance

DEPOSITOR, GUARDIAN = "TEST::1", 8
NO_CAP = 2**128 - 1
DAY = 86_400


class Desk(ScriptDesk):
    """BTC3L, held by a depositor."""

    token: "ContractInstance"

    def mint(self, amount: str) -> str:
        """The one line with which minting fails."""
        return self.fail("mint", "BTC3L", amount, "--faucet", "--account", DEPOSITOR)

    def as_timelock(self, verb: str, *arguments: object) -> None:
        """What the owner would do after its delay."""
        request = ape.networks.provider.make_request
        owner = self.token.owner()
        request("anvil_setBalance", [owner, hex(10**18)])
        request("anvil_impersonateAccount", [owner])
        data = getattr(self.token, verb).encode_input(*arguments)
        call = {"from": owner, "to": self.token.address, "data": data.hex(), "gas": hex(10**6)}
        hash_ = request("eth_sendTransaction", [call])
        assert ape.networks.provider.web3.eth.get_transaction_receipt(hash_)["status"] == 1

    def wait(self, seconds: int) -> None:
        request = ape.networks.provider.make_request
        request("evm_increaseTime", [seconds])
        request("evm_mine", [])
        self.run("feed", "push", "BTC")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with lasting_chain() as chain:
        records = tmp_path_factory.mktemp("deployments")
        desk = Desk(chain, records)
        desk.run("deploy", "BTC3L")
        desk.run("mint", "BTC3L", "10000", "--faucet", "--account", DEPOSITOR)
        with connected_to(chain):
            desk.token = system(load_deployment(records, connected())).tokens["BTC3L"]
            yield desk


@pytest.fixture
def desk(opened: Desk) -> Iterator[Desk]:
    snapshot = ape.networks.provider.make_request("evm_snapshot", [])
    yield opened
    ape.networks.provider.make_request("evm_revert", [snapshot])


def test_a_pause_stops_minting_and_says_so_and_redeeming_goes_on(desk: Desk) -> None:
    guardian = ape.accounts.test_accounts[GUARDIAN]
    desk.token.setDepositsPaused(True, sender=guardian)
    assert "deposits of BTC3L are paused by its guardian: try again later" in desk.mint("100")
    assert "deposits paused" in desk.run("status")
    assert "redeemed" in desk.run("redeem", "BTC3L", "100", "--account", DEPOSITOR)


def test_the_supply_cap_names_the_most_that_fits(desk: Desk) -> None:
    desk.as_timelock("setLimits", 10_100 * 10**18, 0)
    message = desk.mint("1000")
    assert "the supply cap of 10,100 BTC3L is reached: mint with at most 11" in message
    # A little less: the supply grows with the streaming fee, second by second.
    most = float(message.partition("at most ")[2].split(" ")[0]) - 0.1
    assert "minted" in desk.run("mint", "BTC3L", f"{most:.2f}", "--faucet", "--account", DEPOSITOR)


def test_the_least_deposit_is_named(desk: Desk) -> None:
    desk.as_timelock("setLimits", NO_CAP, 50 * 10**6)
    assert "BTC3L takes at least 50 USDC at once: mint with more" in desk.mint("49")
    assert "minted" in desk.run("mint", "BTC3L", "50", "--faucet", "--account", DEPOSITOR)


def test_the_size_limit_names_the_most_that_fits(desk: Desk) -> None:
    """648 bitcoin at 60,000, three times, and what the trade costs."""
    message = desk.mint("13200000")
    assert "the size limit of BTC3L, 648.0000, is reached: mint with at most 13,0" in message


def test_a_token_that_may_not_be_closed_stays_open(desk: Desk) -> None:
    assert "NothingToClose: " in desk.fail("close", "BTC3L")
    assert "live" in desk.run("status")


def test_a_delisted_token_trades_out_is_closed_and_pays(desk: Desk) -> None:
    desk.as_timelock("startClosing")
    assert "BTC3L is closing and takes nothing in: redeem what you hold" in desk.mint("100")
    desk.wait(DAY)
    assert "closing: -0." in desk.run("status", "BTC3L")
    assert "rebalanced" in desk.run("keeper", "--account", "TEST::2")
    assert "would hold 9,9" in desk.run("close", "BTC3L", "--dry-run")
    assert "closed BTC3L in 0x" in desk.run("close", "BTC3L")
    assert "BTC3L is closed and takes nothing in" in desk.mint("100")
    assert "is closed (TokenNotLive)" in desk.run("keeper", "--dry-run", "--json")
    assert "TokenNotLive: " in desk.fail("close", "BTC3L")
    # No price is needed.
    ape.networks.provider.make_request("evm_increaseTime", [DAY])
    ape.networks.provider.make_request("evm_mine", [])
    shown = desk.run("redeem", "BTC3L", "--all", "--account", DEPOSITOR)
    assert "without a trade" in shown
    assert "redeemed for 9,9" in shown


def test_a_liquidated_token_says_how_to_close_it(desk: Desk) -> None:
    desk.run("feed", "push", "BTC", "40000")
    market = ape.project.MockPerpMarket.at(desk.token.venue(), fetch_from_explorer=False)
    liquidator = ape.accounts.test_accounts[3]
    market.flag(desk.token, sender=liquidator, gas_limit=10**6)
    market.liquidate(desk.token, sender=liquidator, gas_limit=10**6)
    message = desk.fail("redeem", "BTC3L", "--all", "--account", DEPOSITOR)
    assert "EquityGone" in message
    assert "ape run close TOKEN" in message
    assert "would hold 0 USDC" in desk.run("close", "BTC3L")
    assert "redeemed for 0 USDC" in desk.run("redeem", "BTC3L", "--all", "--account", DEPOSITOR)
