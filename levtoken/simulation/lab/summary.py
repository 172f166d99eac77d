"""A run of the lab as plain data, for programs."""

import platform
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from levtoken.artifacts import load
from levtoken.simulation.lab.asked import Inside, Invented
from levtoken.simulation.lab.figures import LABELS
from levtoken.simulation.lab.inputs import Source, digest
from levtoken.simulation.lab.result import Replayed, Result
from levtoken.simulation.limit import LIMIT, RESET, TIMED, partial

Plain = dict[str, object]

PACKAGES = ("numpy", "pandas", "pyarrow", "pyrevm")
CONTRACTS = (
    "LeveragedToken", "TokenLogic", "SimulationMarket", "Simulator", "ChainlinkOracle"
)  # fmt: skip
UNITS = {
    "times": "seconds since the epoch, UTC; the price of a bar is known when it ends",
    "money, share prices": "the asset named in `asset`; a share starts near one",
    "total, ideal, path": "change as a fraction: 0.1 is a gain of 10 %; path = ideal - L R",
    "attribution, residual": "assets per share; the terms and the residual add up to the change",
    "volatility, tracking_error, tracking_error_daily": "fraction, a year; volatility is realised",
    "cost": "market fees, impact and rewards a year, as a fraction of the mean equity; no gas",
    "cost_rate": "the same, as a fraction of the notional traded",
    "turnover": "notional traded a year, in mean equities",
    "score": "cost x tracking_error in cost_rate volatility^3 L^2 (L-1)^2",
    "over_limit": "score in limits; what is least possible for small bands is 1",
    "leverage_quantiles": "magnitude, by percent of the bars",
    "worst_drawdown": "fraction of the highest share price before",
    "gas_cost": "the asset; gas_a_year: fraction of the mean equity, a year",
    "null": "the number does not exist: nothing was traded, or nothing moved",
}


def to_plain(result: Result) -> Plain:
    """What goes into summary.json."""
    plan, asked = result.plan, result.plan.asked
    actors = asked.actors
    return {
        "command": asked.command,
        "units": UNITS,
        "asset": plan.asset,
        "inputs": {
            "prices": _file(asked.inputs.prices),
            "funding": _file(asked.inputs.funding),
            "synthetic": _fields(asked.inputs.invented),
            "intrabar": _fields(asked.inputs.inside),
            "capital": f"{asked.capital:f}",
            "latency": actors.latency,
            "gas_price_gwei": f"{actors.gas_price:f}",
            "ether_price": f"{actors.ether_price:f}",
            "gas_of_a_rebalance": f"{actors.gas_cost:f}",
            "keeper_wants_its_gas_back": actors.is_paid,
            "flows_a_day": f"{actors.flows:f}",
            "steady": actors.is_steady,
            "flow_size": f"{actors.flow_size:f}",
            "seed": actors.seed,
        },
        "sources": [_source(source) for source in plan.sources.values()],
        "limits": {
            "limit": LIMIT,
            "halfway": partial(0.5),
            "reset": RESET,
            "fixed_times": TIMED,
        },
        "replays": [_replay(one) for one in result.replays],
        "run": {
            "seconds": round(result.seconds, 3),
            "workers": asked.workers,
            "cluster": asked.cluster,
            "memory_bytes": result.memory,
            "bars": plan.bars,
            "versions": _versions(),
            "contracts_sha256": _contracts(),
        },
    }


def _source(source: Source) -> Plain:
    track = source.track
    return {
        "underlying": source.underlying,
        "symbol": source.symbol,
        "origin": source.origin,
        "is_synthetic": source.is_synthetic,
        "start": track.times[0],
        "end": track.times[-1],
        "step": track.step,
        "bars": len(track.times),
        "flows": len(source.track.flows),
        "funding": {
            "payments": source.payments,
            "bars_without": source.holes,
            "words": source.funding,
        },
    }


def _replay(one: Replayed) -> Plain:
    case, setup = one.case, one.case.setup
    measures = asdict(one.measures)
    measures["attribution"] = {term: measures["attribution"][term] for term in LABELS}
    return {
        "name": case.name,
        "token": case.token,
        "policy": case.label,
        "underlying": case.underlying,
        "target": f"{setup.target:f}",
        "rule": setup.policy.model_dump(mode="json"),
        "fees": {name: f"{value:f}" for name, value in setup.fees.items()},
        "share_price_start": float(one.series.share_price[0]),
        "share_price_end": float(one.series.share_price[-1]),
        **measures,
        "over_limit": one.measures.over_limit,
        "gas_a_year": one.gas_a_year,
        "is_explained": one.is_explained,
        "seconds": round(one.seconds, 3),
    }


def _file(file: Path | None) -> Plain | None:
    return None if file is None else {"file": str(file), "sha256": digest(file)}


def _fields(asked: Invented | Inside | None) -> Plain | None:
    return None if asked is None else asdict(asked)


def _versions() -> Plain:
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def _contracts() -> Plain:
    """Of the init code: which bytecode was replayed."""
    artifacts = load()
    return {name: sha256(artifacts[name].init_code).hexdigest() for name in CONTRACTS}
