"""HL7 annotated electrocardiograms read: HL7 v3 aECG, ANSI/HL7 V3 ECG R1-2004, as the FDA takes them."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from suwen.errors import FormatError
from suwen.formats.waveforms.blocks import MOST_CHANNELS, Block, Channel
from suwen.formats.waveforms.budget import Budget
from suwen.formats.waveforms.nouns import Mark, MarkKind
from suwen.formats.waveforms.vocabulary import known_text
from suwen.formats.waveforms.xml_tree import Node, tree_in
from suwen.subject import Saying

__all__ = ["is_aecg", "read_aecg"]

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "min": 60.0}
_BYTES_OF_DIGIT = 40  # what a digit takes while the text is split
_TIMES = ("TIME_ABSOLUTE", "TIME_RELATIVE")


def is_aecg(data: bytes) -> bool:
    """Whether bytes begin as an annotated electrocardiogram in XML does."""
    head = data[:65_536]
    return b"AnnotatedECG" in head or "AnnotatedECG".encode("utf-16-le") in head or b"A\0n\0n" in head


def read_aecg(data: bytes, budget: Budget) -> list[Block]:
    """The sets of sequences of every series, one block each; series derived from others are marked as such.

    Raises:
        FormatError: the document is no aECG, is damaged, or declares entities.
        InputError: it is above the limit.

    """
    budget.require(4 * len(data))
    root = tree_in(data)
    if root.name != "AnnotatedECG":
        raise FormatError(
            "the XML document is no annotated electrocardiogram (AnnotatedECG)",
            zh="该 XML 文档不是带注释的心电图（AnnotatedECG）",
        )
    blocks = []
    for series in root.all("component", "series"):
        blocks += _series(series, budget, is_derived=False)
        for derived in series.all("derivation", "derivedSeries"):
            blocks += _series(derived, budget, is_derived=True)
    if not blocks:
        raise FormatError(
            "the annotated electrocardiogram holds no sequences of samples", zh="该注释心电图（aECG）不含采样序列"
        )
    return blocks


def _series(series: Node, budget: Budget, *, is_derived: bool) -> list[Block]:
    blocks = []
    for sequences in series.all("component", "sequenceSet"):
        block = _block(list(sequences.all("component", "sequence")), budget)
        block.acquired += _filters(series)
        block.is_derived = is_derived
        head = _head(sequences)
        block.marks += [mark for one in series.all("subjectOf", "annotationSet") for mark in _marks(one, block, head)]
        blocks.append(block)
    return blocks


def _block(sequences: list[Node], budget: Budget) -> Block:
    times = [one for one in sequences if one.value("code", of="code") in _TIMES]
    leads = [one for one in sequences if one.value("code", of="code") not in _TIMES]
    if not times or not 0 < len(leads) <= MOST_CHANNELS:
        raise FormatError(
            "a set of sequences of the annotated electrocardiogram has no times or no leads",
            zh="该注释心电图（aECG）的一组序列缺少时间或导联",
        )
    step = _seconds(times[0].first("value", "increment"), Saying("the increment of time", "时间增量"))
    if step <= 0:
        raise FormatError(
            "the increment of time of the annotated electrocardiogram is not above 0",
            zh="该注释心电图（aECG）的时间增量不大于 0",
        )
    digits = [_digits(one, budget) for one in leads]
    length = max(len(one) for one in digits)
    budget.take(4 * length * len(leads))
    values = np.full((len(leads), length), np.nan, np.float32)
    channels = []
    for row, (sequence, numbers) in enumerate(zip(leads, digits, strict=True)):
        scale, unit = _quantity(sequence.first("value", "scale"), Saying("a scale", "比例"))
        origin, its_unit = _quantity(sequence.first("value", "origin"), Saying("an origin", "原点"), default=unit)
        if origin and its_unit != unit:
            raise FormatError(
                "origin and scale of a lead of the annotated electrocardiogram differ in their unit",
                zh="该注释心电图（aECG）某导联的原点与比例单位不同",
            )
        values[row, : len(numbers)] = numbers * scale + origin
        channels.append(Channel(sequence.value("code", of="code"), unit))
    return Block(values, channels, 1 / step, _start(times[0]), acquired=[("Format", "HL7 aECG")])


def _digits(sequence: Node, budget: Budget) -> NDArray[np.float64]:
    """The digits of a lead; "NA", "NaN" and "null" are missing samples."""
    node = sequence.first("value", "digits")
    text = node.text if node is not None else ""
    budget.require(_BYTES_OF_DIGIT * len(text))
    try:
        return np.array([math.nan if one in {"NA", "null"} else float(one) for one in text.split()], np.float64)
    except ValueError as error:
        raise FormatError(
            "the digits of the annotated electrocardiogram are not all numbers",
            zh="该注释心电图（aECG）的采样值不全是数字",
        ) from error


def _quantity(node: Node | None, what: Saying, default: str | None = None) -> tuple[float, str]:
    if node is None:
        if default is None:
            raise FormatError(
                f"a lead of the annotated electrocardiogram has not {what.en}",
                zh=f"该注释心电图（aECG）的某导联没有 {what.zh}",
            )
        return 0.0, default
    try:
        number = float(node.attributes.get("value", ""))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise FormatError(
            f"{what.en} of the annotated electrocardiogram is no number",
            zh=f"该注释心电图（aECG）的 {what.zh} 不是数字",
        )
    return number, node.attributes.get("unit", "")


def _seconds(node: Node | None, what: Saying) -> float:
    number, unit = _quantity(node, what)
    if unit not in _SECONDS:
        raise FormatError(
            f"{what.en} of the annotated electrocardiogram is in no known unit of time",
            zh=f"该注释心电图（aECG）的 {what.zh} 的时间单位未知",
        )
    return number * _SECONDS[unit]


def _start(times: Node) -> float:
    """Seconds of a relative head; an absolute one is a date, which is not kept."""
    head = times.first("value", "head")
    if head is None or times.value("code", of="code") != "TIME_RELATIVE":
        return 0.0
    return _seconds(head, Saying("the head of time", "起始时间"))


def _head(sequences: Node) -> datetime | None:
    for one in sequences.all("component", "sequence"):
        if one.value("code", of="code") == "TIME_ABSOLUTE":
            return _moment(one.value("value", "head"))
    return None


def _moment(text: str) -> datetime | None:
    """A time of HL7 (YYYYMMDDHHMMSS.ssss), without its zone: only differences within one recording count."""
    bare = text.replace("-", "+").partition("+")[0]
    for form in ("%Y%m%d%H%M%S.%f", "%Y%m%d%H%M%S", "%Y%m%d%H%M"):
        try:
            return datetime.strptime(bare[:21], form)  # noqa: DTZ007
        except ValueError:
            continue
    return None


def _filters(series: Node) -> list[tuple[str, str]]:
    """Cut-off frequencies of the filters (controlVariable) by the code of each."""
    found = []
    for node in series.below("controlVariable"):
        code = node.value("code", of="code")
        for inner in node.all("component", "controlVariable"):
            number, unit = inner.value("value"), inner.value("value", of="unit")
            if code.startswith("MDC_ECG_CTL_VBL_ATTR_FILTER") and _is_number(number) and unit == "Hz":
                found.append((code[:64], f"{float(number):g} Hz"))
    return found


def _marks(annotations: Node, block: Block, head: datetime | None) -> list[Mark]:
    made = []
    for node in annotations.below("annotation"):
        span = _span(node, block, head)
        code, value = node.value("code", of="code"), node.value("value", of="code")
        kind, text = known_text(value)
        if kind is MarkKind.NOTE:
            kind, text = known_text(code)
        number, unit = node.value("value"), node.value("value", of="unit")
        if _is_number(number) and code.startswith("MDC_ECG_") and len(code) <= 64:
            text = f"{code} {float(number):g} {unit if unit in {'ms', 's', 'bpm', 'mV', 'uV', 'deg', 'Hz'} else ''}"
            made.append(Mark(span[0] if span else 0, MarkKind.MEASUREMENT, text.strip()))
        elif span is not None and text:
            made.append(Mark(span[0], kind, text, _lead(node), span[1]))
    return made


def _lead(node: Node) -> str:
    """The one lead an annotation speaks of, "" where it is all of them or several."""
    codes = [one.value("code", of="code") for one in node.all("support", "supportingROI", "component", "boundary")]
    leads = [code for code in codes if code.startswith("MDC_ECG_LEAD_")]
    return leads[0] if len(leads) == 1 else ""


def _span(node: Node, block: Block, head: datetime | None) -> tuple[int, int | None] | None:
    """First and last sample of the region that supports an annotation."""
    for boundary in node.all("support", "supportingROI", "component", "boundary"):
        if boundary.value("code", of="code") not in _TIMES:
            continue
        value = boundary.first("value")
        if value is None:
            return None
        low = _place(value.first("low") or value, block, head)
        high = _place(value.first("high"), block, head)
        return None if low is None else (low, high)
    return None


def _place(node: Node | None, block: Block, head: datetime | None) -> int | None:
    if node is None or block.rate is None:
        return None
    text, unit = node.attributes.get("value", ""), node.attributes.get("unit", "")
    if unit in _SECONDS and _is_number(text):
        return round((float(text) * _SECONDS[unit] - block.start) * block.rate)
    moment = _moment(text)
    if moment is None or head is None:
        return None
    return round((moment - head).total_seconds() * block.rate)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
