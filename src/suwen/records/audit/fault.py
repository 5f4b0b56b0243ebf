"""What can be wrong with the audit log, said in sentences that name entries by number and nothing of what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Fault", "FaultKind", "Faults"]

_MOST = 100_000  # so that a wrong key or a ruined disk does not fill the memory


class FaultKind(Enum):
    """What is wrong with a stretch of the log."""

    CHANGED = "changed"  # these entries, or one among them, are not what was written
    LEAF = "leaf"  # the entry opens, but the hash stored beside it is another
    MISSING = "missing"
    ORDER = "order"  # stands after later ones, or more than once
    TRUNCATED = "truncated"  # signed once, and now beyond the end
    CHECKPOINT = "checkpoint"  # does not fit the entries, and nothing says which of them
    FORK = "fork"  # a checkpoint of another history: later ones fit
    TILE = "tile"  # the stored tile is wrong, or nothing says whether it or the entries are


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with the entries `seq` to `last`; `what` is a sentence for the person who verifies."""

    seq: int
    what: str
    kind: FaultKind
    last: int


class Faults:
    """Gathers faults: neighbouring entries with the same fault become one, and at most 100,000 are kept."""

    def __init__(self) -> None:
        self._said: list[tuple[FaultKind, int, int, str, str]] = []
        self.omitted = 0

    def say(self, kind: FaultKind, low: int, high: int, one: str, many: str = "") -> None:
        """Note a fault of the entries low..high-1: `one` and `many` are what follows "entry 7" and "entries 7 to 9"."""
        many = many or one
        before = self._said[-1] if self._said else None
        if before and high - low == 1 and (before[0], *before[2:]) == (kind, low, one, many):
            self._said[-1] = (kind, before[1], high, one, many)
        elif len(self._said) < _MOST:
            self._said.append((kind, low, high, one, many))
        else:
            self.omitted += 1

    def told(self) -> tuple[Fault, ...]:
        """Return all faults in the order of the entries."""
        ordered = sorted(self._said, key=lambda said: said[1:3])
        return tuple(
            Fault(
                low, f"entry {low} {one}" if high - low == 1 else f"entries {low} to {high - 1} {many}", kind, high - 1
            )
            for kind, low, high, one, many in ordered
        )
