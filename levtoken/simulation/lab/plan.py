"""What the lab runs: every policy that is asked for, for every token, along its prices."""

from dataclasses import dataclass, replace
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path

from levtoken.errors import ChainError, ConfigError
from levtoken.evm import Revert
from levtoken.markets import Config, Market
from levtoken.policies import Policy, policy_fault
from levtoken.simulation.demo.plan import choose_tokens
from levtoken.simulation.lab.asked import Asked
from levtoken.simulation.lab.inputs import Source, load
from levtoken.simulation.pool import Job
from levtoken.simulation.setup import Keeper, Setup, build, from_config
from levtoken.simulation.steady import steady_flows
from levtoken.yamlfile import read

YAML = (".yaml", ".yml")
TOO_LARGE = "use a smaller --capital: the market is too small for it"
REMEDIES = {
    "MarketSizeExceeded": TOO_LARGE,
    "SizeLimitExceeded": TOO_LARGE,
    "InsufficientMargin": "use a larger --capital: a position needs the margin its market asks",
    "SharesBelowLocked": "use a larger --capital: the first deposit locks some shares",
}


@dataclass(frozen=True)
class Case:
    """A job with its names. `label` tells the policy from the others that are asked for."""

    token: str
    label: str
    underlying: str
    job: Job

    @property
    def name(self) -> str:
        """Of its files and columns."""
        return f"{self.token}.{self.label.replace('/', '-')}"

    @property
    def setup(self) -> Setup:
        return self.job.setup


@dataclass(frozen=True)
class Plan:
    """What is asked for, with everything chosen; `sources` by underlying."""

    asked: Asked
    sources: dict[str, Source]
    cases: tuple[Case, ...]
    asset: str

    @property
    def bars(self) -> int:
        """Of all replays."""
        return sum(len(case.job.track.times) for case in self.cases)


def choose(asked: Asked, config: Config) -> Plan:
    """The plan; raises the `LevtokenError` that says what is wrong with what is asked for."""
    policies = _policies(asked.policies, config)
    for symbol in asked.tokens:
        config.token(symbol)
    sources = load(asked.inputs, asked.actors, config, asked.tokens)
    tokens = _tokens(asked, config, sources)
    cases = []
    for token in tokens:
        usual = config.token(token).policy
        for label, policy in (policies or {_short(usual): config.policies[usual]}).items():
            cases.append(_case(asked, config, token, label, policy, sources))
    assets = {config.market_of(token).asset for token in tokens}
    if len(assets) > 1:
        raise ConfigError("the tokens of a run share one asset: choose them by --token")
    used = {case.underlying for case in cases}
    chosen = {name: source for name, source in sources.items() if name in used}
    return Plan(asked, chosen, tuple(cases), assets.pop())


def check_start(case: Case) -> None:
    """Deploys the case's token and pays its capital in, as the replay will; raises a `ChainError`
    that names the case and the remedy."""
    track, market = case.job.track, case.setup.market
    answer = track.prices[0] // 10 ** (18 - market.feed.decimals)
    try:
        build(case.setup, track.times[0], answer, imposes=track.rates is not None)
    except Revert as error:
        remedy = REMEDIES.get(error.name, "check --capital, the token and its market in config/")
        raise ChainError(
            f"{case.token} with {case.label} does not take {case.setup.capital:,f} at the first "
            f"bar ({error.name}): {remedy}"
        ) from None


def _case(  # noqa: PLR0913, PLR0917 # what a case is made of
    asked: Asked,
    config: Config,
    token: str,
    label: str,
    policy: Policy,
    sources: dict[str, Source],
) -> Case:
    market = config.market_of(token)
    _check_policy(policy, label, token, config.token(token).leverage, market)
    underlying = config.token(token).underlying
    actors = asked.actors
    keeper = Keeper(actors.latency, float(actors.gas_cost) if actors.is_paid else 0.0)
    changes = {"name": label, "policy": policy, "capital": asked.capital, "keeper": keeper}
    setup = from_config(config, token, **changes)
    track = sources[underlying].track
    if actors.is_steady:
        track = replace(track, flows=steady_flows(track.prices, setup.leverage))
    return Case(token, label, underlying, Job(setup, track, float(actors.gas_cost)))


def _check_policy(
    policy: Policy, label: str, token: str, leverage: Decimal, market: Market
) -> None:
    fault = policy_fault(policy, abs(leverage), market)
    if fault is not None:
        raise ConfigError(
            f"{label} cannot be the policy of {token}, whose leverage is {leverage:+f}: {fault}; "
            "choose another --policy or --token"
        )


def _tokens(asked: Asked, config: Config, sources: dict[str, Source]) -> list[str]:
    symbols = choose_tokens(asked.tokens, config, sources)
    return list(symbols if asked.tokens else symbols[:1])


def _policies(names: tuple[str, ...], config: Config) -> dict[str, Policy]:
    """By label: the last part of a name where that says enough, otherwise all of it."""
    names = tuple(dict.fromkeys(names))
    shorts = [_short(name) for name in names]
    return {
        name if shorts.count(short) > 1 else short: _policy(name, config)
        for name, short in zip(names, shorts, strict=True)
    }


def _short(name: str) -> str:
    last = name.rpartition("/")[2]
    return last.rpartition(".")[0] if last.endswith(YAML) else last


def _policy(name: str, config: Config) -> Policy:
    if name in config.policies:
        return config.policies[name]
    file = Path(name)
    if file.suffix in YAML:
        if not file.is_file():
            raise ConfigError(f"there is no file {name}: check --policy")
        return read(file, Policy, name)
    short = {_short(one): one for one in config.policies}
    if name in short:
        return config.policies[short[name]]
    near = get_close_matches(name.rpartition("/")[2], short, n=3)
    known = [short[one] for one in near] or list(config.policies)
    raise ConfigError(
        f"no policy {name}: choose from {', '.join(known)}, or name a file that ends in .yaml"
    )
