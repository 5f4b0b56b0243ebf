"""The area of the electrocardiogram: signs that rules see in the newest recording, and what is new since the last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from suwen.consult.nouns import Area, Filing, Status, Weighed
from suwen.consult.projections_ecg import ECG_KINDS, EcgFacts, Trace, electrocardiograms
from suwen.errors import Problem
from suwen.finding import Finding
from suwen.subject import Saying, Sex

if TYPE_CHECKING:
    from suwen.diagnosis.rhythm.nouns import Reading

__all__ = ["ecg_area"]

_RULES = "1"  # raised whenever these functions answer otherwise for the same noun
_LANGUAGES = ("en", "zh")
_REMARKED = ("sinus", "unclear")  # signs that are said and not filed: there is nothing to confirm or to do
_OF_ANY_LEAD = frozenset({"rhythm", "ectopy"})  # groups of signs that any lead shows
_LONGER = 60.0  # ms of corrected QT (ICH E14: a change to be concerned about)
_WIDE = 120.0  # ms of QRS
_NAMED = 12  # leads that a remark names


def ecg_area() -> Area:
    """Signs of the newest electrocardiogram in the record, each with the figures and places it rests on."""
    from suwen.diagnosis.rhythm.findings import MAKER  # noqa: PLC0415 - numpy comes with it

    return Area(
        name="ecg",
        title={"en": "Electrocardiogram", "zh": "心电图"},
        kinds=ECG_KINDS,
        version=f"{MAKER.name} {MAKER.version}; {_RULES}",
        prepare=electrocardiograms,
        weigh=_weigh,
    )


def _weigh(facts: EcgFacts) -> Weighed:
    from suwen.diagnosis.rhythm.findings import findings  # noqa: PLC0415

    if facts.newest is None:
        said = _SAID["none"]
        return Weighed(status=Status.NOTHING, reason={lang: said.said(lang) for lang in _LANGUAGES}, limits=_LIMITS)
    reading = _read(facts.newest, facts.sex)
    made = [findings(reading, lang, subject=facts.patient, signal=facts.newest.where) for lang in _LANGUAGES]
    remarks = tuple(_remarks(facts, reading))
    return Weighed(
        tuple(_filings(made, reading)),
        tuple(dict.fromkeys(one.source for one in reading.signs if one.source)),
        _LIMITS,
        tuple(one.en for one in remarks),
        {lang: tuple(one.said(lang) for one in remarks) for lang in _LANGUAGES[1:]},
    )


def _read(trace: Trace, sex: Sex) -> Reading:
    from suwen.diagnosis.rhythm import read_rhythm  # noqa: PLC0415

    return read_rhythm(trace.samples, trace.rate, trace.leads, age=trace.age, sex=None if sex is Sex.UNKNOWN else sex)


def _filings(made: Sequence[Sequence[Finding]], reading: Reading) -> Iterator[Filing]:
    """One for each sign, the urgent first; a sign seen twice is one claim with the evidence of both."""
    from suwen.diagnosis.rhythm import SIGNS  # noqa: PLC0415

    urgency: dict[str, int] = {}
    for sign in reading.signs:
        code = SIGNS[sign.key].code
        urgency[code] = max(urgency.get(code, 0), sign.urgency)
    passed = {SIGNS[key].code for key in _REMARKED}
    claims: dict[str, list[Finding]] = {}
    for worded in zip(*made, strict=True):
        code = worded[0].code.value
        if code not in passed:
            before = claims.get(code)
            claims[code] = [*worded] if before is None else [_joined(*two) for two in zip(before, worded, strict=True)]
    for code, (first, *others) in sorted(claims.items(), key=lambda one: -urgency.get(one[0], 0)):
        yield Filing(first, dict(zip(_LANGUAGES[1:], others, strict=True)), urgency.get(code, 0))


def _joined(one: Finding, other: Finding) -> Finding:
    return replace(one, evidence=(*one.evidence, *other.evidence))


# What is remarked


def _remarks(facts: EcgFacts, reading: Reading) -> Iterator[Saying]:
    from suwen.diagnosis.rhythm import SIGNS  # noqa: PLC0415

    trace = facts.newest
    if trace is None:
        return
    yield _recorded(trace)
    for key in _REMARKED:
        if reading.sign(key) is not None:
            yield SIGNS[key].name
    measured = _measured(reading)
    if measured is not None:
        yield measured
    yield from map(_noticed, trace.noticed)
    if facts.before is not None:
        yield from _compared(reading, trace, _read(facts.before, facts.sex), facts.before)


def _recorded(trace: Trace) -> Saying:
    named = ", ".join(trace.leads[:_NAMED]) + (" …" if len(trace.leads) > _NAMED else "")
    parts = {"seconds": f"{trace.samples.shape[1] / trace.rate:.3g}", "rate": f"{trace.rate:g}", "leads": named}
    said = _SAID["undated" if trace.days is None else "recorded" if trace.days else "latest"]
    return _filled(said, days=str(trace.days), **parts)


def _measured(reading: Reading) -> Saying | None:
    """Rate and intervals with their units, as far as they could be measured."""
    from suwen.diagnosis.rhythm import FIGURES  # noqa: PLC0415

    found = {key: getattr(reading.intervals, key) for key in ("rate", "pr", "qrs", "qt")}
    found |= {} if reading.atria.sinus else {"pr": None}  # what goes before QRS then is no P wave that is conducted
    found |= {"qtc": reading.intervals.qtc.get("fridericia"), "axis": reading.intervals.axis}
    shown = [(FIGURES[key], value) for key, value in found.items() if value is not None]
    if not shown:
        return None
    units = {"deg": "°", "/min": "/min"}
    parts = [(one.name, f"{value:.0f}{units.get(one.unit, ' ' + one.unit)}") for one, value in shown]
    en = "; ".join(f"{name.en} {value}" for name, value in parts)
    zh = "；".join(f"{name.zh} {value.replace('/min', ' 次/分')}" for name, value in parts)
    return Saying(f"Measured: {en}", f"测量值：{zh}")


def _noticed(problem: Problem) -> Saying:
    from suwen.formats.waveforms.notices import notice_text  # noqa: PLC0415

    return Saying(notice_text(problem, "en"), notice_text(problem, "zh"))


def _compared(now: Reading, trace: Trace, then: Reading, earlier: Trace) -> Iterator[Saying]:
    """What is new since the electrocardiogram before, what is no longer seen, and a corrected QT that grew."""
    from suwen.diagnosis.rhythm import SIGNS  # noqa: PLC0415

    span = _between(trace, earlier)
    groups = {one.group for one in SIGNS.values()} - {"technical"}
    if set(trace.leads) != set(earlier.leads):
        groups &= _OF_ANY_LEAD
    mine, theirs = (
        [key for key in dict.fromkeys(sign.key for sign in one.signs) if SIGNS[key].group in groups]
        for one in (now, then)
    )
    new, gone = (
        [key for key in one if key not in other and key not in _REMARKED]
        for one, other in ((mine, theirs), (theirs, mine))
    )
    if new:
        yield _filled(_SAID["new"], span=span, names=_names(new))
    if gone:
        yield _filled(_SAID["gone"], span=span, names=_names(gone))
    first, last = _narrow_qtc(then), _narrow_qtc(now)
    if first is not None and last is not None and last - first > _LONGER:
        yield _filled(_SAID["longer"], span=span, first=f"{first:.0f}", last=f"{last:.0f}")
    elif not new and not gone:
        yield _filled(_SAID["same"], span=span)


def _narrow_qtc(reading: Reading) -> float | None:
    """Corrected QT where QRS is narrow: a wide one lengthens QT by itself."""
    qrs = reading.intervals.qrs
    return reading.intervals.qtc.get("fridericia") if qrs is not None and qrs < _WIDE else None


def _between(trace: Trace, earlier: Trace) -> Saying:
    if trace.days is None or earlier.days is None:
        return _SAID["before"]
    return _filled(_SAID["days before"], days=str(earlier.days - trace.days))


def _names(keys: Sequence[str]) -> Saying:
    from suwen.diagnosis.rhythm import SIGNS  # noqa: PLC0415

    return Saying("; ".join(SIGNS[key].name.en for key in keys), "；".join(SIGNS[key].name.zh for key in keys))


def _filled(said: Saying, **parts: Saying | str) -> Saying:
    """A sentence with its parts in each language."""
    en = said.en.format(**{name: one if isinstance(one, str) else one.en for name, one in parts.items()})
    return Saying(en, said.zh.format(**{name: one if isinstance(one, str) else one.zh for name, one in parts.items()}))


_SAID: Mapping[str, Saying] = MappingProxyType(
    {
        "none": Saying("the record holds no electrocardiogram that can be read", "记录中没有可读取的心电图"),
        "recorded": Saying(
            "Read is the electrocardiogram made {days} days before the latest date of what this area sees: "
            "{seconds} s at {rate} Hz, leads {leads}",
            "所读为本领域所见资料最近日期前 {days} 天的心电图：{seconds} 秒，{rate} Hz，导联 {leads}",
        ),
        "latest": Saying(
            "Read is the electrocardiogram of the latest date of what this area sees: {seconds} s at {rate} Hz, "
            "leads {leads}",
            "所读为本领域所见资料最近日期的心电图：{seconds} 秒，{rate} Hz，导联 {leads}",
        ),
        "undated": Saying(
            "Read is an electrocardiogram without a date: {seconds} s at {rate} Hz, leads {leads}",
            "所读心电图未注明日期：{seconds} 秒，{rate} Hz，导联 {leads}",
        ),
        "new": Saying("New since {span}: {names}", "与{span}相比新出现：{names}"),
        "gone": Saying("No longer seen since {span}: {names}", "与{span}相比未再见：{names}"),
        "longer": Saying(
            "Corrected QT (Fridericia) was {first} ms in {span} and is {last} ms now, longer by more than 60 ms",
            "校正 QT（Fridericia）在{span}为 {first} ms，现为 {last} ms，延长超过 60 ms",
        ),
        "same": Saying("No sign is new since {span}, and none is gone", "与{span}相比无新增或消失的征象"),
        "days before": Saying("the electrocardiogram {days} days before", "前一份心电图（{days} 天前）"),
        "before": Saying("the electrocardiogram before", "前一份心电图"),
    }
)
_LIMITS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "en": (
            "Only the newest electrocardiogram that the record itself holds is read by rules, and compared with the "
            "one before; recordings kept as images or elsewhere are not. Symptoms, drugs and other findings are not "
            "weighed.",
            "No sign does not mean that the heart is healthy; a physician looks at the trace.",
        ),
        "zh": (
            "仅由规则读取病历中最新的一份心电图，并与前一份比较；以影像方式保存或存于别处者不读取。不权衡症状、用药及其他所见。",
            "未见征象不代表心脏健康；须由医师查看图形。",
        ),
    }
)
