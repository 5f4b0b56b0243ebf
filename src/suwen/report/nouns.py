"""The noun of this room: everything one page about one patient's differential shows, already worded and ranked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from suwen.diagnosis.nouns import NONE_OF_THESE, Question, SimilarCase
from suwen.errors import InputError
from suwen.finding import Finding
from suwen.subject import Code, Patient

__all__ = ["NONE_OF_THESE", "DifferentialPage"]


@dataclass(frozen=True, slots=True)
class DifferentialPage:
    """A ranked differential with all it rests on.

    `findings` are ranked, most probable first; one of them may have the code `suwen:none-of-these`. The first
    `shortlist` of them belong to the set that promises `coverage` (0.9 for a 90 % set), which holds `set_size` answers
    in all (None: no more than are listed). `sources` name the knowledge
    releases with their digests, `notes` are remarks such as "HP:0001 was replaced by HP:0002", and `typical` maps a
    disease's code value to its features with their frequency (0..1, None where unknown).
    """

    patient: Patient
    findings: tuple[Finding, ...]
    shortlist: int
    coverage: float
    set_size: int | None = None
    similar: tuple[SimilarCase, ...] = ()
    questions: tuple[Question, ...] = ()
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    typical: Mapping[str, tuple[tuple[Code, float | None], ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.shortlist <= len(self.findings):
            raise InputError(
                f"the set holds 0 to {len(self.findings)} of the findings, not {self.shortlist}",
                zh=f"该集合包含 0 至 {len(self.findings)} 项所见，而非 {self.shortlist}",
            )
        if not 0.0 < self.coverage <= 1.0:
            raise InputError(
                f"a set's coverage lies above 0 and at most at 1, not {self.coverage}",
                zh=f"集合的覆盖率大于 0 且不超过 1，而非 {self.coverage}",
            )

    @property
    def set_is_whole(self) -> bool:
        """Whether every answer of the set is listed."""
        return self.set_size is None or self.set_size <= self.shortlist

    @property
    def none_of_these(self) -> Finding | None:
        """The finding that the disease is none of those listed, where the differential gives one."""
        return next((finding for finding in self.findings if finding.code.value == NONE_OF_THESE), None)
