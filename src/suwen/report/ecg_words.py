"""What is said of an electrocardiogram on the page, in the terminal and on paper alike: times, figures, signs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from suwen.diagnosis.rhythm.findings import figures_text, territory
from suwen.diagnosis.rhythm.nouns import Place
from suwen.diagnosis.rhythm.vocabulary import GROUPS, SIGNS
from suwen.report.ecg_nouns import Mark, Paper, ReadEcg, Sheet
from suwen.report.ecg_strings import say
from suwen.report.strings import Language

__all__ = ["SaidMark", "caption", "clock", "lasting", "rule_text", "said_marks", "scale_text", "where_text"]

_MOST_TIMES = 4


@dataclass(frozen=True, slots=True)
class SaidMark:
    """A sign in words; `level` is its urgency from 0 to 3, said in `urgency`.

    `detail` says what else was found, the part of the heart that the leads look at included; `rule` is the criterion
    and `source` where it is written.
    """

    number: int
    name: str
    code: str
    group: str
    figures: str
    detail: str
    where: str
    rule: str
    source: str
    level: int
    urgency: str


def clock(second: float) -> str:
    """A time from the begin of the recording, "1:02:03" or "0:03.2"; tenths under an hour, where they are not 0."""
    tenths = math.floor(second * 10 + 0.5)
    minutes, rest = divmod(tenths, 600)
    seconds = f"{rest // 10:02d}" + (f".{rest % 10}" if rest % 10 and minutes < 60 else "")
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds}" if minutes >= 60 else f"{minutes}:{seconds}"


def lasting(seconds: float, lang: Language) -> str:
    """A duration in words."""
    if seconds < 120:
        return f"{seconds:.4g} " + ("s" if lang == "en" else "秒")
    if seconds < 7200:
        return f"{seconds / 60:.1f} " + ("min" if lang == "en" else "分钟")
    return f"{seconds / 3600:.1f} " + ("h" if lang == "en" else "小时")


def where_text(mark: Mark, leads: Sequence[str], lang: Language) -> str:
    """Where a sign is seen: throughout, in which of `leads`, at which times; "" where it has no place."""
    if not mark.places:
        return ""
    named = {one.lead for one in mark.places}
    shown = say("list_comma", lang).join(one for one in leads if one in named)
    parts = [say("ecg_in_leads", lang, leads=shown)] if shown else []
    moments = list(_moments(mark.places))
    if not mark.partial:
        parts.append(say("ecg_whole", lang))
    elif len(moments) <= _MOST_TIMES:
        parts.append(say("ecg_at", lang, times=say("list_comma", lang).join(moments)))
    else:
        parts.append(say("ecg_times_of", lang, count=len(moments), time=moments[0]))
    return (", " if lang == "en" else "，").join(parts)


def _moments(places: Iterable[Place]) -> Iterable[str]:
    """Times of places, each once whatever the lead; of long ones begin and end."""
    spans = dict.fromkeys((one.begin, one.end) for one in places)
    for begin, end in spans:
        yield clock(begin) if end - begin < 2 else f"{clock(begin)}–{clock(end)}"


def caption(read: ReadEcg, sheet: Sheet, lang: Language) -> str:
    """From when to when a sheet goes, and which signs are seen on it by number, where the recording has several."""
    said = say("ecg_window", lang, begin=clock(sheet.begin), end=clock(sheet.end))
    if sheet.end - sheet.begin >= 0.95 * read.recording.seconds:
        return said
    shown = [
        f"{mark.number} {mark.sign.said(lang)}"
        for mark in read.marks
        if mark.partial and any(one.begin <= sheet.end and one.end >= sheet.begin for one in mark.places)
    ]
    return said + (say("colon", lang) + say("list_comma", lang).join(shown) if shown else "")


def said_marks(read: ReadEcg, lang: Language) -> list[SaidMark]:
    """The signs in words, in the order of their numbers."""
    return [
        SaidMark(
            mark.number,
            mark.sign.said(lang),
            SIGNS[mark.sign.key].code,
            GROUPS[SIGNS[mark.sign.key].group].said(lang),
            figures_text(mark.sign.figures, lang),
            _detail(mark, lang),
            where_text(mark, read.recording.leads, lang),
            mark.sign.rule.said(lang),
            mark.sign.source,
            mark.urgency,
            say(f"ecg_urgency_{mark.urgency}", lang),
        )
        for mark in read.marks
    ]


def _detail(mark: Mark, lang: Language) -> str:
    parts = [one.said(lang) for one in mark.sign.detail]
    seen = say("list_comma", lang).join(one.said(lang) for one in territory(mark.sign))
    return say("ecg_semicolon", lang).join([*parts, say("ecg_territory", lang, parts=seen)] if seen else parts)


def rule_text(mark: SaidMark, lang: Language) -> str:
    """The criterion with where it is written, as one line; "" where a sign needs none."""
    said = f"{mark.rule} [{mark.source}]" if mark.rule and mark.source else mark.rule or mark.source
    return f"{say('ecg_source', lang)}{say('colon', lang)}{said}" if said else ""


def scale_text(paper: Paper, lang: Language) -> str:
    """Speed, gain and what was done to the samples."""
    scale = say("ecg_scale", lang, speed=f"{paper.speed:g}", gain=f"{paper.gain:g}")
    return f"{scale} · {say('ecg_leveled' if paper.level else 'ecg_raw', lang)}"
