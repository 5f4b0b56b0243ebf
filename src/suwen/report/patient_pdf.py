"""The report on a patient as PDF for paper and archive: PDF/A-2a and PDF/UA-1, the same bytes for the same input.

It is set by Typst, which is told what stands on the page as data and never as markup: names and reasons are whatever
somebody typed. The fonts are those of this package, so that Chinese needs none of the machine's; only for characters
that they lack are the machine's own tried. The template reads no file and fetches no package.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Container, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from suwen.report.patient_page import patient_view
from suwen.report.patient_view import PatientView
from suwen.report.strings import Language, phrase

if TYPE_CHECKING:
    from typst import Fonts, PDFStandard

    from suwen.consult.nouns import Consultation

__all__ = ["patient_report_pdf"]

STANDARDS: list[PDFStandard] = ["a-2a", "ua-1"]  # ISO 19005-2 for archives, ISO 14289-1 for screen readers
_MEANINGLESS = frozenset({"Co", "Cn"})  # private or unassigned: a font that shows them shows what nobody can read
_MADE = "⁰⁴-⁹₀-₉"  # digits above and below the line, which the template makes of ordinary ones
_LABELS = (
    *("areas", "areas_lead", "axis_against", "axis_for", "brand", "chance", "colon", "created", "evidence_of_findings"),
    *("evidence_reason", "finding", "limits", "log_ratio", "matters", "no_areas", "no_reviews", "not_a_diagnosis"),
    *("not_available", "not_standing_short", "number", "on_version", "patient", "patient_evidence_lead", "provenance"),
    *("reason", "report_title", "reviewer", "reviews", "source", "sum", "urgency", "verdict", "when"),
)


def patient_report_pdf(
    consultation: Consultation,
    *,
    lang: Language = "en",
    created: datetime,
    people: Mapping[str, str] | None = None,
) -> bytes:
    """Return what `patient_report_html` says as an A4 document, with the strongest evidence of each finding.

    Raises InputError for an unknown language and a time without a zone. A character that no font of this package or
    of the machine holds is printed as its number, 〔U+20BB7〕.
    """
    view = patient_view(consultation, lang=lang, created=created, people=people)
    data = json.dumps(_printed(view), ensure_ascii=False).replace("\ufffd", "〔?〕")  # what is no character at all
    data = _numbered(data, only=_MEANINGLESS)
    second = int(created.timestamp())
    if not _uncovered().search(data):
        return _typeset(data, _fonts(machine=False), second)
    from typst import TypstError  # noqa: PLC0415

    try:
        return _typeset(data, _fonts(machine=True), second)
    except TypstError:  # no font of the machine has the character either, or none that may stand in an archive
        return _typeset(_numbered(data), _fonts(machine=False), second)


def _printed(view: PatientView) -> dict[str, Any]:
    """The view as JSON-ready dicts: of the evidence what is printed, and the words that the template says."""
    findings = tuple(replace(finding, rows=()) for finding in view.findings)
    labels = {key: phrase(key, view.lang) for key in _LABELS if key != "created"}
    labels["created"] = phrase("created", view.lang, when=view.head.created)
    return {
        **asdict(replace(view, findings=findings)),
        "ticks": [asdict(tick) for tick in view.axis.ticks],
        "say": labels,
        # Numbers of pages are known to the typesetter alone.
        "page_of": phrase("page_of", view.lang, page="{page}", pages="{pages}"),
    }


def _typeset(data: str, fonts: Fonts, second: int) -> bytes:
    import typst  # noqa: PLC0415  # 80 MB of typesetter that importing this room should not load

    template = resources.files("suwen.report").joinpath("templates/patient.typ").read_bytes()
    return typst.compile(
        template, format="pdf", font_paths=fonts, sys_inputs={"view": data}, pdf_standards=STANDARDS, timestamp=second
    )


@cache
def _fonts(*, machine: bool) -> Fonts:
    """The fonts of this package, and those of the machine where asked for."""
    from typst import Fonts  # noqa: PLC0415

    with resources.as_file(resources.files("suwen.report").joinpath("fonts")) as folder:
        return Fonts(include_system_fonts=machine, include_embedded_fonts=False, font_paths=[folder])


@cache
def _uncovered() -> re.Pattern[str]:
    """Matches a character that the regular font of this package lacks."""
    text = resources.files("suwen.report").joinpath("fonts/coverage.txt").read_text(encoding="ascii")
    ranges = (line.split("-") for line in text.split())
    held = "".join(f"{_escaped(one[0])}-{_escaped(one[-1])}" for one in ranges)
    return re.compile(f"[^{held}{_MADE}]")


def _escaped(point: str) -> str:
    return f"\\U{int(point, 16):08x}"


def _numbered(data: str, *, only: Container[str] | None = None) -> str:
    """Write characters that the font lacks by their numbers: those of some general categories, or all of them."""

    def number(match: re.Match[str]) -> str:
        letter = match[0]
        return f"〔U+{ord(letter):04X}〕" if only is None or unicodedata.category(letter) in only else letter

    return _uncovered().sub(number, data)
