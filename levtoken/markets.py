"""What `config/` says, typed: assets, markets, policies, tokens, and addresses on public networks.

Numbers are human (3.8, 0.0006, 900) and exact. `struct()` gives the contract's struct in its own
order and units, keyed by the names in Solidity; `tuple(struct().values())` is what a plain ABI
encoder takes.
"""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field, model_validator

from levtoken.errors import ConfigError
from levtoken.fields import (
    MAX_LEVERAGE,
    MAX_NAME,
    Address,
    Fraction,
    Inside,
    Label,
    NotNegative,
    Positive,
    Seconds,
)
from levtoken.governance import Governance, LocalGovernance
from levtoken.policies import Policy, policy_fault
from levtoken.units import to_fixed
from levtoken.yamlfile import Exact, Model, Whole, read

Struct = dict[str, int]
T = TypeVar("T")

MAX_STREAMING = Decimal("0.05")  # FeeMath, as the next one
MAX_FLOW = Decimal("0.01")
FEE_STEP = Decimal("0.000001")
NO_CAP = 2**128 - 1  # shares; as good as no supply cap
MAX_PRICE = 2**128 - 1  # WAD, ChainlinkOracle and PythOracle
PRICE_ID = r"^0x[0-9a-f]{64}$"
OracleKind = Literal["chainlink", "pyth", "dual"]


class Asset(Model):
    """An ERC-20 that is put in, the quote currency of the prices."""

    name: str = Field(min_length=1, description="Name of the mock on local chains")
    decimals: Annotated[Whole, Field(ge=6, le=18)] = Field(description="Decimals of the asset")


class Feed(Model):
    """The price feed of an underlying, and when its answers are refused."""

    description: str = Field(min_length=1, description='What the feed calls itself: "BTC / USD"')
    decimals: Annotated[Whole, Field(ge=0, le=18)] = Field(description="Decimals of its answers")
    heartbeat: Seconds = Field(description="Oldest answer that is good, seconds")
    min_answer: NotNegative = Field(description="Answers at or below are refused, price")
    max_answer: Positive = Field(description="Answers at or above are refused, price")
    grace: Seconds = Field(
        default=3600,
        description="Time after a rollup's sequencer came up in which answers are refused, seconds",
    )

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.min_answer >= self.max_answer:
            raise ValueError("min_answer: expected a price below max_answer")
        if to_fixed(self.max_answer) > MAX_PRICE:
            raise ValueError("max_answer: expected a price that fits 128 bits")
        return self

    def to_answer(self, price: Decimal) -> int:
        """`price` in the feed's decimals."""
        return to_fixed(price, self.decimals)


class PythPrice(Model):
    """The price of an underlying at Pyth, and when it is refused."""

    price_id: Annotated[str, Field(pattern=PRICE_ID)] = Field(
        description="Which price of the Pyth contract, 32 bytes in quotes"
    )
    max_age: Seconds = Field(description="Oldest price that is good, seconds")
    max_confidence: Inside = Field(
        description="Widest confidence interval that is good, fraction of the price"
    )
    min_price: NotNegative = Field(description="Prices at or below are refused")
    max_price: Positive = Field(description="Prices at or above are refused")

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.min_price >= self.max_price:
            raise ValueError("min_price: expected a price below max_price")
        if to_fixed(self.max_price) > MAX_PRICE:
            raise ValueError("max_price: expected a price that fits 128 bits")
        return self


class Dual(Model):
    """Two sources that must agree."""

    max_deviation: Inside = Field(
        description="Largest difference of the feed and Pyth, fraction of the lower"
    )


class LocalMarket(Model):
    """What a local chain starts with."""

    price: Positive = Field(description="First answer of the mock feed")
    liquidity: Positive = Field(description="Asset in the pool that pays the traders' profits")


