"""An electrocardiogram as it was read, as JSON-ready data."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from suwen.diagnosis.rhythm.findings import territory
from suwen.finding import Finding
from suwen.report.ecg_median import median_lines
from suwen.report.ecg_nouns import Mark, ReadEcg
from suwen.report.ecg_page import limits, notices
from suwen.report.ecg_tables import INTERVAL_ROWS, interval_values
from suwen.report.ecg_words import said_marks
from suwen.report.strings import Language
from suwen.report.wording import evidence_sum

__all__ = ["ecg_json"]

FORMAT = 1


def ecg_json(read: ReadEcg, lang: Language = "en") -> dict[str, Any]:
    """Return a reading as JSON-ready dicts, format 1; sentences in `lang`, times in s, intervals in ms, waves in mV.

    Beats are at most those of the recording: a time, a kind ("N", "V", "S") and how sure it is, each a list.
    """
    recording, reading = read.recording, read.reading
    return {
        "format": FORMAT,
        "recording": {
            "id": recording.id,
            "leads": list(recording.leads),
            "rate_hz": recording.rate,
            "seconds": recording.seconds,
            "acquired": dict(recording.acquired),
            "noticed": notices(read, lang),
        },
        "age": read.age,
        "sex": None if read.sex is None else read.sex.value,
        "beats": {
            "count": len(reading.beats.samples),
            "method": reading.beats.method,
            "why": reading.beats.why[0 if lang == "en" else 1],
            "seconds": [round(float(one), 4) for one in reading.beats.seconds],
            "kinds": list(reading.kinds),
            "certainty": [round(float(one), 3) for one in reading.beats.confidence],
        },
        "signs": _signs_json(read, lang),
        "intervals": {
            key: {"value": _number(value), "unit": INTERVAL_ROWS[key][0]}
            for key, value in interval_values(read).items()
        },
        "median_beat": {name: round(1000 * value, 1) for name, value in median_lines(read).items()},
        "waves": {
            name: {key: _number(value) for key, value in asdict(waves).items()} for name, waves in reading.waves.items()
        },
        "variability": None if read.variability is None else asdict(read.variability),
        "quality": {
            name: {"index": round(float(index), 3), "flaws": [int(one) for one in flaws]}
            for name, index, flaws in zip(
                reading.quality.names, reading.quality.leads, reading.quality.flaws, strict=True
            )
        },
        "limits": limits(read, lang),
    }


def _signs_json(read: ReadEcg, lang: Language) -> list[dict[str, Any]]:
    found = read.finding_of
    return [
        {
            "number": mark.number,
            "key": mark.sign.key,
            "code": said.code,
            "name": said.name,
            "group": said.group,
            "urgency": mark.urgency,
            "figures": {key: _number(value) for key, value in mark.sign.figures.items()},
            "detail": [one.said(lang) for one in mark.sign.detail],
            "territory": [one.said(lang) for one in territory(mark.sign)],
            "places": _places_json(mark),
            "rule": said.rule,
            "source": said.source,
            "finding": _finding_json(found[mark.number]) if mark.number in found else None,
        }
        for mark, said in zip(read.marks, said_marks(read, lang), strict=True)
    ]


def _places_json(mark: Mark) -> list[dict[str, Any]]:
    return [
        {"begin": round(one.begin, 4), "end": round(one.end, 4), "lead": one.lead or None} for one in mark.sign.places
    ]


def _finding_json(one: Finding) -> dict[str, Any]:
    return {
        "code": one.code.value,
        "label": one.code.label,
        "chance": one.chance.value,
        "low": one.chance.low,
        "high": one.chance.high,
        "basis": one.chance.calibration,
        "weight": evidence_sum(one),
        "evidence": [
            {
                "bearing": each.bearing.value,
                "weight": each.weight,
                "sentence": each.sentence,
                "source": each.source,
            }
            for each in one.evidence
        ],
        "maker": {"name": one.maker.name, "version": one.maker.version, "digest": one.maker.data_digest},
    }


def _number(value: float | None) -> float | None:
    """A number JSON can hold; what is not finite is unknown."""
    return None if value is None or not math.isfinite(value) else round(float(value), 6)
