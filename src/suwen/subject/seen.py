"""What can be pointed at as the ground of a finding: a value, a place in an image or signal, atoms, a span of text."""

from __future__ import annotations

from dataclasses import dataclass

from suwen.subject.code import Code


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measured quantity; `unit` is a UCUM code (`a` for years, `mm`, `mmol/L`)."""

    code: Code
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Region:
    """An axis-aligned box in an image, in voxel indices of the stored array: `low` inclusive, `high` exclusive."""

    image: str
    low: tuple[int, ...]
    high: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a signal: seconds from its begin, `start` to `end` (equal for a moment), in `leads` or in all."""

    signal: str
    start: float
    end: float
    leads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Atoms:
    """Atoms of a molecule by zero-based index in its canonical SMILES."""

    smiles: str
    indices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a document: `start` inclusive, `end` exclusive, in characters; `text` is what stands there."""

    document: str
    start: int
    end: int
    text: str
