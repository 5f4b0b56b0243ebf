"""Sentences of the evidence for diseases, in English and in Chinese."""

from __future__ import annotations

from suwen.subject import Saying

__all__ = ["DISEASES", "FEATURES", "SCORES", "compose"]

DISEASES = {
    "HP:0002090": Saying("pneumonia", "肺炎"),
    "HP:0032262": Saying("pulmonary tuberculosis", "肺结核"),
    "HP:0100526": Saying("lung cancer", "肺癌"),
    "HP:0002202": Saying("pleural effusion", "胸腔积液"),
    "HP:0002107": Saying("pneumothorax", "气胸"),
    "HP:0001635": Saying("heart failure", "心力衰竭"),
}

SCORES = {
    "opacity": Saying("lung opacity", "肺部阴影"),
    "pneumonia": Saying("pneumonia", "肺炎"),
}

FEATURES = {
    "HP:0001945": Saying("fever", "发热"),
    "HP:0002789": Saying("tachypnoea", "呼吸急促"),
    "HP:0001649": Saying("tachycardia", "心动过速"),
    "HP:0030830": Saying("crackles", "肺部啰音"),
    "HP:0034315": Saying("chronic cough", "慢性咳嗽"),
    "HP:0002094": Saying("dyspnoea", "呼吸困难"),
    "HP:0034807": Saying("paroxysmal nocturnal dyspnoea", "夜间阵发性呼吸困难"),
    "HP:0012764": Saying("orthopnoea", "端坐呼吸"),
    "HP:0012398": Saying("peripheral oedema", "外周水肿"),
    "HP:0030848": Saying("raised jugular venous pressure", "颈静脉压升高"),
    "HP:0031658": Saying("third heart sound", "第三心音"),
    "smoker": Saying("smoking, now or ever", "吸烟史"),
    "age": Saying("an age of {value:.0f} years", "年龄 {value:.0f} 岁"),
    "size": Saying("a nodule of {value:.0f} mm", "{value:.0f} mm 的结节"),
    "sharp nodule": Saying("a sharp margin of the nodule", "结节边缘清楚"),
    "upper zone nodule": Saying("a nodule in the upper zone", "结节位于上肺野"),
}

_TEXT = {
    "present": (
        "Present: {what}; likelihood ratio {ratio:.2g} for {disease} ({read})",
        "存在：{what}；对{disease}的似然比为 {ratio:.2g}（{read}）",
    ),
    "absent": (
        "Absent: {what}; likelihood ratio {ratio:.2g} for {disease} ({read})",
        "不存在：{what}；对{disease}的似然比为 {ratio:.2g}（{read}）",
    ),
    "people": ("as read by people", "人工阅片所得"),
    "clinic": ("from the clinical literature", "临床文献"),
    "memory": ("; the figure was not checked in its source", "；该数值尚未与原文核对"),
    "capped": ("; held to a factor of {cap:g}", "；权重限制在 {cap:g} 倍以内"),
    "unmeasured": (
        "; how reliably this detector finds the sign was not measured, so it is held to a factor of {cap:g}",
        "；本检测器识别该征象的可靠性未经测定，权重限制在 {cap:g} 倍以内",
    ),
    "measured": (
        "; this detector finds it with sensitivity {found:.0%} and specificity {silent:.0%}, which leaves {left:.2g}",
        "；本检测器识别该征象的灵敏度 {found:.0%}、特异度 {silent:.0%}，折算后为 {left:.2g}",
    ),
    "shared": (
        "; counted in part, since other evidence speaks of the same thing",
        "；与其他证据指向同一病变，仅部分计入",
    ),
    "score": (
        "Learned score of the whole image: {chance:.0%} for {what} at the share of sick in its calibration data",
        "整幅图像的学习评分：在校准数据的患病比例下，{what}的概率为 {chance:.0%}",
    ),
    "untrained": (
        "No radiographs with proven {disease} were at hand to learn from: only signs are looked for; none proves it",
        "此处没有确诊{disease}的胸片可供学习：仅检测征象，任何征象均不足以确诊",
    ),
    "no prior": (
        "no chance is given: how common {disease} is among such patients is unknown; only the weight of evidence is",
        "未给出概率：此类患者中{disease}的患病率未知，仅给出证据的权重",
    ),
    "prior": (
        "from a prevalence of {prior:.1%} ({source}) and published likelihood ratios; not calibrated on patients",
        "由患病率 {prior:.1%}（{source}）与文献似然比推算；未经患者数据校准",
    ),
    "stated": ("stated by the user", "由使用者提供"),
    "mayo": (
        "Mayo model (Swensen 1997; referrals, 4 to 30 mm); spiculation not judged: low without, high with it",
        "Mayo 模型（Swensen 1997；转诊中心，4 至 30 mm 未定性结节）；毛刺征未判断：下限为无毛刺，上限为有毛刺",
    ),
}


def compose(*parts: str, what: Saying | None = None, disease: Saying | None = None, **values: float | str) -> Saying:
    """Join parts of the table into one sentence in each language, their places filled in."""
    said = []
    for at, lang in enumerate(("en", "zh")):
        named = {"what": what.said(lang) if what else "", "disease": disease.said(lang) if disease else ""}
        read = _TEXT[str(values["read"])][at] if "read" in values else ""
        source = values.get("source", "")
        given = {**values, **named, "read": read, "source": _TEXT["stated"][at] if source == "stated" else source}
        said.append("".join(_TEXT[part][at].format(**given) for part in parts))
    return Saying(*said)