class Market(Model):
    """A perpetual market. Sizes in the underlying, money in the asset, rates as fractions."""

    asset: str = Field(description="Symbol of the asset, from assets.yaml")
    skew_scale: Positive = Field(description="Skew at which the premium is 100 %, underlying")
    max_funding_velocity: NotNegative = Field(
        description="Funding rate a day, per day, at full skew"
    )
    maker_fee: Fraction = Field(description="Fee of an order that shrinks the skew")
    taker_fee: Fraction = Field(description="Fee of an order that grows the skew")
    max_leverage: Annotated[Exact, Field(gt=1)] = Field(
        description="Largest leverage after an order"
    )
    max_market_size: Positive = Field(description="Largest open interest a side, underlying")
    liquidation_buffer: Fraction = Field(description="Liquidation margin, fraction of the notional")
    liquidation_premium_multiplier: NotNegative = Field(
        description="Weight of a position's own size"
    )
    liquidation_fee_ratio: Fraction = Field(
        description="Liquidator's fee, fraction of the notional"
    )
    min_keeper_fee: NotNegative = Field(description="Smallest liquidation fee, asset")
    max_keeper_fee: NotNegative = Field(description="Largest liquidation fee, asset")
    keeper_liquidation_fee: NotNegative = Field(
        description="Fixed part of the liquidator's pay, asset"
    )
    min_initial_margin: NotNegative = Field(description="Smallest margin behind a position, asset")
    max_divergence: Positive = Field(
        description="Difference of an execution price from the index price that is refused"
    )
    max_liquidation_delta: Positive = Field(
        description="Size that is too large to liquidate, fraction of skew_scale"
    )
    max_liquidation_skew: Positive = Field(
        description="Skew at which nobody is liquidated, fraction of skew_scale"
    )
    min_order_age: Annotated[Whole, Field(ge=0)] = Field(
        description="A delayed order waits for a price published later than this, seconds"
    )
    max_order_age: Seconds = Field(description="A delayed order executes before this age, seconds")
    forced_liquidation_delay: Seconds = Field(
        description="Time after a flag from which any position can be liquidated, seconds"
    )
    settlement_delay: Seconds = Field(
        description="Time without a good price after which the market settles, seconds"
    )
    max_trade: Positive = Field(
        description="Largest slice of a rebalance, underlying; safe: 0.9 x skew_scale x both fees"
    )
    feed: Feed
    pyth: PythPrice | None = None
    dual: Dual | None = None
    local: LocalMarket

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.maker_fee > self.taker_fee:
            raise ValueError("maker_fee: expected at most taker_fee")
        if self.min_keeper_fee > self.max_keeper_fee:
            raise ValueError("min_keeper_fee: expected at most max_keeper_fee")
        if self.min_order_age + 1 >= self.max_order_age:
            raise ValueError("min_order_age: expected more than a second below max_order_age")
        if not self.feed.min_answer < self.local.price < self.feed.max_answer:
            raise ValueError("local.price: expected a price between the feed's bounds")
        return self

    def struct(self) -> Struct:
        """`MarketParams` of the mock market."""
        return {
            "skewScale": to_fixed(self.skew_scale),
            "maxFundingVelocity": to_fixed(self.max_funding_velocity),
            "makerFee": to_fixed(self.maker_fee),
            "takerFee": to_fixed(self.taker_fee),
            "maxLeverage": to_fixed(self.max_leverage),
            "maxMarketSize": to_fixed(self.max_market_size),
            "liquidationBufferRatio": to_fixed(self.liquidation_buffer),
            "liquidationPremiumMultiplier": to_fixed(self.liquidation_premium_multiplier),
            "liquidationFeeRatio": to_fixed(self.liquidation_fee_ratio),
            "minKeeperFee": to_fixed(self.min_keeper_fee),
            "maxKeeperFee": to_fixed(self.max_keeper_fee),
            "keeperLiquidationFee": to_fixed(self.keeper_liquidation_fee),
            "minInitialMargin": to_fixed(self.min_initial_margin),
            "maxDivergence": to_fixed(self.max_divergence),
            "maxLiquidationDelta": to_fixed(self.max_liquidation_delta),
            "maxLiquidationSkew": to_fixed(self.max_liquidation_skew),
            "minOrderAge": self.min_order_age,
            "maxOrderAge": self.max_order_age,
            "forcedLiquidationDelay": self.forced_liquidation_delay,
            "settlementDelay": self.settlement_delay,
        }


