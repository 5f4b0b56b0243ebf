"""Waveform annotations of DICOM: PS3.3 C.10.10 (2024e), with coded names only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from suwen.formats.waveforms.nouns import Mark, MarkKind
from suwen.formats.waveforms.vocabulary import known_text
from suwen.formats.waveforms.wfdb_marks import Marks

__all__ = ["marks_of"]

_MOST = 1_000_000
# Schemes whose meanings are printed in standards: a meaning of another scheme may be a word of the hospital's own.
_SCHEMES = frozenset(("SCPECG", "MDC", "SCT", "SRT", "SNM3", "LN", "DCM", "99SDM"))
_CODED = re.compile(r"^[\w .,:()/+\-]{1,64}$")


def marks_of(source: Any, number: int, names: Sequence[str], rate: float) -> Marks:
    """The annotations of multiplex group `number`, counted from 1; texts without a code are counted, not kept."""
    found = Marks()
    for item in list(source.get("WaveformAnnotationSequence") or [])[:_MOST]:
        pairs = _numbers(item.get("ReferencedWaveformChannels"))
        if pairs and number not in pairs[::2]:
            continue
        if item.get("UnformattedTextValue") and not item.get("ConceptNameCodeSequence"):
            found.free_texts += 1
            continue
        lead = _lead(pairs, number, names)
        found.marks += _marks(item, lead, rate)
    return found


def _marks(item: Any, lead: str, rate: float) -> list[Mark]:
    name = _coded(item.get("ConceptNameCodeSequence"))
    value = _coded(item.get("ConceptCodeSequence"))
    positions = [one - 1 for one in _numbers(item.get("ReferencedSamplePositions"))]
    if not positions and item.get("ReferencedTimeOffsets") is not None:
        offsets = item.ReferencedTimeOffsets
        offsets = [offsets] if isinstance(offsets, (int, float, str)) else list(offsets)
        positions = [round(float(one) / 1e3 * rate) for one in offsets]
    if item.get("NumericValue") is not None and name:
        return [Mark(positions[0] if positions else 0, MarkKind.MEASUREMENT, _measure(item, name), lead)]
    if not positions:
        return [Mark(0, MarkKind.STATEMENT, value or name, lead)] if value or name else []
    kind, text = known_text(value or name)
    if kind is MarkKind.NOTE:
        text = value or name
    if "SEGMENT" in str(item.get("TemporalRangeType", "")) and len(positions) % 2 == 0:
        pairs = zip(positions[::2], positions[1::2], strict=True)
        return [Mark(first, kind, text, lead, last) for first, last in pairs]
    return [Mark(one, kind, text, lead) for one in positions]


def _measure(item: Any, name: str) -> str:
    numbers = item.NumericValue
    number = numbers if not hasattr(numbers, "__len__") or isinstance(numbers, str) else next(iter(numbers), "")
    units = item.get("MeasurementUnitsCodeSequence") or []
    unit = str(units[0].get("CodeValue", "")) if len(units) else ""
    return f"{name} {float(number):g} {unit[:12] if _CODED.match(unit) else ''}".strip()


def _coded(sequence: Any) -> str:
    """The meaning of a code of a published scheme, "" of any other."""
    if not sequence:
        return ""
    code = sequence[0]
    meaning = str(code.get("CodeMeaning", "")).strip()
    is_public = str(code.get("CodingSchemeDesignator", "")) in _SCHEMES
    return meaning if is_public and _CODED.match(meaning) else ""


def _lead(pairs: Sequence[int], number: int, names: Sequence[str]) -> str:
    """The one lead an annotation speaks of, "" where it is all of them (channel 0) or several."""
    channels = {channel for group, channel in zip(pairs[::2], pairs[1::2], strict=False) if group == number}
    only = channels.pop() if len(channels) == 1 else 0
    return names[only - 1] if 0 < only <= len(names) else ""


def _numbers(value: Any) -> list[int]:
    if value is None:
        return []
    return [value] if isinstance(value, int) else [int(one) for one in value]
