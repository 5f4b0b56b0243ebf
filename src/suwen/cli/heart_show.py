"""How `suwen heart` shows its answer: tables, bars of what each factor adds, before and after."""

from __future__ import annotations

from collections.abc import Iterable

import click

from suwen.cli.records.showing import show_table
from suwen.diagnosis.heart.answer import Answer
from suwen.diagnosis.heart.catalogue import EQUATIONS
from suwen.diagnosis.heart.china_2019 import at_its_cuts, lipid_table, stratum_2019
from suwen.diagnosis.heart.estimate import Change, NotFor
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.findings import said_value, weights
from suwen.diagnosis.heart.nouns import Equation, FactorKind, Risk
from suwen.diagnosis.heart.outcomes import compare, horizon, labels
from suwen.diagnosis.heart.unknowns import unknowns
from suwen.diagnosis.heart.words import CHOICE_NAMES, UNIT_NAMES
from suwen.subject import Saying

__all__ = ["print_answer", "print_inputs"]

_WORDS = {
    "equation": Saying("equation", "方程"),
    "predicts": Saying("predicts", "预测"),
    "within": Saying("within", "时间"),
    "risk": Saying("risk", "风险"),
    "band": Saying("band", "分层"),
    "points": Saying("points", "分值"),
    "derived": Saying("Derived", "推算"),
    "adds": Saying(
        "What each factor adds to the odds, against the reference of the equation (modifiable first, marked *)",
        "各因素相对该方程参照者对比值的贡献（可干预者在前，以 * 标记）",
    ),
    "counts": Saying("Points of each factor (modifiable first, marked *)", "各因素分值（可干预者在前，以 * 标记）"),
    "others": Saying(
        "--equation KEY shows this for another equation, --all for every one.",
        "--equation KEY 查看其他方程，--all 查看全部。",
    ),
    "what if": Saying("What if", "如果改变"),
    "before": Saying("before", "改变前"),
    "after": Saying("after", "改变后"),
    "change": Saying("change", "变化"),
    "follows": Saying("It follows", "随之"),
    "china": Saying("By the Chinese guidelines", "按中国指南"),
    "2019": Saying("Risk assessment 2019", "心血管病风险评估和管理指南（2019）"),
    "lipids": Saying("Lipids 2023", "血脂管理指南（2023）"),
    "cuts": Saying(
        "The 10-year risks at the cuts of 2019 (5 and 10 %), for comparison", "各 10 年风险按 2019 切点（5%、10%）对照"
    ),
    "lifetime": Saying("lifetime", "终生"),
    "not told": Saying("cannot be told", "无法判定"),
    "crosses": Saying("the interval crosses a cut", "区间跨越切点"),
    "not": Saying("Not applicable", "不适用"),
    "unknown": Saying(
        "Unknown, hence an interval (what each alone moves, the others at their least)",
        "未知，故为区间（括号内为其单独变动的范围，其余取最低）",
    ),
    "and": Saying("{count} more that move it less", "其余 {count} 项影响更小"),
    "unmoved": Saying("none of {count} moves it alone", "{count} 项单独变动均无影响"),
    "limits": Saying("Limits and notices", "限制与声明"),
    "sources": Saying("Sources", "来源"),
    "none": Saying("No equation applies.", "没有适用的方程。"),
    "compared": Saying("Equations that predict the same, compared", "预测同一事件的方程对照"),
    "agree": Saying("agree within a factor of 1.5, intervals considered", "计入区间，相差在 1.5 倍以内"),
    "disagree": Saying(
        "differ by more than a factor of 1.5: populations and events differ", "相差超过 1.5 倍：人群和事件定义不同"
    ),
    "input": Saying("input", "输入"),
    "name": Saying("name", "名称"),
    "unit": Saying("unit", "单位"),
    "range": Saying("range", "范围"),
    "needs": Saying("needs", "必需"),
    "uses": Saying("uses", "使用"),
    "made for": Saying("made for", "适用"),
    "yes or no": Saying("yes or no", "是或否"),
    "decision": Saying("Decision support for clinicians; not a diagnosis.", "供临床医生决策参考，不构成诊断。"),
}
_WIDTH = 24
_MOST_UNKNOWN = 5


def _w(key: str, lang: str) -> str:
    return _WORDS[key].said(lang)


def _percent(risk: Risk) -> str:
    return _span(risk.low, risk.high)


def _span(low: float, high: float) -> str:
    ends = dict.fromkeys((_chance(low), _chance(high)))
    return " – ".join(ends)


def _chance(value: float) -> str:
    return "<0.1%" if 0 < value < 0.0005 else f"{value:.1%}"


def _within(risk: Risk, lang: str) -> str:
    return horizon(EQUATIONS[risk.equation]).said(lang)


