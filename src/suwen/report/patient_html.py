"""The report on a patient as one HTML file that opens anywhere: no script, no request, printable, in two languages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from suwen.report.html import environment
from suwen.report.patient_page import patient_view
from suwen.report.strings import Language, phrase

if TYPE_CHECKING:
    from suwen.consult.nouns import Consultation

__all__ = ["patient_report_html"]


def patient_report_html(
    consultation: Consultation,
    *,
    lang: Language = "en",
    created: datetime,
    people: Mapping[str, str] | None = None,
) -> str:
    """Return everything that all areas say about a patient as one self-contained HTML document.

    `created` is printed, and all times are told in its zone; `people` names accounts (id to name) that a review does
    not name itself. The same input gives the same text, byte for byte. Everything in `consultation` is escaped: names
    and reasons are whatever somebody typed. Raises InputError for an unknown language and a time without a zone.
    """
    view = patient_view(consultation, lang=lang, created=created, people=people)
    words = partial(phrase, lang=lang)
    return environment().get_template("patient.html").render(view=view, axis=view.axis, say=words)
