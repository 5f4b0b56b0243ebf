"""Acute coronary syndrome and acute chest pain: GRACE in hospital and to six months, TIMI, HEART."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Mapping, Sequence

from suwen.diagnosis.heart.equations import wording
from suwen.diagnosis.heart.equations.points import by_score, by_step, flag, interpolated, shared_point
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.nouns import Equation, Value
from suwen.subject import Saying

__all__ = ["EQUATIONS"]

Values = Mapping[str, Value]

_MG = 88.4  # µmol/L of creatinine in 1 mg/dL
_KILLIP = FACTORS["killip"].choices
_GRACE_NEEDS = ("age", "heart_rate", "sbp", "creatinine", "killip")
_GRACE_USES = ("cardiac_arrest", "st_changed", "raised_markers")

# Granger et al., Arch Intern Med 2003;163:2345, figure 4: points, and the chance of death in hospital by their sum
_IN_HOSPITAL = (
    *((60, 0.002), (70, 0.003), (80, 0.004), (90, 0.006), (100, 0.008), (110, 0.011), (120, 0.016), (130, 0.021)),
    *((140, 0.029), (150, 0.039), (160, 0.054), (170, 0.073), (180, 0.098), (190, 0.13), (200, 0.18), (210, 0.23)),
    *((220, 0.29), (230, 0.36), (240, 0.44), (250, 0.52)),
)
# Fox et al., BMJ 2006;333:1091: the chance of death to six months after admission by the sum of its own points
_SIX_MONTHS = (
    *(
        (6, 0.002),
        (27, 0.004),
        (39, 0.006),
        (48, 0.008),
        (55, 0.01),
        (60, 0.012),
        (65, 0.014),
        (69, 0.016),
        (73, 0.018),
    ),
    *((76, 0.02), (88, 0.03), (97, 0.04), (104, 0.05), (110, 0.06), (115, 0.07), (119, 0.08), (123, 0.09), (126, 0.1)),
    *((129, 0.11), (132, 0.12), (134, 0.13), (137, 0.14), (139, 0.15), (141, 0.16), (143, 0.17), (146, 0.18)),
    *((149, 0.2), (155, 0.24), (160, 0.28), (163, 0.3), (174, 0.4), (183, 0.5), (191, 0.6), (200, 0.7), (208, 0.8)),
    *((219, 0.9), (240, 0.99)),
)


def _in_hospital(values: Values) -> dict[str, float]:
    return {
        "age": by_step(values["age"], (30, 40, 50, 60, 70, 80, 90), (0, 8, 25, 41, 58, 75, 91, 100)),
        "heart_rate": by_step(values["heart_rate"], (50, 70, 90, 110, 150, 200), (0, 3, 9, 15, 24, 38, 46)),
        "sbp": by_step(values["sbp"], (80, 100, 120, 140, 160, 200), (58, 53, 43, 34, 24, 10, 0)),
        "creatinine": by_step(
            float(values["creatinine"]) / _MG, (0.4, 0.8, 1.2, 1.6, 2.0, 4.0), (1, 4, 7, 10, 13, 21, 28)
        ),
        "killip": (0.0, 20.0, 39.0, 59.0)[_KILLIP.index(str(values["killip"]))],
        "cardiac_arrest": flag(values, "cardiac_arrest", 39),
        "st_changed": flag(values, "st_changed", 28),
        "raised_markers": flag(values, "raised_markers", 14),
    }


def _line(number: float, marks: Sequence[tuple[float, float]]) -> float:
    """Points between the marks of a scale, by straight lines."""
    after = min(max(bisect.bisect_right([one[0] for one in marks], number), 1), len(marks) - 1)
    (left, low), (right, high) = marks[after - 1], marks[after]
    place = min(max(number, left), right)
    return low + (high - low) * (place - left) / (right - left)


_AGE = ((35, 0), (45, 18), (55, 36), (65, 54), (75, 73), (85, 91), (90, 100))
_RATE = ((70, 0), (80, 3), (90, 5), (100, 8), (110, 10), (150, 22), (200, 34))
_PRESSURE = (
    *((80, 40), (100, 34), (110, 31), (120, 27), (130, 24), (140, 20), (150, 17), (160, 14), (180, 8), (200, 0)),
)
_CREATININE = (
    *((0.0, 0), (0.2, 1), (0.4, 3), (0.6, 4), (0.8, 6), (1.0, 7), (1.2, 8), (1.4, 10), (1.6, 11), (1.8, 13)),
    *((2.0, 14), (3.0, 21), (4.0, 28)),
)


def _six_months(values: Values) -> dict[str, float]:
    return {
        "age": _line(float(values["age"]), _AGE),
        "heart_rate": _line(float(values["heart_rate"]), _RATE),
        "sbp": _line(float(values["sbp"]), _PRESSURE),
        "creatinine": _line(float(values["creatinine"]) / _MG, _CREATININE),
        "killip": (0.0, 15.0, 29.0, 44.0)[_KILLIP.index(str(values["killip"]))],
        "cardiac_arrest": flag(values, "cardiac_arrest", 30),
        "st_changed": flag(values, "st_changed", 17),
        "raised_markers": flag(values, "raised_markers", 13),
    }


_CORONARY = ("family_history", "hypertension", "dyslipidaemia", "diabetes", "smoker")


def _timi(values: Values) -> dict[str, float]:
    three = shared_point({key: values[key] == 1.0 for key in _CORONARY}, 3, 1.0)
    ones = ("known_stenosis", "aspirin", "severe_angina", "st_changed", "raised_markers")
    return {"age": float(float(values["age"]) >= 65), **three, **{key: flag(values, key) for key in ones}}


_EARLIER = ("diabetes", "hypertension", "angina")


def _timi_stemi(values: Values) -> dict[str, float]:
    return {
        "age": by_step(values["age"], (65, 75), (0, 2, 3)),
        **shared_point({key: values[key] == 1.0 for key in _EARLIER}, 1, 1.0),
        "sbp": 3.0 * (float(values["sbp"]) < 100),
        "heart_rate": 2.0 * (float(values["heart_rate"]) > 100),
        "killip": 2.0 * (values["killip"] != "I"),
        "weight": float(float(values["weight"]) < 67),
        "anterior_st": flag(values, "anterior_st"),
        "late_treatment": flag(values, "late_treatment"),
    }


_HEART_CHOICES = ("heart_history", "heart_ecg", "heart_troponin")
_HEART_RISKS = ("hypertension", "dyslipidaemia", "diabetes", "bmi", "smoker", "family_history")


def _heart(values: Values) -> dict[str, float]:
    there = {key: float(values["bmi"]) > 30 if key == "bmi" else values[key] == 1.0 for key in _HEART_RISKS}
    known = values["vascular_disease"] == 1.0  # atherosclerotic disease counts two, whatever else there is
    count = sum(there.values())
    risks = shared_point(there, 1, 0.0 if known else 2.0 if count >= 3 else 1.0)
    return {
        **{key: float(FACTORS[key].choices.index(str(values[key]))) for key in _HEART_CHOICES},
        "age": by_step(values["age"], (45, 65), (0, 1, 2)),
        **risks,
        "vascular_disease": 2.0 * known,
    }


def _heart_risk(total: float, _values: Values) -> float:
    return by_step(round(total), (4, 7), (0.017, 0.166, 0.501))


_GRACE_BANDS = (Saying("low", "低危"), Saying("intermediate", "中危"), Saying("high", "高危"))


def _elevated(bands: Saying) -> Callable[[Values], tuple[Saying, ...]]:
    """The registry's other bands where ST segments are elevated (outcomes-umassmed.org/grace)."""
    said = Saying(
        f"the bands are those without ST elevation; with it the registry has: {bands.en}",
        f"此分层用于非 ST 段抬高者；ST 段抬高者登记处的分层为：{bands.zh}",
    )
    return lambda values: () if values.get("st_changed") == 0.0 else (said,)


