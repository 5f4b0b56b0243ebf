"""How a consultation looks in a terminal, drawn with rich: what matters first, then the areas, then what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from suwen.report.patient_page import patient_view
from suwen.report.patient_view import Fact, FindingView, PatientView
from suwen.report.strings import Language, phrase
from suwen.report.terminal import AGAINST, FOR, SHOWN_EACH_WAY, SOFT, head, wrapped
from suwen.report.view import EvidenceRow

if TYPE_CHECKING:
    from suwen.consult.nouns import Consultation

__all__ = ["draw_consultation"]

_URGENT = ("dim", "", AGAINST, "bold reverse red")  # styles by urgency
_VERDICTS = {"confirmed": "green", "amended": FOR, "rejected": AGAINST, "none": SOFT}
_INDENT = 4


def draw_consultation(consultation: Consultation, console: Console, lang: Language) -> None:
    """Print the whole consultation; times are told in UTC."""
    view = patient_view(consultation, lang=lang, created=datetime.now(UTC))
    console.print(Rule(Text(phrase("report_title", lang), "bold")))
    _facts(view.head.facts[:-1], console, lang)  # the last is when the report was made: now
    head("matters", console, lang)
    _say(view.head.lead, console)
    if view.head.gaps:
        _say(view.head.gaps, console, AGAINST)
    for finding in view.findings:
        _finding(finding, console, lang)
    _areas(view, console, lang)
    head("not_available", console, lang)
    _facts(view.gaps.facts, console, lang)
    console.print()
    _say(view.provenance.limits[0], console, "bold")


def _finding(finding: FindingView, console: Console, lang: Language) -> None:
    console.print()
    title = Text.assemble((f"{finding.number:>2}. ", SOFT), (finding.name, "bold"), (f"  {finding.code}", SOFT))
    title.append(f"  {finding.urgency}", _URGENT[finding.urgency_level])
    console.print(title)
    chance = " · ".join(filter(None, [finding.chance.text, finding.chance.interval, finding.area]))
    _say(chance, console, indent=_INDENT)
    _verdict(finding, console)
    for note in finding.notes:
        _say(f"! {note}", console, AGAINST, indent=_INDENT)
    rows = _main(finding.rows)
    for row in rows:
        _evidence(row, console, lang)
    if len(finding.rows) > len(rows):
        _say(phrase("more_rows", lang, count=len(finding.rows) - len(rows)), console, SOFT, indent=_INDENT)


def _verdict(finding: FindingView, console: Console) -> None:
    said = finding.review
    words = " · ".join([finding.verdict, *([said.by, said.reason] if said else [])])
    text = wrapped(words, console.width - _INDENT)
    text.stylize(_VERDICTS[finding.verdict_kind], 0, len(finding.verdict))
    _put(text, console, _INDENT)


def _main(rows: Sequence[EvidenceRow]) -> list[EvidenceRow]:
    """The strongest rows each way; where none speaks either way, the first that say what there is."""
    speaking_for = [row for row in rows if row.weight > 0][:SHOWN_EACH_WAY]
    against = [row for row in rows if row.weight < 0][-SHOWN_EACH_WAY:]
    return speaking_for + against or list(rows[:SHOWN_EACH_WAY])


def _evidence(row: EvidenceRow, console: Console, lang: Language) -> None:
    style = {"for": FOR, "against": AGAINST}.get(row.bar.side, SOFT)
    words = f"{row.name}{phrase('colon', lang)}{row.sentence} [{row.source}]"
    text = wrapped(words, console.width - _INDENT - 8)
    text.stylize("bold", 0, len(row.name))
    console.print(Text(f"{'':>{_INDENT}}{row.text:>6}  ", style), end="")
    first, *others = text.split("\n")
    console.print(first)
    for line in others:
        _put(line, console, _INDENT + 8)


def _areas(view: PatientView, console: Console, lang: Language) -> None:
    head("areas", console, lang)
    if not view.areas:
        _say(phrase("no_areas", lang), console, SOFT)
    for area in view.areas:
        style = {"done": "green", "failed": AGAINST}.get(area.kind, SOFT)
        console.print(Text.assemble((area.title, "bold"), "  ", (area.status, style)))
        if area.reason:
            _say(area.reason, console, indent=_INDENT)
        _facts(area.facts, console, lang, indent=_INDENT)


def _facts(facts: Sequence[Fact], console: Console, lang: Language, *, indent: int = 0) -> None:
    for fact in facts:
        label = fact.label + phrase("colon", lang)
        text = wrapped(label + phrase("list_semicolon", lang).join(fact.texts), console.width - indent)
        text.stylize(SOFT, 0, len(label.rstrip()))
        _put(text, console, indent)


def _say(words: str, console: Console, style: str = "", *, indent: int = 0) -> None:
    _put(wrapped(words, console.width - indent, style), console, indent)


def _put(text: Text, console: Console, indent: int) -> None:
    for line in text.split("\n"):
        console.print(Padding(line, (0, 0, 0, indent), expand=False))
