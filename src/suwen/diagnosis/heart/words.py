"""How units, keys, choices and yes or no are written in Chinese and English, and what they are called when shown."""

from __future__ import annotations

import unicodedata

from suwen.diagnosis.heart.factors import FACTORS
from suwen.subject import Saying

__all__ = ["CHOICE_NAMES", "UNIT_NAMES", "UNKNOWN", "key_of", "said_choice", "spelled", "truth_of", "unit_of"]

# UCUM code: how clinicians write it (compared without case, spaces and middle dots)
_UNITS = {
    "a": "a y yr yrs year years yearsold 岁 周岁 年",
    "mm[Hg]": "mmhg mm[hg] 毫米汞柱",
    "kPa": "kpa 千帕",
    "mmol/L": "mmol/l 毫摩尔/升 毫摩/升",
    "mg/dL": "mg/dl mgdl mg% 毫克/分升",
    "umol/L": "umol/l μmol/l mcmol/l micromol/l 微摩尔/升 微摩/升",
    "kg/m2": "kg/m2 kg/m^2 kg/m**2 千克/平方米 公斤/平方米 千克/米2",
    "cm": "cm 厘米 公分",
    "m": "m 米",
    "[in_i]": "in inch inches [in_i] 英寸",
    "kg": "kg kgs 千克 公斤",
    "[lb_av]": "lb lbs pound pounds [lb_av] 磅",
    "[jin]": "jin 斤 市斤",
    "mL/min/{1.73_m2}": (
        "ml/min/1.73m2 ml/min/1.73m^2 ml/min/{1.73_m2} ml/min/{1.73m2} ml/(min1.73m2) ml/min ml/min1.73m2 "
        "毫升/分钟/1.73平方米 毫升/分/1.73平方米"
    ),
    "%": "% percent 百分比",
    "mmol/mol": "mmol/mol 毫摩尔/摩尔",
    "mg/g": "mg/g ug/mg μg/mg 毫克/克",
    "mg/mmol": "mg/mmol g/mol 毫克/毫摩尔",
    "/min": "/min bpm beats/min beat/min min-1 次/分 次/分钟 次",
    "mm": "mm 毫米",
    "mV": "mv 毫伏",
    "min": "min mins minute minutes 分钟 分",
    "1": "1 au agatston agatstonunits hu 分值",
}
_UNIT_OF = {spelling: unit for unit, spellings in _UNITS.items() for spelling in spellings.split(" ")}

UNIT_NAMES: dict[str, Saying] = {
    "a": Saying("years", "岁"),
    "mm[Hg]": Saying("mmHg", "mmHg"),
    "umol/L": Saying("µmol/L", "µmol/L"),
    "mL/min/{1.73_m2}": Saying("mL/min/1.73 m²", "mL/min/1.73 m²"),
    "kg/m2": Saying("kg/m²", "kg/m²"),
    "[in_i]": Saying("inches", "英寸"),
    "[lb_av]": Saying("lb", "磅"),
    "[jin]": Saying("jin (500 g)", "斤"),
    "/min": Saying("/min", "次/分"),
    "min": Saying("min", "分钟"),
    "1": Saying("", ""),
}

_YES = ["yes", "y", "true", "t", "1", "1.0", "+", "present", "positive", "是", "有", "对", "阳性", "已", "√"]
_NO = ["no", "n", "false", "f", "0", "0.0", "-", "absent", "negative", "none", "否", "无", "没有", "不是", "阴性", "×"]
UNKNOWN = frozenset(["unknown", "n/a", "na", "null", "?", "不详", "未知", "不清楚", "未测", "未查"]) | {""}

