"""Signs as findings: each with the figures and places it rests on, how often the rule is right, and what it means."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from suwen.diagnosis.rhythm.labels import LABELLED, RECORDINGS, SHARE_SOURCE
from suwen.diagnosis.rhythm.meanings import MEANINGS
from suwen.diagnosis.rhythm.measured import Counted, Ratio, chance_of, counted, ratio_of
from suwen.diagnosis.rhythm.nouns import Place, Reading, Sign
from suwen.diagnosis.rhythm.vocabulary import FIGURES, SIGNS
from suwen.finding import Bearing, Chance, Evidence, Finding, Maker
from suwen.subject import Code, Kind, Measurement, Reference, Stretch

__all__ = ["MAKER", "figures_text", "finding_of", "findings", "stretches"]

VERSION = "1"  # raised whenever the same trace is read otherwise
MAKER = Maker("suwen.rhythm", VERSION)
_MOST = 6  # stretches that a finding names; the reading has them all
_SLIGHT = 0.005
_OWN = "rules of suwen.rhythm"


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


def figures_text(figures: Mapping[str, float], lang: str) -> str:
    """The figures of a sign with name and unit, as a reader sees them."""
    colon, comma = ("：", "，") if lang == "zh" else (" ", ", ")
    parts = []
    for key, value in figures.items():
        kind = FIGURES[key]
        unit = f" {kind.unit}" if kind.unit else ""
        parts.append(f"{kind.name.said(lang)}{colon}{value:.{kind.decimals}f}{unit}")
    return comma.join(parts)


def plain(ratio: float) -> str:
    """A likelihood ratio with two figures, and never as a power of ten."""
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2g}"


def percent(chance: float) -> str:
    """A chance with two figures, below one percent with one."""
    return f"{100 * chance:.0f} %" if chance >= 0.1 else f"{100 * chance:.2g} %"


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
    words = [figures_text(sign.figures, lang) or SIGNS[sign.key].name.said(lang), _counts(count, ratio, lang)]
    sentence = ("。" if lang == "zh" else ". ").join(one for one in words if one)
    source = sign.source or _OWN
    if count is not None:
        source += f"; {count.source.said(lang)}"
    return Evidence(bearing, _measured(sign, lang), weight, sentence, source)


def _measured(sign: Sign, lang: str) -> Measurement | Code:
    for key, value in sign.figures.items():
        kind = FIGURES[key]
        return Measurement(Code(f"SUWEN:ecg.{key}", kind.name.said(lang)), value, kind.unit or "1")
    return Code(SIGNS[sign.key].code, SIGNS[sign.key].name.said(lang))


def _counts(count: Counted | None, ratio: Ratio | None, lang: str) -> str:
    if count is None:
        return "未与医师判读比对" if lang == "zh" else "Not held against readers' labels"
    if ratio is None:
        if lang == "zh":
            return f"无此标签的记录可供比对；其余 {count.others} 例中误报 {count.wrong} 例"
        return f"No trace labelled so was at hand; called in {count.wrong} of {count.others} others"
    if lang == "zh":
        told = f"医师判为此者 {count.cases} 例中检出 {count.hits} 例，其余 {count.others} 例中误报 {count.wrong} 例"
        return f"{told}；阳性似然比 {plain(ratio.value)}（{plain(ratio.low)}–{plain(ratio.high)}）"
    told = f"Found in {count.hits} of {count.cases} traces that readers called so"
    told = f"{told} and in {count.wrong} of {count.others} others"
    return f"{told}: likelihood ratio {plain(ratio.value)} ({plain(ratio.low)} to {plain(ratio.high)})"


def _seen(sign: Sign, signal: str, lang: str) -> Iterator[Evidence]:
    found = stretches(sign.places, signal)
    for one in found[:_MOST]:
        yield Evidence(Bearing.NEUTRAL, one, 0.0, "在此处可见" if lang == "zh" else "Seen here", sign.source or _OWN)
    if len(found) > _MOST:
        more = len(found) - _MOST
        text = f"另有 {more} 处" if lang == "zh" else f"And in {more} more places"
        whole = Stretch(signal, found[_MOST].start, found[-1].end)
        yield Evidence(Bearing.NEUTRAL, whole, 0.0, text, sign.source or _OWN)


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
        return Chance(None, calibration="未经校准" if lang == "zh" else "not calibrated")
    share = percent(LABELLED[key] / RECORDINGS)
    value, low, high = map(percent, after)
    if lang == "zh":
        said = f"取决于检查前的概率，未知；{SHARE_SOURCE} 的 {RECORDINGS:,} 份记录中 {share} 有此标签，若以此为先验则为"
        return Chance(None, calibration=f"{said} {value}（{low}–{high}）")
    said = f"depends on the chance before the trace, which is unknown; of {RECORDINGS:,} recordings of {SHARE_SOURCE}"
    return Chance(
        None, calibration=f"{said} {share} are labelled so, and upon that it would be {value} ({low} to {high})"
    )
