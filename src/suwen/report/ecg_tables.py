"""Tables of an electrocardiogram in words: facts, quality, intervals with limits, waves of each lead, variability."""

from __future__ import annotations

from dataclasses import dataclass, fields

from suwen.diagnosis.rhythm.citations import BRADYCARDIA, OWN, QRS, REPOLARISATION, SUPRAVENTRICULAR_2015
from suwen.diagnosis.rhythm.intervals import FORMULAS
from suwen.diagnosis.rhythm.nouns import LeadWaves
from suwen.diagnosis.rhythm.quality import WORDS
from suwen.report.ecg_nouns import ReadEcg
from suwen.report.ecg_strings import say
from suwen.report.ecg_words import lasting
from suwen.report.strings import Language
from suwen.report.wording import age_text, plain
from suwen.subject import Sex

__all__ = [
    "INTERVAL_ROWS",
    "LEAST_VARIABILITY",
    "IntervalRow",
    "facts",
    "interval_rows",
    "interval_values",
    "quality_rows",
    "technical",
    "variability_note",
    "variability_rows",
    "wave_rows",
]

LEAST_VARIABILITY = 300.0  # s, the short recording of the Task Force
_FORMULA_NAMES = {"bazett": "Bazett", "fridericia": "Fridericia", "framingham": "Framingham", "hodges": "Hodges"}
_FORMULA_SOURCES = {
    "bazett": "Bazett 1920: QT / RR^(1/2)",
    "fridericia": "Fridericia 1920: QT / RR^(1/3)",
    "framingham": "Sagie 1992: QT + 154 (1 − RR)",
    "hodges": "Hodges 1983: QT + 1.75 (HR − 60)",
}


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """A measured interval: its value with unit, the usual range of adults, whether it is outside, and the source."""

    key: str
    name: str
    value: str
    usual: str
    outside: bool
    source: str


_WITHOUT_P = frozenset({"af", "flutter"})
# key: unit, lowest and highest usual value (both within), and where that is written
INTERVAL_ROWS: dict[str, tuple[str, float | None, float | None, str]] = {
    "rate": ("/min", 60, 100, f"{OWN}; {SUPRAVENTRICULAR_2015}"),
    "rr": ("ms", None, None, ""),
    "pr": ("ms", 120, 200, f"{BRADYCARDIA}; {QRS}"),
    "qrs": ("ms", None, 110, QRS),
    "qt": ("ms", None, None, ""),
    **{f"qtc_{name}": ("ms", None, None, REPOLARISATION) for name in FORMULAS},
    "axis": ("°", -30, 90, QRS),
}
_VARIABILITY = {
    "mean_nn": ("ms", 0), "sdnn": ("ms", 1), "rmssd": ("ms", 1), "pnn50": ("%", 1), "sdann": ("ms", 1),
    "sdnn_index": ("ms", 1), "triangular": ("", 1), "vlf": ("ms²", 0), "lf": ("ms²", 0), "hf": ("ms²", 0),
    "lf_hf": ("", 2), "lf_nu": ("%", 0), "hf_nu": ("%", 0),
}  # fmt: skip


def facts(read: ReadEcg, lang: Language) -> list[tuple[str, str]]:
    """Name and value of each fact of the recording."""
    one, comma = read.recording, say("list_comma", lang)
    found = [
        ("ecg_leads", comma.join(one.leads[:24]) + (" …" if len(one.leads) > 24 else "")),
        ("ecg_rate", say("ecg_hertz", lang, rate=f"{one.rate:g}")),
        ("ecg_duration", lasting(one.seconds, lang)),
        ("ecg_format", _format(read, lang)),
        ("ecg_beats", _beats(read, lang)),
    ]
    if read.reading.intervals.rate is not None:
        found.append(("ecg_mean_rate", f"{read.reading.intervals.rate:.0f} {say('ecg_per_minute', lang)}"))
    if read.age is not None:
        found.append(("ecg_age", age_text(read.age, lang)))
    if read.sex in {Sex.MALE, Sex.FEMALE}:
        found.append(("ecg_sex", say("sex_male" if read.sex is Sex.MALE else "sex_female", lang)))
    return [(say(key, lang), value) for key, value in found if value]


def technical(read: ReadEcg, lang: Language) -> list[tuple[str, str]]:
    """What the file tells of how it was acquired; names that are not of the table stay as the standard has them."""
    known = {"Format", "Filters", "Variable", "Signal formats"}
    return [
        (say(f"ecg_{name}", lang) if name in known else plain(name), plain(value))
        for name, value in read.recording.acquired
    ]


def _format(read: ReadEcg, lang: Language) -> str:
    name = dict(read.recording.acquired).get("Format", "")
    return say("ecg_table_file", lang) if name == "table" else plain(name)


def _beats(read: ReadEcg, lang: Language) -> str:
    beats = read.reading.beats
    if not len(beats.samples):
        return say("ecg_no_beats_found", lang, why=beats.why[0 if lang == "en" else 1] or say("unknown", lang))
    said = say("ecg_beats_found", lang, count=len(beats.samples), method=say(f"ecg_method_{beats.method}", lang))
    kinds = [(kind, read.reading.kinds.count(kind)) for kind in ("V", "S")]
    more = [say("ecg_kinds", lang, count=count, kind=say(f"ecg_kind_{kind}", lang)) for kind, count in kinds if count]
    return (", " if lang == "en" else "，").join([said, *more])


