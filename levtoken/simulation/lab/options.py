"""What the options of the lab ask for."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from levtoken.errors import ConfigError
from levtoken.simulation.lab.asked import Actors, Asked, Inputs, Inside, Invented
from levtoken.simulation.window import Window


@dataclass(frozen=True)
class Options:
    """The options of the command, as click names them."""

    prices: Path | None
    symbols: tuple[str, ...]
    start: str | None
    end: str | None
    funding: Path | None
    exchange: str | None
    synthetic: str | None
    volatility: float
    years: float
    step: int
    shock: float
    outage: int
    intrabar: str | None
    intrabar_step: int
    tokens: tuple[str, ...]
    policies: tuple[str, ...]
    capital: Decimal
    latency: int
    gas_price: Decimal
    ether_price: Decimal
    paid_keeper: bool
    flows: Decimal
    flow_size: Decimal
    steady: bool
    seed: int
    workers: int
    cluster: str | None
    out: Path
    overwrite: bool

    def to_asked(self, command: str) -> Asked:
        """What they ask for."""
        if self.steady and self.flows:
            raise ConfigError("--steady decides the flows: leave --flows out")
        return Asked(
            inputs=self._inputs(),
            tokens=self.tokens,
            policies=self.policies,
            capital=self.capital,
            actors=Actors(
                latency=self.latency,
                gas_price=self.gas_price,
                ether_price=self.ether_price,
                is_paid=self.paid_keeper,
                flows=self.flows,
                flow_size=self.flow_size,
                is_steady=self.steady,
                seed=self.seed,
            ),
            workers=self.workers,
            cluster=self.cluster,
            out=self.out,
            overwrite=self.overwrite,
            command=command,
        )

    def _inputs(self) -> Inputs:
        shape = (self.volatility, self.years, self.step, self.shock, self.outage)
        step, seed = self.intrabar_step, self.seed
        return Inputs(
            self.prices,
            self.symbols,
            Window.parse(self.start, self.end),
            self.funding,
            self.exchange,
            invented=None if self.synthetic is None else Invented(self.synthetic, *shape),
            inside=None if self.intrabar is None else Inside(self.intrabar, step, seed),
        )
