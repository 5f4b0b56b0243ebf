"""Refits China-PAR from recorded outputs of the official calculator; writes china_par.json and says how well it does.

Data in: heart/risk/china_par of SUWEN_DATA (inputs and outputs of the calculator at cvdrisk.com.cn, rounded to 0.1 %).
Every second recorded person of each sex is fitted, the others only measure. Ten years: the printed coefficients (Yang
2016, supplemental table 1, two decimals) do not reproduce the paper's own table; here each may move within the rounding
of its printed digits, and one constant (mean and baseline survival together) is free. Lifetime: a Cox model on the age
scale (Liu 2018); its logarithmic terms are free, and the cumulative hazard still to come at each year of age is a step
function, as the baseline of a Cox model is; the calculator's result for ideal risk factors pins it too. Out:
src/suwen/diagnosis/heart/equations/china_par.json. Seconds on one core. Run: `python recipes/china_par.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from suwen import datasets
from suwen.errors import DataError

OUT = Path(__file__).parent.parent / "src/suwen/diagnosis/heart/equations/china_par.json"
SOURCE = (
    "Ten years: Yang X et al. Circulation 2016;134:1430-1440. Lifetime: Liu F et al. Sci Bull 2018;63:779-787. "
    "Both refitted by recipes/china_par.py to recorded outputs of the official calculator"
)
ROUNDING = 0.005
YOUNGEST, OLDEST, END = 35, 59, 85  # the lifetime baseline is flat before 35; nobody of 60 gets a lifetime risk
PRINTED: dict[str, dict[str, float]] = {
    "male": {
        "age": 31.97,
        "sbp_treated": 27.39,
        "sbp_untreated": 26.15,
        "total_cholesterol": 0.62,
        "hdl": -0.69,
        "waist": -0.71,
        "smoker": 3.96,
        "diabetes": 0.36,
        "north": 0.48,
        "urban": -0.16,
        "family_history": 6.22,
        "age*sbp_treated": -6.02,
        "age*sbp_untreated": -5.73,
        "age*smoker": -0.94,
        "age*family_history": -1.53,
    },
    "female": {
        "age": 24.87,
        "sbp_treated": 20.71,
        "sbp_untreated": 19.98,
        "total_cholesterol": 0.06,
        "hdl": -0.22,
        "waist": 1.48,
        "smoker": 0.49,
        "diabetes": 0.57,
        "north": 0.54,
        "age*sbp_treated": -4.53,
        "age*sbp_untreated": -4.36,
    },
}
BASELINE = {"male": (140.68, 0.9707), "female": (117.26, 0.9851)}  # mean, survival: where the constant starts
LIFETIME = ("sbp_treated", "sbp_untreated", "total_cholesterol", "hdl", "waist", "smoker", "diabetes", "north")
ONLY_MEN = ("urban", "family_history")

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Recorded:
    """People of one sex with what the calculator said of them in per cent; `fitted` marks every second one."""

    people: list[Mapping[str, float]]
    said: Mapping[str, Numbers]
    fitted: NDArray[np.bool_]


def recorded(sex: str) -> Recorded:
    """All recorded people of one sex. Raises DataError when the files are missing."""
    folder = datasets.folder() / "heart/risk/china_par"
    rows: list[dict[str, Any]] = []
    for name in ("lifetime_fit_samples.jsonl", "ideal_risk_samples.jsonl"):
        if not (folder / name).is_file():
            raise DataError(f"{folder / name} is missing: set SUWEN_DATA to the reference data")
        rows += [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]
    rows = [row for row in rows if row["params"]["sex"] == (1 if sex == "male" else 2)]
    names = ("risk10", "lifetime", "ideal_lifetime")
    said = {name: np.array([row["result"][name] for row in rows], dtype=float) for name in names}
    return Recorded([parts(row["params"]) for row in rows], said, np.arange(len(rows)) % 2 == 0)


def parts(given: Mapping[str, float]) -> dict[str, float]:
    """Every part of the equations for one recorded input (mg/dL, mmHg, cm)."""
    age, sbp = float(np.log(given["age"])), float(np.log(given["sbp"]))
    made = {
        "years": float(given["age"]),
        "age": age,
        "sbp_treated": sbp * given["drug"],
        "sbp_untreated": sbp * (1 - given["drug"]),
        "total_cholesterol": float(np.log(given["tc"])),
        "hdl": float(np.log(given["hdlc"])),
        "waist": float(np.log(given["waist"])),
        "smoker": given["csmoke"],
        "diabetes": given["dm"],
        "north": given["region"],
        "urban": given["area"],
        "family_history": given["fh_ascvd"],
    }
    return made | {f"age*{name}": age * made[name] for name in (*made,) if name not in ("years", "age")}


def matrix(of: Recorded, names: tuple[str, ...]) -> Numbers:
    """One row for each person, one column for each part."""
    return np.array([[person[name] for name in names] for person in of.people], dtype=float)


def per_cent(log_hazard: Numbers) -> Numbers:
    """Risk in per cent of a cumulative hazard given by its logarithm."""
    return np.asarray(-100 * np.expm1(-np.exp(np.minimum(log_hazard, 20))), dtype=float)


def solved(off: Callable[[Numbers], Numbers], start: Numbers, low: Numbers, high: Numbers) -> Numbers:
    """Least squares within bounds."""
    scale = np.maximum(np.abs(start) * 0.01, 1e-3)
    found = least_squares(off, start, bounds=(low, high), x_scale=scale, max_nfev=20000, xtol=1e-15, ftol=1e-15)
    return np.asarray(found.x, dtype=float)


def error(of: Recorded, said: Numbers, made: Numbers) -> dict[str, float]:
    """How far the people who were not fitted are off, in percentage points."""
    kept = ~of.fitted & ~np.isnan(said)
    off = np.abs(np.round(made, 1) - said)[kept]
    return {"n": int(kept.sum()), "mean_error": round(float(off.mean()), 4), "max_error": round(float(off.max()), 2)}


def ten_years(sex: str, of: Recorded) -> dict[str, Any]:
    """Coefficients within the rounding of the printed ones, and the constant."""
    names = tuple(PRINTED[sex])
    printed, columns = np.array([PRINTED[sex][name] for name in names]), matrix(of, names)
    mean, survival = BASELINE[sex]
    start = np.append(printed, np.log(-np.log(survival)) - mean)
    room = np.append(np.full(len(names), ROUNDING), 5.0)

    def off(numbers: Numbers) -> Numbers:
        made = per_cent(columns @ numbers[:-1] + numbers[-1])
        return np.asarray((made - of.said["risk10"])[of.fitted], dtype=float)

    numbers = np.round(solved(off, start, start - room, start + room), 6)
    made = per_cent(columns @ numbers[:-1] + numbers[-1])
    coefficients = dict(zip(names, numbers[:-1].tolist(), strict=True))
    held = error(of, of.said["risk10"], made)
    return {"coefficients": coefficients, "constant": float(numbers[-1]), "held_out": held}


def lifetime(sex: str, of: Recorded) -> dict[str, Any]:
    """Coefficients, the constant, and the log of the share of hazard still to come from 35 to 59 years."""
    names = (*LIFETIME, *(ONLY_MEN if sex == "male" else ()))
    columns = matrix(of, names)
    middle, living = columns.mean(0), [names.index(name) for name in ("north", "urban") if name in names]
    years = np.clip(matrix(of, ("years",))[:, 0].astype(int) - YOUNGEST, 0, OLDEST - YOUNGEST)
    seen = of.fitted & ~np.isnan(of.said["lifetime"])

    def made(numbers: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        weights, (own, ideal), steps = np.split(numbers, [len(names), len(names) + 2])
        left = np.log1p(-np.minimum(np.concatenate([[0.0], np.cumsum(steps)]), 0.99))
        person = per_cent((columns - middle) @ weights + own + left[years])
        return person, per_cent(columns[:, living] @ weights[living] + ideal + left[years]), left

    def off(numbers: Numbers) -> Numbers:
        person, at_best, _ = made(numbers)
        both = (person - of.said["lifetime"])[seen], (at_best - of.said["ideal_lifetime"])[seen]
        return np.concatenate(both)

    steps = np.diff((np.arange(OLDEST - YOUNGEST + 1) / (END - YOUNGEST)) ** 2)
    start = np.concatenate([np.full(2, 2.5), np.zeros(len(names) - 2), [-1.0, -2.0], steps])
    low = np.concatenate([np.full(len(names) + 2, -20.0), np.zeros(len(steps))])
    numbers = solved(off, start, low, np.full(len(start), 20.0))
    person, _, left = made(numbers)
    weights = numbers[: len(names)]
    return {
        "coefficients": dict(zip(names, np.round(weights, 5).tolist(), strict=True)),
        "constant": round(float(numbers[len(names)] - middle @ weights), 5),
        "left": np.round(left, 5).tolist(),
        "held_out": error(of, of.said["lifetime"], person),
    }


def main() -> None:
    """Fit both sexes, write the table, say how far off the other half is."""
    table: dict[str, Any] = {"source": SOURCE, "ten_years": {}, "lifetime": {}}
    for sex in ("female", "male"):
        people = recorded(sex)
        table["ten_years"][sex], table["lifetime"][sex] = ten_years(sex, people), lifetime(sex, people)
        print(f"{sex}: ten years {table['ten_years'][sex]['held_out']}, lifetime {table['lifetime'][sex]['held_out']}")
    OUT.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