def _name(key: str, lang: str) -> str:
    return EQUATIONS[key].name.said(lang)


def print_answer(answer: Answer, lang: str, *, bars: bool) -> None:
    """The whole answer on standard output."""
    if answer.read.derived:
        click.echo(f"{_w('derived', lang)}: " + "; ".join(one.said(lang) for one in answer.read.derived) + "\n")
    _print_risks(answer.risks, lang)
    with_terms = [one for one in answer.risks if one.terms]
    for risk in with_terms if bars else with_terms[:1]:
        _print_bars(risk, answer, lang)
    if not bars and len(with_terms) > 1:
        click.echo(_w("others", lang))
    _print_changes(answer.changes, lang)
    _print_china(answer, lang)
    _print_rest(answer, lang)


def _print_risks(risks: tuple[Risk, ...], lang: str) -> None:
    header = [_w(one, lang) for one in ("equation", "within", "risk", "points", "band", "predicts")]
    rows = [
        (
            _name(one.equation, lang),
            _within(one, lang),
            _percent(one),
            "" if one.points is None else f"{one.points:g}",
            "" if one.band is None else one.band.said(lang),
            one.outcome.said(lang),
        )
        for one in risks
    ]
    if not rows:
        click.echo(_w("none", lang))
        return
    show_table(header, rows, empty="")
    groups = compare(risks)
    if groups:
        click.echo(f"\n{_w('compared', lang)}")
    for one in groups:
        verdict = _w("agree" if one.agree else "disagree", lang)
        click.echo(f"  {one.name.said(lang)}, {_within(one.risks[0], lang)}: {verdict}")
        named = labels(one.risks)
        shown = [f"{named[risk.equation].said(lang)} {_percent(risk)}" for risk in one.risks]
        click.echo("    " + "; ".join(shown))


def _print_bars(risk: Risk, answer: Answer, lang: str) -> None:
    counts = EQUATIONS[risk.equation].counts  # a score adds points, an equation multiplies odds
    click.echo(f"\n{_name(risk.equation, lang)}, {_within(risk, lang)}: {_w('counts' if counts else 'adds', lang)}")
    shares = {one.key: one.share for one in risk.terms} if counts else weights(risk, answer.read.person)
    longest = max((abs(one) for one in shares.values()), default=0.0) or 1.0
    rows = []
    for key in sorted(shares, key=lambda key: (not FACTORS[key].modifiable, -abs(shares[key]))):
        bar = ("█" if shares[key] > 0 else "░") * round(abs(shares[key]) / longest * _WIDTH)
        mark = "*" if FACTORS[key].modifiable else " "
        value = said_value(key, answer.read.person.values[key], lang)
        adds = f"{shares[key]:+g}" if counts else f"×{10 ** shares[key]:.2f}"
        rows.append((f"{mark} {FACTORS[key].name.said(lang)}", value, adds, bar))
    show_table(("", "", "", ""), rows, empty="")


def _print_changes(changes: tuple[Change, ...], lang: str) -> None:
    if not changes:
        return
    click.echo(f"\n{_w('what if', lang)}")
    header = [_w(one, lang) for one in ("equation", "within", "before", "after", "change", "predicts")]
    rows = [
        (
            _name(one.before.equation, lang),
            _within(one.before, lang),
            _percent(one.before),
            _percent(one.after),
            _difference(one, lang),
            one.before.outcome.said(lang),
        )
        for one in changes
    ]
    show_table(header, rows, empty="")
    followed = dict.fromkeys(said.said(lang) for one in changes for said in one.followed)
    if followed:
        click.echo(f"{_w('follows', lang)}: " + "; ".join(followed))


def _difference(change: Change, lang: str) -> str:
    before, after = change.before.value, change.after.value
    if before is None or after is None:
        return ""
    return f"{100 * (after - before):+.1f} " + ("个百分点" if lang == "zh" else "points")


def _print_china(answer: Answer, lang: str) -> None:
    click.echo(f"\n{_w('china', lang)}")
    for word, stratum in (("2019", stratum_2019(answer.read.person)), ("lipids", lipid_table(answer.read.person))):
        band = _w("not told", lang) if stratum.band is None else stratum.band.said(lang)
        if stratum.lifetime is not None:
            band += f", {_w('lifetime', lang)}: {stratum.lifetime.said(lang)}"
        click.echo(f"  {_w(word, lang)}: {band} ({'; '.join(one.said(lang) for one in stratum.reasons)})")
        if stratum.band is not None and stratum.unverified is not None:
            click.echo(f"    {stratum.unverified.said(lang)}")

    _print_cuts(answer, lang)


