"""Electrocardiograms in FHIR: SampledData of an Observation, and attachments that are waveform files.

SampledData (https://hl7.org/fhir/R4/datatypes.html#SampledData): numbers with blanks between them, `E`, `U` and `L` for
an error and for values above and below the range; a value is `factor` times the number plus `origin`, whose unit it
has; `period` is in milliseconds. R5 says `interval` with a unit. Leads are those of ISO/IEEE 11073-10101 (MDC codes
131328 and above, numbered as in SCP-ECG).
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import FormatError, InputError, SuwenError
from suwen.formats.fhir.nouns import Json
from suwen.formats.waveforms.aecg import is_aecg, read_aecg
from suwen.formats.waveforms.blocks import Block, Channel
from suwen.formats.waveforms.budget import Budget
from suwen.formats.waveforms.dicom import is_dicom, read_dicom
from suwen.formats.waveforms.edf import is_edf, read_edf
from suwen.formats.waveforms.finish import Stated, recording_of
from suwen.formats.waveforms.matlab import is_matlab
from suwen.formats.waveforms.matlab_record import read_matlab
from suwen.formats.waveforms.names import standard_lead
from suwen.formats.waveforms.nouns import Recording
from suwen.formats.waveforms.scp import is_scp, read_scp
from suwen.subject import Saying

__all__ = [
    "ECG_STUDY",
    "MOST_BYTES",
    "Tracing",
    "content_type",
    "is_sampled_ecg",
    "recording_of_bytes",
    "sampled_observation",
    "tracings_of",
]

ECG_STUDY = "11524-6"  # LOINC: EKG study
MOST_BYTES = 8 * 2**20  # of one file that a resource itself carries
_ECG_CODES = frozenset({ECG_STUDY, "34534-8", "LP6244-0", "131328"})  # LOINC study, 12-lead panel, part; MDC potential
_MDC = "urn:iso:std:iso:11073:10101"
_MDC_OIDS = frozenset({_MDC, "urn:oid:2.16.840.1.113883.6.24"})
_POTENTIAL = 131_328
_LEADS = {
    1: "I", 2: "II", 3: "V1", 4: "V2", 5: "V3", 6: "V4", 7: "V5", 8: "V6", 9: "V7", 10: "V2R", 11: "V3R", 12: "V4R",
    13: "V5R", 14: "V6R", 15: "V7R", 16: "X", 17: "Y", 18: "Z", 61: "III", 62: "aVR", 63: "aVL", 64: "aVF", 65: "-aVR",
    66: "V8", 67: "V9", 68: "V8R", 69: "V9R", 70: "D", 71: "A", 72: "J",
}  # fmt: skip
_MOST_NUMBERS = 8_000_000  # an hour of twelve leads at 185 a second; more belongs into a file
_MOST_TEXT = 64 * 2**20
_MEMORY = 512 * 2**20  # bytes that reading one file may take
_MILLISECONDS = {"ms": 1.0, "s": 1_000.0, "us": 1e-3}
_READERS = (
    (is_dicom, read_dicom, "application/dicom"),
    (is_edf, read_edf, "application/x-edf"),
    (is_scp, read_scp, "application/x-scp-ecg"),
    (is_matlab, read_matlab, "application/x-matlab-data"),
    (is_aecg, read_aecg, "application/x-hl7-aecg+xml"),
)


@dataclass(frozen=True, slots=True)
class Tracing:
    """An electrocardiogram of a resource: where it stands, and the recording, or the `problem` why there is none.

    `is_elsewhere`: the resource names a file of an electrocardiogram and does not hold it.
    """

    where: str
    recording: Recording | None = field(default=None, repr=False)
    problem: Saying | None = None
    is_elsewhere: bool = False


def tracings_of(resource: Json) -> Iterator[Tracing]:
    """Every electrocardiogram of a resource; those that cannot be read say why. Whatever else it holds is passed over.

    Of Observations SampledData under a code of an electrocardiogram are read; of DocumentReferences, Media and
    DiagnosticReports the attachments that are files of a waveform, or are said to be an electrocardiogram.
    """
    kind = resource.get("resourceType")
    if kind == "Observation":
        if is_sampled_ecg(resource):
            yield _read("component", lambda: sampled_recording(resource))
    elif kind in {"DocumentReference", "Media", "DiagnosticReport"}:
        is_ecg = bool(_codes(resource.get("type")) & _ECG_CODES or _codes(resource.get("code")) & _ECG_CODES)
        for where, attachment in _attachments(resource):
            yield from _attached(attachment, where, is_ecg=is_ecg)


def _read(where: str, reading: Any) -> Tracing:
    try:
        return Tracing(where, reading())
    except SuwenError as error:
        return Tracing(where, problem=Saying(str(error), error.said("zh")))


# Attachments


def _attachments(resource: Json) -> Iterator[tuple[str, Json]]:
    kind = resource.get("resourceType")
    if kind == "DocumentReference":
        for at, one in enumerate(_list(resource.get("content"))):
            if isinstance(one.get("attachment"), dict):
                yield f"content[{at}].attachment", one["attachment"]
    elif kind == "Media":
        if isinstance(resource.get("content"), dict):
            yield "content", resource["content"]
    else:
        yield from ((f"presentedForm[{at}]", one) for at, one in enumerate(_list(resource.get("presentedForm"))))


def _attached(attachment: Json, where: str, *, is_ecg: bool) -> Iterator[Tracing]:
    data = attachment.get("data")
    kind = str(attachment.get("contentType", "")).partition(";")[0].strip().lower()
    if not isinstance(data, str):
        if is_ecg and kind in {one for *_, one in _READERS}:
            yield Tracing(where, is_elsewhere=True)
        return
    if len(data) * 3 // 4 > MOST_BYTES:
        if is_ecg:
            yield Tracing(where, is_elsewhere=True)
        return
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        if is_ecg:
            yield Tracing(where, problem=Saying("the attachment is not base64", "附件不是 base64 编码"))
        return
    if content_type(content) and (is_ecg or kind != "application/dicom"):  # DICOM may be a picture
        yield _read(where, lambda: recording_of_bytes(content))


def content_type(data: bytes) -> str:
    """The type by which a waveform file is attached, told by its bytes; "" where it is none that is read."""
    return next((kind for recognises, _, kind in _READERS if recognises(data)), "")


def recording_of_bytes(data: bytes, *, memory: int = _MEMORY) -> Recording:
    """The recording of a file that is held whole: DICOM, EDF, SCP-ECG, MATLAB or HL7 aECG.

    Of several parts that with the most leads is taken, then the longest; averaged beats are not.

    Raises:
        FormatError: it is none of these, or is damaged.
        InputError: the rate is missing, or reading takes more than `memory` bytes.
        MissingExtraError: pydicom is needed and not installed.

    """
    reader = next((reads for recognises, reads, _ in _READERS if recognises(data)), None)
    if reader is None:
        raise FormatError(
            "this is no file of an electrocardiogram that is read whole: DICOM, EDF, SCP-ECG, MATLAB, aECG",
            zh="该文件不是可读取的心电图文件：须为 DICOM、EDF、SCP-ECG、MATLAB 或 aECG",
        )
    with np.errstate(over="ignore", invalid="ignore"):
        blocks = reader(data, Budget(memory))
        made, refused = [], []
        for block in [one for one in blocks if not one.is_derived] or blocks:
            try:
                made.append(recording_of(block, Stated()))
            except InputError as error:
                refused.append(error)
    if not made:
        raise refused[0] if refused else FormatError("the file holds no recording", zh="文件中没有记录")
    return max(made, key=lambda one: (len(one.leads), one.seconds))


# SampledData


def is_sampled_ecg(resource: Json) -> bool:
    """Whether an Observation holds SampledData of an electrocardiogram."""
    holders = [one for one in _holders(resource) if isinstance(one.get("valueSampledData"), dict)]
    return bool(holders) and (
        bool(_codes(resource.get("code")) & _ECG_CODES) or any(_lead(one.get("code")) for one in holders)
    )


def sampled_recording(resource: Json) -> Recording:
    """The recording of an Observation: each SampledData is a lead, or several where it has several dimensions.

    Raises FormatError where SampledData cannot be read or differ in length or rate, InputError where it is too long.
    """
    blocks = [_block(one) for one in _holders(resource) if isinstance(one.get("valueSampledData"), dict)]
    if not blocks:
        raise FormatError("the Observation holds no SampledData", zh="该 Observation 不含 SampledData")
    shapes = {(one.values.shape[1], one.rate) for one in blocks}
    if len(shapes) > 1:
        raise FormatError(
            "the leads of the Observation differ in their length or rate", zh="该 Observation 各导联的长度或采样率不同"
        )
    channels = [channel for one in blocks for channel in one.channels]
    values = np.concatenate([one.values for one in blocks])
    return recording_of(Block(values, channels, blocks[0].rate), Stated())


def sampled_observation(recording: Recording) -> Json:
    """An Observation that holds a recording: a lead a component, in whole microvolts, `E` where a sample is missing.

    Subject, date and status are the caller's to add. Raises InputError where it is too long to be held so.
    """
    if recording.samples.size > _MOST_NUMBERS:
        raise InputError(
            f"a recording of {recording.samples.size:,} samples is too long; at most {_MOST_NUMBERS:,}",
            zh=f"记录过长，共 {recording.samples.size:,} 个采样点；最多 {_MOST_NUMBERS:,} 个",
        )
    period = Decimal(repr(round(1_000.0 / recording.rate, 9)))
    leads = zip(recording.leads, recording.samples, strict=True)
    return {
        "resourceType": "Observation",
        "code": {"coding": [{"system": "http://loinc.org", "code": ECG_STUDY, "display": "EKG study"}]},
        "component": [_component(name, lead, period) for name, lead in leads],
    }


def _component(name: str, lead: NDArray[np.float32], period: Decimal) -> Json:
    number = next((code for code, known in _LEADS.items() if known == name), None)
    coding = {"coding": [{"system": _MDC, "code": str(_POTENTIAL + number)}]} if number is not None else {}
    there = np.isfinite(lead)
    whole = np.where(there, np.rint(np.where(there, lead, 0).astype(np.float64) * 1_000), 0).astype(np.int64)
    words = [str(one) if is_there else "E" for one, is_there in zip(whole.tolist(), there.tolist(), strict=True)]
    unit = {"unit": "mV", "system": "http://unitsofmeasure.org", "code": "mV"}
    return {
        "code": {**coding, "text": name},
        "valueSampledData": {
            "origin": {"value": Decimal(0), **unit},
            "period": period,
            "factor": Decimal("0.001"),
            "dimensions": 1,
            "data": " ".join(words),
        },
    }


def _holders(resource: Json) -> Iterator[Json]:
    yield resource
    yield from _list(resource.get("component"))


def _block(holder: Json) -> Block:
    said = holder["valueSampledData"]
    dimensions = _number(said.get("dimensions", 1))
    if dimensions is None or not (dimensions.is_integer() and 1 <= dimensions <= 512):
        raise FormatError(
            "the dimensions of a SampledData are a whole number from 1",
            zh="SampledData 的 dimensions 须为不小于 1 的整数",
        )
    numbers = _numbers(said.get("data"))
    if not numbers.size or numbers.size % int(dimensions):
        raise FormatError(
            "the data of a SampledData are none, or do not fill their dimensions",
            zh="SampledData 没有数据，或数据与 dimensions 不符",
        )
    origin, factor = _at_least(said.get("origin"), "value", 0.0), _at_least(said, "factor", 1.0)
    values = (numbers * factor + origin).reshape(-1, int(dimensions)).T.astype(np.float32)
    unit = _unit(said.get("origin"))
    name = _named(holder.get("code"))
    names = [name] if dimensions == 1 else [""] * int(dimensions)
    return Block(np.ascontiguousarray(values), [Channel(one, unit) for one in names], _rate(said))


def _numbers(data: Any) -> NDArray[np.float64]:
    if not isinstance(data, str):
        raise FormatError("a SampledData holds no data", zh="SampledData 没有数据")
    if len(data) > _MOST_TEXT or data.count(" ") > _MOST_NUMBERS:
        raise InputError(
            "the SampledData are too long to be read; attach the recording as a file",
            zh="SampledData 过长，无法读取；请将记录作为文件附上",
        )
    try:
        # Above or below the range is no value: the limits are stated in no unit that can be relied on.
        found = np.array([math.nan if one in {"E", "U", "L"} else float(one) for one in data.split()])
    except ValueError:
        raise FormatError(
            "the data of a SampledData are numbers, E, U or L with blanks between them",
            zh="SampledData 的数据须为以空格分隔的数字、E、U 或 L",
        ) from None
    found[~np.isfinite(found)] = math.nan
    return found


def _rate(said: Json) -> float:
    period = _number(said.get("period"))
    if period is None:
        interval, unit = _number(said.get("interval")), str(said.get("intervalUnit", ""))
        period = interval * _MILLISECONDS[unit] if interval is not None and unit in _MILLISECONDS else None
    if period is None or not 0 < period < 1e6:
        raise FormatError(
            "a SampledData does not say the milliseconds from one sample to the next",
            zh="SampledData 未说明采样间隔（毫秒）",
        )
    return round(1_000.0 / period, 6)


def _unit(origin: Any) -> str:
    if not isinstance(origin, dict):
        return ""
    found = next((one for one in (origin.get("code"), origin.get("unit")) if isinstance(one, str) and one), "")
    return "" if found in {"1", "{count}"} else found


def _at_least(holder: Any, name: str, missing: float) -> float:
    found = holder.get(name) if isinstance(holder, dict) else None
    number = missing if found is None else _number(found)
    if number is None:
        raise FormatError(f"the {name} of a SampledData is not a number", zh=f"SampledData 的 {name} 不是数字")
    return number


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _lead(concept: Any) -> str:
    """The lead that a code names: by its MDC number, or by the name it has in MDC or as text."""
    codings = _list(concept.get("coding")) if isinstance(concept, dict) else []
    for one in codings:
        code = str(one.get("code", ""))
        is_number = code.isascii() and code.isdigit() and len(code) < 8
        if str(one.get("system")) in _MDC_OIDS and is_number and int(code) - _POTENTIAL in _LEADS:
            return _LEADS[int(code) - _POTENTIAL]
        if "MDC_ECG_" in code.upper() or "MDC_ECG_" in str(one.get("display", "")).upper():
            return _mdc_name(code if "MDC_ECG_" in code.upper() else str(one["display"]))
    return ""


def _named(concept: Any) -> str:
    """The lead that a code names, or else its text: only of what is known to be an electrocardiogram."""
    text = concept.get("text") if isinstance(concept, dict) else None
    return _lead(concept) or (standard_lead(text) if isinstance(text, str) else "")


def _mdc_name(text: str) -> str:
    """MDC_ECG_LEAD_V1 and MDC_ECG_ELEC_POTL_V1 are the lead V1."""
    bare = text.upper().rpartition("MDC_ECG_")[2]
    for prefix in ("ELEC_POTL_", "LEAD_"):
        bare = bare.removeprefix(prefix)
    known = {one.upper(): one for one in _LEADS.values()}
    return known.get(bare.strip(), "")


def _codes(concept: Any) -> set[str]:
    codings = _list(concept.get("coding")) if isinstance(concept, dict) else []
    return {str(one.get("code")) for one in codings}


def _list(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