class Token(Model):
    """A leveraged token: one market, one signed leverage, one policy."""

    name: Label = Field(description="Name on chain, at most 31 characters")
    underlying: str = Field(description="File name in markets/ without .yaml")
    leverage: Exact = Field(description="Target leverage: 3 is three times long, -3 short")
    policy: str = Field(description="File name in policies/ without .yaml")
    streaming_fee: Annotated[Exact, Field(ge=0, le=MAX_STREAMING)] = Field(
        default=Decimal(0), description="Fee a year, fraction of the shares"
    )
    deposit_fee: Annotated[Exact, Field(ge=0, le=MAX_FLOW)] = Field(
        default=Decimal(0), description="Fee of a deposit, fraction of its shares"
    )
    redemption_fee: Annotated[Exact, Field(ge=0, le=MAX_FLOW)] = Field(
        default=Decimal(0), description="Fee of a redemption, fraction of its shares"
    )
    supply_cap: Positive | None = Field(
        default=None, description="Largest supply that a deposit may lead to, shares"
    )
    min_deposit: NotNegative = Field(default=Decimal(0), description="Smallest deposit, asset")

    @model_validator(mode="after")
    def _range(self) -> Self:
        if not 0 < abs(self.leverage) <= MAX_LEVERAGE:
            raise ValueError(f"leverage: expected 0 < |leverage| <= {MAX_LEVERAGE}")
        for field in ("streaming_fee", "deposit_fee", "redemption_fee"):
            if getattr(self, field) % FEE_STEP:
                raise ValueError(f"{field}: expected a multiple of {FEE_STEP}")
        return self

    def fees(self) -> Struct:
        """`Fees` of the token."""
        return {
            "streaming": to_fixed(self.streaming_fee),
            "deposit": to_fixed(self.deposit_fee),
            "redemption": to_fixed(self.redemption_fee),
        }


class NetworkMarket(Model):
    """What exists for an underlying on a public network."""

    venue: Address | None = Field(
        default=None, description="Where tokens trade; null: to be filled in"
    )
    feed: Address | None = Field(
        default=None, description="Chainlink feed; when given, an oracle is deployed on it"
    )
    heartbeat: Seconds | None = Field(
        default=None, description="Oldest answer that is good here, when not that of the market"
    )
    oracle: OracleKind = Field(
        default="chainlink",
        description="Which oracle is deployed: chainlink, pyth or dual, which asks both",
    )


class Network(Model):
    """Addresses of what exists on a public network."""

    chain_id: Annotated[Whole, Field(gt=0)] = Field(description="Deploying elsewhere is refused")
    assets: dict[str, Address | None] = Field(description="Asset by symbol; null: to be filled in")
    sequencer: Address | None = Field(
        default=None, description="Chainlink's feed of the rollup's uptime; null: not a rollup"
    )
    pyth: Address | None = Field(default=None, description="The Pyth contract")
    markets: dict[str, NetworkMarket] = Field(description="Venue and feed by underlying")
    governance: Governance | None = None


class Config(Model):
    """Everything in `config/`, cross-checked."""

    assets: dict[str, Asset]
    markets: dict[str, Market]
    policies: dict[str, Policy]
    tokens: dict[str, Token]
    networks: dict[str, Network]
    governance: LocalGovernance

    def market_of(self, symbol: str) -> Market:
        """The market of a token."""
        return self.markets[self.token(symbol).underlying]

    def token(self, symbol: str) -> Token:
        """The token of that symbol, or a `ConfigError` that lists those there are."""
        if symbol not in self.tokens:
            known = ", ".join(self.tokens)
            raise ConfigError(f"no token {symbol}: choose from {known}, or add it to tokens.yaml")
        return self.tokens[symbol]

    def existing(self, network: str, underlying: str) -> NetworkMarket:
        """What is said of an underlying on a network; on local chains nothing is."""
        there = self.networks.get(network)
        return NetworkMarket() if there is None else there.markets.get(underlying, NetworkMarket())

    def feed(self, network: str, underlying: str) -> Feed:
        """The feed of an underlying as it is on a network."""
        feed = self.markets[underlying].feed
        heartbeat = self.existing(network, underlying).heartbeat
        return feed.model_copy(update={"heartbeat": heartbeat}) if heartbeat else feed

    def policy_struct(self, symbol: str) -> Struct:
        """`Policy` of a token, in its contract's order and units."""
        return self.policies[self.token(symbol).policy].struct(self.market_of(symbol).max_trade)

    def policy_key(self, symbol: str) -> str:
        """What the policy of a token is called in a record: tokens with the same one share it."""
        token = self.token(symbol)
        return f"{token.policy}.{token.underlying}"

    def terms(self, symbol: str) -> dict[str, object]:
        """What of `TokenParams` the configuration alone says."""
        token = self.token(symbol)
        decimals = self.assets[self.market_of(symbol).asset].decimals
        return {
            "name": to_bytes32(token.name),
            "symbol": to_bytes32(symbol),
            "targetLeverage": to_fixed(token.leverage),
            "fees": token.fees(),
            "supplyCap": NO_CAP if token.supply_cap is None else to_fixed(token.supply_cap),
            "minDeposit": to_fixed(token.min_deposit, decimals),
        }


