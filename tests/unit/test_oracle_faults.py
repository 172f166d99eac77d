"""Law 3, for every oracle and every way in which a source of prices can be bad: the oracle names
the fault and does not revert, and every verb that asked reverts with it. Never a price."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from levtoken.evm import DEPLOYER, Revert
from levtoken.feeds import Signed
from levtoken.units import WAD
from tests.runtime import answering, deploy_runtime
from tests.sources import (
    ANSWER,
    DECIMALS,
    GRACE,
    HEARTBEAT,
    HUGE,
    HUNGRY,
    MAX_AGE,
    MAX_ANSWER,
    MAX_CONFIDENCE,
    MAX_DEVIATION,
    MIN_ANSWER,
    NOBODY,
    NOW,
    ORACLES,
    PRICE,
    PYTH,
    REVERTING,
    Rig,
    build_rig,
    fault_of,
)

Act = Callable[[Rig], None]
SOURCES = {
    "chainlink": {"chainlink", "sequencer"},
    "pyth": {"pyth"},
    "dual": {"chainlink", "sequencer", "pyth", "both"},
    "reversed": {"chainlink", "sequencer", "pyth", "both"},
}
VERBS = (
    "depositMargin",
    "trade",
    "deposit",
    "mint",
    "redeem",
    "withdraw",
    "rebalance",
    "exit",
    "provideLiquidity",
    "removeLiquidity",
    "submit",
)
BROKEN = {"FeedUnavailable", "RoundIncomplete"}  # a source that cannot take a price either
SHORT = answering(1, 0, 1, 1)  # a word fewer than a round has
CUT_OFF = answering(1, 0, 0, NOW, size=127)  # a byte fewer than a price has
# A read of a huge answer costs the feed two million; who copied it would pay that again.
SCARCE_GAS = 2_600_000


class Case(NamedTuple):
    """One fault: the source that has it, the error that names it, and how it comes about."""

    source: str
    what: str
    error: str
    act: Act


def answer(value: int) -> Act:
    return lambda rig: rig.feed.transact("push", value)


def published(seconds: int) -> Act:
    """A round of Chainlink's that was updated so long after now."""
    return lambda rig: rig.feed.transact("pushAt", ANSWER, rig.evm.timestamp + seconds)


def incomplete(rig: Rig) -> None:
    rig.feed.transact("pushAt", ANSWER, 0)


def health(state: int) -> Act:
    return lambda rig: rig.feed.transact("setHealth", state)


def sequencer(status: int, age: int) -> Act:
    """A round of the sequencer's that started so long ago."""

    def act(rig: Rig) -> None:
        now = rig.evm.timestamp
        rig.sequencer.transact("pushRound", status, now - age, now)

    return act


def uninitialized(rig: Rig) -> None:
    rig.sequencer.transact("pushRound", 0, 0, rig.evm.timestamp)


def signed(
    price: int = ANSWER, confidence: int = 0, exponent: int = -DECIMALS, ahead: int = 0
) -> Act:
    """A price of Pyth's, published so many seconds after the next block."""

    def act(rig: Rig) -> None:
        rig.wait(1)
        rig.bring(Signed(price, rig.evm.timestamp + ahead, confidence, exponent))

    return act


def aging(source: str, seconds: int) -> Act:
    """The source says nothing for so long, the other one goes on."""

    def act(rig: Rig) -> None:
        rig.wait(seconds)
        if source == "pyth":
            rig.feed.transact("push", ANSWER)
        else:
            rig.bring(Signed(ANSWER, rig.evm.timestamp))

    return act


def other(source: str, code: str) -> Act:
    """Other code stands where the source was."""
    return lambda rig: rig.replace(source, code)


def raw_price(*words: int) -> Act:
    """The Pyth contract answers words that the mock would not store."""
    return lambda rig: rig.replace("pyth", answering(*words[:3], rig.evm.timestamp))


