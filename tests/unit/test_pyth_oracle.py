"""PythOracle: prices of any exponent, and updates that pay the fee, refund the rest and keep
nothing."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from levtoken.evm import DEPLOYER, Contract, Evm, Revert
from levtoken.feeds import Signed
from levtoken.system import PythFeed, deploy_pyth_oracle, update_data
from levtoken.units import WAD
from tests.runtime import answering, deploy_runtime
from tests.sources import NOBODY, NOW, REVERTING, fault_of

FEED = PythFeed(fee=7)
OTHER = b"\x02" * 32
PAYER = "0x" + "a1" * 20
HOLDER = "0x" + "a2" * 20
EVM_BALANCE = 10**6


@pytest.fixture(scope="module")
def built() -> tuple[Evm, Contract, Contract]:
    evm = Evm(timestamp=NOW)
    evm.give(DEPLOYER, EVM_BALANCE)
    evm.give(PAYER, EVM_BALANCE)
    pyth = evm.deploy("MockPythFeed", FEED.max_age, FEED.fee)
    return evm, pyth, deploy_pyth_oracle(evm, pyth, FEED)


@pytest.fixture
def evm(built: tuple[Evm, Contract, Contract]) -> Iterator[Evm]:
    with built[0].rolled_back():
        yield built[0]


@pytest.fixture
def pyth(evm: Evm, built: tuple[Evm, Contract, Contract]) -> Contract:
    return built[1]


@pytest.fixture
def oracle(evm: Evm, built: tuple[Evm, Contract, Contract]) -> Contract:
    return built[2]


def signed(pyth: Contract, price: int, exponent: int = -8, time: int = NOW) -> list[bytes]:
    return [update_data(pyth, FEED.price_id, Signed(price, time, exponent=exponent))]


@pytest.mark.parametrize(
    ("price", "exponent", "wad"),
    [
        (60_000 * 10**6, -6, 60_000 * WAD),
        (60_000 * 10**8, -8, 60_000 * WAD),
        (6 * 10**18, -18, 6 * WAD),
        (60_000, 0, 60_000 * WAD),
        (6, 4, 60_000 * WAD),
        (1, 18, 10**36),
        (1, -18, 1),
        (2**63 - 1, -18, 2**63 - 1),
        (2**63 - 1, 0, (2**63 - 1) * WAD),
        (19, -19, 1),  # rounded down to the WAD
        (10**18, -36, 1),
        (2**63 - 1, -36, 9),
    ],
)
def test_scales_every_exponent_to_wad(
    oracle: Contract, pyth: Contract, price: int, exponent: int, wad: int
) -> None:
    oracle.transact("update", signed(pyth, price, exponent), HOLDER, value=FEED.fee)
    assert oracle.call("price") == (wad, NOW, bytes(4))


def test_a_price_that_was_never_brought_is_a_fault(evm: Evm, oracle: Contract) -> None:
    assert fault_of(oracle) == "FeedUnavailable"


def test_the_price_of_another_feed_is_not_this_ones(oracle: Contract, pyth: Contract) -> None:
    data = [update_data(pyth, OTHER, Signed(10**8, NOW))]
    oracle.transact("update", data, HOLDER, value=FEED.fee)
    assert fault_of(oracle) == "FeedUnavailable"


def test_an_older_update_changes_nothing(oracle: Contract, pyth: Contract) -> None:
    for price, time in ((2 * 10**8, NOW), (3 * 10**8, NOW - 1), (4 * 10**8, NOW)):
        data = signed(pyth, price, time=time)
        oracle.transact("update", data, HOLDER, value=FEED.fee)
    assert oracle.call("price") == (2 * WAD, NOW, bytes(4))


@pytest.mark.parametrize("updates", [0, 1, 3])
@pytest.mark.parametrize("extra", [0, 1, 1_000])
def test_an_update_pays_exactly_the_fee_and_refunds_the_rest(
    evm: Evm, oracle: Contract, pyth: Contract, updates: int, extra: int
) -> None:
    data = signed(pyth, 10**8) * updates
    fee = oracle.call("updateFee", data)
    assert fee == updates * FEED.fee
    oracle.transact("update", data, HOLDER, sender=PAYER, value=fee + extra)
    holders = (pyth.address, HOLDER, oracle.address, PAYER)
    found = [evm.balance(one) for one in holders]
    assert found == [fee, extra, 0, EVM_BALANCE - fee - extra]


@pytest.mark.parametrize("sent", [0, FEED.fee - 1])
def test_an_update_for_less_than_the_fee_is_refused(
    oracle: Contract, pyth: Contract, sent: int
) -> None:
    with pytest.raises(Revert) as caught:
        oracle.transact("update", signed(pyth, 10**8), HOLDER, value=sent)
    assert caught.value.name == "InsufficientFee"
    assert fault_of(oracle) == "FeedUnavailable"


def test_a_refund_that_is_not_taken_is_refused(evm: Evm, oracle: Contract, pyth: Contract) -> None:
    data = signed(pyth, 10**8)
    for receiver in (deploy_runtime(evm, REVERTING), oracle.address):
        with pytest.raises(Revert) as caught:
            oracle.transact("update", data, receiver, value=FEED.fee + 1)
        assert caught.value.name == "RefundFailed"
        assert fault_of(oracle) == "FeedUnavailable"
        with evm.rolled_back():
            oracle.transact("update", data, receiver, value=FEED.fee)
            assert fault_of(oracle) == ""


def test_a_refund_of_many_bytes_costs_the_oracle_nothing(
    evm: Evm, oracle: Contract, pyth: Contract
) -> None:
    receiver = deploy_runtime(evm, answering(1, size=2**16 - 1))
    oracle.transact("update", signed(pyth, 10**8), receiver, value=FEED.fee + 1)
    assert evm.balance(receiver) == 1


def test_the_oracle_takes_no_ether_outside_of_an_update(evm: Evm, oracle: Contract) -> None:
    with pytest.raises(Revert):
        evm.send(oracle.address, b"", value=1)


def test_ether_that_was_forced_upon_the_oracle_is_not_given_out(
    evm: Evm, oracle: Contract, pyth: Contract
) -> None:
    evm.give(oracle.address, 1_000)
    with pytest.raises(Revert) as caught:
        oracle.transact("update", signed(pyth, 10**8), HOLDER, value=FEED.fee - 1)
    assert caught.value.name == "InsufficientFee"
    oracle.transact("update", signed(pyth, 10**8), HOLDER, value=FEED.fee + 1)
    assert (evm.balance(oracle.address), evm.balance(HOLDER)) == (1_000, 1)


def test_a_receiver_that_enters_again_pays_for_itself(
    evm: Evm, oracle: Contract, pyth: Contract
) -> None:
    """It forwards its refund to a second update: both pay their fees, nothing stays behind."""
    inner = oracle.calldata("update", signed(pyth, 2 * 10**8, time=NOW + 1), HOLDER)
    receiver = deploy_runtime(evm, forwarding(oracle.address, inner))
    evm.next_block(NOW + 1)
    data = signed(pyth, 10**8)
    oracle.transact("update", data, receiver, sender=PAYER, value=3 * FEED.fee)
    holders = (pyth.address, HOLDER, oracle.address, receiver, PAYER)
    found = [evm.balance(one) for one in holders]
    assert found == [2 * FEED.fee, FEED.fee, 0, 0, EVM_BALANCE - 3 * FEED.fee]
    assert oracle.call("price") == (2 * WAD, NOW + 1, bytes(4))


def forwarding(target: str, calldata: bytes) -> str:
    """Code that calls `target` with `calldata` and all the ether that it is sent, and reverts when
    that reverts."""
    size = f"{len(calldata):04x}"
    # PUSH2 size, PUSH1 45, PUSH0, CODECOPY, then CALL(GAS, target, CALLVALUE, 0, size, 0, 0)
    code = f"61{size}602d5f39" + f"5f5f61{size}5f34" + f"73{target.removeprefix('0x')}5af1"
    # PUSH1 43, JUMPI, PUSH0, PUSH0, REVERT; at 43 JUMPDEST, STOP; from 45 on the data
    return code + "602b575f5ffd5b00" + calldata.hex()


def test_what_the_pyth_contract_refuses_comes_through(oracle: Contract) -> None:
    with pytest.raises(Revert):
        oracle.transact("update", [b"\x01"], HOLDER, value=FEED.fee)


@pytest.mark.parametrize(
    "wrong",
    [
        {"price_id": bytes(32)},
        {"max_age": 0},
        {"max_confidence": 0},
        {"max_confidence": WAD},
        {"min_price": WAD, "max_price": WAD},
        {"max_price": 2**128},
    ],
)
def test_refuses_arguments_out_of_range(evm: Evm, pyth: Contract, wrong: dict[str, int]) -> None:
    with pytest.raises(Revert) as caught:
        deploy_pyth_oracle(evm, pyth, replace(FEED, **wrong))
    assert caught.value.name == "InvalidParameter"


def test_refuses_no_pyth_contract(evm: Evm) -> None:
    limits = (FEED.price_id, 1, 1, 0, 1)
    with pytest.raises(Revert, match="InvalidParameter"):
        evm.deploy("PythOracle", NOBODY, *limits)
