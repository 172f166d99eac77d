"""Minting and redeeming as a holder does it: preview, bound, check what can be checked, send."""

import time
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

import ape
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance

from levtoken.chain import System, now, send, status_of
from levtoken.errors import ChainError, DeploymentError
from levtoken.oracles import NOBODY
from levtoken.status import Phase, TokenStatus
from levtoken.units import WAD, from_fixed, to_fixed

MILLIONTH = Decimal("0.000001")
FLOW_GAS = 1_000_000  # more than an approval and a flow take together


@dataclass(frozen=True)
class Coin:
    """A token of either kind with what people need to read its amounts."""

    contract: ContractInstance
    symbol: str
    decimals: int

    def text(self, amount: int) -> str:
        """`amount` for people: exact, but for what is below a millionth."""
        number = from_fixed(amount, self.decimals)
        if number > MILLIONTH:
            number = number.quantize(MILLIONTH, ROUND_DOWN)
        return f"{number.normalize():,f} {self.symbol}"

    def units(self, amount: Decimal) -> int:
        """`amount` on chain, rounded down."""
        return to_fixed(amount, self.decimals)

    def balance(self, account: AccountAPI) -> int:
        """What the account holds."""
        return int(self.contract.balanceOf(account.address))


@dataclass(frozen=True)
class Flow:
    """A flow as it would go now; one that gives less than `least` reverts."""

    share: Coin
    asset: Coin
    paid: int
    received: int
    least: int
    cost: int  # asset units: what trade and fee take, against the share price
    trades: bool = True


@dataclass(frozen=True)
class Done:
    """What a flow gave, and its transaction."""

    received: int
    hash: str


def coins(system: System, symbol: str) -> tuple[Coin, Coin]:
    """A leveraged token and its asset."""
    token = system.token(symbol)
    address = token.asset()
    for name, asset in system.assets.items():
        if asset.address == address:
            return Coin(token, symbol, 18), Coin(asset, name, asset.decimals())
    raise DeploymentError(f"the asset of {symbol}, {address}, is not in the record")


def lower_bound(received: int, slippage: Decimal) -> int:
    """What is left of `received` when the fraction `slippage` of it is lost, rounded down."""
    return received * (WAD - to_fixed(slippage)) // WAD


def preview_mint(
    system: System, symbol: str, amount: Decimal, slippage: Decimal, least: Decimal | None
) -> Flow:
    """Minting with `amount` of the asset; the bound is `least` shares, by default the preview less
    `slippage`. Raises a `ChainError` when the token does not take it."""
    share, asset = coins(system, symbol)
    paid = asset.units(amount)
    status = status_of(system, symbol)
    _check_open(status)
    if 0 < paid < status.terms.min_deposit:
        least_paid = asset.text(status.terms.min_deposit)
        raise ChainError(f"{symbol} takes at least {least_paid} at once: mint with more")
    received, supply, size = share.contract.depositOrder(paid)
    if fault := _limit(status, supply, size):
        most = asset.text(share.contract.maxDeposit(NOBODY))
        raise ChainError(f"{fault} is reached: mint with at most {most} now, or wait for others")
    bound = lower_bound(received, slippage) if least is None else share.units(least)
    cost = paid - share.contract.convertToAssets(received)
    return Flow(share, asset, paid, received, bound, cost)


def preview_redeem(
    system: System, symbol: str, shares: int, slippage: Decimal, least: Decimal | None
) -> Flow:
    """Redeeming `shares`; the bound is `least` of the asset, by default the preview less
    `slippage`. A closed token pays without a price."""
    share, asset = coins(system, symbol)
    received = share.contract.previewRedeem(shares)
    bound = lower_bound(received, slippage) if least is None else asset.units(least)
    cost = share.contract.convertToAssets(shares) - received
    closed = status_of(system, symbol).terms.phase is Phase.CLOSED
    return Flow(share, asset, shares, received, bound, cost, trades=not closed)