def quality_rows(read: ReadEcg, lang: Language) -> list[dict[str, str]]:
    """Index and flaws of each lead."""
    quality, chosen = read.reading.quality, 0 if lang == "en" else 1
    comma = "; " if lang == "en" else "；"
    rows = []
    for name, index, flaws in zip(quality.names, quality.leads, quality.flaws, strict=True):
        said = [
            say("ecg_seconds_of", lang, what=words[chosen], count=int((flaws & int(flaw) > 0).sum()), total=len(flaws))
            for flaw, words in WORDS.items()
            if (flaws & int(flaw)).any()
        ]
        rows.append({"lead": name, "index": f"{float(index):.2f}", "flaws": comma.join(said) or say("none", lang)})
    return rows


def interval_values(read: ReadEcg) -> dict[str, float | None]:
    """Every interval by its key, in ms, beats a minute or degrees."""
    found = read.reading.intervals
    return {
        "rate": found.rate, "rr": found.rr, "pr": found.pr, "qrs": found.qrs, "qt": found.qt,
        **{f"qtc_{name}": found.qtc.get(name) for name in FORMULAS}, "axis": found.axis,
    }  # fmt: skip


def interval_rows(read: ReadEcg, lang: Language) -> list[IntervalRow]:
    """Intervals with the usual range of adults and its source; QTc by four formulas.

    Where the rhythm is likely atrial fibrillation or flutter there is no P wave to measure from, and a QT corrected for
    rate is shown but not judged: it should not be attempted while RR varies much (Rautaharju 2009).
    """
    uneven = any(mark.sign.key in _WITHOUT_P for mark in read.marks)
    rows = []
    for key, value in interval_values(read).items():
        unit, low, high, source = INTERVAL_ROWS[key]
        formula = key.removeprefix("qtc_")
        if formula in FORMULAS:
            high = 450.0 if read.sex is Sex.MALE else 460.0
            source = f"{_FORMULA_SOURCES[formula]}; {source}"
        outside = value is not None and _is_outside(value, low, high, ends=formula in FORMULAS)
        name = {"rate": "ecg_mean_rate"}.get(key, "ecg_qtc" if formula in FORMULAS else f"ecg_{key}")
        said = say("ecg_unmeasured", lang) if value is None else _with_unit(value, unit, lang)
        usual = _qtc_limit(read, lang) if formula in FORMULAS else _range(low, high, unit, lang)
        named = say(name, lang, formula=_FORMULA_NAMES.get(formula, ""))
        if uneven and key == "pr":
            said, usual, outside = say("ecg_unmeasured", lang), say("ecg_no_p_wave", lang), False
        elif uneven and formula in FORMULAS:
            usual, outside = say("ecg_not_judged", lang), False
        rows.append(IntervalRow(key, named, said, usual, outside, source))
    return rows


def _qtc_limit(read: ReadEcg, lang: Language) -> str:
    """The limit of corrected QT for this sex, or for both."""
    if read.sex not in {Sex.MALE, Sex.FEMALE}:
        return say("ecg_qtc_limit", lang)
    return say("ecg_below", lang, value=450 if read.sex is Sex.MALE else 460)


def _is_outside(value: float, low: float | None, high: float | None, *, ends: bool) -> bool:
    """Whether a value lies below or above; with `ends` the limits themselves are outside (as those of QTc are)."""
    if ends and value in {low, high}:
        return True
    return (low is not None and value < low) or (high is not None and value > high)


def _with_unit(value: float, unit: str, lang: Language) -> str:
    shown = f"{value:.0f}".replace("-", "−")
    return f"{shown}°" if unit == "°" else f"{shown} {say('ecg_per_minute', lang) if unit == '/min' else unit}"


def _range(low: float | None, high: float | None, unit: str, lang: Language) -> str:
    if low is not None and high is not None:
        return f"{low:g}".replace("-", "−") + (" – " if unit == "°" else "–") + _with_unit(high, unit, lang)
    if high is not None:
        return f"≤ {_with_unit(high, unit, lang)}"
    return "" if low is None else f"≥ {_with_unit(low, unit, lang)}"


def wave_rows(read: ReadEcg) -> list[dict[str, str]]:
    """The waves of each lead; a wave that is not there is a dash."""
    rows = []
    for name, waves in read.reading.waves.items():
        row = {"lead": name}
        for one in fields(LeadWaves):
            value = float(getattr(waves, one.name))
            shown = f"{value:.0f}" if one.name.endswith("_ms") else f"{value:.2f}"
            row[one.name] = "–" if value == 0 else shown.replace("-", "−")
        rows.append(row)
    return rows


def variability_note(read: ReadEcg, lang: Language) -> str:
    """Why variability was not computed, or on how many intervals it rests."""
    found = read.variability
    if read.recording.seconds < LEAST_VARIABILITY:
        return say("ecg_variability_short", lang, duration=lasting(read.recording.seconds, lang))
    if found is None or found.mean_nn is None:
        return say("ecg_variability_none", lang)
    said = [say("ecg_variability_lead", lang, used=found.used, total=found.total)]
    if read.reading.sign("af") or read.reading.sign("flutter"):
        said.append(say("ecg_variability_af", lang))
    return (" " if lang == "en" else "").join(said)


def variability_rows(read: ReadEcg, lang: Language) -> list[dict[str, str]]:
    """Figures of variability that could be computed."""
    found = read.variability
    if found is None or found.mean_nn is None:
        return []
    rows = []
    for key, (unit, digits) in _VARIABILITY.items():
        value = getattr(found, key)
        if value is not None:
            shown = f"{value:.{digits}f}{'' if unit in {'', '%'} else ' '}{unit}"
            rows.append({"name": say(f"ecg_{key}", lang), "value": shown})
    return rows
