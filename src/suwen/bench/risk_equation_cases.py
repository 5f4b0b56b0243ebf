"""People with a risk that was printed or recorded: what the risk equations are measured against.

Printed: the PREVENT example of the AHA calculator with every model in both sexes (as the R package preventr lists it;
its neighbourhood is in the lowest third of deprivation), the worked examples of the 2013 guideline, of Framingham 2008
(with BMI: as the R package CVrisk has it) and of the MESA calculator. Recorded: outputs of QRISK3's own program and of
the official China-PAR calculator, from the data folder. Risks are in per cent, cholesterol is given in mg/dL and read
as mmol/L.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from suwen.diagnosis.heart.equations.predictor import MGDL
from suwen.diagnosis.heart.nouns import Value
from suwen.errors import DataError

__all__ = ["Case", "china_par_cases", "printed_cases", "qrisk3_cases"]


@dataclass(frozen=True, slots=True)
class Case:
    """One person, the key of an equation, and the risk that was said in per cent; `fitted`: used for coefficients."""

    equation: str
    values: Mapping[str, Value]
    said: float
    fitted: bool = False


_NOBODY: Final = {"treated": 0.0, "smoker": 0.0, "diabetes": 0.0, "statin": 0.0, "family_history": 0.0}


def _person(total: float, hdl: float, **more: Value) -> dict[str, Value]:
    return {**_NOBODY, "total_cholesterol": total / MGDL, "hdl": hdl / MGDL, **more}


_PREVENT_ADDED: Final[Mapping[str, Mapping[str, Value]]] = {
    "base": {},
    "hba1c": {"hba1c": 9.2},
    "uacr": {"uacr": 92.0},
    "sdi": {"sdi": 1.0},
    "full": {"hba1c": 9.2, "uacr": 92.0, "sdi": 1.0},
}
_OUTCOMES: Final = ("cvd", "ascvd", "hf", "chd", "stroke")  # at 10 years, then at 30
_PREVENT: Final = {
    ("female", "base"): (14.7, 9.2, 8.1, 4.4, 5.4, 53.0, 35.4, 39.0, 19.8, 22.1),
    ("female", "hba1c"): (16.5, 10.3, 10.7, 5.5, 5.3, 54.1, 35.6, 44.9, 21.9, 20.0),
    ("female", "uacr"): (18.1, 11.1, 10.5, 5.5, 6.5, 56.5, 38.1, 43.7, 22.0, 24.1),
    ("female", "sdi"): (12.7, 8.0, 7.0, 3.8, 4.7, 48.5, 32.2, 35.8, 17.9, 20.2),
    ("female", "full"): (17.4, 10.5, 11.4, 5.6, 5.6, 53.4, 34.8, 44.3, 21.3, 20.4),
    ("male", "base"): (16.3, 10.2, 10.6, 5.6, 5.2, 51.4, 34.9, 42.4, 21.6, 19.7),
    ("male", "hba1c"): (18.7, 11.2, 13.0, 6.3, 5.6, 52.4, 34.0, 45.7, 21.1, 18.8),
    ("male", "uacr"): (19.5, 12.3, 13.0, 6.6, 6.3, 53.5, 36.8, 44.8, 22.7, 21.3),
    ("male", "sdi"): (14.3, 8.8, 8.9, 4.9, 4.3, 48.0, 31.7, 38.4, 19.9, 17.1),
    ("male", "full"): (19.1, 11.2, 13.1, 6.8, 5.2, 51.3, 32.6, 43.8, 21.6, 16.7),
}
_POOLED: Final = (("male", "white", 5.3), ("male", "black", 6.1), ("female", "white", 2.1), ("female", "black", 3.0))


def printed_cases() -> Iterator[Case]:
    """Every printed example, with the digits that were printed."""
    someone = _person(200, 45, age=50.0, sbp=160.0, treated=1.0, diabetes=1.0, bmi=35.0, egfr=90.0)
    for (sex, model), risks in _PREVENT.items():
        names = [
            f"prevent-{model}-{one}-{years}" for years in (10, 30) for one in ("cvd", "ascvd", "hf", "chd", "stroke")
        ]
        for name, said in zip(names, risks, strict=True):
            yield Case(name, {**someone, "sex": sex, **_PREVENT_ADDED[model]}, said)
    for sex, race, said in _POOLED:
        yield Case("pooled-cohort-ascvd-10", _person(213, 50, age=55.0, sex=sex, race=race, sbp=120.0), said)
    woman = _person(180, 47, age=61.0, sex="female", sbp=124.0, smoker=1.0)
    man = _person(161, 55, age=53.0, sex="male", sbp=125.0, treated=1.0, diabetes=1.0)
    yield from (Case("framingham-lab-cvd-10", woman, 10.48), Case("framingham-lab-cvd-10", man, 15.62))
    yield Case("framingham-bmi-cvd-10", {**_NOBODY, "age": 55.0, "sex": "male", "sbp": 140.0, "bmi": 30.0}, 16.75)
    old = _person(190, 50, age=70.0, sex="male", race="hispanic", sbp=130.0, treated=1.0, cac=0.0)
    yield from (Case("mesa-chd-10", old, 8.61), Case("mesa-calcium-chd-10", old, 3.06))


def china_par_cases(folder: Path) -> Iterator[Case]:
    """Recorded outputs of the official calculator; every second person of each sex was fitted (recipes/china_par.py).

    Raises DataError when the files are not in `folder`.
    """
    seen = {"male": 0, "female": 0}
    for name in ("lifetime_fit_samples.jsonl", "ideal_risk_samples.jsonl"):
        for line in _text(folder / name).splitlines():
            row = json.loads(line)
            values = _recorded(row["params"])
            sex = str(values["sex"])
            fitted, seen[sex] = seen[sex] % 2 == 0, seen[sex] + 1
            yield Case("china-par-ascvd-10", values, row["result"]["risk10"], fitted)
            if row["result"]["lifetime"] is not None:
                yield Case("china-par-ascvd-lifetime", values, row["result"]["lifetime"], fitted)


def _recorded(given: Mapping[str, Any]) -> dict[str, Value]:
    names = {"age": "age", "sbp": "sbp", "treated": "drug", "waist": "waist", "smoker": "csmoke", "diabetes": "dm"}
    names |= {"north": "region", "urban": "area", "family_history": "fh_ascvd"}
    read: dict[str, Value] = {key: float(given[name]) for key, name in names.items()}
    return _person(given["tc"], given["hdlc"], sex="male" if given["sex"] == 1 else "female", **read)


_YES: Final = {
    "atrial_fibrillation": "b_AF",
    "antipsychotic": "b_atypicalantipsy",
    "steroids": "b_corticosteroids",
    "erectile_dysfunction": "b_impotence2",
    "migraine": "b_migraine",
    "rheumatoid_arthritis": "b_ra",
    "kidney_disease": "b_renal",
    "severe_mental_illness": "b_semi",
    "lupus": "b_sle",
    "treated": "b_treatedhyp",
    "family_history": "fh_cvd",
}
_NUMBERS: Final = {"age": "age", "cholesterol_ratio": "rati", "sbp": "sbp", "sbp_sd": "sbps5", "townsend": "town"}
_ETHNICITY: Final = (
    *("white", "indian", "pakistani", "bangladeshi", "other asian"),
    *("caribbean", "black african", "chinese", "other"),
)
_SMOKING: Final = ("never", "former", "light", "moderate", "heavy")


def qrisk3_cases(file: Path) -> Iterator[Case]:
    """Outputs of QRISK3's own program. Raises DataError when the file is absent."""
    for row in csv.DictReader(_text(file).splitlines()):
        values: dict[str, Value] = {key: float(row[name]) for key, name in {**_YES, **_NUMBERS}.items()}
        types = {"1": "type 1", "2": "type 2"}
        kinds = [name for number, name in types.items() if float(row[f"b_type{number}"])]
        values |= {
            "sex": "female" if float(row["gender"]) else "male",
            "bmi": float(row["weight"]) / (float(row["height"]) / 100) ** 2,
            "ethnicity": _ETHNICITY[int(row["ethrisk"]) - 1],
            "smoking": _SMOKING[int(row["smoke_cat"]) - 1],
            "diabetes_type": kinds[0] if kinds else "none",
        }
        yield Case("qrisk3", values, float(row["QRISK_C_algorithm_score"]))


def _text(file: Path) -> str:
    if not file.is_file():
        raise DataError(f"{file} is missing: the benchmark needs heart/risk of the reference data")
    return file.read_text("utf-8")
