"""Signs as findings: each with the figures and places it rests on, how often the rule is right, and what it means."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from suwen.diagnosis.rhythm.citations import OWN
from suwen.diagnosis.rhythm.labels import LABELLED, RECORDINGS, SHARE_SOURCE
from suwen.diagnosis.rhythm.leads import territories
from suwen.diagnosis.rhythm.meanings import MEANINGS
from suwen.diagnosis.rhythm.measured import Counted, Ratio, chance_of, counted, ratio_of
from suwen.diagnosis.rhythm.nouns import Place, Reading, Sign
from suwen.diagnosis.rhythm.vocabulary import FIGURES, SIGNS
from suwen.finding import Bearing, Chance, Evidence, Finding, Maker
from suwen.subject import Code, Kind, Measurement, Reference, Saying, Stretch

__all__ = [
    "MAKER",
    "figure_text",
    "figures_text",
    "finding_of",
    "findings",
    "record_text",
    "stretches",
    "territory",
]

VERSION = "2"  # raised whenever the same trace is read otherwise
MAKER = Maker("suwen.rhythm", VERSION)
_MOST = 6  # stretches that a finding names; the reading has them all
_SLIGHT = 0.005
_LOCAL = frozenset({"st_elevation", "st_depression", "q_waves", "t_inversion"})
_UNITS = {"deg": Saying("°", "°"), "mV.ms": Saying(" mV·ms", " mV·ms"), "%": Saying("%", "%"), "": Saying("", ""),
          "/min": Saying(" /min", " 次/分"), "s": Saying(" s", " 秒")}  # fmt: skip
_TERRITORY = Saying("territory by leads: {parts}", "导联对应部位：{parts}")
_UNCHECKED = Saying(
    "not measured, as there are no labelled traces of it",
    "未测定：尚无带此标签的记录可比对",
)
_NONE_SUCH = Saying(
    "not measured, as none of the labelled traces has it; the rule called it in {wrong} of {others} without it",
    "未测定检出率：带标签的记录中无此征象；其余 {others} 例中误报 {wrong} 例",
)
_CHECKED = Saying(
    "compared with readers, the rule found it in {hits} of {cases} traces that they called so and in {wrong} of "
    "{others} others: likelihood ratio {value} (95% interval {low} to {high})",
    "与医师判读比对：医师判为此者 {cases} 例中检出 {hits} 例，其余 {others} 例中误报 {wrong} 例；阳性似然比 {value}"
    "（95% 区间 {low}–{high}）",
)
_DEPENDS = Saying(
    "it depends on how likely this was before the trace, which is not known here; for example, where {share} have it, "
    "as among {recordings:,} recordings of {source}, it would be {value} ({low} to {high})",
    "取决于检查前的可能性，此处未知；举例：若以 {source} 的 {recordings:,} 份记录中有此标签的比例 {share} 为先验，则为 "
    "{value}（{low}–{high}）",
)
_UNCALIBRATED = Saying(
    "it depends on how likely this was before the trace; the rule is not calibrated",
    "取决于检查前的可能性；判据未经校准",
)
_ACCURACY = Saying("Accuracy of the rule: {record}", "判据准确性：{record}")
_SEEN = Saying("Seen here", "在此处可见")
_MORE = Saying("And in {more} more places", "另有 {more} 处")


def findings(
    reading: Reading, lang: str, *, subject: str = "", kind: Kind = Kind.PATIENT, signal: str = ""
) -> tuple[Finding, ...]:
    """A finding for each sign of `reading`, in its order, worded in `lang` ("en" or "zh").

    `subject` is the id of what the finding is about, of this `kind`; `signal` is that of the recording. Where the rule
    was held against readers' labels, the first piece of evidence weighs log10 of its positive likelihood ratio. The
    chance is unknown; its calibration tells what it would be upon how common the label is in a large collection.
    """
    return tuple(finding_of(one, lang, subject=Reference(kind, subject), signal=signal) for one in reading.signs)


def finding_of(sign: Sign, lang: str, *, subject: Reference, signal: str = "") -> Finding:
    """One sign as a finding; see findings."""
    kind = SIGNS[sign.key]
    count = counted().get(sign.key)
    ratio = ratio_of(count) if count else None
    evidence = (_rule(sign, count, ratio, lang), *_seen(sign, signal, lang), *_meaning(sign, lang))
    chance = _chance(sign.key, ratio, lang)
    return Finding(subject, Code(kind.code, kind.name.said(lang)), chance, evidence, MAKER)


def figure_text(key: str, value: float, lang: str) -> str:
    """A figure of a sign with its name and unit, as a reader sees it."""
    kind = FIGURES[key]
    if not math.isfinite(value):
        return f"{kind.name.said(lang)} {'不详' if lang == 'zh' else 'unknown'}"
    unit = _UNITS[kind.unit].said(lang) if kind.unit in _UNITS else f" {kind.unit}"
    return f"{kind.name.said(lang)} {f'{value:.{kind.decimals}f}'.replace('-', '−')}{unit}"


def figures_text(figures: Mapping[str, float], lang: str) -> str:
    """All figures of a sign, each with name and unit."""
    return ("，" if lang == "zh" else ", ").join(figure_text(key, value, lang) for key, value in figures.items())


def territory(sign: Sign) -> tuple[Saying, ...]:
    """The parts of the heart that the leads of a sign of ST, Q or T look at; empty for all other signs."""
    return territories(one.lead for one in sign.places) if sign.key in _LOCAL else ()


def record_text(sign: Sign, lang: str) -> str:
    """How often the rule of this sign is right: counts against readers' labels and the likelihood ratio, in words."""
    count = counted().get(sign.key)
    return _counts(count, ratio_of(count) if count else None, lang)


