"""The status of a token as the lens would report it, for tests without a chain."""

from dataclasses import replace

from levtoken.markets import NO_CAP
from levtoken.status import (
    Assessment,
    Fees,
    Phase,
    PolicyData,
    PositionState,
    Prices,
    Progress,
    TokenStatus,
    TokenTerms,
    Trigger,
    TriggerPoint,
    VenueReport,
)
from levtoken.units import WAD

ASSET = "0x" + "a" * 40
NOW = 1_700_000_000

DUE = Assessment(
    trigger=Trigger.UPPER,
    aim=34 * WAD // 10,
    size_delta=-2 * WAD,
    left=0,
    limit=99 * WAD,
    reward=1_500_000,
    reason=None,
)
NOT_DUE = Assessment(Trigger.NONE, 0, 0, 0, 0, 0, "NothingDue")
TERMS = TokenTerms(
    fee_recipient="0x" + "3" * 40,
    accrued_at=NOW,
    fees=Fees(streaming=WAD // 100, deposit=0, redemption=0),
    supply_cap=NO_CAP,
    min_deposit=0,
    max_size=600 * WAD,
    deposits_paused=False,
    phase=Phase.LIVE,
)
POLICY = PolicyData(
    lower=24 * WAD // 10,
    upper=38 * WAD // 10,
    emergency=45 * WAD // 10,
    offset=0,
    emergency_slices=4,
    emergency_move=0,
    min_drift=0,
    min_move=0,
    interval=0,
    window=0,
    recenter=WAD // 2,
    max_slippage=WAD // 100,
    reward_rate=WAD // 1000,
    cooldown=900,
    cooldown_up=14_400,
    reward_ramp=WAD // 5,
    reward_delay=900,
    emergency_cooldown=60,
    reward_cap=100 * WAD,
    max_trade=54 * WAD,
)
STATUS = TokenStatus(
    token="0x" + "1" * 40,
    ok=True,
    name="3x Long BTC",
    symbol="BTC3L",
    asset=ASSET,
    venue="0x" + "2" * 40,
    target_leverage=3 * WAD,
    supply=100 * WAD,
    total_assets=100_000_000,
    share_price=WAD,
    assets_per_ui_share=WAD,
    leverage=3 * WAD,
    exit_value=99_820_000,
    capacity=700 * WAD,
    liquidation_price=70 * WAD,
    liquidation_distance=3 * WAD // 10,
    position=PositionState(price=100 * WAD, size=3 * WAD, equity=100 * WAD, fault=None),
    report=VenueReport(funding_rate=WAD // 10_000, skew=-5 * WAD, solvency=WAD),
    price_updated_at=NOW - 12,
    terms=TERMS,
    policy=POLICY,
    progress=Progress("0x" + "4" * 40, 0, Trigger.NONE, False, 0, False),
    prices=Prices(last=0, slot=0),
    upper=TriggerPoint(price=90 * WAD, size_delta=-WAD // 3, max_reward=WAD),
    lower=TriggerPoint(price=110 * WAD, size_delta=WAD // 3, max_reward=WAD),
    emergency=TriggerPoint(price=85 * WAD, size_delta=-WAD, max_reward=WAD),
    due=NOT_DUE,
)


def status(**changes: object) -> TokenStatus:
    """A 3x long token inside its band but for `changes`."""
    return replace(STATUS, **changes)
