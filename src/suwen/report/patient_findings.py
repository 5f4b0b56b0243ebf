"""The findings of a patient report, worded: chance, urgency, verdicts, and the evidence on one axis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from suwen.finding import Finding
from suwen.report.chart import Axis
from suwen.report.patient_view import ChanceView, Fact, FindingView, ReviewView
from suwen.report.patient_voice import Voice
from suwen.report.view import EvidenceRow, evidence_rows
from suwen.report.wording import (
    chance_text,
    chance_word,
    disease_name,
    evidence_sum,
    interval_text,
    maker_text,
    ratio_text,
    region_text,
    signed,
)

if TYPE_CHECKING:
    from suwen.consult.nouns import Filed, Review

__all__ = ["OPEN_AT_MOST", "PAPER_ROWS", "chance_view", "finding_view", "review_views"]

OPEN_AT_MOST = 3  # findings whose evidence is open on screen from the start, beside the urgent ones
PAPER_ROWS = 8  # pieces of evidence printed that do not contradict; all that contradict are printed
URGENT = 2  # today


def finding_view(filed: Filed, number: int, area: str, axis: Axis, voice: Voice) -> FindingView:
    """Word one finding; `area` is the title of what made it."""
    finding = filed.worded(voice.lang)
    by_hand = filed.verdict is not None and filed.verdict.value == "amended"  # what it is instead, a person said
    chance = chance_view(finding, "" if by_hand else filed.area, voice)
    rows = evidence_rows(finding, axis, voice.lang)
    paper, hidden = _on_paper(rows)
    reviews = tuple(review_views(filed, number, voice))
    kind = filed.verdict.value if filed.verdict else "none"
    known, total = finding.chance.value is not None, evidence_sum(finding)
    return FindingView(
        anchor=f"finding-{number}",
        number=number,
        name=disease_name(finding.code, voice.lang),
        code=finding.code.value,
        area=area,
        urgency=voice.say(f"urgency_{_level(filed)}"),
        urgency_level=_level(filed),
        chance=chance,
        verdict=voice.say(f"verdict_{kind}"),
        verdict_kind=kind,
        review=reviews[-1] if reviews else None,
        standing=filed.standing,
        open=number <= OPEN_AT_MOST or _level(filed) >= URGENT,
        notes=tuple(_notes(filed, finding, voice)),
        rows=rows,
        paper=paper,
        more=voice.say("more_evidence", count=hidden) if hidden else "",
        total=signed(total) if known else "",
        ratio=voice.say("sum_ratio", ratio=ratio_text(total)) if known else "",
        facts=tuple(_facts(filed, finding, area, voice)),
    )


def chance_view(finding: Finding, area: str, voice: Voice) -> ChanceView:
    """Word a chance; without one, say what kind of statement the finding is. `area` is "" for one filed by hand."""
    chance = finding.chance
    if chance.value is None and chance.low is not None and chance.high is not None:
        between = interval_text(chance.low, chance.high, voice.lang)
        return ChanceView(voice.say("chance_between", interval=between), "", None, None, None)
    if chance.value is None and chance.calibration and area:
        return ChanceView(voice.say("chance_unknown"), "", None, None, None)
    if chance.value is None:
        return ChanceView(voice.say("chance_not_given" if area else "chance_by_hand"), "", None, None, None)
    words, number = chance_word(chance.value, voice.lang), chance_text(chance.value, voice.lang)
    interval = interval_text(chance.low, chance.high, voice.lang)
    return ChanceView(
        voice.say("chance_words", words=words, number=number),
        voice.say("chance_range", interval=interval) if interval else "",
        *(None if one is None else round(100 * one, 4) for one in (chance.value, chance.low, chance.high)),
    )


def review_views(filed: Filed, number: int, voice: Voice) -> Iterator[ReviewView]:
    """Word all verdicts on a finding, oldest first."""
    name = disease_name(filed.worded(voice.lang).code, voice.lang)
    for review in filed.reviews:
        yield ReviewView(
            number=number,
            finding=name,
            kind=review.verdict.value,
            verdict=voice.say(f"verdict_{review.verdict.value}"),
            reason=review.reason,
            name=voice.person(review),
            by=voice.say("verdict_by", name=voice.person(review), when=voice.when(review.at)),
            when=voice.when(review.at),
            version=voice.say("version_number", version=review.version),
            before=voice.say("verdict_before") if _overtaken(review, filed) else "",
        )


def _level(filed: Filed) -> int:
    return min(max(filed.urgency, 0), 3)


def _overtaken(review: Review, filed: Filed) -> bool:
    """Whether model or data of the finding have changed since a verdict was given."""
    return (review.made_with, review.inputs) != (filed.made_with, filed.inputs)


def _notes(filed: Filed, finding: Finding, voice: Voice) -> Iterator[str]:
    if not filed.standing:
        yield voice.say("not_standing")
    found = _in_language(filed.found, voice)
    if found is not None and (found.code, found.chance) != (finding.code, finding.chance):
        chance = chance_view(found, filed.area, voice)
        yield voice.say("originally", name=disease_name(found.code, voice.lang), chance=chance.text)
    if filed.reviews and _overtaken(filed.reviews[-1], filed):
        yield voice.say("verdict_before")
    if voice.lang != "en" and voice.lang not in filed.words and filed.area:
        yield voice.say("not_worded")


def _in_language(found: Mapping[str, Finding], voice: Voice) -> Finding | None:
    return found.get(voice.lang) or found.get("en")


def _facts(filed: Filed, finding: Finding, area: str, voice: Voice) -> Iterator[Fact]:
    yield Fact(voice.say("area"), (area,))
    yield Fact(voice.say("made_by"), (maker_text(finding.maker, voice.lang),))
    yield Fact(voice.say("filed"), (voice.say("filed_version", when=voice.when(filed.at), version=filed.version),))
    if finding.region is not None:
        yield Fact(voice.say("place_in_image"), (region_text(finding.region, voice.lang),))
    if finding.chance.value is not None or finding.chance.calibration:
        yield Fact(voice.say("calibrated_on"), (finding.chance.calibration or voice.say("not_calibrated"),))


def _on_paper(rows: tuple[EvidenceRow, ...]) -> tuple[tuple[EvidenceRow, ...], int]:
    """What is printed: the strongest for a finding and everything against it; and how many are left out."""
    speaking = [row for row in rows if row.weight >= 0]
    return (*speaking[:PAPER_ROWS], *rows[len(speaking) :]), max(0, len(speaking) - PAPER_ROWS)