def plain(ratio: float) -> str:
    """A likelihood ratio with two figures, and never as a power of ten."""
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2g}"


def percent(chance: float) -> str:
    """A chance with two figures, never none or all."""
    if chance > 0.995:
        return ">99%"
    return f"{100 * chance:.0f}%" if chance >= 0.1 else f"{100 * chance:.2g}%"


def stretches(places: Sequence[Place], signal: str = "") -> tuple[Stretch, ...]:
    """Places as stretches of a signal, those of the same time in one, by time."""
    leads: dict[tuple[float, float], list[str]] = {}
    for one in sorted(places, key=lambda place: (place.begin, place.end)):
        names = leads.setdefault((one.begin, one.end), [])
        if one.lead and one.lead not in names:
            names.append(one.lead)
    return tuple(Stretch(signal, begin, end, tuple(names)) for (begin, end), names in leads.items())


def _rule(sign: Sign, count: Counted | None, ratio: Ratio | None, lang: str) -> Evidence:
    weight = math.log10(ratio.value) if ratio else 0.0
    bearing = Bearing.NEUTRAL if abs(weight) < _SLIGHT else Bearing.SUPPORTS if weight > 0 else Bearing.AGAINST
    words = [figures_text(sign.figures, lang) or SIGNS[sign.key].name.said(lang), *_grounds(sign, lang)]
    words.append(_ACCURACY.said(lang).format(record=_counts(count, ratio, lang)))
    sentence = ("。" if lang == "zh" else ". ").join(map(_begun, words))
    source = sign.source or OWN
    if count is not None:
        source += f"; {count.source.said(lang)}"
    return Evidence(bearing, _measured(sign, lang), weight, sentence, source)


def _grounds(sign: Sign, lang: str) -> Iterator[str]:
    """The rule, what else was found, and the territory, as far as there are any."""
    if sign.rule.en:
        yield ("判据：" if lang == "zh" else "Rule: ") + sign.rule.said(lang)
    yield from (one.said(lang) for one in sign.detail)
    parts = territory(sign)
    if parts:
        yield _TERRITORY.said(lang).format(parts=("、" if lang == "zh" else ", ").join(one.said(lang) for one in parts))


def _begun(sentence: str) -> str:
    """A sentence with its first letter in capitals, unless it is the name of a wave or lead as "rSR'"."""
    second = sentence[1:2]
    return sentence if second.isupper() or not second else sentence[0].upper() + sentence[1:]


def _measured(sign: Sign, lang: str) -> Measurement | Code:
    for key, value in sign.figures.items():
        kind = FIGURES[key]
        shown = round(value, kind.decimals)  # more digits than the trace can tell would mislead
        return Measurement(Code(f"SUWEN:ecg.{key}", kind.name.said(lang)), shown, kind.unit or "1")
    return Code(SIGNS[sign.key].code, SIGNS[sign.key].name.said(lang))


def _counts(count: Counted | None, ratio: Ratio | None, lang: str) -> str:
    if count is None:
        return _UNCHECKED.said(lang)
    parts: dict[str, object] = {
        "hits": count.hits, "cases": count.cases, "wrong": count.wrong, "others": count.others,
    }  # fmt: skip
    if ratio is None:
        return _NONE_SUCH.said(lang).format(**parts)
    parts |= {"value": plain(ratio.value), "low": plain(ratio.low), "high": plain(ratio.high)}
    return _CHECKED.said(lang).format(**parts)


def _seen(sign: Sign, signal: str, lang: str) -> Iterator[Evidence]:
    found = stretches(sign.places, signal)
    for one in found[:_MOST]:
        yield Evidence(Bearing.NEUTRAL, one, 0.0, _SEEN.said(lang), sign.source or OWN)
    if len(found) > _MOST:
        more = len(found) - _MOST
        text = _MORE.said(lang).format(more=more)
        whole = Stretch(signal, found[_MOST].start, found[-1].end)
        yield Evidence(Bearing.NEUTRAL, whole, 0.0, text, sign.source or OWN)


def _meaning(sign: Sign, lang: str) -> Iterator[Evidence]:
    if sign.key in MEANINGS:
        one = MEANINGS[sign.key]
        yield Evidence(Bearing.NEUTRAL, one.disease, 0.0, one.said.said(lang), one.source)


def _chance(key: str, ratio: Ratio | None, lang: str) -> Chance:
    """Unknown: a ratio says how far a sign moves the chance, not where it was before. How it would be upon the share of
    labels in a large collection is told in words.
    """
    after = chance_of(key, ratio) if ratio else None
    if after is None:
        return Chance(None, calibration=_UNCALIBRATED.said(lang))
    value, low, high = map(percent, after)
    share = percent(LABELLED[key] / RECORDINGS)
    parts = {"share": share, "value": value, "low": low, "high": high, "source": SHARE_SOURCE}
    return Chance(None, calibration=_DEPENDS.said(lang).format(recordings=RECORDINGS, **parts))
