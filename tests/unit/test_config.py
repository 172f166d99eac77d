"""The configuration: what is shipped is the documented default, and what is wrong is refused with
the file and the field."""

import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from levtoken import governance, markets, policies
from levtoken.artifacts import load
from levtoken.errors import ConfigError
from levtoken.markets import NO_CAP, Config, load_config
from levtoken.yamlfile import Model

SHIPPED = Path(__file__).resolve().parents[2] / "config"

# |L|, lower, upper, emergency, maxSlippage.
DEFAULT_BANDS = [
    ("2x", "1.8 2.18 3 0.01"),
    ("3x", "2.6 3.3 4.5 0.01"),
    ("5x", "4.3 5.6 7 0.01"),
    ("10x", "8.6 11.2 13 0.006"),
    ("20x", "17.5 22 25 0.003"),
]

ASSETS, TOKENS = "assets.yaml", "tokens.yaml"
BTC, POLICY, NETWORK = "markets/BTC.yaml", "policies/3x.yaml", "networks/example.yaml"
GOVERNANCE, DAILY = "governance.yaml", "schedule: { interval: 86400"
FEE, TRADE = "taker_fee: 0.0006", "max_trade: 54"
# File, text in it, what replaces it, and what the message must say after the file's name.
WRONG = [
    (ASSETS, "decimals: 6", "decimals: 5", "USDC.decimals: expected at least 6, got 5"),
    (ASSETS, "decimals: 6", "decimals: six", "USDC.decimals: expected a whole number, got six"),
    (ASSETS, "  decimals: 6", "", "USDC.decimals: is missing"),
    (ASSETS, "USDC:", "- USDC:", "expected a valid dictionary"),
    (BTC, FEE, "taker_fee: 6 bp", "taker_fee: "),
    (BTC, FEE, "taker_fee: 1.5", "taker_fee: expected less"),
    (BTC, FEE, "taker_fee: .nan", "line 6: .nan is not a decimal number"),
    (BTC, FEE, "taker_fee: yes", "taker_fee: expected a decimal"),
    (BTC, FEE, "taker_fee: 1e-19", "taker_fee: expected at most 18"),
    (BTC, FEE, "taker_fee: 1e-7", "maker_fee: expected at most taker"),
    (BTC, FEE, "takerFee: 0.0006", "takerFee: is not a field here (and 1 more)"),
    (BTC, TRADE, "max_trade: 54\nfee: 1", "fee: is not a field here"),
    (BTC, TRADE, "asset: USDC", "line 23: asset is given twice"),
    (BTC, TRADE, "max_trade: [", "line 25: "),
    (BTC, "asset: USDC", "asset: DAI", "asset: expected one of USDC, got DAI"),
    (BTC, "heartbeat: 3600", "heartbeat: 0", "feed.heartbeat: expected more than 0"),
    (BTC, "heartbeat: 3600", "heartbeat: 0.5", "feed.heartbeat: expected a whole"),
    (BTC, "min_answer: 100", "min_answer: 1e9", "feed.min_answer: expected a price"),
    (BTC, "price: 60_000", "price: 6", "local.price: expected a price between"),
    (BTC, "grace: 3600", "grace: 0", "feed.grace: expected more than 0"),
    (BTC, 'price_id: "', 'price_id: 5 # "', "pyth.price_id: expected a valid string"),
    (BTC, '"0xe6', '"0xE6', "pyth.price_id: string should match"),
    (BTC, "max_age: 60", "max_age: 0", "pyth.max_age: expected more than 0"),
    (BTC, "max_confidence: 0.01", "max_confidence: 1", "pyth.max_confidence: expected less"),
    (BTC, "min_price: 100", "min_price: 1e9", "pyth.min_price: expected a price below"),
    (BTC, "max_deviation: 0.02", "max_deviation: 0", "dual.max_deviation: expected more"),
    (POLICY, "lower: 2.6", "lower: 3.9", "lower: expected less than upper"),
    (POLICY, "upper: 3.3", "uper: 3.3", "uper: is not a field here"),
    (POLICY, "emergency: 4.5", "emergency: 3.2", "emergency: expected more than upper"),
    (POLICY, "recenter: 0.5", "recenter: 1.1", "recenter: expected at most 1, got 1.1"),
    (POLICY, "max_slippage: 0.01", "max_slippage: 0.06", "expected at most 0.05, got 0.06"),
    (POLICY, "max_slippage: 0.01", "max_slippage: 0.00001", "expected at least 0.0001"),
    (
        POLICY,
        "recenter:",
        "emergency_slices: 0\nrecenter:",
        "emergency_slices: expected more than 0",
    ),
    (POLICY, "recenter:", "emergency_slices: 101\nrecenter:", "slices: expected at most 100"),
    (POLICY, "recenter:", "emergency_move: 0.001\nrecenter:", "emergency_move: expected 0 or at"),
    (POLICY, "recenter:", "emergency_move: 1\nrecenter:", "emergency_move: expected less than 1"),
    (POLICY, "recenter:", "schedule: 5\nrecenter:", "schedule: expected a valid dictionary"),
    (
        POLICY,
        "recenter:",
        f"{DAILY}, offset: 86400 }}\nrecenter:",
        "schedule.offset: expected less",
    ),
    (POLICY, "recenter:", f"{DAILY}, window: 86401 }}\nrecenter:", "schedule.window: expected at"),
    (
        POLICY,
        "recenter:",
        f"{DAILY}, window: 59 }}\nrecenter:",
        "schedule.window: expected at least",
    ),
    (
        POLICY,
        "recenter:",
        f"{DAILY}, min_move: 1 }}\nrecenter:",
        "schedule.min_move: expected less",
    ),
    (POLICY, "reward_rate: 0.001", "reward_rate: 0.0011", "reward_rate: expected"),
    (POLICY, "\ncooldown: 60", "\ncooldown: 30", "emergency_cooldown: expected at most"),
    (POLICY, "_cooldown: 60", "_cooldown: 3601", "emergency_cooldown: expected at most 3600"),
    (POLICY, "\ncooldown: 60", "\ncooldown: 604801", "cooldown: expected at most"),
    (TOKENS, "leverage: -3", "leverage: 0", "BTC3S.leverage: expected 0 <"),
    (TOKENS, "leverage: -3", "leverage: -2", "BTC3S.policy: 3x at BTC: expected lower < 2 <"),
    (TOKENS, "leverage: -3", "leverage: -2.61", "expected lower and upper more than 0.5 %"),
    (TOKENS, "policy: 2x, streaming_fee: 0.01", "policy: 2x, streaming_fee: 0.051", "at most 0.05"),
    (TOKENS, "policy: 2x,", "policy: 2x, deposit_fee: 0.011,", "BTC2L.deposit_fee: expected at"),
    (TOKENS, "policy: 2x,", "policy: 2x, redemption_fee: -1,", "redemption_fee: expected at least"),
    (TOKENS, "policy: 2x,", "policy: 2x, supply_cap: 0,", "BTC2L.supply_cap: expected more than"),
    (TOKENS, "policy: 2x,", "policy: 2x, min_deposit: -1,", "min_deposit: expected at least 0"),
    (TOKENS, "underlying: SOL", "underlying: DOGE", "SOL3L.underlying: expected one of BTC"),
    (TOKENS, "3x Long SOL", "A name of thirty-two characters.", "SOL3L.name: string should"),
    (TOKENS, "SOL3L:", "SOL-3:", "SOL-3: expected a symbol"),
    (TOKENS, "leverage: -3, policy: 3x", "leverage: -3, policy: 4x", "BTC3S.policy: expected"),
    (
        TOKENS,
        "underlying: SOL, leverage: 3, policy: 3x",
        "underlying: SOL, leverage: 20, policy: 20x",
        "20x at SOL: emergency: expected so low that the worst fill stays below 27.5",
    ),
    (NETWORK, "chain_id: 1", "chain_id: mainnet", "chain_id: expected a whole"),
    (NETWORK, "USDC: null", "DAI: null", "assets.DAI: expected one of USDC"),
    (NETWORK, "USDC: null", 'USDC: "0x12"', "assets.USDC: expected an address"),
    (NETWORK, "USDC: null", f"USDC: {10**40}", "assets.USDC: expected"),
    (NETWORK, "oracle: chainlink", "oracle: band", "markets.BTC.oracle: expected 'chainlink',"),
    (NETWORK, "oracle: chainlink", "oracle: pyth", "markets.BTC.oracle: pyth needs pyth, an"),
    (NETWORK, "oracle: chainlink", "oracle: dual", "markets.BTC.oracle: dual needs pyth, an"),
    (NETWORK, "delay: 172_800", "delay: 3_599", "governance.delay: expected at least 3600"),
    (NETWORK, "fee_recipient: null", 'fee_recipient: "0x12"', "governance.fee_recipient: expected"),
    (GOVERNANCE, "delay: 172_800", "delay: 2_592_001", "delay: expected at most 2592000"),
    (GOVERNANCE, "TEST::9", "TEST::x", "proposers.0: string should match"),
    (GOVERNANCE, '["TEST::9"]', "[]", "proposers: "),
    (NETWORK, "ETH:", "DOGE:", "markets.DOGE: expected one of BTC"),
]


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[str, str, str], Path]:
    """A copy of the shipped configuration in which a text of one file is another."""

    def change(file: str, old: str, new: str) -> Path:
        folder = tmp_path / "config"
        shutil.copytree(SHIPPED, folder)
        path = folder / file
        text = path.read_text()
        assert old in text, f"{file} has no {old}"
        path.write_text(text.replace(old, new, 1))
        return folder

    return change


