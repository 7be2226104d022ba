"""What was measured: a figure, what bounds it, and how both are written down."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measurement. Times are in milliseconds, memory is in MB; None is what was not asked.

    `floor_ms` and `floor_p95_ms` are those of the least that any system must do for the same result
    in the same run, and `ratio` is what the bound speaks of: this work over its floor.
    """

    work: str
    size: int
    database: str = "postgres"
    median_ms: float | None = None
    p95_ms: float | None = None
    per_second: float | None = None
    queries: int | None = None
    bytes: int | None = None
    rss_mb: float | None = None
    floor_ms: float | None = None
    floor_p95_ms: float | None = None
    ratio: float | None = None
    #: Of the medians, what the statements took; the rest is spent outside the database.
    database_ms: float | None = None
    floor_database_ms: float | None = None
    #: What the table says beside it, such as how it was done; a short sentence.
    note: str = ""
    #: The bounds in words, and whether each holds.
    bounds: tuple[tuple[str, bool], ...] = ()

    def as_json(self) -> str:
        """Return one line of JSON."""
        told = {k: _short(v) for k, v in asdict(self).items() if v not in (None, "", ())}
        return json.dumps(told, ensure_ascii=False)

    @classmethod
    def of(cls, line: str) -> "Figure":
        read: dict[str, Any] = json.loads(line)
        bounds = tuple((words, holds) for words, holds in read.pop("bounds", ()))
        return cls(**read, bounds=bounds)

    @property
    def over_floor(self) -> float | None:
        """The median over the floor's."""
        return self.median_ms / self.floor_ms if self.median_ms and self.floor_ms else None

    @property
    def holds(self) -> bool:
        return all(holds for _words, holds in self.bounds)


def _short(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value


def median(times: Sequence[float]) -> float:
    return statistics.median(times)


def p95(times: Sequence[float]) -> float:
    """Return the time that 95 % of these do not pass: the nearest rank."""
    return sorted(times)[max(0, -(-len(times) * 95 // 100) - 1)]


def at_most(what: str, value: float, bound: float) -> tuple[str, bool]:
    """Return a bound in words with its value, and whether it holds."""
    return f"{what} {value:.4g} ≤ {bound:g}", value <= bound


def at_least(what: str, value: float, bound: float) -> tuple[str, bool]:
    return f"{what} {value:.4g} ≥ {bound:g}", value >= bound
