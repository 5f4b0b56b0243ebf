"""Electrocardiograms made for the tests of the consult, as SampledData and as EDF files, written by their rules."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from bedside import Json, coded, observation, resource

from suwen.diagnosis.rhythm.synthetic import synthetic_ecg

__all__ = ["LOINC", "document", "edf_of", "made", "sampled"]

MDC, LOINC = "urn:iso:std:iso:11073:10101", "http://loinc.org"
NUMBERS = {"I": 1, "II": 2, "III": 61, "aVR": 62, "aVL": 63, "aVF": 64, **{f"V{one}": one + 2 for one in range(1, 7)}}


def made(rhythm: str, *, seconds: float = 10.0, seed: int = 1) -> tuple[tuple[str, ...], np.ndarray]:
    one = synthetic_ecg(np.random.default_rng(seed), seconds=seconds, rate=250, rhythm=rhythm)
    return one.names, one.values


def sampled(rhythm: str, on: str = "2020-01-02", *, id_: str = "", seed: int = 1, **more: Any) -> Json:
    """An Observation as HL7 writes an electrocardiogram: a component of SampledData in microvolts for each lead."""
    names, values = made(rhythm, seed=seed)
    parts = [
        {
            "code": coded(str(131_328 + NUMBERS[name]), MDC),
            "valueSampledData": {
                "origin": {"value": 100, "unit": "uV"},
                "period": 4,
                "factor": 0.5,
                "dimensions": 1,
                "data": " ".join(str(round(1_000 * float(one) / 0.5) - 200) for one in row),
            },
        }
        for name, row in zip(names, values, strict=True)
    ]
    whole = observation("11524-6", id_=id_ or f"{rhythm}-{on}", system=LOINC, present=None, on=on, component=parts)
    return {**whole, **more}


def edf_of(rhythm: str = "sinus", *, seconds: int = 10, seed: int = 1, leads: int = 12, patient: str = "X") -> bytes:
    """An EDF file (Kemp et al. 1992) of a made electrocardiogram in steps of a microvolt, written here by its rules."""
    names, values = made(rhythm, seconds=seconds, seed=seed)
    names, values = names[:leads], values[:leads]
    whole = np.clip(np.rint(1_000 * values), -32_768, 32_767).astype("<i2")
    count = len(names)
    head = f"{'0':8}{patient:80}{'Startdate X X X X':80}01.01.8500.00.00{256 * (count + 1):<8}{'':44}"
    head += f"{seconds:<8}{1:<8}{count:<4}"
    columns = (
        (16, [f"ECG {one}" for one in names]), (80, [""] * count), (8, ["uV"] * count), (8, ["-32768"] * count),
        (8, ["32767"] * count), (8, ["-32768"] * count), (8, ["32767"] * count), (80, [""] * count),
        (8, ["250"] * count), (32, [""] * count),
    )  # fmt: skip
    body = "".join(f"{cell:{width}}" for width, cells in columns for cell in cells)
    records = whole.reshape(count, seconds, 250).transpose(1, 0, 2)
    return (head + body).encode("ascii") + records.tobytes()


def document(data: bytes, on: str = "2020-01-02", *, kind: str = "application/x-edf", **more: Any) -> Json:
    attachment = {"contentType": kind, "data": base64.b64encode(data).decode()}
    said = {"status": "current", "type": coded("11524-6", LOINC), "date": f"{on}T10:00:00Z"}
    return resource("DocumentReference", f"d-{on}", **{**said, "content": [{"attachment": attachment}], **more})
