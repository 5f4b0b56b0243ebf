"""Codes: a value in a named terminology, the only way a clinical fact is named inside Suwen."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Code:
    """A concept in a terminology, such as HPO `HP:0001250` (Seizure) or OMIM `OMIM:154700` (Marfan syndrome).

    `value` is the CURIE where the terminology has one. Two codes are equal when `value` is; the label is for readers.
    """

    value: str
    label: str = field(default="", compare=False)

    @property
    def system(self) -> str:
        """Prefix of the CURIE: `HP`, `OMIM`, `ORPHA`, `MONDO`; empty for a value without a prefix."""
        prefix, colon, _ = self.value.partition(":")
        return prefix if colon else ""

    def __str__(self) -> str:
        return f"{self.label} ({self.value})" if self.label else self.value
