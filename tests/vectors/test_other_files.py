"""Files with other parameters and accounts than the project's own, and with what these lack: an
order that fails at execution and is cancelled, refused liquidations, many blocks in one step."""

import json

import pytest

from levtoken.units import WAD
from tests.vectors.files import VectorFile, VectorFileError, read
from tests.vectors.model import Model
from tests.vectors.replay import OWN_FILES, Replay, replay
from tests.vectors.twin import wad

START = 1_700_000_000
ACCOUNTS = 5
PARAMS = {
    "skewScale": "1750000",
    "maxFundingVelocity": "36",
    "makerFeeOffchainDelayedOrder": "0.0002",
    "takerFeeOffchainDelayedOrder": "0.0008",
    "offchainDelayedOrderMinAge": "2",
    "maxLeverage": "27.5",
    "maxMarketValue": "385449",
    "liquidationPremiumMultiplier": "3",
    "liquidationBufferRatio": "0.015",
    "maxPD": "0.002",
    "maxLiquidationDelta": "0.001",
}
GLOBAL = {
    "minKeeperFee": WAD,
    "maxKeeperFee": 1_000 * WAD,
    "liquidationFeeRatio": 35 * 10**14,
    "minInitialMargin": 40 * WAD,
    "keeperLiquidationFee": 2 * WAD,
}


T = START + 100
RESULTS = dict.fromkeys(("fillPrice", "fee", "flaggerFee", "liquidatorFee", "stakersFee"), 0)


def margin(account: int, delta: int, time: int, price: str, *, ok: bool = True) -> dict:
    step = {"op": "margin", "acct": account, "delta": wad(delta), "t": time, "price": wad(price)}
    return step | {"ok": ok}


def order(account: int, size: float, start: int, push: str, pull: str, **others: object) -> dict:
    """An order that is executed after five seconds."""
    times = {"tSubmit": start, "tExec": start + 5, "publishTime": start + 4}
    prices = {"price": wad(push), "execPrice": wad(pull), "selfExecuted": False}
    step = {"op": "order", "acct": account, "size": wad(size)} | times | prices
    return step | {"submitOk": True, "execOk": True} | others


def failing(account: int, size: float, start: int, *prices: str, **others: object) -> dict:
    """An order that is cancelled when it has failed."""
    step = order(account, size, start, *prices) | others
    return step | {"execOk": False, "tCancel": start + 60, "cancelOk": True}


def refused(account: int, size: float, start: int, price: str, error: str) -> dict:
    step = {"op": "order", "acct": account, "size": wad(size), "tSubmit": start}
    return step | {"price": wad(price), "submitOk": False, "err": f"execution reverted: {error}"}


def liquidation(account: int, time: int, price: str, *, ok: bool = True) -> dict:
    times = {"tFlag": time, "t": time + 7}
    return {"op": "liquidate", "acct": account, "price": wad(price), "ok": ok} | times


# Without results, which the model fills in.
STEPS = [
    *(margin(account, 2_000 * (account + 1), T + account, "150") for account in range(ACCOUNTS)),
    margin(1, -5_000, T + 10, "150", ok=False),
    order(0, 200, T + 20, "150", "150.5"),
    order(1, -90.5, T + 1_000, "151.25", "151", selfExecuted=True),
    failing(2, 30, T + 9_000, "149", "149.5", limit=wad(149)),
    failing(3, -7, T + 10_000, "149", "148.875", limit=wad(149), selfExecuted=True),
    failing(3, -7, T + 11_000, "149", "148.875", limit=wad(149))
    | {"tCancel": T + 11_029, "cancelOk": False},
    refused(3, 7, T + 11_050, "149", "A text that has no name here"),
    order(4, 700, T + 20_000, "149", "149"),
    refused(4, 100_000, T + 20_100, "149", "Position can be liquidated"),
    {"op": "view", "t": T + 30_000, "price": wad("149.123456789")},
    liquidation(2, T + 40_000, "149", ok=False),
    liquidation(0, T + 50_000, "142"),
    margin(0, 500, T + 60_000, "142"),
]


class Recorder(Model):
    """A model that keeps what it says, step by step."""

    def execute(self, *arguments):
        fill = super().execute(*arguments)
        self.result = {"fillPrice": fill.price, "fee": fill.fee}
        return fill

    def liquidate(self, *arguments):
        fees = super().liquidate(*arguments)
        names = ("flaggerFee", "liquidatorFee", "stakersFee")
        self.result = dict(zip(names, (fees.flagger, fees.liquidator, fees.stakers), strict=True))
        return fees

    def after(self, accounts):
        after = super().after(accounts)
        self.steps = [*getattr(self, "steps", []), getattr(self, "result", {}) | {"after": after}]
        self.result = {}
        return after


@pytest.fixture
def content(tmp_path):
    return said_by_model(tmp_path, STEPS)


def said_by_model(tmp_path, given):
    """A file of these steps."""
    own = json.loads(OWN_FILES[0].read_text())
    params = own["params"] | PARAMS
    content = {"params": params, "global": GLOBAL, "t0": START, "steps": given}
    dummies = [step | RESULTS | {"after": {"accounts": []}} for step in given]
    read_params = read(written(tmp_path, content | {"steps": own["steps"][:1]})).params
    recorder = Recorder(read_params, START, price=WAD)
    Replay(VectorFile(tmp_path, read_params, START, ACCOUNTS, dummies, []), recorder).run()
    steps = [step | said for step, said in zip(given, recorder.steps, strict=True)]
    return content | {"steps": steps}


def written(folder, content):
    path = folder / "sol.json"
    path.write_text(json.dumps(content))
    return path


def test_a_file_with_other_parameters_and_accounts_is_replayed(tmp_path, content):
    path = written(tmp_path, content)
    on_model = Replay(read(path), Model(read(path).params, START, price=WAD)).run()
    assert on_model.mismatches == []
    found = replay(path)
    assert found.outcome.mismatches == []
    assert found.outcome.comparisons == on_model.comparisons >= len(STEPS) * (8 + 9 * ACCOUNTS)


def test_an_error_without_a_name_here_is_noted_and_not_compared(tmp_path, content):
    [note] = replay(written(tmp_path, content)).notes
    assert note.endswith(
        "'execution reverted: A text that has no name here' has no name here: not compared"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {6: {"execPrice": wad("150.5") + 1}},  # more digits than Pyth has
        {6: {"publishTime": T + 30}},  # after the block
        {6: {"publishTime": T + 2_000}, 7: {"publishTime": T + 1_004}},  # not increasing
        {6: {"execPrice": wad("150.5") + 1, "selfExecuted": True}, 8: {"execPrice": 10**37 + 1}},
    ],
)
def test_what_the_pull_oracle_cannot_say_is_replayed_all_the_same(tmp_path, changes):
    given = [step | changes.get(number, {}) for number, step in enumerate(STEPS)]
    outcome = replay(written(tmp_path, said_by_model(tmp_path, given))).outcome
    assert outcome.mismatches == []
    assert outcome.comparisons >= len(STEPS) * (8 + 9 * ACCOUNTS)


def test_a_price_of_zero_fails_as_any_other(tmp_path, content):
    content["steps"][8]["execPrice"] = 0
    assert replay(written(tmp_path, content)).outcome.mismatches == []


def test_parameters_that_the_market_refuses_are_named(tmp_path, content):
    content["params"]["makerFeeOffchainDelayedOrder"] = "0.1"
    with pytest.raises(VectorFileError, match=r"refuses params or global \(InvalidParameter\)"):
        replay(written(tmp_path, content))
