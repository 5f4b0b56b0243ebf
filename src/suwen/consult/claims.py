"""What an area claims now against what is filed: which findings are written anew, changed, withdrawn or left alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from suwen.consult.findings import KIND, filed_to_bytes
from suwen.consult.nouns import AreaReport, Filed, Filing, Verdict
from suwen.records.store.charts import Draft

__all__ = ["by_claim", "to_file"]


def to_file(filed: Collection[Filed], report: AreaReport, claims: Sequence[Filing]) -> Iterator[Draft]:
    """What is to be written so that the record says what the area claims; nothing for what it said before.

    A claim is known by its code. One that is no longer made is withdrawn; where a person judged it, it is kept as no
    longer standing, since a verdict is never lost. A finding that a person put right stays put right.
    """
    known, mine = by_claim(filed, report.area), [one for one in filed if one.area == report.area]
    kept = set()
    for claim in claims:
        now = _filed(claim, report)
        before = known.get(now.claim)
        if before is None:
            yield Draft(KIND, filed_to_bytes(now))
            continue
        kept.add(before.record)
        if not before.standing or _said(before) != _said(now):
            yield _next(before, _judged_before(before, now))
    for one in mine:
        if one.record not in kept and not one.reviews:
            yield Draft(KIND, b"", bytes.fromhex(one.record), one.version, withdrawn=True)
        elif one.record not in kept and one.standing:
            yield _next(one, replace(one, standing=False))


def by_claim(filed: Iterable[Filed], area: str) -> dict[str, Filed]:
    """One finding for each claim of an area.

    Where a bundle brought a second, the one that somebody judged counts, then the one that stands, then the last.
    """
    mine = (one for one in filed if one.area == area)
    ordered = sorted(mine, key=lambda one: (bool(one.reviews), one.standing, one.at, one.record))
    return {one.claim: one for one in ordered}


def _filed(claim: Filing, report: AreaReport) -> Filed:
    return Filed(
        record="",
        version=0,
        at=0,
        area=report.area,
        claim=claim.finding.code.value,
        finding=claim.finding,
        words=claim.words,
        urgency=claim.urgency,
        found={"en": claim.finding, **claim.words},
        made_with=report.version,
        inputs=report.inputs,
    )


def _said(one: Filed) -> bytes:
    """What the area says, to the last letter and digit; equal findings may differ in their labels."""
    return filed_to_bytes(Filed("", 0, 0, "", "", one.found["en"], urgency=one.urgency, found=one.found))


def _judged_before(before: Filed, now: Filed) -> Filed:
    """What the area says now, with what people said of it before."""
    now = replace(now, reviews=before.reviews)
    if any(one.verdict is Verdict.AMENDED for one in before.reviews):
        return replace(now, finding=before.finding, words=before.words)
    return now


def _next(before: Filed, now: Filed) -> Draft:
    return Draft(KIND, filed_to_bytes(now), bytes.fromhex(before.record), before.version)
