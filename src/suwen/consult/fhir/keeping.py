"""Keeping FHIR resources in a chart: each once, changed ones as the next version, orders only by who may order."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from suwen.consult.fhir.held import Known, digest, is_order, known_in, place_of, versions_in
from suwen.errors import Problem
from suwen.formats.fhir import Stored
from suwen.records.access import Act, ResourceKind
from suwen.records.audit import EventKind
from suwen.records.gate import Work
from suwen.records.noted import seal_drafts
from suwen.records.store.charts import Draft

__all__ = ["Coming", "Kept", "Memory", "keep_resources"]

_REMEMBERED = 400_000  # resources whose digests are kept in memory, some 100 MB


@dataclass(frozen=True, slots=True)
class Coming:
    """A resource that comes, and where it stands in its document."""

    stored: Stored = field(repr=False)
    where: str = ""


@dataclass(slots=True)
class Kept:
    """How many resources were new, changed, the same; `problems` names those that were not kept."""

    written: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class _Chart:
    """What is known of a chart at a revision of it, and what this import has brought already."""

    revision: int
    known: dict[str, Known]
    said: set[str]


class Memory:
    """What one import knows of the charts it writes to, so that it opens each once and not for every batch.

    A chart that somebody else has changed meanwhile is opened again: its revision tells.
    """

    def __init__(self) -> None:
        self._charts: dict[bytes, _Chart] = {}
        self._said: dict[bytes, set[str]] = {}
        self._counted: dict[bytes, int] = {}
        self._total = 0

    def chart(self, work: Work, patient: bytes) -> _Chart:
        """What is known of a chart, after `work.require`; opening it is noted."""
        revision = work.store.charts.state(work.connection, patient).revision
        found = self._charts.pop(patient, None)
        if found is None or found.revision != revision:
            known = known_in(versions_in(work, patient))
            detail = {"what": "held against an import", "resources": len(known)}
            work.note(EventKind.QUERY, act=Act.ANNOTATE.value, subject=patient.hex(), detail=detail)
            found = _Chart(revision, known, self._said.setdefault(patient, set()))
        self._charts[patient] = found  # again, as the newest
        self._total += len(found.known) - self._counted.get(patient, 0)
        self._counted[patient] = len(found.known)
        while self._total > _REMEMBERED and len(self._charts) > 1:
            oldest = next(iter(self._charts))
            del self._charts[oldest]
            self._total -= self._counted.pop(oldest)
        return found

    def forget(self) -> None:
        """After a transaction that failed: nothing of what it wrote is there."""
        for one in (self._charts, self._said, self._counted):
            one.clear()
        self._total = 0


def keep_resources(
    work: Work, patient: bytes, coming: Sequence[Coming], memory: Memory, *, sparing: bool = False
) -> Kept:
    """Keep resources of a patient within a transaction that permits annotating the record.

    The same resource with the same content is left as it is; with another content it becomes the next version. What a
    version said once and says again (its `meta` tells that it is that version) is not written again. Orders that come,
    change or end need the act "order" too: without it AccessError is raised, or with `sparing` the rest is kept.
    """
    chart, kept, ordering = memory.chart(work, patient), Kept(), _Ordering(work, patient, sparing=sparing)
    # Records of one transaction have one time: ids in the order of the document keep that order.
    ids = sorted(secrets.token_bytes(16) for _ in coming)
    drafts: dict[str, list[Draft]] = {}
    for id_, one in zip(ids, coming, strict=True):
        place = place_of(one.stored)
        before = chart.known.get(place)
        fresh = _Fresh(one, digest(one.stored.resource), twice=place in chart.said)
        chart.said.add(place)
        if not _is_written(kept, before, fresh):
            continue
        after = _after(before, fresh, id_)
        if (after.order or (before is not None and before.order)) and not ordering.permitted():
            kept.problems.append(
                Problem(
                    one.where,
                    "is an order, and you may not order",
                    "let a physician import it",
                    zh_what="属于医嘱，而您不得开立医嘱",
                    zh_remedy="请由医师导入",
                )
            )
            continue
        kept.written += before is None
        kept.changed += before is not None
        chart.known[place] = after
        payload = replace(one.stored, full_url=after.full_url).to_bytes()
        drafts.setdefault(place, []).append(Draft(one.stored.kind, payload, after.record, after.version - 1))
    chart.revision += _seal(work, patient, drafts)
    return kept


class _Ordering:
    """Whether the actor may order: else who may only annotate could order by a document, or stop what others ordered.

    Decided once, and only where an order comes.
    """

    def __init__(self, work: Work, patient: bytes, *, sparing: bool) -> None:
        self._work, self._patient, self._sparing = work, patient, sparing
        self._answer: bool | None = None

    def permitted(self) -> bool:
        if self._answer is None:
            if self._sparing:
                self._answer = self._work.allows(Act.ORDER, ResourceKind.PATIENT, patient=self._patient)
            else:
                self._work.require(Act.ORDER, ResourceKind.PATIENT, patient=self._patient)
                self._answer = True
        return self._answer


@dataclass(frozen=True, slots=True)
class _Fresh:
    coming: Coming
    digest: bytes
    twice: bool  # this import has brought the same resource before

    @property
    def versioned(self) -> bool:
        """Whether it says which version of itself it is."""
        meta = self.coming.stored.resource.get("meta")
        return isinstance(meta, Mapping) and bool(meta.get("versionId") or meta.get("lastUpdated"))


def _is_written(kept: Kept, before: Known | None, fresh: _Fresh) -> bool:
    """Whether what comes is new; what is not is counted."""
    if before is None:
        return True
    if fresh.digest == before.digest or (fresh.digest in before.before and fresh.versioned):
        kept.unchanged += 1
        kept.withdrawn += before.withdrawn  # somebody withdrew it here, and it says nothing new
        return False
    if fresh.twice and not fresh.versioned:
        what = "comes twice, with another content each time"
        kept.problems.append(
            Problem(
                fresh.coming.where,
                what,
                "keep the one that holds",
                zh_what="出现两次且内容各异",
                zh_remedy="请只保留有效的一份",
            )
        )
        return False
    return True


def _after(before: Known | None, fresh: _Fresh, id_: bytes) -> Known:
    stored = fresh.coming.stored
    order = is_order(stored.resource)
    if before is None:
        return Known(id_, 1, fresh.digest, stored.full_url, order)
    # Other resources point at it by the address it came with first.
    full_url = stored.full_url or before.full_url
    known = {*before.before, before.digest}
    return Known(before.record, before.version + 1, fresh.digest, full_url, order, before=known)


def _seal(work: Work, patient: bytes, drafts: Mapping[str, Sequence[Draft]]) -> int:
    """Write versions of the same record one after the other; how many times the chart was written."""
    waves = 0
    while wave := [of_one[waves] for of_one in drafts.values() if len(of_one) > waves]:
        seal_drafts(work, Act.ANNOTATE, patient, wave)
        waves += 1
    return waves