@pytest.fixture(scope="module")
def shipped() -> Config:
    return load_config(SHIPPED)


@pytest.mark.parametrize(("name", "band"), DEFAULT_BANDS)
def test_the_default_policies_are_the_documented_ones(
    shipped: Config, name: str, band: str
) -> None:
    policy = shipped.policies[name]
    found = [policy.lower, policy.upper, policy.emergency, policy.max_slippage]
    assert found == [Decimal(number) for number in band.split()]
    assert policy.recenter == Decimal("0.5")
    assert (policy.cooldown, policy.cooldown_up) == (60, 60)
    assert policy.emergency_cooldown == (12 if name in {"10x", "20x"} else 60)
    assert policy.reward_rate == Decimal("0.001")
    leverage = Decimal(name.removesuffix("x"))
    assert policy.reward_ramp == (policy.upper - leverage) / 2


@pytest.mark.parametrize(("underlying", "slice_"), [("ETH", 540), ("BTC", 54), ("SOL", 1575)])
def test_a_slice_of_a_market_cannot_be_sandwiched_at_a_profit(
    shipped: Config, underlying: str, slice_: int
) -> None:
    market = shipped.markets[underlying]
    safe = Decimal("0.9") * market.skew_scale * (market.maker_fee + market.taker_fee)
    assert market.max_trade == slice_ <= safe


