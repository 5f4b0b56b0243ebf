"""What readers measured on images: lengths, angles and ellipses with their points, kept with who measured and when.

A record of the kind `KIND`, format 1 of its payload: {"format": 1, "image", "series", "slice", "kind", "points",
"values": {name: [value, unit]}, "most", "by", "name"} as compact UTF-8 JSON. Withdrawn, it is listed no more and stays
in the history. To change the format, raise the number and keep its reader.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from suwen.consult.chart import Record, keep, withdraw_record
from suwen.errors import FormatError, InputError
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.gate import Records, patient_id
from suwen.records.people import Actor, account_by_id
from suwen.records.store import charts

__all__ = ["KIND", "POINTS", "KeptMeasure", "Measured", "keep_measures", "measures_in", "withdraw_measure"]

KIND = "ImageMeasurement"
POINTS: Mapping[str, int] = {"length": 2, "angle": 3, "ellipse": 2}  # points of each kind of measurement
_MOST = 100  # at once
_FARTHEST = 1e6  # pixels


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement: on which image and slice (from 0), between which points (column, row; pixels, edges at whole
    numbers), and what came out: `values` by name with their unit. `most`: lengths are upper bounds (magnified).

    `kind`: length (two ends), angle (end, vertex, end) or ellipse (two corners of its box).
    """

    image: str
    series: str
    slice: int
    kind: str
    points: tuple[tuple[float, float], ...]
    values: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    most: bool = False

    def __post_init__(self) -> None:
        if self.kind not in POINTS:
            raise InputError(f"a measurement is one of {', '.join(POINTS)}", zh="测量类型应为长度、角度或椭圆")
        if len(self.points) != POINTS[self.kind] or any(len(one) != 2 for one in self.points):
            raise InputError(
                f"a measurement of the kind {self.kind} has {POINTS[self.kind]} points of two numbers",
                zh=f"此类测量须有 {POINTS[self.kind]} 个点，每点两个坐标",
            )
        numbers = [each for one in self.points for each in one]
        sound = all(math.isfinite(one) for one, _ in self.values.values())  # an area or activity may be large
        if not sound or not all(math.isfinite(one) and abs(one) < _FARTHEST for one in numbers) or self.slice < 0:
            raise InputError(
                "the points and values of a measurement are finite numbers on an image",
                zh="测量点与测量值须为图像范围内的有限数值",
            )


@dataclass(frozen=True, slots=True)
class KeptMeasure:
    """A measurement with the record (hex) that holds it, its version, when (microseconds UTC) and who kept it."""

    record: str
    version: int
    at: int
    by: str
    name: str = field(repr=False)
    measured: Measured


def keep_measures(
    actor: Actor, records: Records, patient: str, measured: Sequence[Measured], *, purpose: Purpose = Purpose.TREATMENT
) -> tuple[str, ...]:
    """File measurements with a patient under the act "annotate": all or none. Gives the ids (hex) of their records.

    Raises AccessError, NotFoundError; InputError for none or more than a hundred.
    """
    if not 0 < len(measured) <= _MOST:
        raise InputError(
            f"from 1 to {_MOST} measurements are kept at once, not {len(measured)}",
            zh=f"每次可保存 1 至 {_MOST} 个测量，本次为 {len(measured)} 个",
        )
    raw = patient_id(patient)
    with records.acting(actor, purpose) as work:
        work.require(Act.ANNOTATE, ResourceKind.PATIENT, patient=raw)
        name = "" if actor.device else account_by_id(work.store, work.connection, actor.id).name
        drafts = [charts.Draft(KIND, _payload(one, actor.id, name)) for one in measured]
        return tuple(one.id for one in keep(work, Act.ANNOTATE, raw, drafts))


def withdraw_measure(
    actor: Actor, records: Records, patient: str, kept: KeptMeasure, *, purpose: Purpose = Purpose.TREATMENT
) -> None:
    """Withdraw a measurement under the act "annotate". Raises AccessError, ConflictError, NotFoundError."""
    withdraw_record(actor, records, patient, kept.record, base=kept.version, purpose=purpose)


def measures_in(found: Iterable[Record], image: str = "") -> tuple[KeptMeasure, ...]:
    """The measurements (of one image, by its id) among opened records, oldest first. Raises FormatError."""
    kept = (_read(one) for one in found if one.kind == KIND)
    return tuple(one for one in kept if not image or one.measured.image == image)


def _payload(one: Measured, by: str, name: str) -> bytes:
    content = {
        "format": 1,
        "image": one.image,
        "series": one.series,
        "slice": one.slice,
        "kind": one.kind,
        "points": [list(each) for each in one.points],
        "values": {key: list(each) for key, each in one.values.items()},
        "most": one.most,
        "by": by,
        "name": name,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _read(record: Record) -> KeptMeasure:
    content: dict[str, Any] = json.loads(record.payload)
    if content.get("format") != 1:
        raise FormatError(
            "the measurement was filed by a newer Suwen; install it", zh="该测量由更新版本的 Suwen 归档；请升级"
        )
    measured = Measured(
        content["image"],
        content["series"],
        int(content["slice"]),
        content["kind"],
        tuple((float(x), float(y)) for x, y in content["points"]),
        {key: (float(value), str(unit)) for key, (value, unit) in content["values"].items()},
        bool(content["most"]),
    )
    return KeptMeasure(record.id, record.version, record.at, content["by"], content["name"], measured)