def to_bytes32(text: str) -> bytes:
    """A short string as the contracts store it."""
    return text.encode().ljust(32, b"\0")


def load_config(folder: Path) -> Config:
    """Reads and checks a `config/` folder; raises `ConfigError` naming file and field."""
    name = folder.name
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder; give the one that holds assets.yaml")
    config = Config(
        assets=read(folder / "assets.yaml", dict[str, Asset], f"{name}/assets.yaml"),
        markets=_read_folder(folder / "markets", Market, f"{name}/markets"),
        policies=_read_folder(folder / "policies", Policy, f"{name}/policies"),
        tokens=read(folder / "tokens.yaml", dict[str, Token], f"{name}/tokens.yaml"),
        networks=_read_folder(folder / "networks", Network, f"{name}/networks"),
        governance=read(folder / "governance.yaml", LocalGovernance, f"{name}/governance.yaml"),
    )
    for underlying, market in config.markets.items():
        if market.asset not in config.assets:
            _refuse(f"{name}/markets/{underlying}.yaml: asset", config.assets, market.asset)
    for symbol in config.tokens:
        _check_token(config, symbol, f"{name}/tokens.yaml: {symbol}")
    for network, there in config.networks.items():
        _check_network(config, there, f"{name}/networks/{network}.yaml")
    return config


def _read_folder(folder: Path, kind: type[T], name: str) -> dict[str, T]:
    """Every file below `folder`, by its path there without .yaml."""
    files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*.yaml")}
    return {
        path.removesuffix(".yaml"): read(file, kind, f"{name}/{path}")
        for path, file in sorted(files.items())
    }


def _check_token(config: Config, symbol: str, where: str) -> None:
    token = config.tokens[symbol]
    if not symbol.isascii() or not symbol.isalnum() or len(symbol) > MAX_NAME:
        raise ConfigError(f"{where}: expected a symbol of at most {MAX_NAME} letters and digits")
    if token.underlying not in config.markets:
        _refuse(f"{where}.underlying", config.markets, token.underlying)
    if token.policy not in config.policies:
        _refuse(f"{where}.policy", config.policies, token.policy)
    policy, market = config.policies[token.policy], config.markets[token.underlying]
    if fault := policy_fault(policy, abs(token.leverage), market):
        raise ConfigError(f"{where}.policy: {token.policy} at {token.underlying}: {fault}")


def _check_network(config: Config, network: Network, where: str) -> None:
    for symbol in network.assets:
        if symbol not in config.assets:
            _refuse(f"{where}: assets.{symbol}", config.assets, symbol)
    for underlying, there in network.markets.items():
        if underlying not in config.markets:
            _refuse(f"{where}: markets.{underlying}", config.markets, underlying)
        if fault := _oracle_fault(network, there, config.markets[underlying]):
            raise ConfigError(f"{where}: markets.{underlying}.oracle: {there.oracle} needs {fault}")


def _oracle_fault(network: Network, there: NetworkMarket, market: Market) -> str | None:
    """What the oracle that a network asks for lacks."""
    if there.oracle == "chainlink":
        return None
    if network.pyth is None or market.pyth is None:
        return "pyth, an address here and a section of the market"
    if there.oracle == "dual" and (there.feed is None or market.dual is None):
        return "feed here and the section dual of the market"
    return None


def _refuse(where: str, known: dict[str, T], got: str) -> None:
    raise ConfigError(f"{where}: expected one of {', '.join(known)}, got {got}")
