"""Energy that the processor packages of this machine took, as Linux counts it (RAPL), where that may be read.

Source: the powercap interface of the Linux kernel (Documentation/power/powercap). A counter is in microjoules and
begins again at `max_energy_range_uj`, after an hour or so under load; it must be looked at more often than that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["EnergyMeter"]

_ROOT = Path("/sys/class/powercap")
_MICROJOULES = 3.6e9  # of a watt-hour


@dataclass
class EnergyMeter:
    """Adds up what the packages took between looks; all work of the machine counts, not only ours."""

    root: Path = _ROOT
    used: float = 0.0  # microjoules
    last: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.last = dict(self._read())

    @property
    def measured(self) -> bool:
        """Whether there is a counter that may be read."""
        return bool(self.last)

    def look(self) -> None:
        """Add what was taken since the last look."""
        for name, now in self._read():
            before = self.last.get(name, now)
            self.used += now - before if now >= before else now - before + self._most(name)
            self.last[name] = now

    def watt_hours(self) -> float | None:
        """What was taken so far; None where it is not measured."""
        return self.used / _MICROJOULES if self.measured else None

    def _read(self) -> Iterator[tuple[str, int]]:
        for place in sorted(self.root.glob("intel-rapl:[0-9]*")):
            if place.name.count(":") == 1:  # a package; what has a second number is a part of one
                value = _number(place / "energy_uj")
                if value is not None:
                    yield place.name, value

    def _most(self, name: str) -> int:
        return _number(self.root / name / "max_energy_range_uj") or 0


def _number(file: Path) -> int | None:
    """None where it is not there, or only for the administrator (CVE-2020-8694)."""
    try:
        return int(file.read_text("ascii"))
    except (OSError, ValueError):
        return None