def _check_open(status: TokenStatus) -> None:
    """Raises a `ChainError` when the token takes nothing in."""
    symbol = status.symbol
    if status.terms.phase is not Phase.LIVE:
        phase = status.terms.phase.name.lower()
        raise ChainError(
            f"{symbol} is {phase} and takes nothing in: redeem what you hold, or choose another"
        )
    if status.terms.deposits_paused:
        raise ChainError(
            f"deposits of {symbol} are paused by its guardian: try again later; redeeming goes on"
        )


def _limit(status: TokenStatus, supply: int, size: int) -> str | None:
    """Which limit of the token a deposit that leads to this supply and size would break."""
    terms = status.terms
    if supply > terms.supply_cap:
        return f"the supply cap of {from_fixed(terms.supply_cap).normalize():,f} {status.symbol}"
    if size > terms.max_size:
        return f"the size limit of {status.symbol}, {from_fixed(terms.max_size):,.4f},"
    return None


def shares_to_redeem(
    system: System, symbol: str, shares: Decimal | None, account: AccountAPI
) -> int:
    """`shares` on chain, by default all that the account holds; it must hold them."""
    share, _ = coins(system, symbol)
    held = share.balance(account)
    amount = held if shares is None else share.units(shares)
    if held == 0 or amount > held:
        raise ChainError(
            f"{account.address} holds {share.text(held)}: redeem at most that, or check --account"
        )
    return amount


def deadline_in(seconds: int) -> int:
    """`seconds` from now on the chain's clock, which may be ahead of ours or, when idle, behind."""
    return max(now(), int(time.time())) + seconds


def check_mint(flow: Flow, account: AccountAPI) -> None:
    """Raises a `ChainError` when the account lacks the asset or the gas."""
    missing = missing_assets(flow, account)
    if missing > 0:
        raise ChainError(
            f"{account.address} lacks {flow.asset.text(missing)}: get it, mint less, or, on a "
            "local chain, add --faucet"
        )
    check_gas(account, FLOW_GAS)


def check_bound(flow: Flow, gets: Coin, option: str) -> None:
    """Raises a `ChainError` when the flow gives less now than the bound that `option` set."""
    if flow.received < flow.least:
        raise ChainError(
            f"this would give {gets.text(flow.received)}, and {option} is "
            f"{gets.text(flow.least)}: lower it, or try again when the price is better"
        )


def check_gas(account: AccountAPI, gas: int) -> None:
    """Raises a `ChainError` when the account cannot pay for `gas` now."""
    needed = gas * ape.networks.provider.gas_price
    if account.balance < needed:
        raise ChainError(
            f"{account.address} has {from_fixed(account.balance):.6f} ETH and may need "
            f"{from_fixed(needed):.6f}: send it some, or choose another with --account"
        )


def missing_assets(flow: Flow, account: AccountAPI) -> int:
    """How much of the asset the account lacks for a mint."""
    return max(0, flow.paid - flow.asset.balance(account))


def mint(flow: Flow, account: AccountAPI, receiver: str, deadline: int) -> Done:
    """Approves exactly what is paid, unless enough is approved, and deposits within the bounds."""
    token, asset = flow.share.contract, flow.asset.contract
    if asset.allowance(account.address, token.address) < flow.paid:
        send(asset.approve, token, flow.paid, sender=account)
    receipt = send(token.deposit, flow.paid, receiver, flow.least, deadline, sender=account)
    return Done(_event(receipt, token.Deposit).shares, receipt.txn_hash)


def redeem(flow: Flow, account: AccountAPI, receiver: str, deadline: int) -> Done:
    """Redeems within the bounds."""
    token = flow.share.contract
    receipt = send(
        token.redeem,
        flow.paid,
        receiver,
        account.address,
        flow.least,
        deadline,
        sender=account,
    )
    return Done(_event(receipt, token.Withdraw).assets, receipt.txn_hash)


def _event(receipt: ReceiptAPI, event: object) -> ContractInstance:
    return next(iter(receipt.decode_logs(event)))
