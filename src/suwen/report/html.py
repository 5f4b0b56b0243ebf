"""The differential as one HTML file that opens anywhere: no script, no request, printable, in two languages."""

from __future__ import annotations

from datetime import datetime
from functools import cache, partial
from typing import TypeVar

from jinja2 import Environment, PackageLoader, StrictUndefined

from suwen.finding import Maker
from suwen.report import wording
from suwen.report.links import linked
from suwen.report.nouns import DifferentialPage
from suwen.report.strings import Language, phrase
from suwen.report.view import page_axis, sections

__all__ = ["differential_html", "environment"]

Named = TypeVar("Named", str, Maker)


def differential_html(page: DifferentialPage, *, lang: Language = "en", created: datetime) -> str:
    """Return the page as one self-contained HTML document in English or Chinese.

    `created` is printed on the page; the same page, language and time give the same text, byte for byte. Everything
    in `page` is escaped. Raises InputError for a language that the report does not speak.
    """
    say = partial(phrase, lang=lang)
    chances = [finding.chance for finding in page.findings]
    return (
        environment()
        .get_template("differential.html")
        .render(
            page=page,
            lang=lang,
            say=say,
            when=f"{created:%Y-%m-%d %H:%M %Z}".strip(),
            none_leads=bool(page.findings) and page.findings[0] is page.none_of_these,
            axis=page_axis(page),
            sections=sections(page, lang),
            makers=_unique([finding.maker for finding in page.findings]),
            calibrations=_unique([chance.calibration for chance in chances if chance.calibration]),
            most_information=max([question.information for question in page.questions], default=0.0),
            chance_text=partial(wording.chance_text, lang=lang),
            interval_text=partial(wording.interval_text, lang=lang),
            percent=partial(wording.percent, lang=lang),
            age_text=partial(wording.age_text, lang=lang),
            onset_text=partial(wording.onset_text, lang=lang),
            disease_name=partial(wording.disease_name, lang=lang),
            maker_text=partial(wording.maker_text, lang=lang),
        )
    )


@cache
def environment() -> Environment:
    """The templates of this room: everything is escaped, and a name that does not exist is an error."""
    found = Environment(
        loader=PackageLoader("suwen.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["linked"] = linked
    found.filters["feature_name"] = wording.feature_name
    found.filters["ratio"] = wording.ratio_text
    found.filters["signed"] = wording.signed
    return found


def _unique(values: list[Named]) -> list[Named]:
    return list(dict.fromkeys(values))
