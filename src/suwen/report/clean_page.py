"""A cleaned data set for its reader: as a page with the examples shown, in the terminal, and as data."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from suwen.learn.clean.extra import needed
from suwen.learn.clean.nouns import Cleaning, Remark, Severity, Sign, Suspicion
from suwen.learn.clean.pictures import Picture
from suwen.report.clean_strings import CLEAN_STRINGS, fault_text
from suwen.report.html import environment
from suwen.report.strings import LANGUAGES, Language, phrase
from suwen.report.wording import plain

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["CleanPage", "clean_html", "clean_json", "print_clean", "shown_names", "suspicion_text"]

FORMAT = 1
SHOWN = 24  # suspicions of one sign on the page
SHOWN_EACH = 4  # pictures of one suspicion
_COLOURS = np.array([[0, 0, 0], [230, 120, 20], [20, 130, 220], [40, 170, 80], [200, 60, 150]], np.float32)
_STYLES = {Severity.GRAVE: "bold red", Severity.NOTABLE: "dark_orange3", Severity.HINT: "blue"}


@dataclass(frozen=True, slots=True)
class CleanPage:
    """A cleaning, and the pictures of examples by name, as far as there are any."""

    cleaning: Cleaning
    pictures: Mapping[str, Picture] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Image:
    """One example on the page: `source` is a data URI, `lines` are points of courses in a box of 300 x 60."""

    name: str
    alt: str
    source: str
    lines: tuple[str, ...]
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """One suspicion on the page."""

    names: str
    sentence: str
    images: tuple[_Image, ...]


@dataclass(frozen=True, slots=True)
class _Section:
    """All suspicions of one sign and severity."""

    id: str
    title: str
    severity: str
    severity_text: str
    number: int
    examples: int
    do: str
    why: str
    entries: tuple[_Entry, ...]
    more: int


def clean_html(page: CleanPage, *, lang: Language = "en", created: datetime) -> str:
    """Return the report as one self-contained HTML document; everything of the data set is escaped.

    Raises InputError for a language that the report does not speak, MissingExtraError (pictures need Pillow).
    """
    cleaning = page.cleaning
    say = partial(_say, lang=lang)
    return (
        environment()
        .get_template("clean.html")
        .render(
            say=say,
            title=_of(cleaning, lang),
            when=f"{created:%Y-%m-%d %H:%M %Z}".strip(),
            sections=[_section(page, of, lang) for of in _kinds(cleaning)],
            remarks=[_remark(one, lang) for one in cleaning.remarks],
        )
    )


def print_clean(cleaning: Cleaning, console: Console, lang: Language = "en") -> None:
    """Print how much was found of what, with the first examples, and what was not checked."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console.print(Text(plain(_of(cleaning, lang)), "bold"))
    kinds = _kinds(cleaning)
    if not kinds:
        console.print(_say("clean_none", lang))
    else:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for key in ("clean_severity", "clean_suspicion", "clean_number", "clean_examples"):
            table.add_column(_say(key, lang), justify="right" if key == "clean_number" else "left")
        for of in kinds:
            table.add_row(
                Text(_say(f"clean_severity_{of[0].severity.value}", lang), _STYLES[of[0].severity]),
                _say(f"clean_sign_{of[0].sign.value}", lang),
                str(len(of)),
                Text(plain(_first(of, lang))),
            )
        console.print(table)
    for remark in cleaning.remarks:
        console.print(Text(f"- {plain(_remark(remark, lang))}"))
    console.print(Text(_say("clean_caution", lang), "bold"))


def clean_json(cleaning: Cleaning) -> dict[str, Any]:
    """Return the cleaning as JSON-ready dicts, format 1."""
    return {
        "format": FORMAT,
        "source": cleaning.source,
        "form": cleaning.form.value,
        "examples": len(cleaning.measured),
        "suspicions": [
            {
                "sign": one.sign.value,
                "severity": one.severity.value,
                "examples": list(one.where),
                "score": round(one.score, 4),
                "suggestion": one.suggestion.value,
                "proposed_label": one.proposed,
                "facts": dict(one.facts),
                "sentence": {lang: suspicion_text(one, lang) for lang in LANGUAGES},
            }
            for one in cleaning.suspicions
        ],
        "remarks": [{"key": one.key, "facts": dict(one.facts)} for one in cleaning.remarks],
    }


def shown_names(cleaning: Cleaning) -> list[str]:
    """The examples whose pictures the page shows."""
    shown = [name for of in _kinds(cleaning) for one in of[:SHOWN] for name in one.where[:SHOWN_EACH]]
    return list(dict.fromkeys(shown))


def suspicion_text(one: Suspicion, lang: Language) -> str:
    """The sentence of one suspicion in a language."""
    facts = dict(one.facts)
    if "reason" in facts:
        facts["reason"] = fault_text(str(facts["reason"]), lang)
    sentences = [_say(_key(one), lang, **facts)]
    if one.sign in {Sign.DUPLICATE, Sign.NEAR_DUPLICATE}:
        sentences += [_say(f"clean_say_{key}", lang, **facts) for key in ("splits", "labels") if facts.get(key)]
    if one.sign in {Sign.CONFOUNDER, Sign.GIVES_AWAY} and facts["finding"]:
        sentences.insert(0, _say("clean_say_finding", lang, **facts).strip())
    return ("" if lang == "zh" else " ").join(sentences)