def _print_cuts(answer: Answer, lang: str) -> None:
    """Which equations agree with the stratum, and which do not."""
    found = at_its_cuts(answer.risks)
    if len(found) < 2:
        return
    named = labels(one for one in answer.risks if one.equation in found)
    groups: dict[str, list[str]] = {}
    for key, band in found.items():
        groups.setdefault(_w("crosses", lang) if band is None else band.said(lang), []).append(named[key].said(lang))
    click.echo(f"  {_w('cuts', lang)}")
    for said, names in groups.items():
        click.echo(f"    {said} ({len(names)}/{len(found)}): {'; '.join(names)}")


def _print_rest(answer: Answer, lang: str) -> None:
    _print_unknown(answer, lang)
    if answer.refused:
        click.echo(f"\n{_w('not', lang)}")
        for reasons, names in _together(answer.refused, lang).items():
            click.echo(f"  {', '.join(dict.fromkeys(names))}: {reasons}")
    click.echo(f"\n{_w('limits', lang)}")
    told: dict[str, dict[str, None]] = {}
    for one in answer.risks:
        for said in _notes(one, lang):
            told.setdefault(said, {})[_name(one.equation, lang)] = None
    for said, whose in told.items():
        click.echo(f"  {', '.join(whose)}: {said}")
    click.echo(f"  {_w('decision', lang)}\n\n{_w('sources', lang)}")
    for line in dict.fromkeys(one.source for one in answer.risks):
        click.echo(f"  {line}")


def _print_unknown(answer: Answer, lang: str) -> None:
    """What is missing, what matters most first; equations that lack the same to the same effect once."""
    lines: dict[str, None] = {}
    for risk in answer.risks:
        if risk.missing:
            lines[f"  {_name(risk.equation, lang)}: {_unknown(risk, answer, lang)}"] = None
    if lines:
        click.echo(f"\n{_w('unknown', lang)}")
        for line in lines:
            click.echo(line)


def _unknown(risk: Risk, answer: Answer, lang: str) -> str:
    found = unknowns(EQUATIONS[risk.equation], answer.read.person)
    moving = [one for one in found if one.width > 0][:_MOST_UNKNOWN]
    shown = [f"{FACTORS[one.key].name.said(lang)} ({_span(one.low, one.high)})" for one in moving]
    if len(found) > len(moving):
        shown.append(_w("and" if moving else "unmoved", lang).format(count=len(found) - len(moving)))
    return ", ".join(shown)


def _together(refused: Iterable[NotFor], lang: str) -> dict[str, list[str]]:
    """Names of the equations by their reasons."""
    found: dict[str, list[str]] = {}
    for one in refused:
        found.setdefault("; ".join(reason.said(lang) for reason in one.reasons), []).append(one.name.said(lang))
    return found


def _notes(risk: Risk, lang: str) -> list[str]:
    equation = EQUATIONS[risk.equation]
    more = [one for one in (equation.unverified, equation.notice) if one is not None]
    return [one.said(lang) for one in (equation.population, *risk.limits, *more)]


def _unit(key: str, lang: str) -> str:
    factor = FACTORS[key]
    units = [factor.unit, *factor.others, *(("mmol/mol",) if key == "hba1c" else ())]
    return ", ".join(UNIT_NAMES[one].said(lang) if one in UNIT_NAMES else one for one in units)


def _range(key: str, lang: str) -> str:
    factor = FACTORS[key]
    if factor.kind is FactorKind.YES_NO:
        return _w("yes or no", lang)
    if factor.kind is FactorKind.CHOICE:
        return ", ".join(one if lang == "en" else f"{one}（{CHOICE_NAMES[one].zh}）" for one in factor.choices)
    return f"{factor.low:g} – {factor.high:g}"


def print_inputs(equations: Iterable[Equation], lang: str) -> None:
    """The inputs with their units and ranges, then the equations with what they need, use and were made for."""
    chosen = tuple(equations)
    keys = dict.fromkeys(key for one in chosen for key in (*one.needs, *one.uses, *one.excludes))
    header = [_w(one, lang) for one in ("input", "name", "unit", "range")]
    rows = [(key, FACTORS[key].name.said(lang), _unit(key, lang).strip(", "), _range(key, lang)) for key in keys]
    show_table(header, rows, empty="")
    for one in chosen:
        click.echo(f"\n{one.key}: {one.name.said(lang)}: {one.outcome.said(lang)}")
        click.echo(f"  {_w('needs', lang)}: {', '.join(one.needs)}")
        if one.uses:
            click.echo(f"  {_w('uses', lang)}: {', '.join(one.uses)}")
        spans = [f"{key} {low:g} – {high:g}" for key, (low, high) in one.range.items() if _is_number(key)]
        suits = "; ".join([*spans, one.population.said(lang)])
        click.echo(f"  {_w('made for', lang)}: {suits}\n  {one.source}")


def _is_number(key: str) -> bool:
    return FACTORS[key].kind is FactorKind.NUMBER
