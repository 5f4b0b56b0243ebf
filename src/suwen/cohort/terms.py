"""Which codes a wanted code stands for: its descendants in HPO, the same disease elsewhere, or all with a prefix."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from suwen.errors import DataError
from suwen.knowledge import Knowledge

__all__ = ["Terms", "Wanted"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A code as criteria name it; `narrower` takes what lies below it along, `prefix` all codes that begin so."""

    code: str
    narrower: bool = True
    prefix: bool = False

    @property
    def system(self) -> str:
        """Prefix of its terminology: `HP`, `ICD10CM`; "" for a code with the address of its system."""
        return "" if "|" in self.code else self.code.partition(":")[0]

    @property
    def needs_knowledge(self) -> bool:
        """Whether the ontology is needed to know what it stands for."""
        return self.narrower and not self.prefix and self.system in {"HP", "MONDO", "OMIM", "ORPHA"}


class Terms:
    """What codes stand for, by the knowledge given; without it a code stands for itself.

    Below an HPO term lie its descendants, and the SNOMED CT concepts that HPO itself refers to. A disease stands for
    its equivalents in OMIM, Orphanet and MONDO; MONDO's own hierarchy is not among the reference data.
    """

    def __init__(self, knowledge: Knowledge | None = None) -> None:
        self.knowledge = knowledge
        self.covers = lru_cache(maxsize=1024)(self._covers)

    def matches(self, wanted: Wanted, codes: frozenset[str]) -> bool:
        """Whether one of the codes is what is wanted. Raises DataError where the ontology is needed and not there."""
        if wanted.prefix:
            return any(one.startswith(wanted.code) for one in codes)
        return not self.covers(wanted).isdisjoint(codes)

    def _covers(self, wanted: Wanted) -> frozenset[str]:
        if not wanted.needs_knowledge:
            return frozenset({wanted.code})
        if self.knowledge is None:
            raise DataError(f"{wanted.code} stands for other codes too, and the ontology that knows them was not given")
        found = self._below(wanted.code) if wanted.system == "HP" else self._same(wanted.code)
        return frozenset({wanted.code, *found})

    def _below(self, code: str) -> set[str]:
        ontology = self.knowledge.ontology if self.knowledge else None
        if ontology is None or code not in ontology.number:
            return set()
        wanted = ontology.number[code]
        terms = {one for number, one in enumerate(ontology.ids) if wanted in ontology.ancestors(number)}
        return terms | {f"SNOMEDCT:{concept}" for concept, term in ontology.snomed.items() if term in terms}

    def _same(self, code: str) -> set[str]:
        diseases = self.knowledge.diseases if self.knowledge else None
        if diseases is None or code not in diseases.number:
            return set()
        group = diseases.equivalent[diseases.number[code]]
        return {one for number, one in enumerate(diseases.ids) if diseases.equivalent[number] == group}