EQUATIONS: tuple[Equation, ...] = (
    Equation(
        key="grace-hospital",
        name=Saying("GRACE, in hospital", "GRACE 评分（住院期间）"),
        outcome=Saying("death in hospital after acute coronary syndrome", "急性冠脉综合征住院期间死亡"),
        years=0.0,
        needs=_GRACE_NEEDS,
        uses=_GRACE_USES,
        range={},
        terms=_in_hospital,
        risk=interpolated(_IN_HOSPITAL),
        source="Granger CB et al. Arch Intern Med 2003;163:2345-2353",
        population=Saying(
            "11,389 patients with acute coronary syndrome in 94 hospitals of 14 countries; 0.2 % and 52 % mean at most "
            "and at least",
            "14 个国家 94 家医院 11,389 例急性冠脉综合征患者；0.2% 与 52% 分别表示“不高于”与“不低于”",
        ),
        counts=True,
        bands=tuple(zip((0.0105, 0.029001, 1.0), _GRACE_BANDS, strict=True)),  # up to 108, to 140, above
        cautions=_elevated(
            Saying("2 % up to 125 points, 5 % up to 154", "低危 ≤125 分（<2%），中危 ≤154 分（2–5%）"),
        ),
        unverified=Saying(
            "points and bands agree with the registry's site and other sources, the chances by points with a published "
            "fit, to within 0.3 percentage points below a score of 160; not verified against the paper",
            "分值和分层与登记处网站及其他来源一致，160 分以下的死亡率与公开拟合相差不超过 0.3 个百分点；未与原文核对",
        ),
        rising=("age", "heart_rate", "creatinine"),
    ),
    Equation(
        key="grace-6-months",
        name=Saying("GRACE, six months", "GRACE 评分（6 个月）"),
        outcome=Saying("death within six months of acute coronary syndrome", "急性冠脉综合征后 6 个月内死亡"),
        years=0.5,
        needs=_GRACE_NEEDS,
        uses=_GRACE_USES,
        range={},
        terms=_six_months,
        risk=interpolated(_SIX_MONTHS),
        source="Fox KAA et al. BMJ 2006;333:1091",
        population=Saying(
            "21,688 patients with acute coronary syndrome (derivation), 22,122 (validation)",
            "急性冠脉综合征患者：建模 21,688 例，验证 22,122 例",
        ),
        counts=True,
        bands=tuple(zip((0.030001, 0.0776, 1.0), _GRACE_BANDS, strict=True)),  # up to 88, to 118, above
        cautions=_elevated(
            Saying("4.4 % up to 99 points, 11 % up to 127", "低危 ≤99 分（<4.4%），中危 ≤127 分（4.4–11%）")
        ),
        unverified=Saying(
            "points and chances of the nomogram; only the marks of 3 and 8 % agree with the registry's site; not "
            "verified against the paper",
            "列线图的分值与死亡率未与原文核对，仅 3% 与 8% 两处与登记处网站一致",
        ),
        rising=("age", "heart_rate", "creatinine"),
    ),
    Equation(
        key="timi-nstemi",
        name=Saying("TIMI, unstable angina and NSTEMI", "TIMI 评分（不稳定心绞痛/NSTEMI）"),
        outcome=Saying(
            "death, infarction or urgent revascularisation within 14 days", "14 天内死亡、心梗或需紧急血运重建"
        ),
        years=14 / 365.25,
        needs=("age", "st_changed", "raised_markers"),
        uses=(*_CORONARY, "known_stenosis", "aspirin", "severe_angina"),
        range={},
        terms=_timi,
        risk=by_score((0.047, 0.047, 0.083, 0.132, 0.199, 0.262, 0.409)),
        source="Antman EM et al. JAMA 2000;284:835-842",
        population=Saying(
            "1,957 patients with unstable angina or NSTEMI on heparin (TIMI 11B)",
            "1,957 例使用肝素的不稳定心绞痛或 NSTEMI 患者（TIMI 11B）",
        ),
        unverified=wording.RATES_UNVERIFIED,
        counts=True,
    ),
    Equation(
        key="timi-stemi",
        name=Saying("TIMI, STEMI", "TIMI 评分（STEMI）"),
        outcome=Saying("death within 30 days of ST-elevation infarction", "ST 段抬高型心梗 30 天内死亡"),
        years=30 / 365.25,
        needs=("age", "sbp", "heart_rate", "killip", "anterior_st"),
        uses=(*_EARLIER, "weight", "late_treatment"),
        range={},
        terms=_timi_stemi,
        risk=by_score((0.008, 0.016, 0.022, 0.044, 0.073, 0.124, 0.161, 0.234, 0.268, 0.359)),
        source="Morrow DA et al. Circulation 2000;102:2031-2037",
        population=Saying(
            "14,114 patients with STEMI fit for fibrinolysis (InTIME II)", "14,114 例适合溶栓的 STEMI 患者（InTIME II）"
        ),
        unverified=wording.RATES_UNVERIFIED,
        counts=True,
    ),
    Equation(
        key="heart",
        name=Saying("HEART", "HEART 评分"),
        outcome=Saying("major cardiac event within six weeks of chest pain", "胸痛后 6 周内主要心脏事件"),
        years=42 / 365.25,
        needs=("age", *_HEART_CHOICES),
        uses=(*_HEART_RISKS, "vascular_disease"),
        range={},
        terms=_heart,
        risk=_heart_risk,
        source="Six AJ et al. Neth Heart J 2008;16:191-196; rates: Backus BE et al. Int J Cardiol 2013;168:2153-2158",
        population=Saying(
            "2,440 patients with chest pain in emergency departments of the Netherlands", "荷兰急诊 2,440 例胸痛患者"
        ),
        counts=True,
        bands=(
            (0.1, Saying("low (0 to 3)", "低危（0–3 分）")),
            (0.3, Saying("moderate (4 to 6)", "中危（4–6 分）")),
            (1.0, Saying("high (7 to 10)", "高危（7–10 分）")),
        ),
    ),
)
