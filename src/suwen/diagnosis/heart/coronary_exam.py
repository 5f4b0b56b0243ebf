"""The thirteen examinations of the coronary model: which factor each is, its column, its direction, and its reader."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.heart.nouns import Person, Value
from suwen.errors import DataError, FormatError

__all__ = ["COLUMNS", "DIRECTIONS", "EXAMS", "ExamColumn", "exam_row", "read_exams"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MG_DL = 38.67  # of cholesterol in one mmol/L
_PAIN = {1.0: "typical angina", 2.0: "atypical angina", 3.0: "non-anginal", 4.0: "none"}
_FIELDS = 14


@dataclass(frozen=True, slots=True)
class ExamColumn:
    """One column of the model: (value held within `low` and `high`, less `centre`) by `scale`.

    `direction` is what physiology demands of the chance as the value rises: +1, -1, or 0 for nothing. Centre and scale
    are round numbers of referred adults, fixed beforehand, so that no data of a site enter them. `choice` is the value
    of a factor with choices that the column stands for.
    """

    key: str
    direction: int
    centre: float
    scale: float
    low: float = 0.0
    high: float = 1.0
    choice: str = ""


COLUMNS: tuple[ExamColumn, ...] = (
    ExamColumn("age", 1, 54, 9, 25, 85),
    ExamColumn("sex", 1, 0.7, 0.45, choice="male"),
    # Typical angina is what the others are compared with, and the gravest. In these data painless people were ill more
    # often (in Cleveland 73 of 100, of those with typical angina 30): they were sent to angiography for a reason that
    # is not in the table, such as a positive test, so that having no pain stands for that reason. Elsewhere it is the
    # other way round: of 15,888 people at elective angiography at Duke those with typical angina had most disease
    # (Vavalle, JAMA Cardiol 2016), and so in the cohorts behind every table of pre-test probability. Decided: no pain
    # counts at most as much as typical angina (-1), which costs some discrimination in these data and keeps the model
    # from calling angina a comfort; whoever has no pain is told so with the answer (coronary.py).
    ExamColumn("chest_pain", -1, 0.2, 0.4, choice="atypical angina"),
    ExamColumn("chest_pain", -1, 0.2, 0.4, choice="non-anginal"),
    ExamColumn("chest_pain", -1, 0.5, 0.5, choice="none"),
    ExamColumn("sbp", 0, 132, 18, 90, 200),  # low in failing hearts and high in risk: both ways in these patients
    ExamColumn("total_cholesterol", 1, 6.2, 1.3, 3, 10),
    ExamColumn("fasting_glucose_raised", 1, 0.15, 0.36),
    ExamColumn("resting_ecg_abnormal", 1, 0.4, 0.49),
    ExamColumn("peak_heart_rate", -1, 140, 25, 70, 200),
    ExamColumn("exercise_angina", 1, 0.4, 0.49, choice="any"),
    ExamColumn("st_deviation", 1, 1, 1, 0, 4),
    ExamColumn("st_not_upsloping", 1, 0.5, 0.5),
    ExamColumn("calcified_vessels", 1, 0.7, 0.95, 0, 3),
    ExamColumn("perfusion_defect", 1, 0.5, 0.5),
)
DIRECTIONS: Ints = np.array([one.direction for one in COLUMNS])
EXAMS: tuple[str, ...] = tuple(dict.fromkeys(one.key for one in COLUMNS))


def exam_row(values: Mapping[str, Value]) -> Floats:
    """The row (columns,) of a person's values by factor in canonical units; NaN where a factor is unknown."""
    return np.array([_cell(one, values) for one in COLUMNS])


def _cell(column: ExamColumn, values: Mapping[str, Value]) -> float:
    value = values.get(column.key)
    if value is None:
        return math.nan
    number = float(_chosen(column, str(value))) if column.choice else float(value)
    return (min(max(number, column.low), column.high) - column.centre) / column.scale


def _chosen(column: ExamColumn, value: str) -> bool:
    if column.choice == "any":
        return value != "none"
    if column.choice == "none":  # breathlessness without pain was coded as no pain
        return value in ("none", "dyspnoea only")
    return value == column.choice


def read_exams(file: Path) -> tuple[list[Person], Ints]:
    """People and whether they have a stenosis above 50 % (n,), of a table of the UCI heart disease databases.

    Fourteen fields a line (Detrano et al., Am J Cardiol 1989;64:304), `?` or -9 unknown. A cholesterol or pressure of 0
    was not measured (all cholesterols of Switzerland); a negative ST depression counts as none.

    Raises:
        DataError: the file cannot be read.
        FormatError: a line is no such row.

    """
    try:
        lines = [line for line in file.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{file.name} cannot be read as a table of the heart disease databases",
            zh=f"{file.name} 无法按心脏病数据库的表格读取",
        ) from error
    found = [_read(line, number, file.name) for number, line in enumerate(lines, 1)]
    return [person for person, _ in found], np.array([int(sick) for _, sick in found], np.int64)


def _read(line: str, number: int, name: str) -> tuple[Person, bool]:
    fields = [one.strip() for one in line.split(",")]
    try:
        read = [math.nan if one in ("?", "-9", "-9.0", "") else float(one) for one in fields]
    except ValueError:
        read = []
    if len(read) != _FIELDS or math.isnan(read[-1]):
        raise FormatError(
            f"{name}, line {number}: not {_FIELDS} numbers of which the last, the diagnosis, is known",
            zh=f"{name} 第 {number} 行：应为 {_FIELDS} 个数字，且末项（诊断）已知",
        )
    return Person(dict(_values(read))), read[-1] > 0


def _values(read: list[float]) -> dict[str, Value]:
    age, sex, pain, sbp, cholesterol, glucose, ecg, peak, angina, st, slope, vessels, thallium, _ = read
    numbers = {
        "age": age,
        "sbp": sbp or math.nan,
        "total_cholesterol": cholesterol / _MG_DL or math.nan,
        "fasting_glucose_raised": glucose,
        "resting_ecg_abnormal": _above(ecg, 0),
        "peak_heart_rate": peak,
        "st_deviation": max(st, 0.0) if not math.isnan(st) else math.nan,
        "st_not_upsloping": _above(slope, 1),
        "calcified_vessels": vessels,
        "perfusion_defect": _above(thallium, 3),
    }
    found: dict[str, Value] = {key: value for key, value in numbers.items() if not math.isnan(value)}
    if not math.isnan(sex):
        found["sex"] = "male" if sex else "female"
    if pain in _PAIN:
        found["chest_pain"] = _PAIN[pain]
    if not math.isnan(angina):
        found["exercise_angina"] = "limiting" if angina else "none"
    return found


def _above(value: float, limit: float) -> float:
    return value if math.isnan(value) else float(value > limit)
