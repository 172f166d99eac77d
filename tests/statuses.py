"""The status of a token as the lens would report it, for tests without a chain."""

from dataclasses import replace

from levtoken.chain import Assessment, PolicyData, PositionState, Progress, TokenStatus, Trigger
from levtoken.units import WAD

ASSET = "0x" + "a" * 40

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
    leverage=3 * WAD,
    liquidation_price=70 * WAD,
    position=PositionState(price=100 * WAD, size=3 * WAD, equity=100 * WAD, fault=None),
    policy=PolicyData(
        lower=24 * WAD // 10,
        upper=38 * WAD // 10,
        emergency=45 * WAD // 10,
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
    ),
    progress=Progress(time=0, unfinished=Trigger.NONE, aim=0),
    due=NOT_DUE,
)


def status(**changes: object) -> TokenStatus:
    """A 3x long token inside its band but for `changes`."""
    return replace(STATUS, **changes)
