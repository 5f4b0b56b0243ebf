"""A model's card put into rows that a page, a terminal or a report shows, in English or Chinese."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from suwen.learn.card import Card, Figure
from suwen.learn.nets.catalogue import CATALOGUE
from suwen.report.strings import LANGUAGES, Language, phrase
from suwen.report.training_strings import TRAINING_STRINGS

__all__ = ["CardView", "FigureRow", "Row", "card_view", "figure_name", "figure_number", "told"]

_EACH = " of single networks"
_TEST = "test."


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A figure: its name in words, the one in the card, value, interval, number of examples and their part."""

    name: str
    key: str
    value: str
    interval: str
    n: int
    part: str


@dataclass(frozen=True, slots=True)
class Row:
    """A fact: what it is, its value, and the name that a config gives it."""

    label: str
    value: str
    key: str = ""
    code: bool = False  # the value is written as a machine reads it


@dataclass(frozen=True, slots=True)
class CardView:
    """All of a card in words. `data` are part, source, licence, number and digest."""

    title: str
    purpose: str
    limits: tuple[str, ...]
    figures: tuple[FigureRow, ...]
    data: tuple[tuple[str, str, str, str, str], ...]
    identity: tuple[Row, ...]
    made: tuple[Row, ...]
    plan: tuple[Row, ...]
    checks: tuple[Row, ...]
    notices: tuple[str, ...]
    honest: str


def told(key: str, lang: Language, **fields: object) -> str:
    """A phrase of the training's own words, or of the report's."""
    if key not in TRAINING_STRINGS or lang not in LANGUAGES:
        return phrase(key, lang, **fields)
    return TRAINING_STRINGS[key][lang].format(**fields)


def card_view(card: Card, lang: Language, vouched: tuple[str, str] | None = None) -> CardView:
    """The card in a language; `vouched` is what `vouched_by` found. Raises InputError for another language."""
    tested = any(one.part == "test" for one in card.figures.values())
    notices = card.training.get("notices_zh" if lang == "zh" else "notices", ())
    return CardView(
        f"{card.name} {card.version}",
        card.purpose.get(lang) or told("training_unstated", lang),
        tuple(card.limits.get(lang, ())) or (told("training_unstated", lang),),
        tuple(_figure(name, figure, lang) for name, figure in card.figures.items()),
        tuple(
            (
                _part(one.part, lang),
                _stated(one.source or one.name, lang),
                _stated(one.licence, lang),
                str(one.n),
                one.digest,
            )
            for one in card.data
        ),
        tuple(_identity(card, lang, vouched)),
        tuple(_made(card, lang)),
        tuple(_plan(card.training.get("plan", {}), lang)),
        tuple(Row(name, _plain(value), code=True) for name, value in card.checks.items()),
        tuple(str(one) for one in notices),
        told("training_honest_test" if tested else "training_honest_validation", lang) if card.figures else "",
    )


def figure_name(name: str, lang: Language) -> str:
    """The name of a figure in words: `test.dice.liver` is "Dice, liver, test part"; one that is not known stays."""
    if name.startswith(_TEST):
        return told("training_figure_test", lang, name=figure_name(name.removeprefix(_TEST), lang))
    if name.endswith(_EACH):
        return told("training_figure_single", lang, name=figure_name(name.removesuffix(_EACH), lang))
    kind, _, of = name.partition(".")
    key = f"training_figure_{kind}"
    if key not in TRAINING_STRINGS:
        return name
    return told("training_figure_of", lang, name=told(key, lang), of=of) if of else told(key, lang)


def figure_number(name: str, value: float) -> str:
    """Shares with three decimals, lengths and volumes with two."""
    digits = 2 if "_mm" in name or "_ml" in name else 3
    return f"{round(value, digits) + 0.0:.{digits}f}"  # + 0.0: nobody reads -0.00


def _figure(name: str, figure: Figure, lang: Language) -> FigureRow:
    interval = told("training_no_interval", lang)
    if figure.low is not None and figure.high is not None:
        interval = told(
            "interval_range", lang, low=figure_number(name, figure.low), high=figure_number(name, figure.high)
        )
        if name.endswith(_EACH):
            interval = told("training_spread", lang, range=interval)
    value = figure_number(name, figure.value)
    return FigureRow(figure_name(name, lang), name, value, interval, figure.n, _part(figure.part, lang))


