"""Every factor of the risk equations: its unit, what is plausible, other units understood, its name in both languages.

Plausible ranges are wide limits of measurement, not of health. The span for an unknown value is about the central 90 %
of adults (NHANES 2017-2020 and the China Chronic Disease Surveillance 2018, rounded); it only widens an interval.
"""

from __future__ import annotations

from typing import Any

from suwen.diagnosis.heart.nouns import Factor, FactorKind
from suwen.subject import Saying

__all__ = ["FACTORS"]

_CHOLESTEROL = {"mg/dL": 1 / 38.67}  # mg/dL to mmol/L, as NIST and the ATP III report round it


def _number(
    key: str, name: tuple[str, str], unit: str, span: tuple[float, float], unknown: tuple[float, float], **more: Any
) -> Factor:
    return Factor(key, Saying(*name), FactorKind.NUMBER, unit, *span, unknown=unknown, **more)


def _yes(key: str, en: str, zh: str, *, modifiable: bool = False) -> Factor:
    return Factor(key, Saying(en, zh), FactorKind.YES_NO, modifiable=modifiable)


def _choice(key: str, en: str, zh: str, *choices: str) -> Factor:
    return Factor(key, Saying(en, zh), FactorKind.CHOICE, choices=choices, unknown=choices)


_ALL = (
    _number("age", ("age", "年龄"), "a", (18, 110), (40, 75)),
    _choice("sex", "sex", "性别", "female", "male"),
    _number("sbp", ("systolic blood pressure", "收缩压"), "mm[Hg]", (60, 260), (100, 160), modifiable=True),
    _number(
        "total_cholesterol",
        ("total cholesterol", "总胆固醇"),
        "mmol/L",
        (1.5, 15),
        (3.4, 6.9),
        others=_CHOLESTEROL,
        modifiable=True,
    ),
    _number(
        "hdl",
        ("HDL cholesterol", "高密度脂蛋白胆固醇"),
        "mmol/L",
        (0.2, 4.5),
        (0.8, 2.2),
        others=_CHOLESTEROL,
        modifiable=True,
    ),
    _number(
        "ldl",
        ("LDL cholesterol", "低密度脂蛋白胆固醇"),
        "mmol/L",
        (0.2, 12),
        (1.6, 4.8),
        others=_CHOLESTEROL,
        modifiable=True,
    ),
    _number("bmi", ("body mass index", "体重指数"), "kg/m2", (12, 80), (19, 40), modifiable=True),
    _number(
        "waist",
        ("waist circumference", "腰围"),
        "cm",
        (40, 200),
        (70, 115),
        others={"m": 100.0, "[in_i]": 2.54},
        modifiable=True,
    ),
    _number(
        "egfr", ("estimated glomerular filtration rate", "估算肾小球滤过率"), "mL/min/{1.73_m2}", (2, 180), (50, 120)
    ),
    _number("creatinine", ("serum creatinine", "血肌酐"), "umol/L", (15, 1800), (45, 120), others={"mg/dL": 88.4}),
    _number("hba1c", ("haemoglobin A1c", "糖化血红蛋白"), "%", (3, 20), (4.9, 8.0), modifiable=True),
    _number(
        "uacr",
        ("urine albumin-creatinine ratio", "尿白蛋白肌酐比"),
        "mg/g",
        (0.1, 25000),
        (2, 100),
        others={"mg/mmol": 8.84},
    ),
    _number("cac", ("coronary artery calcium (Agatston)", "冠状动脉钙化积分"), "1", (0, 10000), (0, 400)),
    _number("heart_rate", ("heart rate", "心率"), "/min", (20, 300), (55, 100)),
    _number("diabetes_age", ("age at diagnosis of diabetes", "糖尿病诊断年龄"), "a", (1, 100), (35, 65)),
    _number("townsend", ("Townsend deprivation score", "汤森剥夺指数"), "1", (-8, 13), (-4, 6)),
    _number("sdi", ("social deprivation index (decile)", "社会剥夺指数（十分位）"), "1", (1, 10), (1, 10)),
    _number("sbp_sd", ("standard deviation of systolic pressures", "收缩压标准差"), "mm[Hg]", (0, 60), (4, 20)),
    _number(
        "cholesterol_ratio",
        ("ratio of total to HDL cholesterol", "总胆固醇与高密度脂蛋白比值"),
        "1",
        (1, 12),
        (2.2, 6.5),
        modifiable=True,
    ),
    _number("st_deviation", ("exercise ST deviation", "运动ST段偏移"), "mm", (0, 20), (0, 2)),
    _number(
        "exercise_minutes", ("minutes of exercise (Bruce)", "运动时间（Bruce方案，分钟）"), "min", (0, 30), (4, 12)
    ),
    _yes("smoker", "current smoker", "目前吸烟", modifiable=True),
    _choice("smoking", "smoking", "吸烟状况", "never", "former", "light", "moderate", "heavy"),
    _yes("diabetes", "diabetes", "糖尿病"),
    _choice("diabetes_type", "type of diabetes", "糖尿病类型", "none", "type 1", "type 2"),
    _yes("treated", "blood pressure treated", "正在降压治疗"),
    _yes("statin", "statin", "他汀治疗"),
    _yes("family_history", "coronary disease in a first-degree relative", "一级亲属冠心病或心血管病史"),
    _choice(
        "race", "race (as the equation asks)", "种族（按方程定义）", "white", "black", "hispanic", "chinese", "other"
    ),
    _choice(
        "ethnicity",
        "ethnicity (QRISK3)",
        "族裔（QRISK3）",
        "white",
        "indian",
        "pakistani",
        "bangladeshi",
        "other asian",
        "caribbean",
        "black african",
        "chinese",
        "other",
    ),
    _yes("north", "lives in northern China (north of the Yangtze)", "居住于中国北方（长江以北）"),
    _yes("urban", "lives in a town", "居住于城市"),
    _choice("score2_region", "risk region of SCORE2", "SCORE2 危险分区", "low", "moderate", "high", "very high"),
    _yes("atrial_fibrillation", "atrial fibrillation", "心房颤动"),
    _yes("heart_failure", "heart failure", "心力衰竭"),
    _yes("stroke", "stroke, transient ischaemic attack or embolism before", "既往卒中、TIA 或栓塞"),
    _yes(
        "vascular_disease",
        "vascular disease (infarction, peripheral artery, aortic plaque)",
        "血管疾病（心梗、外周动脉病、主动脉斑块）",
    ),
    _yes("cvd", "cardiovascular disease already known", "已知心血管疾病"),
    _yes("kidney_disease", "chronic kidney disease (stage 3 to 5)", "慢性肾脏病（3–5 期）"),
    _yes("migraine", "migraine", "偏头痛"),
    _yes("rheumatoid_arthritis", "rheumatoid arthritis", "类风湿关节炎"),
    _yes("lupus", "systemic lupus erythematosus", "系统性红斑狼疮"),
    _yes("severe_mental_illness", "severe mental illness", "严重精神疾病"),
    _yes("antipsychotic", "atypical antipsychotic", "非典型抗精神病药"),
    _yes("steroids", "corticosteroid tablets", "口服糖皮质激素"),
    _yes("erectile_dysfunction", "erectile dysfunction", "勃起功能障碍"),
    _yes("liver_disease", "abnormal liver function (HAS-BLED)", "肝功能异常（HAS-BLED）"),
    _yes("bleeding", "bleeding before, or disposition to it", "出血史或出血倾向"),
    _yes("labile_inr", "labile INR", "INR 不稳定"),
    _yes("antiplatelet", "antiplatelet drug or NSAID", "抗血小板药或非甾体抗炎药", modifiable=True),
    _yes("alcohol", "eight or more alcoholic drinks a week", "每周饮酒 8 杯及以上", modifiable=True),
    _yes("hypertension", "hypertension", "高血压"),
    _yes("dyslipidaemia", "dyslipidaemia", "血脂异常"),
    _choice(
        "chest_pain",
        "chest pain",
        "胸痛类型",
        "typical angina",
        "atypical angina",
        "non-anginal",
        "dyspnoea only",
        "none",
    ),
    _choice("killip", "Killip class", "Killip 分级", "I", "II", "III", "IV"),
    _yes("cardiac_arrest", "cardiac arrest at admission", "入院时心脏骤停"),
    _yes("st_changed", "ST-segment deviation", "ST 段偏移"),
    _yes("raised_markers", "raised cardiac markers", "心肌标志物升高"),
    _yes("aspirin", "aspirin in the last seven days", "7 天内服用阿司匹林"),
    _yes("known_stenosis", "coronary stenosis of 50 % or more known", "已知冠脉狭窄 ≥50%"),
    _yes("severe_angina", "two or more episodes of angina in 24 hours", "24 小时内心绞痛 ≥2 次"),
    _choice("heart_history", "suspicion by history (HEART)", "病史可疑程度（HEART）", "slight", "moderate", "high"),
    _choice("heart_ecg", "ECG (HEART)", "心电图（HEART）", "normal", "unspecific", "st deviation"),
    _choice(
        "heart_troponin",
        "troponin against its limit (HEART)",
        "肌钙蛋白相对上限（HEART）",
        "normal",
        "1 to 3 times",
        "above 3 times",
    ),
    _choice(
        "exercise_angina", "angina during exercise (Duke)", "运动中心绞痛（Duke）", "none", "not limiting", "limiting"
    ),
    _number("height", ("height", "身高"), "cm", (100, 230), (145, 190), others={"m": 100.0, "[in_i]": 2.54}),
    _number("weight", ("weight", "体重"), "kg", (25, 350), (45, 110), others={"[lb_av]": 0.45359237, "[jin]": 0.5}),
    _yes("angina", "angina before", "既往心绞痛"),
    _yes("anterior_st", "anterior ST elevation or left bundle-branch block", "前壁 ST 段抬高或左束支传导阻滞"),
    _yes("late_treatment", "more than four hours to treatment", "距治疗超过 4 小时"),
    _choice(
        "asia_pacific_region",
        "risk region of SCORE2 Asia-Pacific",
        "SCORE2 亚太版危险分区",
        "low",
        "moderate",
        "high",
        "very high",
    ),
    _number(
        "peak_heart_rate", ("highest heart rate of an exercise test", "运动试验最高心率"), "/min", (50, 230), (100, 180)
    ),
    _number(
        "calcified_vessels",
        ("major coronary vessels calcified on fluoroscopy", "透视下钙化的冠状动脉主支数"),
        "1",
        (0, 3),
        (0, 3),
    ),
    _yes(
        "fasting_glucose_raised",
        "fasting glucose above 120 mg/dL (6.7 mmol/L)",
        "空腹血糖高于 120 mg/dL（6.7 mmol/L）",
        modifiable=True,
    ),
    _yes(
        "resting_ecg_abnormal",
        "ST-T change or left ventricular hypertrophy on the resting ECG",
        "静息心电图 ST-T 改变或左室肥厚",
    ),
    _yes("st_not_upsloping", "ST segment flat or downsloping at peak exercise", "运动高峰 ST 段水平或下斜"),
    _yes("perfusion_defect", "thallium perfusion defect, fixed or reversible", "铊显像灌注缺损（固定或可逆）"),
)

FACTORS: dict[str, Factor] = {one.key: one for one in _ALL}
