"""What a FHIR server keeps for the life of its process: the records, its readers together, charts known, pages."""

from __future__ import annotations

from dataclasses import dataclass, field

from suwen.consult.fhir.rest.pages import Pages
from suwen.consult.fhir.rest.wholes import Wholes
from suwen.records.gate import Records
from suwen.records.together import Together

__all__ = ["Rest"]


@dataclass(frozen=True)
class Rest:
    """The sealed records as a FHIR server reads them, for the life of the process; threads share one."""

    records: Records
    together: Together = field(repr=False)
    wholes: Wholes = field(default_factory=Wholes, repr=False)
    pages: Pages = field(default_factory=Pages, repr=False)

    @classmethod
    def over(cls, records: Records, together: Together | None = None) -> Rest:
        """One over open records; with `together` its readers share transactions with others of the process."""
        return cls(records, together or Together(records))