FAULTS = [
    Case("chainlink", "stale", "PriceStale", aging("chainlink", HEARTBEAT + 1)),
    Case("chainlink", "of long ago", "PriceStale", published(-HEARTBEAT - 1)),
    Case("chainlink", "from the future", "PriceFromFuture", published(1)),
    Case("chainlink", "from the end of time", "PriceFromFuture", published(2**200)),
    Case("chainlink", "zero", "PriceNotPositive", answer(0)),
    Case("chainlink", "negative", "PriceNotPositive", answer(-1)),
    Case("chainlink", "most negative", "PriceNotPositive", answer(-(2**255))),
    Case("chainlink", "at the lower bound", "PriceOutOfBounds", answer(MIN_ANSWER)),
    Case("chainlink", "at the upper bound", "PriceOutOfBounds", answer(MAX_ANSWER)),
    Case("chainlink", "far beyond the bound", "PriceOutOfBounds", answer(2**255 - 1)),
    Case("chainlink", "incomplete round", "RoundIncomplete", incomplete),
    Case("chainlink", "reverts", "FeedUnavailable", health(1)),
    Case("chainlink", "empty answer", "FeedUnavailable", health(2)),
    Case("chainlink", "short answer", "FeedUnavailable", health(3)),
    Case("chainlink", "huge answer", "RoundIncomplete", health(4)),
    Case("chainlink", "no code", "FeedUnavailable", other("chainlink", "")),
    Case("chainlink", "uses up its gas", "FeedUnavailable", other("chainlink", HUNGRY)),
    Case("sequencer", "down", "SequencerDown", sequencer(1, GRACE + 1)),
    Case("sequencer", "just up", "SequencerGracePeriod", sequencer(0, 0)),
    Case("sequencer", "up for the grace period", "SequencerGracePeriod", sequencer(0, GRACE)),
    Case("sequencer", "up from later on", "SequencerGracePeriod", sequencer(0, -1)),
    Case("sequencer", "not initialized", "SequencerUnavailable", uninitialized),
    Case("sequencer", "neither up nor down", "SequencerUnavailable", sequencer(2, GRACE + 1)),
    Case("sequencer", "negative status", "SequencerUnavailable", sequencer(-1, GRACE + 1)),
    Case("sequencer", "reverts", "SequencerUnavailable", other("sequencer", REVERTING)),
    Case("sequencer", "no code", "SequencerUnavailable", other("sequencer", "")),
    Case("sequencer", "short answer", "SequencerUnavailable", other("sequencer", SHORT)),
    Case("sequencer", "huge answer", "SequencerUnavailable", other("sequencer", HUGE)),
    Case("sequencer", "uses up its gas", "SequencerUnavailable", other("sequencer", HUNGRY)),
    Case("pyth", "stale", "PriceStale", aging("pyth", MAX_AGE + 1)),
    Case("pyth", "from the future", "PriceFromFuture", signed(ahead=1)),
    Case("pyth", "from the end of time", "PriceFromFuture", signed(ahead=2**63)),
    Case("pyth", "zero", "PriceNotPositive", signed(0)),
    Case("pyth", "negative", "PriceNotPositive", signed(-1)),
    Case("pyth", "most negative", "PriceNotPositive", signed(-(2**63))),
    Case("pyth", "exponent below the range", "ExponentOutOfRange", signed(exponent=-37)),
    Case("pyth", "exponent above the range", "ExponentOutOfRange", signed(exponent=19)),
    Case("pyth", "lowest exponent", "ExponentOutOfRange", signed(exponent=-(2**31))),
    Case("pyth", "highest exponent", "ExponentOutOfRange", signed(exponent=2**31 - 1)),
    Case("pyth", "wide confidence", "ConfidenceTooWide", signed(confidence=ANSWER // 100 + 1)),
    Case("pyth", "widest confidence", "ConfidenceTooWide", signed(confidence=2**64 - 1)),
    Case("pyth", "at the lower bound", "PriceOutOfBounds", signed(MIN_ANSWER)),
    Case("pyth", "at the upper bound", "PriceOutOfBounds", signed(MAX_ANSWER)),
    Case("pyth", "rounds to zero", "PriceOutOfBounds", signed(10**18 - 1, exponent=-36)),
    Case("pyth", "beyond 128 bits", "PriceOutOfBounds", signed(2**63 - 1, exponent=18)),
    Case("pyth", "no time of publication", "RoundIncomplete", other("pyth", answering(1, 0, 0, 0))),
    Case("pyth", "price of more than 64 bits", "FeedUnavailable", raw_price(2**63, 0, -8)),
    Case("pyth", "price below 64 bits", "FeedUnavailable", raw_price(-(2**63) - 1, 0, -8)),
    Case("pyth", "confidence of more than 64 bits", "FeedUnavailable", raw_price(1, 2**64, -8)),
    Case("pyth", "exponent of more than 32 bits", "FeedUnavailable", raw_price(1, 0, 2**31)),
    Case("pyth", "exponent below 32 bits", "FeedUnavailable", raw_price(1, 0, -(2**31) - 1)),
    Case("pyth", "reverts", "FeedUnavailable", other("pyth", REVERTING)),
    Case("pyth", "no code", "FeedUnavailable", other("pyth", "")),
    Case("pyth", "short answer", "FeedUnavailable", other("pyth", CUT_OFF)),
    Case("pyth", "huge answer", "RoundIncomplete", other("pyth", HUGE)),
    Case("pyth", "uses up its gas", "FeedUnavailable", other("pyth", HUNGRY)),
    Case("both", "Chainlink's higher", "PricesDiverge", answer(ANSWER * 51 // 50 + 1)),
    Case("both", "Pyth's higher", "PricesDiverge", signed(ANSWER * 51 // 50 + 1)),
]  # fmt: skip


@pytest.fixture(scope="module")
def built() -> Rig:
    return build_rig()


@pytest.fixture
def rig(built: Rig) -> Iterator[Rig]:
    with built.evm.rolled_back():
        built.publish()
        yield built


def cases() -> Iterator[object]:
    for oracle in ORACLES:
        for case in FAULTS:
            if case.source in SOURCES[oracle]:
                yield pytest.param(oracle, case, id=f"{oracle}: {case.source} {case.what}")


@pytest.mark.parametrize(("oracle", "case"), cases())
def test_a_bad_source_is_a_fault_and_no_verb_goes_through(
    rig: Rig, oracle: str, case: Case
) -> None:
    desk = rig.desks[oracle]
    case.act(rig)
    price, _, fault = desk.oracle.call("price")
    assert price == 0
    assert rig.evm.name_of(fault) == case.error
    verbs = desk.verbs()
    assert tuple(verbs) == VERBS
    refused = {}
    for name, verb in verbs.items():
        with pytest.raises(Revert) as caught:
            verb()
        refused[name] = caught.value.name
    assert refused == dict.fromkeys(VERBS, case.error)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.what)
        for case in FAULTS
        if case.source == "pyth" and case.error not in BROKEN
    ],
)
def test_no_order_executes_at_a_bad_pull_price(rig: Rig, case: Case) -> None:
    market = rig.desks["chainlink"].market
    market.transact("submit", WAD, 2**255)
    case.act(rig)
    with pytest.raises(Revert) as caught:
        market.transact("execute", DEPLOYER, [])
    assert caught.value.name == case.error


@pytest.mark.parametrize("oracle", ORACLES)
def test_a_good_price_lets_every_verb_through(rig: Rig, oracle: str) -> None:
    desk = rig.desks[oracle]
    assert desk.oracle.call("price") == (PRICE * WAD, rig.evm.timestamp, bytes(4))
    for name, verb in desk.verbs().items():
        if name == "rebalance":
            rig.wait(4 * HEARTBEAT)
            rig.publish(PRICE * 89 // 100)
        verb()


@pytest.mark.parametrize("oracle", ORACLES)
def test_a_source_that_is_good_again_is_a_price_again(rig: Rig, oracle: str) -> None:
    for source in ("chainlink", "sequencer", "pyth"):
        rig.replace(source, REVERTING)
    assert rig.fault(oracle) != ""
    for name, feed in (("chainlink", rig.feed), ("sequencer", rig.sequencer), ("pyth", rig.pyth)):
        rig.relays[name].transact("setTarget", feed.address)
    rig.desks[oracle].verbs()["deposit"]()


def test_the_sequencer_counts_before_the_feed_and_the_primary_before_the_secondary(
    rig: Rig,
) -> None:
    rig.replace("sequencer", REVERTING)
    rig.feed.transact("push", 0)
    rig.wait(1)
    rig.bring(Signed(ANSWER, rig.evm.timestamp, ANSWER))
    assert [rig.fault(oracle) for oracle in ORACLES] == [
        "SequencerUnavailable",
        "ConfidenceTooWide",
        "SequencerUnavailable",
        "ConfidenceTooWide",
    ]


# What is looked for at which age, width or difference: the last good one, and one beyond.
@pytest.mark.parametrize(
    ("oracle", "good", "bad", "error"),
    [
        ("chainlink", published(-HEARTBEAT), published(-HEARTBEAT - 1), "PriceStale"),
        ("chainlink", published(0), published(1), "PriceFromFuture"),
        ("chainlink", answer(1 + MIN_ANSWER), answer(MIN_ANSWER), "PriceOutOfBounds"),
        ("chainlink", answer(MAX_ANSWER - 1), answer(MAX_ANSWER), "PriceOutOfBounds"),
        ("chainlink", sequencer(0, GRACE + 1), sequencer(0, GRACE), "SequencerGracePeriod"),
        ("pyth", aging("pyth", MAX_AGE), aging("pyth", MAX_AGE + 1), "PriceStale"),
        ("pyth", signed(), signed(ahead=1), "PriceFromFuture"),
        ("pyth", signed(MIN_ANSWER + 1), signed(MIN_ANSWER), "PriceOutOfBounds"),
        ("pyth", signed(MAX_ANSWER - 1), signed(MAX_ANSWER), "PriceOutOfBounds"),
        (
            "pyth",
            signed(confidence=ANSWER // 100),
            signed(confidence=ANSWER // 100 + 1),
            "ConfidenceTooWide",
        ),
        *(
            (oracle, of(ANSWER * 51 // 50), of(ANSWER * 51 // 50 + 1), "PricesDiverge")
            for oracle in ("dual", "reversed")
            for of in (answer, signed)
        ),
    ],
)
def test_limits_are_exact(rig: Rig, oracle: str, good: Act, bad: Act, error: str) -> None:
    with rig.evm.rolled_back():
        good(rig)
        assert rig.fault(oracle) == ""
    bad(rig)
    assert rig.fault(oracle) == error


def test_the_limits_are_those_that_the_oracles_tell(rig: Rig) -> None:
    chainlink, pyth, dual, back = (rig.desks[name].oracle for name in ORACLES)
    told = [chainlink.call(one) for one in ("heartbeat", "minAnswer", "maxAnswer", "gracePeriod")]
    assert told == [HEARTBEAT, MIN_ANSWER, MAX_ANSWER, GRACE]
    told = [pyth.call(one) for one in ("priceId", "maxAge", "maxConfidence")]
    assert told == [PYTH.price_id, MAX_AGE, MAX_CONFIDENCE]
    assert [pyth.call("minPrice"), pyth.call("maxPrice")] == [PYTH.min_price, PYTH.max_price]
    assert dual.call("maxDeviation") == MAX_DEVIATION
    assert dual.call("primary") == back.call("secondary") == chainlink.address.lower()
    assert dual.call("secondary") == back.call("primary") == pyth.address.lower()


@pytest.mark.parametrize(
    ("oracle", "arguments", "error"),
    [
        ("ChainlinkOracle", (HEARTBEAT, 1, 2, NOBODY, 0), "RoundIncomplete"),
        ("PythOracle", (PYTH.price_id, MAX_AGE, WAD // 100, 1, WAD), "RoundIncomplete"),
        ("DualOracle", (None, MAX_DEVIATION), "PriceNotPositive"),
    ],
)
def test_a_huge_answer_costs_no_more_than_its_first_words(
    rig: Rig, oracle: str, arguments: tuple[object, ...], error: str
) -> None:
    huge = deploy_runtime(rig.evm, HUGE)
    good = rig.desks["chainlink"].oracle.address
    there = rig.evm.deploy(oracle, huge, *(good if one is None else one for one in arguments))
    assert fault_of(there) == error
    there.evm.view(there.address, there.calldata("price"), gas=SCARCE_GAS)