CHOICE_NAMES: dict[str, Saying] = {
    "female": Saying("female", "女"),
    "male": Saying("male", "男"),
    "never": Saying("never", "从不吸烟"),
    "former": Saying("former", "已戒烟"),
    "light": Saying("light (fewer than 10 a day)", "轻度（每日少于 10 支）"),
    "moderate": Saying("moderate", "中度"),
    "heavy": Saying("heavy (20 or more a day)", "重度（每日 20 支及以上）"),
    "none": Saying("none", "无"),
    "type 1": Saying("type 1", "1 型"),
    "type 2": Saying("type 2", "2 型"),
    "white": Saying("white", "白人"),
    "black": Saying("black", "黑人"),
    "hispanic": Saying("Hispanic", "西班牙裔"),
    "chinese": Saying("Chinese", "华裔"),
    "other": Saying("other", "其他"),
    "indian": Saying("Indian", "印度裔"),
    "pakistani": Saying("Pakistani", "巴基斯坦裔"),
    "bangladeshi": Saying("Bangladeshi", "孟加拉裔"),
    "other asian": Saying("other Asian", "其他亚裔"),
    "caribbean": Saying("black Caribbean", "加勒比黑人"),
    "black african": Saying("black African", "非洲黑人"),
    "low": Saying("low", "低危"),
    "high": Saying("high", "高度"),
    "very high": Saying("very high", "极高危"),
    "typical angina": Saying("typical angina", "典型心绞痛"),
    "atypical angina": Saying("atypical angina", "不典型心绞痛"),
    "non-anginal": Saying("non-anginal", "非心绞痛性胸痛"),
    "dyspnoea only": Saying("dyspnoea only", "仅有呼吸困难"),
    "I": Saying("I", "I 级"),
    "II": Saying("II", "II 级"),
    "III": Saying("III", "III 级"),
    "IV": Saying("IV", "IV 级"),
    "slight": Saying("slightly suspicious", "轻度可疑"),
    "normal": Saying("normal", "正常"),
    "unspecific": Saying("unspecific repolarisation changes", "非特异性复极改变"),
    "st deviation": Saying("ST deviation", "ST 段偏移"),
    "1 to 3 times": Saying("1 to 3 times the limit", "上限的 1–3 倍"),
    "above 3 times": Saying("above 3 times the limit", "上限的 3 倍以上"),
    "not limiting": Saying("not limiting", "未致终止运动"),
    "limiting": Saying("limiting", "致终止运动"),
}
_MORE_CHOICES = {
    "female": "f woman 女性",
    "male": "m man 男性",
    "never": "non-smoker nonsmoker 从不 不吸烟 从未吸烟 never smoker",
    "former": "ex ex-smoker 戒烟 曾吸烟 既往吸烟",
    "light": "轻度 少量",
    "heavy": "重度 大量",
    "type 1": "1 t1 1型",
    "type 2": "2 t2 2型",
    "chinese": "中国人 华人 汉族",
    "high": "高危 高",
    "low": "低 低度",
    "moderate": "中危 中等",
    "very high": "极高 很高",
    "typical angina": "typical 典型",
    "atypical angina": "atypical 不典型",
    "non-anginal": "nonanginal 非心绞痛",
    "dyspnoea only": "dyspnea dyspnoea 呼吸困难",
    "I": "1 i级 ⅰ",
    "II": "2 ii级 ⅱ",
    "III": "3 iii级 ⅲ",
    "IV": "4 iv级 ⅳ",
    "slight": "low 轻度",
}
_MORE_KEYS = {
    "age": "年龄（岁）",
    "sex": "gender",
    "sbp": "systolic 收缩压（mmHg） bp 血压",
    "total_cholesterol": "tc chol cholesterol 胆固醇",
    "hdl": "hdl-c hdlc 高密度脂蛋白",
    "ldl": "ldl-c ldlc 低密度脂蛋白",
    "egfr": "gfr",
    "creatinine": "creat scr cr 肌酐",
    "hba1c": "a1c 糖化",
    "uacr": "acr",
    "heart_rate": "hr pulse 脉搏",
    "cac": "钙化积分",
    "treated": "antihypertensive 降压药",
    "smoker": "吸烟",
    "diabetes": "dm",
    "atrial_fibrillation": "af 房颤",
    "heart_failure": "hf 心衰",
    "cholesterol_ratio": "ratio",
    "family_history": "家族史",
}


def spelled(text: str) -> str:
    """A word as it is compared: one width, one case, without spaces, underscores and middle dots."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(one for one in plain if not one.isspace() and one not in "_·⋅•")


def _spellings() -> dict[str, str]:
    known: dict[str, str] = {}
    for key, factor in FACTORS.items():
        for word in (key, factor.name.en, factor.name.zh, *_MORE_KEYS.get(key, "").split()):
            known.setdefault(spelled(word), key)
    return known


_KEY_OF = _spellings()


def key_of(word: str) -> str | None:
    """The key of the factor that a word names in either language; None where it names none."""
    return _KEY_OF.get(spelled(word))


def unit_of(word: str) -> str | None:
    """The UCUM code of a unit as a clinician writes it; None where it is not known."""
    return _UNIT_OF.get(spelled(word))


def truth_of(word: str) -> float | None:
    """1.0 for yes, 0.0 for no, in both languages; None for anything else."""
    plain = spelled(word)
    return 1.0 if plain in _YES else 0.0 if plain in _NO else None


def said_choice(word: str, choices: tuple[str, ...]) -> str | None:
    """Which of `choices` a word means in either language; None where it means none of them."""
    plain = spelled(word)
    for choice in choices:
        name = CHOICE_NAMES[choice]
        if plain in {spelled(one) for one in (choice, name.en, name.zh)}:
            return choice
    for choice in choices:
        if plain in {spelled(one) for one in _MORE_CHOICES.get(choice, "").split()}:
            return choice
    return None
