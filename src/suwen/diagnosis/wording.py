"""Sentences of evidence and questions, in English and Chinese."""

from __future__ import annotations

from suwen.errors import InputError

__all__ = ["LANGUAGES", "frequency_text", "say"]

LANGUAGES = ("en", "zh")
_SENTENCES: dict[str, dict[str, str]] = {
    "exact": {
        "en": "{feature} is present {frequency} with this disease",
        "zh": "该病患者{frequency}有“{feature}”",
    },
    "broader": {
        "en": "{feature} is a general form of {known}, present {frequency} with this disease",
        "zh": "“{feature}”是“{known}”的上位表现，该病患者{frequency}有后者",
    },
    "narrower": {
        "en": "{feature} is a special form of {known}, present {frequency} with this disease",
        "zh": "“{feature}”是“{known}”的具体表现，该病患者{frequency}有后者",
    },
    "related": {
        "en": "{feature} shares only {known} with what is known of this disease",
        "zh": "“{feature}”与该病已知表现仅在“{known}”层面相关",
    },
    "against": {
        "en": "{feature} is not described in this disease, or less often than in others",
        "zh": "该病未描述“{feature}”，或较其他疾病少见",
    },
    "denied": {
        "en": "{feature} was looked for in patients with this disease and never found ({frequency})",
        "zh": "曾在该病患者中查找“{feature}”，均未发现（{frequency}）",
    },
    "elsewhere": {
        "en": "{feature} is not described in this disease itself, but in diseases of the same gene",
        "zh": "该病本身未描述“{feature}”，但同基因的其他疾病有此表现",
    },
    "excluded_against": {
        "en": "{feature} is absent, yet present {frequency} with this disease",
        "zh": "患者无“{feature}”，而该病患者{frequency}有此表现",
    },
    "excluded_for": {
        "en": "{feature} is absent, as it mostly is in this disease",
        "zh": "患者无“{feature}”，与该病相符",
    },
    "cases_for": {
        "en": "Resembles {count} solved case(s) of this disease; most alike: {publication}, similarity {similarity}",
        "zh": "与该病 {count} 例已确诊病例相似；最相似者（{publication}）相似度 {similarity}",
    },
    "cases_against": {
        "en": "Unlike the {count} solved case(s) of this disease; most alike: {publication}, similarity {similarity}",
        "zh": "与该病 {count} 例已确诊病例不甚相似；最相似者（{publication}）相似度 {similarity}",
    },
    "cases_none": {
        "en": "No solved case of this disease is in the library; other diseases have some",
        "zh": "病例库中尚无该病的确诊病例，而其他疾病有",
    },
    "age_for": {
        "en": "The patient's age fits the earliest stated onset ({onset})",
        "zh": "患者年龄与该病最早起病年龄（{onset}）相符",
    },
    "age_against": {
        "en": "The patient is younger than the earliest stated onset ({onset})",
        "zh": "患者年龄小于该病最早起病年龄（{onset}）",
    },
    "sex_for": {
        "en": "The disease is X-linked and the patient male",
        "zh": "该病为 X 连锁遗传，患者为男性",
    },
    "sex_against": {
        "en": "The disease is X-linked and the patient female; few patients are",
        "zh": "该病为 X 连锁遗传，患者为女性，女性患者少见",
    },
    "label_for": {"en": "male sex", "zh": "男性"},
    "label_against": {"en": "female sex", "zh": "女性"},
    "none": {
        "en": "No listed disease explains the features well enough to exclude one that is not listed",
        "zh": "所列疾病均不足以充分解释患者表现，不能排除未列入的疾病",
    },
    "empty": {
        "en": "No present feature bears on this disease",
        "zh": "没有与该病相关的阳性表现",
    },
    "none_label": {"en": "None of these", "zh": "以上均不是"},
    "years": {"en": "{years} years", "zh": "{years} 岁"},
    "days": {"en": "{days} days", "zh": "出生后 {days} 天"},
    "birth": {"en": "birth", "zh": "出生时"},
    "of_counted": {"en": "in {percent} % ({seen}/{of}) of patients", "zh": "中 {percent}%（{seen}/{of}）"},
    "of_estimated": {"en": "in about {percent} % of patients", "zh": "中约 {percent}% "},
    "of_unstated": {"en": "in a share of patients that is not stated", "zh": "中有一部分（频率未注明）"},
    "test": {"en": "Test for: {feature}?", "zh": "检查：是否有“{feature}”？"},
    "history": {"en": "Ask about: {feature}?", "zh": "询问：是否有“{feature}”？"},
    "sign": {"en": "Ask about or examine for: {feature}?", "zh": "询问或查体：是否有“{feature}”？"},
}


def say(key: str, lang: str, **values: object) -> str:
    """One sentence in `lang` ("en" or "zh"). Raises InputError for another language."""
    if lang not in LANGUAGES:
        raise InputError(
            f"the language is one of {', '.join(LANGUAGES)}, not {lang!r}",
            zh=f"语言须为 {'、'.join(LANGUAGES)} 之一，而非 {lang!r}",
        )
    return _SENTENCES[key][lang].format(**values)


def frequency_text(seen: float, of: float, lang: str, *, counted: bool) -> str:
    """How often a feature occurs: as a count of patients, as an estimate, or as not stated (`of` = 0)."""
    if of == 0:
        return say("of_unstated", lang)
    percent = f"{100 * seen / of:.0f}"
    if counted:
        return say("of_counted", lang, percent=percent, seen=f"{seen:.0f}", of=f"{of:.0f}")
    return say("of_estimated", lang, percent=percent)
