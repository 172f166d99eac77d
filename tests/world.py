"""A whole system on the connected chain, small enough to deploy in every test file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from ape.exceptions import ContractLogicError
from ape.types import HexBytes
from ape_ethereum.trace import Trace
from eth_utils import keccak

from levtoken.system import PLAIN_POLICY, PLAIN_TERMS
from levtoken.units import WAD, to_fixed

DAY = 86_400
FEED_DECIMALS = 8
HEARTBEAT = 3_600
PRICE = 60_000
NO_PULL = "0x" + "00" * 20  # no pull oracle: atomic orders only
NO_SEQUENCER = ("0x" + "00" * 20, 0)  # no feed of its uptime, and no grace period
BTC_MARKET = {
    "skewScale": to_fixed(100_000),
    "maxFundingVelocity": to_fixed(9),
    "makerFee": to_fixed("0.000001"),
    "takerFee": to_fixed("0.0006"),
    "maxLeverage": to_fixed(55),
    "maxMarketSize": to_fixed(756),
    "liquidationBufferRatio": to_fixed("0.0075"),
    "liquidationPremiumMultiplier": to_fixed("1.5625"),
    "liquidationFeeRatio": to_fixed("0.0035"),
    "minKeeperFee": to_fixed(1),
    "maxKeeperFee": to_fixed(1000),
    "keeperLiquidationFee": to_fixed(2),
    "minInitialMargin": to_fixed(40),
    "maxDivergence": to_fixed("0.1"),
    "maxLiquidationDelta": to_fixed("0.000601"),
    "maxLiquidationSkew": to_fixed("0.001202"),
    "minOrderAge": 1,
    "maxOrderAge": 30,
    "forcedLiquidationDelay": DAY,
    "settlementDelay": 3 * DAY,
}
# Nothing is too large to liquidate.
DEEP = BTC_MARKET | {"maxLiquidationDelta": WAD, "maxLiquidationSkew": WAD}
POLICY_3X = {
    "lower": to_fixed("2.4"),
    "upper": to_fixed("3.8"),
    "emergency": to_fixed("4.5"),
    "recenter": to_fixed("0.5"),
    "maxSlippage": to_fixed("0.01"),
    "rewardRate": to_fixed("0.001"),
    "cooldown": 900,
    "cooldownUp": 4 * 3_600,
    "rewardRamp": to_fixed("0.2"),
    "rewardDelay": 900,
    "emergencyCooldown": 60,
    "rewardCap": to_fixed(1_000),
    "maxTrade": to_fixed(54),
}


@dataclass(frozen=True)
class World:
    """The contracts and the roles of a test."""

    asset: ContractInstance
    feed: ContractInstance
    oracle: ContractInstance
    market: ContractInstance
    logic: ContractInstance
    factory: ContractInstance
    lens: ContractInstance
    token: ContractInstance
    deployer: AccountAPI
    depositor: AccountAPI
    keeper: AccountAPI
    trader: AccountAPI
    attacker: AccountAPI
    unit: int

    def move(self, factor: float | str) -> None:
        """Multiplies the price of the feed."""
        answer = self.feed.latestRoundData()[1]
        self.feed.push(int(answer * to_fixed(str(factor)) // WAD), sender=self.deployer)

    def wait(self, seconds: int) -> None:
        """Lets time pass, and publishes the same price again."""
        ape.chain.mine(1, timestamp=ape.chain.blocks.head.timestamp + seconds)
        self.feed.push(self.feed.latestRoundData()[1], sender=self.deployer)

    def trade(self, size: int, margin: int = 1_000_000) -> None:
        """Another trader of the market trades `size` (WAD) on `margin` whole assets."""
        if margin:
            self.market.depositMargin(margin * self.unit, sender=self.trader)
        self.market.trade(size, 0, 2**255 if size > 0 else 0, self.trader, sender=self.trader)

    def new_token(self, target: int = 3, **changes: Any) -> ContractInstance:
        """Another token on the same market."""
        arguments = params(self.logic, self.market, target, **changes)
        receipt = self.factory.create(arguments, sender=self.deployer)
        [event] = self.factory.TokenCreated.from_receipt(receipt)
        token = ape.project.LeveragedToken.at(event.token)
        for actor in (self.depositor, self.attacker):
            self.asset.approve(token, 2**256 - 1, sender=actor)
        return token


def small_string(text: str) -> bytes:
    """`text` as the constructor takes names: 32 bytes, filled with zeros."""
    return text.encode().ljust(32, b"\0")


def params(
    logic: ContractInstance, market: ContractInstance, target: int = 3, **changes: Any
) -> dict[str, Any]:
    """Constructor arguments of a token with the default policy, which is stored, and the plainest
    terms, but for `changes` of either."""
    terms = {key: value for key, value in changes.items() if key in PLAIN_TERMS}
    policy = PLAIN_POLICY | POLICY_3X | {key: changes[key] for key in changes.keys() - terms.keys()}
    deployer = ape.accounts.test_accounts[0]
    return {
        **PLAIN_TERMS,
        "owner": deployer,
        "feeRecipient": deployer,
        **terms,
        "name": small_string(f"BTC {target}x"),
        "symbol": small_string(f"BTC{target}"),
        "venue": market,
        "targetLeverage": to_fixed(target),
        "policy": stored_policy(logic, policy),
    }


def stored_policy(logic: ContractInstance, policy: dict[str, int]) -> str:
    """Where the policy is stored."""
    sender = ape.accounts.test_accounts[0]
    address = logic.storePolicy.call(policy, sender=sender)
    if not ape.networks.provider.get_code(address):
        logic.storePolicy(policy, sender=sender)
    return address


def blueprint(deployer: AccountAPI) -> str:
    """Stores the init code of the token behind the preamble of ERC-5202."""
    code = ape.project.LeveragedToken.contract_type.deployment_bytecode.bytecode
    stored = b"\xfe\x71\x00" + bytes(HexBytes(code))
    # PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN: returns what follows it.
    returning = bytes.fromhex(f"61{len(stored):04x}80600a5f395ff3")
    ecosystem = ape.networks.provider.network.ecosystem
    receipt = deployer.call(ecosystem.create_transaction(data=returning + stored, type=2))
    return receipt.contract_address


def build_world(decimals: int = 6, **changes: Any) -> World:
    """Deploys everything, funds the pool and the actors."""
    deployer, depositor, keeper, trader, attacker = ape.accounts.test_accounts[:5]
    project = ape.project
    unit = 10**decimals
    asset = deployer.deploy(project.MockERC20, "USD Coin", "USDC", decimals)
    feed = deployer.deploy(
        project.MockAggregator, FEED_DECIMALS, "BTC / USD", PRICE * 10**FEED_DECIMALS
    )
    oracle = deployer.deploy(project.ChainlinkOracle, feed, HEARTBEAT, 10**8, 10**16, *NO_SEQUENCER)
    market = deployer.deploy(project.MockPerpMarket, asset, oracle, NO_PULL, BTC_MARKET)
    logic = deployer.deploy(project.TokenLogic)
    factory = deployer.deploy(project.LeveragedTokenFactory, blueprint(deployer), logic)
    lens = deployer.deploy(project.LeveragedTokenLens)
    factory.create(params(logic, market, **changes), sender=deployer)
    token = project.LeveragedToken.at(factory.tokens(0, 1)[0])
    for actor in (deployer, depositor, trader, attacker):
        asset.mint(actor, 10**9 * unit, sender=actor)
        asset.approve(market, 2**256 - 1, sender=actor)
        asset.approve(token, 2**256 - 1, sender=actor)
    market.provideLiquidity(10**8 * unit, sender=deployer)
    return World(
        asset, feed, oracle, market, logic, factory, lens, token,
        deployer, depositor, keeper, trader, attacker, unit,
    )  # fmt: skip


def error_name(data: str) -> str:
    """Name of the protocol's error whose selector starts `data`, or `data`."""
    names = {
        "0x" + keccak(text=error.selector)[:4].hex(): error.name
        for contract in (ape.project.Errors, ape.project.LeveragedToken)
        for error in contract.contract_type.errors
    }
    return names.get(data[:10], data)


@contextmanager
def reverts(name: str) -> Iterator[pytest.ExceptionInfo[ContractLogicError]]:
    """Expects the call inside to revert with the error `name` and with no other."""
    # Ape draws the call tree of every revert, which takes seconds when the calldata is long.
    with patch.object(Trace, "show"), pytest.raises(ContractLogicError) as caught:
        yield caught
    error = caught.value
    found = {type(error).__name__, error_name(str(error.message).split("(")[0])}
    assert name in found, f"reverted with {found}, not {name}"