def _stated(text: str, lang: Language) -> str:
    return text if text not in {"", TRAINING_STRINGS["training_unstated"]["en"]} else told("training_unstated", lang)


def _part(part: str, lang: Language) -> str:
    key = f"training_part_{part}"
    return told(key, lang) if key in TRAINING_STRINGS else part


def _identity(card: Card, lang: Language, vouched: tuple[str, str] | None) -> Iterator[Row]:
    yield Row(told("training_name", lang), f"{card.name} {card.version}")
    task = f"training_task_{card.task}"
    yield Row(told("training_task", lang), told(task, lang) if task in TRAINING_STRINGS else card.task)
    yield Row(told("training_classes", lang), told("list_comma", lang).join(card.classes) or told("none", lang))
    yield Row(told("training_licence", lang), _stated(card.licence, lang))
    yield Row(told("training_weights", lang), card.weights_sha256, code=True)
    if vouched is not None:
        yield Row(told("training_vouched", lang), told(f"training_vouched_{vouched[0]}", lang, who=vouched[1]))
    if card.cohort:
        yield Row(told("training_cohort", lang), card.cohort, code=True)


def _made(card: Card, lang: Language) -> Iterator[Row]:
    kind, made = str(card.network.get("kind", "")), card.training
    entry = CATALOGUE.get(kind)
    about = "" if entry is None else entry.chinese if lang == "zh" else entry.english
    yield Row(told("training_network", lang), about or kind, "network.kind: " + kind)
    yield Row(told("training_members", lang), str(card.network.get("members", 1)))
    yield Row(told("training_settings", lang), _plain(card.network.get("settings", {})), "network.settings", code=True)
    yield Row(told("training_prepare", lang), _plain(card.prepare), "prepare", code=True)
    yield Row(told("training_augment", lang), _plain(made.get("augment", {})), "augment", code=True)
    yield Row(told("training_flips", lang), _listed(card.flips, lang), "flips")
    if card.task == "classes":
        calibration = _plain(card.calibration) if card.calibration else told("training_uncalibrated", lang)
        yield Row(told("training_calibration", lang), calibration, code=bool(card.calibration))
    if card.training.get("features"):
        yield Row(told("training_features", lang), _listed(card.training["features"], lang))
    if card.threshold is not None:
        yield Row(told("training_threshold", lang), f"{card.threshold:.4f}")
        yield Row(told("training_rule", lang), str(made.get("rule", "")), "rule", code=True)
    if made:
        yield from _run(made, lang)


def _run(made: Mapping[str, Any], lang: Language) -> Iterator[Row]:
    yield Row(told("training_seeds", lang), _listed(made.get("seeds", ()), lang), "seeds")
    yield Row(told("training_best_epochs", lang), _listed(made.get("best_epochs", ()), lang))
    if "seconds" in made:
        spent = {name: made.get(name, "?") for name in ("seconds", "device", "threads")}
        yield Row(told("training_time", lang), told("training_time_text", lang, **spent))
    energy = made.get("energy_wh")
    known = isinstance(energy, int | float)
    said = told("training_energy_text" if known else "training_energy_unmeasured", lang, value=energy)
    yield Row(told("training_energy", lang), said)
    packages = made.get("packages", {})
    if packages:
        text = told("list_comma", lang).join(f"{name} {value}" for name, value in dict(packages).items())
        yield Row(told("training_packages", lang), text, code=True)


def _plan(plan: Mapping[str, Any], lang: Language) -> Iterator[Row]:
    for name, value in plan.items():
        key = f"training_plan_{name}"
        label = told(key, lang) if key in TRAINING_STRINGS else name
        yield Row(label, _plain(value), f"plan.{name}", code=True)


def _listed(values: Any, lang: Language) -> str:
    return told("list_comma", lang).join(str(one) for one in values) or told("none", lang)


def _plain(value: Any) -> str:
    """A value as a config would have it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