def test_the_structs_have_the_order_and_units_of_the_contracts(shipped: Config) -> None:
    market = list(shipped.markets["SOL"].struct().items())
    assert market[0] == ("skewScale", 1_750_000 * 10**18)
    assert market[4] == ("maxLeverage", 275 * 10**17)
    assert market[12] == ("minInitialMargin", 40 * 10**18)
    assert market[-1] == ("settlementDelay", 259_200)
    policy = shipped.policy_struct("BTC3S")
    assert list(policy) == struct_fields("TokenLogic", "storePolicy")
    assert policy["emergencyCooldown"] == 60
    assert policy["maxTrade"] == 54 * 10**18
    terms = shipped.terms("BTC3S")
    assert terms["targetLeverage"] == -3 * 10**18
    assert terms["symbol"] == b"BTC3S".ljust(32, b"\0")
    assert terms["fees"] == {"streaming": 10**16, "deposit": 0, "redemption": 0}
    assert (terms["supplyCap"], terms["minDeposit"]) == (NO_CAP, 0)


def struct_fields(contract: str, function: str) -> list[str]:
    """The fields of the struct that a function takes."""
    [struct] = load()[contract].function(function, 1).inputs
    return [one["name"] for one in struct["components"]]


def test_caps_and_limits_are_in_shares_and_in_the_asset(
    changed: Callable[[str, str, str], Path],
) -> None:
    new = "policy: 2x, deposit_fee: 0.001, supply_cap: 1_000_000, min_deposit: 0.5,"
    terms = load_config(changed(TOKENS, "policy: 2x,", new)).terms("BTC2L")
    assert terms["fees"] == {"streaming": 10**16, "deposit": 10**15, "redemption": 0}
    assert (terms["supplyCap"], terms["minDeposit"]) == (10**24, 500_000)