def _key(one: Suspicion) -> str:
    kind = ""
    if one.sign is Sign.LABEL and one.facts["finding"]:
        kind = "_absent" if one.facts["proposed"] == "-" else "_present"
    elif one.sign is Sign.SCALE:
        kind = f"_{one.facts['way']}"
    elif one.sign in {Sign.MISMATCHED, Sign.UNKNOWN_CLASS}:
        kind = f"_{one.facts['what']}"
    elif one.facts.get("how") == "row":
        kind = "_row"
    return f"clean_say_{one.sign.value}{kind}"


def _say(key: str, lang: Language, **fields: object) -> str:
    if key not in CLEAN_STRINGS or lang not in LANGUAGES:
        return phrase(key, lang, **fields)
    return CLEAN_STRINGS[key][lang].format(**{name: _shown(value) for name, value in fields.items()})


def _shown(value: object) -> object:
    """500700.0 is 500,700."""
    return f"{value:,.6g}" if isinstance(value, float) else value


def _of(cleaning: Cleaning, lang: Language) -> str:
    form = _say(f"clean_form_{cleaning.form.value}", lang)
    return _say("clean_of", lang, n=len(cleaning.measured), form=form, source=cleaning.source)


def _kinds(cleaning: Cleaning) -> list[list[Suspicion]]:
    """The suspicions of one sign and severity together, in the order they have in the cleaning."""
    kinds: dict[tuple[Severity, Sign], list[Suspicion]] = {}
    for one in cleaning.suspicions:
        kinds.setdefault((one.severity, one.sign), []).append(one)
    return list(kinds.values())


def _first(of: Sequence[Suspicion], lang: Language) -> str:
    if not of[0].where:  # about a column
        names = list(dict.fromkeys(str(one.facts.get("attribute", "")) for one in of))
    else:
        names = list(dict.fromkeys(name for one in of for name in one.where))
    more = len(names) - 3
    text = _say("list_comma", lang).join(names[:3])
    return f"{text} {_say('clean_and_more', lang, n=more)}" if more > 0 else text


def _remark(one: Remark, lang: Language) -> str:
    text = _say(f"clean_remark_{one.key}", lang, **one.facts)
    finding = one.facts.get("finding")
    return f"{finding}{_say('colon', lang)}{text}" if finding else text


def _section(page: CleanPage, of: Sequence[Suspicion], lang: Language) -> _Section:
    sign, severity = of[0].sign, of[0].severity
    labels = {one.sample.name: one.sample.label for one in page.cleaning.measured}
    why = f"clean_why_{sign.value}"
    doing = dict.fromkeys(_say(f"clean_do_{one.suggestion.value}", lang) for one in of)
    return _Section(
        f"{sign.value}-{severity.value}",
        _say(f"clean_sign_{sign.value}", lang),
        severity.value,
        _say(f"clean_severity_{severity.value}", lang),
        len(of),
        len({name for one in of for name in one.where}),
        ("；" if lang == "zh" else "; ").join(doing),
        _say(why, lang) if why in CLEAN_STRINGS else "",
        tuple(_entry(one, page.pictures, labels, lang) for one in of[:SHOWN]),
        max(0, len(of) - SHOWN),
    )


def _entry(one: Suspicion, pictures: Mapping[str, Picture], labels: Mapping[str, str | None], lang: Language) -> _Entry:
    names = _say("list_comma", lang).join(one.where[:SHOWN_EACH])
    if len(one.where) > SHOWN_EACH:
        names = f"{names} {_say('clean_and_more', lang, n=len(one.where) - SHOWN_EACH)}"
    images = [
        _image(name, pictures[name], labels.get(name), lang) for name in one.where[:SHOWN_EACH] if name in pictures
    ]
    return _Entry(names, suspicion_text(one, lang), tuple(images))


def _image(name: str, picture: Picture, label: str | None, lang: Language) -> _Image:
    alt = _say("clean_picture", lang, name=name, label=label or _say("clean_unlabelled", lang))
    if picture.course.size:
        return _Image(name, alt, "", tuple(_line(one) for one in picture.course), 300, 60)
    height, width = picture.pixels.shape
    return _Image(name, alt, _png(picture), (), width, height)


def _line(course: Any) -> str:
    step = 300 / max(1, len(course) - 1)
    return " ".join(f"{at * step:.1f},{58 - 56 * float(value):.1f}" for at, value in enumerate(course))


def _png(picture: Picture) -> str:
    """A data URI; voxels of a mask are tinted."""
    pixels = picture.pixels
    if picture.mask.shape == pixels.shape and picture.mask.any():
        tint = _COLOURS[np.where(picture.mask > 0, 1 + (picture.mask.astype(int) - 1) % (len(_COLOURS) - 1), 0)]
        inside = (picture.mask > 0)[..., None]
        pixels = np.where(inside, 0.55 * pixels[..., None] + 0.45 * tint, pixels[..., None]).astype(np.uint8)
    held = io.BytesIO()
    needed("PIL.Image", "pillow").fromarray(np.ascontiguousarray(pixels)).save(held, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(held.getvalue()).decode("ascii")
