"""The demo: deploys tokens on a fresh local chain, lets a holder mint, replays a price path, lets
the holder redeem, and writes down what happened."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import ape
from ape.api import AccountAPI

from levtoken.chain import Place, system
from levtoken.deploy import deploy
from levtoken.errors import ChainError
from levtoken.markets import Config
from levtoken.simulation.demo.holder import Holder
from levtoken.simulation.demo.measure import arbitrageur_result, keeper_tally, token_result
from levtoken.simulation.demo.output import prepare, write
from levtoken.simulation.demo.plan import Demo, Plan, choose
from levtoken.simulation.demo.recording import Recording
from levtoken.simulation.demo.replay import Actors, Replay
from levtoken.simulation.demo.results import Holding, ReplayResult
from levtoken.simulation.node import Node

DEPLOY_TIME = 3_600  # seconds of chain time before the first bar: more than a deployment takes


@dataclass(frozen=True)
class Progress:
    """Whom to tell what goes on: `tell` in words, `start` with the number of steps, then `step`."""

    tell: Callable[[str], None]
    start: Callable[[int], None]
    step: Callable[[], None]


def run(
    demo: Demo, config: Config, account: AccountAPI, place: Place, progress: Progress
) -> ReplayResult:
    """Runs the demo on the connected chain, and writes summary.json and chart.png."""
    if not place.local or place.lasting:
        raise ChainError(
            "the demo turns the clock of its chain: use a fresh local one, "
            "--network ethereum:local:foundry"
        )
    plan = choose(demo, config)
    prepare(demo.out)
    result, recording = _replay(plan, account, progress)
    progress.tell("drawing")
    write(result, recording, demo.out)
    return result


def _replay(plan: Plan, account: AccountAPI, progress: Progress) -> tuple[ReplayResult, Recording]:
    demo, symbols = plan.demo, plan.symbols
    node = Node(ape.networks.provider.web3)
    offset = node.take_clock(plan.path.bars[0].time - DEPLOY_TIME)
    progress.tell(f"deploying {', '.join(symbols)}")
    deployed = system(deploy(plan.config, symbols, account, record=None))
    replay = Replay(node, deployed, plan.paths, offset)
    replay.open()
    holder = Holder(node, deployed)
    for symbol in symbols:
        holder.mint(symbol, replay.market_of(symbol), demo.capital)
    progress.tell("replaying")
    progress.start(len(plan.path.bars) - 1)
    recording = replay.run(Actors(account, demo.arbitrageur), progress.step)
    holdings = [
        _holding(plan, symbol, holder.redeem(symbol, replay.market_of(symbol)))
        for symbol in symbols
    ]
    return _result(plan, recording, holdings, offset), recording


def _result(
    plan: Plan, recording: Recording, holdings: Sequence[Holding], offset: int
) -> ReplayResult:
    path = plan.path
    symbols = ", ".join(one.symbol for one in plan.paths.values())
    return ReplayResult(
        source=f"{symbols} of {path.source}",
        is_synthetic=path.synthetic,
        start=path.bars[0].time,
        end=path.bars[-1].time,
        step=path.step,
        bars=len(path.bars),
        offset=offset,
        asset=plan.config.market_of(plan.symbols[0]).asset,
        tokens=tuple(token_result(one, recording, path.step) for one in holdings),
        arbitrageurs=tuple(
            arbitrageur_result(name, recording)
            for name in plan.paths
            if plan.demo.arbitrageur is not None
        ),
        keeper=keeper_tally(recording),
    )


def _holding(plan: Plan, symbol: str, back: tuple[Decimal, str]) -> Holding:
    token = plan.config.token(symbol)
    policy = plan.config.policies[token.policy]
    lower, upper = policy.band
    received, refusal = back
    return Holding(
        symbol=symbol,
        name=token.name,
        underlying=token.underlying,
        target=token.leverage,
        lower=lower,
        upper=upper,
        emergency=policy.emergency,
        paid=plan.demo.capital,
        received=received,
        refusal=refusal,
    )