def test_what_a_policy_leaves_out_triggers_nothing(
    changed: Callable[[str, str, str], Path],
) -> None:
    struct = load_config(changed(POLICY, "lower: 2.6\nupper: 3.3\n", "")).policy_struct("BTC3L")
    assert struct["lower"] == 0
    assert struct["upper"] == struct["emergency"] == 45 * 10**17
    assert struct["emergencySlices"] == 4
    rest = ["emergencyMove", "offset", "interval", "window", "minDrift", "minMove"]
    assert [struct[field] for field in rest] == [0] * 6


def test_a_schedule_has_a_slot_every_interval_that_lasts_until_the_next(
    changed: Callable[[str, str, str], Path],
) -> None:
    text = f"{DAILY}, offset: 60, min_drift: 0.1, min_move: 0.05 }}\nrecenter:"
    struct = load_config(changed(POLICY, "recenter:", text)).policy_struct("BTC3L")
    assert (struct["interval"], struct["offset"], struct["window"]) == (86_400, 60, 86_400)
    assert (struct["minDrift"], struct["minMove"]) == (10**17, 5 * 10**16)


def test_a_policy_without_a_safe_size_is_refused(
    changed: Callable[[str, str, str], Path],
) -> None:
    """1 / (2 x 4.5) is below a liquidation buffer of 0.12."""
    folder = changed(BTC, "liquidation_buffer: 0.0075", "liquidation_buffer: 0.12")
    with pytest.raises(ConfigError, match="3x at BTC: emergency: no size is safe"):
        load_config(folder)


@pytest.mark.parametrize(("file", "old", "new", "message"), WRONG)
def test_refuses_what_is_wrong_with_file_and_field(
    changed: Callable[[str, str, str], Path], file: str, old: str, new: str, message: str
) -> None:
    folder = changed(file, old, new)
    with pytest.raises(ConfigError) as caught:
        load_config(folder)
    assert str(caught.value).startswith(f"config/{file}: "), caught.value
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_refuses_a_missing_file_and_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        load_config(tmp_path / "nowhere")
    shutil.copytree(SHIPPED, tmp_path / "config")
    (tmp_path / "config" / TOKENS).unlink()
    with pytest.raises(ConfigError, match=r"config/tokens\.yaml: cannot be read"):
        load_config(tmp_path / "config")


def test_names_the_tokens_there_are(shipped: Config) -> None:
    with pytest.raises(ConfigError, match="no token DOGE3L: choose from BTC2L, BTC3L"):
        shipped.token("DOGE3L")


@pytest.mark.parametrize(
    ("kind", "prefix"),
    [
        (markets.Asset, ""),
        (markets.Market, ""),
        (markets.Feed, "feed."),
        (markets.PythPrice, "pyth."),
        (markets.Dual, "dual."),
        (markets.LocalMarket, "local."),
        (policies.Policy, ""),
        (policies.Schedule, "schedule."),
        (markets.Token, ""),
        (markets.Network, ""),
        (markets.NetworkMarket, "markets.UNDERLYING."),
        (governance.Governance, "governance."),
    ],
)
def test_every_field_is_documented(kind: type[Model], prefix: str) -> None:
    text = (SHIPPED / "README.md").read_text()
    for name, field in kind.model_fields.items():
        if field.description is not None:
            assert f"| `{prefix}{name}` | {field.description} |" in text
