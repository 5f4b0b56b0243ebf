"""The trade-off drawn as SVG: one small chart a constraint, accuracy upwards, the interpretability figure across."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Literal

from suwen.errors import InputError
from suwen.learn.constraints.tradeoff import Curve, Point

__all__ = ["FIGURES", "draw"]

Language = Literal["en", "zh"]

CONSTRAINTS: Mapping[str, Mapping[Language, str]] = {
    "l1": {"en": "L1", "zh": "L1 稀疏"},
    "group_lasso": {"en": "Group lasso", "zh": "组套索"},
    "gates": {"en": "Hard-concrete gates", "zh": "硬混凝土门控"},
    "monotone": {"en": "Monotonicity by penalty", "zh": "单调性惩罚"},
    "tree": {"en": "Tree regularisation", "zh": "树正则化"},
    "right_reasons": {"en": "Right for the right reasons", "zh": "以正确的理由作答"},
    "attention_inside": {"en": "Attention inside the organ", "zh": "注意力限于器官"},
    "concepts": {"en": "Concept bottleneck", "zh": "概念瓶颈"},
}
FIGURES: Mapping[str, Mapping[Language, str]] = {
    "features_used": {"en": "features used", "zh": "使用的特征数"},
    "weights_used": {"en": "weights that are not zero", "zh": "非零权重数"},
    "violations": {"en": "violated pairs (share)", "zh": "违反单调的比例"},
    "path_length": {"en": "decisions of the imitating tree", "zh": "模仿决策树的平均决策数"},
    "gradient_outside": {"en": "gradient outside the mask (share)", "zh": "掩膜外梯度占比"},
    "attention_outside": {"en": "attention outside the mask (share)", "zh": "掩膜外注意力占比"},
    "concept_auc": {"en": "AUC of the concepts", "zh": "概念的 AUC"},
}
_WORDS: Mapping[str, Mapping[Language, str]] = {
    "title": {"en": "What each constraint costs", "zh": "各约束的代价"},
    "auc": {"en": "AUC (95 % interval)", "zh": "AUC（95% 区间）"},
    "less": {"en": "{figure}: less is better", "zh": "{figure}（越少越好）"},
    "more": {"en": "{figure}: more is better", "zh": "{figure}（越多越好）"},
    "strength": {"en": "numbers at the points: strength", "zh": "点旁数字：约束强度"},
    "said": {
        "en": "{name}: from AUC {first:.3f} and {figure} {start:.3g} without, to AUC {last:.3f} and {end:.3g}.",
        "zh": "{name}：无约束时 AUC {first:.3f}、{figure} {start:.3g}；最强时 AUC {last:.3f}、{end:.3g}。",
    },
}
_WIDE, _HIGH, _LEFT, _TOP, _INNER_WIDE, _INNER_HIGH = 340, 250, 56, 46, 264, 140


def draw(curves: Sequence[Curve], language: Language = "en", *, columns: int = 2) -> str:
    """An SVG with a chart for each curve; its description says the same in words. Raises InputError without any."""
    if not curves or columns < 1 or language not in ("en", "zh"):
        raise InputError("a drawing needs a curve, a column, and a language that is en or zh")
    columns = min(columns, len(curves))
    rows = -(-len(curves) // columns)
    wide, high = columns * _WIDE, rows * _HIGH + 44
    charts = "".join(
        f'<g transform="translate({at % columns * _WIDE} {at // columns * _HIGH + 30})">{_chart(curve, language)}</g>'
        for at, curve in enumerate(curves)
    )
    said = " ".join(_said(curve, language) for curve in curves)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" role="img"'
        f' lang="{language}" font-family="sans-serif" font-size="11" fill="#222">'
        f"<title>{escape(_WORDS['title'][language])}</title><desc>{escape(said)}</desc>"
        f'<rect width="{wide}" height="{high}" fill="#fff"/>'
        f'<text x="12" y="22" font-size="15" font-weight="bold">{escape(_WORDS["title"][language])}</text>'
        f'{charts}<text x="12" y="{high - 8}" fill="#555">{escape(_WORDS["strength"][language])}</text></svg>\n'
    )


def _name(table: Mapping[str, Mapping[Language, str]], key: str, language: Language) -> str:
    return table[key][language] if key in table else key


def _said(curve: Curve, language: Language) -> str:
    first, last = curve.points[0], curve.points[-1]
    return _WORDS["said"][language].format(
        name=_name(CONSTRAINTS, curve.constraint, language),
        figure=_name(FIGURES, curve.figure, language),
        first=first.auc,
        start=first.figure,
        last=last.auc,
        end=last.figure,
    )


def _chart(curve: Curve, language: Language) -> str:
    across = _span([point.figure for point in curve.points], least=0.0)
    upward = _span([edge for point in curve.points for edge in (point.low, point.high)], most=1.0)
    places = [(_at(point.figure, across, _LEFT, _INNER_WIDE), point) for point in curve.points]
    line = " ".join(f"{x:.1f},{_up(point.auc, upward):.1f}" for x, point in places)
    figure = _WORDS[curve.better][language].format(figure=_name(FIGURES, curve.figure, language))
    name = _name(CONSTRAINTS, curve.constraint, language)
    return (
        f'<text x="{_LEFT}" y="16" font-size="12.5" font-weight="bold">{escape(name)}</text>'
        f'<text x="{_LEFT}" y="32" fill="#555">{escape(curve.data)}, n = {curve.n}</text>'
        + _axes(across, upward)
        + f'<text x="{_LEFT + _INNER_WIDE / 2}" y="{_TOP + _INNER_HIGH + 34}" text-anchor="middle">'
        f"{escape(figure)}</text>"
        f'<text transform="translate(13 {_TOP + _INNER_HIGH / 2}) rotate(-90)" text-anchor="middle">'
        f"{escape(_WORDS['auc'][language])}</text>"
        f'<polyline points="{line}" fill="none" stroke="#0b6e8f" stroke-width="1.5"/>'
        + "".join(_mark(x, point, upward, above=at % 2 == 0) for at, (x, point) in enumerate(places))
    )


def _axes(across: tuple[float, float], upward: tuple[float, float]) -> str:
    foot, right = _TOP + _INNER_HIGH, _LEFT + _INNER_WIDE
    parts = [f'<path d="M{_LEFT} {_TOP}V{foot}H{right}" fill="none" stroke="#888"/>']
    for part in (0.0, 0.5, 1.0):
        x, y = _LEFT + part * _INNER_WIDE, foot - part * _INNER_HIGH
        value, auc = (span[0] + part * (span[1] - span[0]) for span in (across, upward))
        parts.append(f'<text x="{x:.1f}" y="{foot + 16}" text-anchor="middle">{value:.3g}</text>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{auc:.3f}</text>')
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{right}" stroke="#ddd"/>')
    return "".join(parts)


def _mark(x: float, point: Point, upward: tuple[float, float], *, above: bool) -> str:
    y = _up(point.auc, upward)
    return (
        f'<path d="M{x:.1f} {_up(point.low, upward):.1f}V{_up(point.high, upward):.1f}" stroke="#0b6e8f" opacity=".5"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="#0b6e8f"/>'
        f'<text x="{x + 5:.1f}" y="{y + (-6 if above else 13):.1f}" font-size="9.5">{point.strength:g}</text>'
    )


def _span(values: Sequence[float], *, least: float = -float("inf"), most: float = float("inf")) -> tuple[float, float]:
    """A little more than the values, within what is possible; never of no width."""
    low, high = min(values), max(values)
    room = 0.08 * (high - low) or 0.05 * max(abs(high), 0.1)
    return max(low - room, least), min(high + room, most)


def _at(value: float, span: tuple[float, float], start: float, length: float) -> float:
    return start + length * (value - span[0]) / (span[1] - span[0])


def _up(value: float, span: tuple[float, float]) -> float:
    return _TOP + _INNER_HIGH - _at(value, span, 0.0, _INNER_HIGH)
