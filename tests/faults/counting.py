"""How many fault schedules ran, and what they left: summed up over a whole session."""

from collections.abc import Iterable
from dataclasses import dataclass, field

#: Findings that are kept word for word; all are counted.
SHOWN = 5


@dataclass
class Score:
    """Schedules that ran, traces of what should be gone, and losses of what should be there."""

    schedules: int = 0
    traces: int = 0
    lost: int = 0
    found: list[str] = field(default_factory=list, kw_only=True)

    def add(self, schedule: str, traces: list[str], lost: list[str]) -> None:
        """Count one schedule with what it left and what it lost."""
        self.schedules += 1
        self.traces += len(traces)
        self.lost += len(lost)
        self._show(f"{schedule}: {text}" for text in (*traces, *lost))

    def include(self, other: "Score") -> None:
        self.schedules += other.schedules
        self.traces += other.traces
        self.lost += other.lost
        self._show(other.found)

    def require_clean(self) -> None:
        """Fail with the first findings if there are any, or if nothing ran."""
        assert self.traces + self.lost == 0, "\n".join([str(self), *self.found])
        assert self.schedules, "no schedule ran"

    def as_dict(self) -> dict[str, int]:
        return {"schedules": self.schedules, "traces": self.traces, "lost": self.lost}

    def _show(self, texts: Iterable[str]) -> None:
        self.found += list(texts)[: SHOWN - len(self.found)]

    def __str__(self) -> str:
        return (
            f"{self.schedules:,} fault schedules, {self.traces} traces left,"
            f" {self.lost} records lost"
        )


#: Of this session; a test of the count itself keeps out of it.
TOTAL = Score()
