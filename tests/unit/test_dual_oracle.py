"""DualOracle: the primary's price, as long as the secondary agrees; sub-oracles may be anything."""

from collections.abc import Iterator

import pytest

from levtoken.evm import Contract, Evm, Revert
from levtoken.units import WAD
from tests.runtime import answering, deploy_runtime
from tests.sources import NOBODY, NOW, REVERTING, fault_of

DEVIATION = WAD // 100
SELECTOR = 0x11223344 << 224
HERE, THERE = "0x" + "11" * 20, "0x" + "22" * 20


@pytest.fixture(scope="module")
def built() -> Evm:
    return Evm(timestamp=NOW)


@pytest.fixture
def evm(built: Evm) -> Iterator[Evm]:
    with built.rolled_back():
        yield built


def dual(evm: Evm, *codes: str) -> Contract:
    return evm.deploy("DualOracle", *(deploy_runtime(evm, code) for code in codes), DEVIATION)


def saying(price: int, time: int = NOW, fault: int = 0) -> str:
    """Code of an oracle that says this."""
    return answering(price, time, fault)


@pytest.mark.parametrize(("first", "second"), [(NOW, NOW - 5), (NOW - 5, NOW)])
def test_the_price_is_the_primarys_and_as_old_as_the_older(
    evm: Evm, first: int, second: int
) -> None:
    oracle = dual(evm, saying(1_005 * WAD, first), saying(1_000 * WAD, second))
    assert oracle.call("price") == (1_005 * WAD, NOW - 5, bytes(4))


@pytest.mark.parametrize(
    ("low", "high", "error"),
    [
        (100, 101, ""),
        (100, 102, "PricesDiverge"),
        (100 * WAD, 101 * WAD, ""),
        (100 * WAD, 101 * WAD + 1, "PricesDiverge"),
        (99, 100, "PricesDiverge"),  # 1/99 is more than a hundredth, 1/100 would not be
        (1, 2**128 - 1, "PricesDiverge"),
        (2**128 - 1, 2**128 - 1, ""),
    ],
)
def test_the_deviation_is_of_the_higher_over_the_lower(
    evm: Evm, low: int, high: int, error: str
) -> None:
    for pair in ((low, high), (high, low)):
        assert fault_of(dual(evm, *map(saying, pair))) == error


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (REVERTING, "FeedUnavailable"),
        ("fe", "FeedUnavailable"),  # uses up its gas
        ("00", "FeedUnavailable"),  # answers nothing
        (answering(WAD, NOW, 0, size=95), "FeedUnavailable"),
        (saying(WAD, NOW, 1), "FeedUnavailable"),  # no selector: not in the first four bytes
        (saying(WAD, NOW, SELECTOR + 1), "FeedUnavailable"),
        (saying(0), "PriceNotPositive"),
        (saying(2**128), "PriceOutOfBounds"),
        (saying(2**256 - 1), "PriceOutOfBounds"),
    ],
)
def test_an_oracle_that_breaks_is_a_fault_whichever_it_is(evm: Evm, code: str, error: str) -> None:
    good = saying(WAD)
    for codes in ((code, good), (good, code), (code, code)):
        oracle = dual(evm, *codes)
        assert fault_of(oracle) == error
        assert oracle.call("price")[0] == 0


def test_an_oracle_without_code_is_a_fault(evm: Evm) -> None:
    good = deploy_runtime(evm, saying(WAD))
    for pair in ((HERE, good), (good, HERE)):
        assert fault_of(evm.deploy("DualOracle", *pair, DEVIATION)) == "FeedUnavailable"


def test_a_fault_comes_with_the_time_of_the_oracle_that_has_it(evm: Evm) -> None:
    bad, good = saying(WAD, NOW - 9, SELECTOR), saying(WAD, NOW)
    for codes in ((bad, good), (good, bad)):
        found = dual(evm, *codes).call("price")
        assert found == (0, NOW - 9, bytes.fromhex("11223344"))


@pytest.mark.parametrize(
    "arguments",
    [
        (HERE, HERE, DEVIATION),
        (NOBODY, HERE, DEVIATION),
        (HERE, NOBODY, DEVIATION),
        (HERE, THERE, 0),
        (HERE, THERE, WAD),
    ],
)
def test_refuses_arguments_out_of_range(evm: Evm, arguments: tuple[str, str, int]) -> None:
    with pytest.raises(Revert) as caught:
        evm.deploy("DualOracle", *arguments)
    assert caught.value.name == "InvalidParameter"
