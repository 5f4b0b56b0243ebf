"""patient-view: what the areas of a consult find in the patient's record, or in what was sent along, as cards."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suwen.consult import Area, Consultation, Filed, Purpose, Status, Verdict, consult, read_consultation
from suwen.errors import DataError, SuwenError
from suwen.finding import Bearing, Finding
from suwen.govern import Act, Actor, may
from suwen.server.cds.cards import Card, Source, escaped
from suwen.server.cds.words import WORDS

if TYPE_CHECKING:
    from suwen.server.cds.hooks import Hook
    from suwen.server.house import House

__all__ = ["consulted", "finding_cards", "finding_detail", "heart_findings", "loose_cards"]

LOG = logging.getLogger("suwen.server")
_EACH, _ALL, _EVIDENCE = 2, 8, 5  # cards of an area that do not press, cards in all, evidence in a card
_INDICATORS = {3: "critical", 2: "warning"}  # at once, today; what is soon or for consideration interrupts nobody
_AGAINST = frozenset({Bearing.AGAINST, Bearing.AGAINST_EXCLUDED})
_FAULTS = (SuwenError, ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class _Said:
    """A finding in the reader's language, with what a card tells of it."""

    finding: Finding
    area: str
    title: str
    urgency: int
    verdict: Verdict | None = None
    about: str = ""


def finding_cards(actor: Actor, house: House, patient: str, lang: str) -> list[Card]:
    """Cards of the findings that stand in a patient's record; rejected ones are not told."""
    found = consulted(actor, house, patient)
    titles = {one.area: one.title for one in found.areas}
    said = [
        _Said(
            finding=one.worded(lang),
            area=one.area,
            title=_in(titles.get(one.area, {}), lang),
            urgency=one.urgency,
            verdict=one.verdict,
            about=f"Finding/{one.record}/{one.version}",
        )
        for one in found.findings
        if one.standing and one.verdict is not Verdict.REJECTED
    ]
    link = (WORDS["open"].said(lang), f"{house.settings.address}/patients/{patient}/findings")
    return _cards(said, house, lang, link=link)


def consulted(actor: Actor, house: House, patient: str) -> Consultation:
    """The areas asked anew where the actor may diagnose and all is open, else what they found last."""
    records = house.records
    if house.science.ready and may(actor, records, Act.DIAGNOSE, patient):
        return consult(actor, records, patient, areas=house.science.areas(), purpose=Purpose.TREATMENT)
    return read_consultation(actor, records, patient)


def loose_cards(house: House, hook: Hook, lang: str) -> list[Card]:
    """Cards of what the areas find in resources that came along: for a patient without a record here; nothing kept.

    Raises DataError while the areas are still being opened: a call waits half a second, and no longer.
    """
    if not house.science.ready:
        raise DataError("the areas are still being opened; ask again in a moment")
    said = [one for area in house.science.areas() for one in _weighed(area, hook, lang)]
    return _cards(said, house, lang, note=WORDS["not_kept"].said(lang))


def _weighed(area: Area, hook: Hook, lang: str) -> Iterable[_Said]:
    """What one area finds; one that fails says nothing, and the others stand."""
    if area.missing:
        return []
    try:
        given = area.prepare(hook.of(*area.kinds), hook.patient)
        answer = area.weigh(given.noun)
    except _FAULTS as failure:
        LOG.error("area %s failed on what a CDS Hooks request brought: %s", area.name, type(failure).__name__)
        return []
    if answer.status is not Status.DONE:
        return []
    title = _in(area.title, lang)
    return [_Said(one.words.get(lang, one.finding), area.name, title, one.urgency) for one in answer.findings]


def _cards(
    said: list[_Said], house: House, lang: str, *, link: tuple[str, str] | None = None, note: str = ""
) -> list[Card]:
    """The most important first: all that press, and of each area a few more; how many were left out is said."""
    chosen: list[_Said] = []
    by_area: dict[str, int] = {}
    for one in sorted(said, key=lambda one: -one.urgency):
        by_area[one.area] = by_area.get(one.area, 0) + (one.urgency == 0)
        if one.urgency or by_area[one.area] <= _EACH:
            chosen.append(one)
    chosen = chosen[:_ALL]
    left = len(said) - len(chosen)
    more = WORDS["more"].said(lang).format(count=left) if left else ""
    return [_card(one, house, lang, link, [note, more if one is chosen[-1] else ""]) for one in chosen]


def _card(one: _Said, house: House, lang: str, link: tuple[str, str] | None, notes: list[str]) -> Card:
    return Card(
        summary=one.finding.code.label or one.finding.code.value,
        indicator=_INDICATORS.get(one.urgency, "info"),
        source=Source(f"{WORDS['findings_title'].said(lang)}: {one.title}", f"{house.settings.address}/help"),
        detail="\n\n".join(part for part in (finding_detail(one.finding, lang), _review(one, lang), *notes) if part),
        topic=one.area,
        link=link,
        about=one.about,
    )


def finding_detail(finding: Finding, lang: str) -> str:
    """Chance with its interval, evidence with its sources, who made it: Markdown of GitHub's flavour."""
    lines = [_chance(finding, lang)]
    if finding.chance.calibration:
        lines += ["", escaped(WORDS["calibrated"].said(lang).format(on=finding.chance.calibration))]
    lines += ["", f"**{WORDS['evidence'].said(lang)}**", ""]
    for one in finding.evidence[:_EVIDENCE]:
        word = "against" if one.bearing in _AGAINST else "neutral" if one.bearing is Bearing.NEUTRAL else "supports"
        lines.append(f"- {WORDS[word].said(lang)}: {escaped(one.sentence)} — *{escaped(one.source)}*")
    if len(finding.evidence) > _EVIDENCE:
        lines.append(f"- {WORDS['more_evidence'].said(lang).format(count=len(finding.evidence) - _EVIDENCE)}")
    maker = " ".join(part for part in (finding.maker.name, finding.maker.version) if part)
    return "\n".join([*lines, "", escaped(WORDS["made"].said(lang).format(maker=maker))])


def _chance(finding: Finding, lang: str) -> str:
    chance = finding.chance
    said = WORDS["unknown"].said(lang) if chance.value is None else _percent(chance.value)
    if chance.low is not None and chance.high is not None:
        interval = WORDS["interval"].said(lang).format(low=_percent(chance.low), high=_percent(chance.high))
        said = interval if chance.value is None else f"{said} ({interval})"
    return f"{WORDS['chance'].said(lang)}: {said}"


def _percent(value: float) -> str:
    return f"{value:.1%}"


def _review(one: _Said, lang: str) -> str:
    word = {Verdict.CONFIRMED: "confirmed", Verdict.AMENDED: "amended"}.get(one.verdict, "unreviewed")  # type: ignore[arg-type]
    return f"{WORDS[word].said(lang)} {WORDS['purpose'].said(lang)}"


def _in(words: Mapping[str, str], lang: str) -> str:
    return words.get(lang) or words.get("en", "")


def heart_findings(found: Consultation) -> list[Filed]:
    """The findings of cardiovascular risk that stand."""
    return [
        one for one in found.findings if one.area == "heart" and one.standing and one.verdict is not Verdict.REJECTED
    ]
