"""Stroke and bleeding in atrial fibrillation: CHA2DS2-VASc, CHA2DS2-VA and HAS-BLED."""

from __future__ import annotations

from collections.abc import Mapping

from suwen.diagnosis.heart.equations.points import by_score, by_step, flag
from suwen.diagnosis.heart.nouns import Equation, Value
from suwen.subject import Saying

__all__ = ["EQUATIONS"]

Values = Mapping[str, Value]

# Ischaemic stroke per 100 years at risk without anticoagulants, scores 0 to 9: Friberg et al., Eur Heart J 2012;33:1500
# (Swedish Atrial Fibrillation Cohort, 90,490 patients). It does not rise from 7 to 8: few patients had 8 or 9.
_FRIBERG = (0.002, 0.006, 0.022, 0.032, 0.048, 0.072, 0.097, 0.112, 0.108, 0.122)
# Major bleeds per 100 years, scores 0 to 5: Pisters et al., Chest 2010;138:1093 (Euro Heart Survey); 6 and more unseen.
_PISTERS = (0.0113, 0.0102, 0.0188, 0.0374, 0.0870, 0.1250)
_COHORT = Saying(
    "90,490 patients with atrial fibrillation in Swedish hospitals, without anticoagulants (2005-2008)",
    "瑞典医院 90,490 例未抗凝的心房颤动患者（2005–2008）",
)
_NEEDS = ("age", "sex", "atrial_fibrillation")
_FACTORS = ("heart_failure", "hypertension", "diabetes", "stroke", "vascular_disease")
_SO = {"atrial_fibrillation": (1.0, 1.0)}


def _without_sex(values: Values) -> dict[str, float]:
    return {
        "age": by_step(values["age"], (65, 75), (0, 1, 2)),
        **{key: flag(values, key, 2.0 if key == "stroke" else 1.0) for key in _FACTORS},
    }


def _with_sex(values: Values) -> dict[str, float]:
    return {**_without_sex(values), "sex": float(values["sex"] == "female")}


def _bleeding(values: Values) -> dict[str, float]:
    return {
        "sbp": float(float(values["sbp"]) > 160),
        "creatinine": float(float(values["creatinine"]) >= 200),
        "age": float(float(values["age"]) > 65),
        **{key: flag(values, key) for key in _BLEEDING[2:]},
    }


_BLEEDING = ("sbp", "creatinine", "liver_disease", "stroke", "bleeding", "labile_inr", "antiplatelet", "alcohol")

EQUATIONS: tuple[Equation, ...] = (
    Equation(
        key="cha2ds2-vasc",
        name=Saying("CHA2DS2-VASc", "CHA2DS2-VASc 评分"),
        outcome=Saying("ischaemic stroke in atrial fibrillation without anticoagulation", "心房颤动未抗凝时缺血性卒中"),
        years=1,
        needs=_NEEDS,
        uses=_FACTORS,
        range=_SO,
        terms=_with_sex,
        risk=by_score(_FRIBERG),
        source="Lip GYH et al. Chest 2010;137:263-272; rates: Friberg L et al. Eur Heart J 2012;33:1500-1510",
        population=_COHORT,
        counts=True,
    ),
    Equation(
        key="cha2ds2-va",
        name=Saying("CHA2DS2-VA (ESC 2024)", "CHA2DS2-VA 评分（ESC 2024）"),
        outcome=Saying("ischaemic stroke in atrial fibrillation without anticoagulation", "心房颤动未抗凝时缺血性卒中"),
        years=1,
        needs=("age", "atrial_fibrillation"),
        uses=_FACTORS,
        range=_SO,
        terms=_without_sex,
        risk=by_score(_FRIBERG),
        source="Van Gelder IC et al. Eur Heart J 2024;45:3314-3414; rates of CHA2DS2-VASc: Friberg L et al. 2012",
        population=Saying(
            f"{_COHORT.en}; the guideline prints no rates: these are those of CHA2DS2-VASc at the same points",
            f"{_COHORT.zh}；指南未给出发生率，此处为 CHA2DS2-VASc 相同分值的发生率",
        ),
        counts=True,
    ),
    Equation(
        key="has-bled",
        name=Saying("HAS-BLED", "HAS-BLED 评分"),
        outcome=Saying("major bleeding in atrial fibrillation", "心房颤动患者大出血"),
        years=1,
        needs=("age", "atrial_fibrillation"),
        uses=_BLEEDING,
        range=_SO,
        terms=_bleeding,
        risk=by_score(_PISTERS),
        source="Pisters R et al. Chest 2010;138:1093-1100",
        population=Saying(
            "3,978 patients with atrial fibrillation of the Euro Heart Survey; scores above 5 were not seen. Dialysis "
            "and transplantation count as a creatinine of 200 µmol/L or more.",
            "欧洲心脏调查 3,978 例心房颤动患者；未见 5 分以上者。透析和肾移植按肌酐 ≥200 µmol/L 计分。",
        ),
        counts=True,
    ),
)
