"""An opened model for its reader: as a page with input, map and limits together, in the terminal, and as data."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from suwen.errors import InputError
from suwen.explain.opening.opened import Opened
from suwen.explain.opening.panels import COLOURS, Panels
from suwen.explain.opening.words import class_name
from suwen.finding import Bearing, Evidence
from suwen.learn.card import Figure
from suwen.report.html import environment
from suwen.report.model_strings import MODEL_STRINGS
from suwen.report.strings import LANGUAGES, Language, phrase
from suwen.report.wording import chance_text, plain, seen_text, signed
from suwen.subject import Region

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["ModelPage", "model_html", "model_json", "print_model"]

FORMAT = 1
_WAYS = {Bearing.SUPPORTS: "for", Bearing.AGAINST: "against", Bearing.NEUTRAL: "neutral"}
_STYLES = {"for": "bold blue", "against": "dark_orange3", "neutral": "dim"}


@dataclass(frozen=True, slots=True)
class ModelPage:
    """An opened model and its pictures, None for a row of a table. The sentences in it are in one language already."""

    opened: Opened
    panels: Panels | None = None


@dataclass(frozen=True, slots=True)
class _Shown:
    """One picture: a data URI, its caption, and whether a legend in it needs a white ground."""

    source: str
    caption: str
    mapped: bool = False


def model_html(page: ModelPage, *, lang: Language = "en", created: datetime) -> str:
    """Return the page as one self-contained HTML document; everything of card and input is escaped.

    `lang` is the language in which the model was opened; the same page and time give the same text, byte for byte.
    Raises InputError for a language that the report does not speak.
    """
    opened, say = page.opened, partial(_say, lang=lang)
    pictures = _pictures(page, lang)
    return (
        environment()
        .get_template("model.html")
        .render(
            opened=opened,
            say=say,
            title=_title(opened, lang),
            when=f"{created:%Y-%m-%d %H:%M %Z}".strip(),
            headline=_headline(opened, lang),
            chance=_chance(opened, lang),
            calibrated=opened.finding.chance.value is not None,
            threshold=_threshold(opened, lang),
            calibration=opened.finding.chance.calibration or say("model_calibration_none"),
            scores=_scores(opened, lang),
            outlines=_outlines(opened, lang),
            limits=_in(opened.card.limits, lang, ()),
            purpose=_in(opened.card.purpose, lang, ""),
            figures=[_figure(opened, name, one, lang) for name, one in sorted(opened.card.figures.items())],
            pictures=pictures,
            mapped=any(one.mapped for one in pictures),
            planes=_planes(page.panels, lang),
            evidence=[_evidence(one, lang) for one in opened.finding.evidence],
            verdict=_verdict(opened),
            maker=f"{opened.card.name} {opened.card.version}",
        )
    )


def print_model(opened: Opened, console: Console, lang: Language = "en") -> None:
    """Print answer, warnings, evidence, verdict and limits: all that belongs together, together."""
    from rich.text import Text  # noqa: PLC0415

    def line(text: str, style: str = "") -> None:
        console.print(Text(plain(text), style))

    colon = _say("colon", lang)
    line(_title(opened, lang), "bold")
    for one in opened.outlines:
        line(f"{one.name}{colon}{_volume(one.millilitres, one.places, lang)}")
    if opened.scores:
        line(f"{_headline(opened, lang)}{colon}{_chance(opened, lang)}", "bold")
        line(f"{_say('model_called', lang)}{colon}{opened.called}")
        line(f"{_say('model_threshold', lang)}{colon}{_threshold(opened, lang)}")
        calibration = opened.finding.chance.calibration or _say("model_calibration_none", lang)
        line(f"{_say('model_calibration', lang)}{colon}{calibration}")
    for warning in opened.warnings:
        line(f"{_say('model_warning', lang)}{colon}{warning}", "bold red")
    line(_say("model_evidence", lang), "bold")
    for shown in (_evidence(one, lang) for one in opened.finding.evidence):
        line(f"- {shown['weight']} {shown['way_text']}{colon}{shown['sentence']}", _STYLES[shown["way"]])
    line(f"{_say('model_believe', lang)} {_say(f'model_{_verdict(opened)}', lang)}", "bold")
    for text in (*opened.checks, *opened.surrogate, *opened.notes):
        line(f"- {text}")
    line(_say("model_limits", lang), "bold")
    for text in _in(opened.card.limits, lang, ()) or (_say("model_no_limits", lang),):
        line(f"- {text}")
    line(_say("model_caution", lang), "bold")


def model_json(opened: Opened) -> dict[str, Any]:
    """Return an opened model as JSON-ready dicts, format 1."""
    finding, card = opened.finding, opened.card
    return {
        "format": FORMAT,
        "model": {
            "name": card.name,
            "version": card.version,
            "weights_sha256": card.weights_sha256,
            "data_digest": finding.maker.data_digest,
        },
        "input": opened.input,
        "subject": {"kind": finding.subject.kind.value, "id": finding.subject.id},
        "code": finding.code.value,
        "target": opened.target,
        "chance": finding.chance.value,
        "calibration": finding.chance.calibration,
        "scores": dict(opened.scores),
        "threshold": card.threshold if opened.scores else None,
        "called": opened.called,
        "outlines": [
            {"class": one.name, "places": one.places, "millilitres": one.millilitres} for one in opened.outlines
        ],
        "method": opened.method,
        "evidence": [_evidence_json(one) for one in finding.evidence],
        "checks": [
            {
                "check": one.check,
                "method": one.method,
                "passes": one.passes,
                "figures": dict(one.figures),
                "threshold": one.threshold,
                "reason": one.reason,
            }
            for one in opened.verdicts
        ],
        "warnings": list(opened.warnings),
        "notes": list(opened.notes),
        "surrogate": list(opened.surrogate),
        "limits": {lang: list(texts) for lang, texts in card.limits.items()},
    }


def _evidence_json(one: Evidence) -> dict[str, Any]:
    seen: dict[str, Any] = {"seen": seen_text(one, "en")}
    if isinstance(one.seen, Region):
        seen = {"region": {"image": one.seen.image, "low": list(one.seen.low), "high": list(one.seen.high)}}
    told = {"bearing": one.bearing.value, "weight": one.weight, "sentence": one.sentence, "source": one.source}
    return {**told, **seen}


def _say(key: str, lang: Language, **fields: object) -> str:
    if lang not in LANGUAGES:
        raise InputError(
            f"the report speaks {' and '.join(LANGUAGES)}, not {lang!r}",
            zh=f"报告语言为 {'、'.join(LANGUAGES)}，而非 {lang!r}",
        )
    if key not in MODEL_STRINGS:
        return phrase(key, lang, **fields)
    return MODEL_STRINGS[key][lang].format(**fields)


def _in(told: Mapping[str, Any], lang: Language, otherwise: Any) -> Any:
    """What a card says in the language, else in whichever it does: a limit is never left out."""
    return told.get(lang) or next((one for one in told.values() if one), otherwise)


def _title(opened: Opened, lang: Language) -> str:
    return _say("model_of", lang, model=f"{opened.card.name} {opened.card.version}", input=opened.input)


def _headline(opened: Opened, lang: Language) -> str:
    key = "model_score_of" if opened.finding.chance.value is None else "model_chance_of"
    return _say(key, lang, name=opened.name)


def _chance(opened: Opened, lang: Language) -> str:
    if opened.finding.chance.value is not None:
        return chance_text(opened.finding.chance.value, lang)
    return f"{opened.scores[opened.name]:.3f}" if opened.name in opened.scores else ""


def _threshold(opened: Opened, lang: Language) -> str:
    card = opened.card
    if card.threshold is None or len(card.classes) != 2:
        return _say("model_threshold_none", lang)
    return _say("model_threshold_text", lang, value=f"{card.threshold:.3f}", name=class_name(card, 1, lang))


def _scores(opened: Opened, lang: Language) -> list[dict[str, str]]:
    calibrated = opened.finding.chance.value is not None
    return [
        {
            "name": name,
            "text": chance_text(value, lang) if calibrated else f"{value:.3f}",
            "width": f"{100 * value:.2f}",
        }
        for name, value in opened.scores.items()
    ]


def _volume(millilitres: float | None, places: int, lang: Language) -> str:
    if millilitres is not None:
        return _say("model_ml", lang, value=f"{millilitres:.2f}")
    return f"{places} ({_say('model_places', lang)})" if lang == "en" else f"{places}（{_say('model_places', lang)}）"


def _outlines(opened: Opened, lang: Language) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for at, one in enumerate(opened.outlines):
        red, green, blue = COLOURS[at % len(COLOURS)]
        volume = _say("unknown", lang) if one.millilitres is None else _volume(one.millilitres, one.places, lang)
        colour = f"rgb({red} {green} {blue})"
        found.append({"name": one.name, "volume": volume, "places": f"{one.places:,}", "colour": colour})
    return found


def _figure(opened: Opened, name: str, one: Figure, lang: Language) -> str:
    plain_name, single, _ = name.partition(" of single networks")
    named = _figure_name(opened, plain_name, lang)
    part_key = f"model_part_{one.part}"
    part = _say(part_key, lang) if part_key in MODEL_STRINGS else one.part
    fields = {"value": f"{one.value:.3f}", "part": part, "n": one.n}
    if one.low is None or one.high is None:
        return _say("model_figure", lang, name=named, **fields)
    key = "model_figure_range"
    if single:  # here the ends are those of the networks, no interval
        key, named = "model_figure_spread", _say("model_figure_single", lang, name=named)
    return _say(key, lang, name=named, low=f"{one.low:.3f}", high=f"{one.high:.3f}", **fields)


def _figure_name(opened: Opened, name: str, lang: Language) -> str:
    kind, _, of = name.partition(".")
    if f"model_figure_{kind}" not in MODEL_STRINGS:
        return name
    classes = opened.card.classes
    called = class_name(opened.card, classes.index(of), lang) if of in classes else of
    return _say(f"model_figure_{kind}", lang, name=called)


def _pictures(page: ModelPage, lang: Language) -> list[_Shown]:
    drawn, opened = page.panels, page.opened
    if drawn is None:
        return []
    found = [_Shown(_uri(drawn.plain), _say("model_input", lang))]
    if drawn.outlines:
        found.append(_Shown(_uri(drawn.outlines), _say("model_outlines", lang)))
    if drawn.heat:
        key = "model_heat_contour" if drawn.outlines else "model_heat"
        found.append(_Shown(_uri(drawn.heat), _say(key, lang, name=opened.name), mapped=True))
    return found


def _planes(drawn: Panels | None, lang: Language) -> str:
    if drawn is None or not drawn.planes:
        return ""
    return _say(f"model_planes_{drawn.planes}", lang, voxel=tuple(at + 1 for at in drawn.voxel))


def _uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _evidence(one: Evidence, lang: Language) -> dict[str, str]:
    way = _WAYS[one.bearing]
    seen = seen_text(one, lang)
    if isinstance(one.seen, Region):
        box = " × ".join(f"{low + 1}–{high}" for low, high in zip(one.seen.low, one.seen.high, strict=True))
        seen = _say("model_region", lang, box=box)
    return {
        "seen": seen,
        "way": way,
        "way_text": _say(f"model_{way}", lang),
        "weight": signed(one.weight),
        "sentence": one.sentence,
    }


def _verdict(opened: Opened) -> str:
    if opened.picture is None:
        return "exact"
    if any(one.passes is False for one in opened.verdicts):
        return "fails"
    return "passes" if any(one.passes for one in opened.verdicts) else "unchecked"
