"""The drawn electrocardiogram as PDF on A4 landscape, true to scale: PDF/A-2a and PDF/UA-1, the same bytes each time.

Typst sets it. What stands on the page comes as data, drawings as SVG of known size, never as markup; no file is read
and no package is fetched.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from suwen.report import ecg_tables as tables
from suwen.report.ecg_layout import is_long, sheets
from suwen.report.ecg_nouns import Paper, ReadEcg
from suwen.report.ecg_page import limits, notices
from suwen.report.ecg_paper import legend, sheet_svg
from suwen.report.ecg_strings import say
from suwen.report.ecg_trend import trend_svg
from suwen.report.ecg_words import caption, rule_text, said_marks, scale_text
from suwen.report.patient_pdf import STANDARDS
from suwen.report.strings import Language

if TYPE_CHECKING:
    from typst import Fonts

__all__ = ["ecg_pdf", "ecg_pixels"]

_LABELS = (
    *("ecg_title", "ecg_signs", "ecg_intervals", "ecg_measure", "ecg_value", "ecg_usual", "ecg_limits"),
    *("ecg_caution", "ecg_overview", "ecg_noticed", "colon", "source"),
)
_MOST_PAGES = 60  # sheets; a PDF of more is not looked at on paper


def ecg_pdf(read: ReadEcg, paper: Paper | None = None, *, lang: Language = "en", created: datetime) -> bytes:
    """Return the drawing with its signs and intervals; on paper printed at full size one second is 25 mm.

    Raises:
        InputError: the language is not spoken, or the paper does not fit (see `ecg_layout.sheets`).

    """
    return _typeset(read, paper or Paper(), lang, created, format="pdf", pdf_standards=STANDARDS)[0]


def ecg_pixels(
    read: ReadEcg, paper: Paper | None = None, *, lang: Language = "en", created: datetime, per_mm: float = 4.0
) -> list[bytes]:
    """The same pages as PNG, `per_mm` pixels a millimetre."""
    return _typeset(read, paper or Paper(), lang, created, format="png", ppi=25.4 * per_mm)


def _typeset(read: ReadEcg, paper: Paper, lang: Language, created: datetime, **how: Any) -> list[bytes]:
    import typst  # noqa: PLC0415  # 80 MB of typesetter that importing this room should not load

    template = resources.files("suwen.report").joinpath("templates/ecg.typ").read_bytes()
    data = json.dumps(_printed(read, paper, lang, created), ensure_ascii=False)
    data = _uncovered().sub(lambda match: f"〔U+{ord(match[0]):04X}〕", data)
    made = typst.compile(
        template,
        font_paths=_fonts(),
        sys_inputs={"view": data},
        timestamp=int(created.timestamp()),
        **how,
    )
    return made if isinstance(made, list) else [made]


def _printed(read: ReadEcg, paper: Paper, lang: Language, created: datetime) -> dict[str, Any]:
    """All that the template prints."""
    drawn = sheets(read, paper)[:_MOST_PAGES]
    drawings = [{"svg": sheet_svg(read, one, paper, lang=lang), "caption": caption(read, one, lang)} for one in drawn]
    return {
        "lang": lang,
        "say": {key: say(key, lang) for key in _LABELS},
        "recording": say("ecg_recording", lang, id=read.recording.id[:12]),
        "created": say("created", lang, when=f"{created:%Y-%m-%d %H:%M %Z}".strip()),
        "page_of": say("page_of", lang, page="{page}", pages="{pages}"),
        "outside": say("ecg_outside", lang, value="{value}"),
        "scale": scale_text(paper, lang),
        "facts": tables.facts(read, lang),
        "noticed": notices(read, lang),
        "trend": trend_svg(read, lang=lang) if is_long(read, paper) else "",
        "drawings": drawings,
        "legend": legend("".join(one["svg"] for one in drawings), lang),
        "marks": [asdict(one) | {"ruled": rule_text(one, lang)} for one in said_marks(read, lang)],
        "intervals": [asdict(one) for one in tables.interval_rows(read, lang)],
        "limits": limits(read, lang),
    }


@cache
def _fonts() -> Fonts:
    """The fonts of this package alone, so that the pages are the same on every machine."""
    from typst import Fonts  # noqa: PLC0415

    with resources.as_file(resources.files("suwen.report").joinpath("fonts")) as folder:
        return Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


@cache
def _uncovered() -> re.Pattern[str]:
    """Matches a character that the font of this package lacks; it is printed by its number."""
    text = resources.files("suwen.report").joinpath("fonts/coverage.txt").read_text(encoding="ascii")
    held = "".join(
        f"{_escaped(first)}-{_escaped(last or first)}"
        for first, _, last in (one.partition("-") for one in text.split())
    )
    return re.compile(f"[^{held}]")


def _escaped(point: str) -> str:
    return f"\\U{int(point, 16):08x}"
