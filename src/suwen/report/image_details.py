"""Chinese of what images and networks say of themselves in English: why none is a chest, on what a score rests."""

from __future__ import annotations

import re

from suwen.report.strings import Language

__all__ = ["detail_text"]

# English as imaging says it, whole sentences with places for what is filled in, and the same in Chinese
_SAID = (
    ("no frontal chest radiograph is seen in this image: (.+)", "图像中未见正位胸片：{0}"),
    ("the right lung has no plausible size", "右肺大小不合常理"),
    ("the left lung has no plausible size", "左肺大小不合常理"),
    ("the shadow between the lungs has no plausible size", "两肺之间的阴影大小不合常理"),
    ("the two lungs differ too much in size", "两肺大小相差过大"),
    ("the two lungs do not lie side by side", "两肺未左右并列"),
    ("the two lungs do not lie at the same height", "两肺不在同一高度"),
    ("the shadow of heart and vessels does not lie between the lungs", "心脏大血管阴影不在两肺之间"),
    ("the right lung has no plausible shape", "右肺形态不合常理"),
    ("the left lung has no plausible shape", "左肺形态不合常理"),
    ("no heart is found in the shadow between the lungs", "两肺之间的阴影中未见心影"),
    ("the outlines are not certain enough", "轮廓不够确定"),
    ("lungs and heart are not found", "未见肺与心影"),
    ("the image holds values that are not finite numbers", "图像含非有限数值"),
    ("the image shows nothing: nearly all its pixels have the same value", "图像无内容：几乎所有像素值相同"),
    (
        r"an image of (\d+) by (\d+) pixels is too small: (\d+) a side are needed",
        "图像为 {0} × {1} 像素，过小：每边至少需 {2} 像素",
    ),
    (
        r"an image of (\d+) by (\d+) pixels is too narrow for a frontal chest radiograph",
        "图像为 {0} × {1} 像素，过于狭长，不可能是正位胸片",
    ),
    (
        r"out of fold on ([\d,]+) NIH radiographs, of which (\d+)% are labelled (.+) by NIH",
        "在 {0} 张 NIH 胸片上折外校准，其中 {1}% 被 NIH 标注为{2}",
    ),
    (
        r"out of fold on ([\d,]+) NIH radiographs, of which (\d+)% are labelled (.+) by NIH \(in place of opacity\)",
        "在 {0} 张 NIH 胸片上折外校准，其中 {1}% 被 NIH 标注为{2}（以此代替阴影）",
    ),
    (
        "infiltration, consolidation, edema, effusion, atelectasis",
        "浸润、实变、水肿、积液或肺不张",
    ),
    ("pneumonia", "肺炎"),
    (
        r"criterion: (.+), (European Guidelines .+ \(1996\))(?:, (.+))?",
        "标准：{0}（{1}）{2}",
    ),
    ("whole rib cage, apices and angles", "胸廓、肺尖与肋膈角完整"),
    ("symmetrical reproduction of the thorax", "胸廓左右对称"),
    ("full inspiration", "充分吸气"),
    ("retrocardiac lung and spine visible", "心后肺与脊柱可见"),
    ("sharp vessels and diaphragm", "血管与膈面锐利"),
    ("by a proxy", "，以替代指标衡量"),
    ("by height over width, not by ribs", "，以高宽比衡量，未计数肋骨"),
    ("house rule: air is darker than the mediastinum", "自定规则：含气区暗于纵隔"),
    ("house rule", "自定规则"),
    (
        r"limits: house rule, limited is the outer 1 to 5 % of (\d+) NIH ChestX-ray14 images at 320 px",
        "界值：自定规则，{0} 张 320 像素的 NIH ChestX-ray14 图像中最外侧 1% 至 5% 为受限",
    ),
    ("measured after (.+)", "测量方法：{0}"),
    ("projection as the image states it", "按图像标注的投照体位"),
    ("heart at AP: (.+)", "前后位心影：{0}"),
    (
        r"2.5 line pairs per mm \((.+) technical standard\) are 1500 pixels over a thorax of 30 cm",
        "每毫米 2.5 线对（{0} 技术标准）相当于 30 cm 胸廓上 1500 像素",
    ),
    ("lower end: house rule", "下限：自定规则"),
    ("suwen chest reading: limits", "素问胸片判读：局限"),
    (r"model chest (\S+)", "模型 chest {0}"),
)


def detail_text(text: str, lang: Language) -> str:
    """The text in the language of the reader; what is not of the table, such as a citation, stays as it is."""
    if lang == "en":
        return text
    parts = text.split("; ")
    if _chinese(parts[0]) == parts[0]:
        return text
    return "；".join(_chinese(one) for one in parts)


def _chinese(text: str) -> str:
    for english, chinese in _SAID:
        found = re.fullmatch(english, text)
        if found is not None:
            return chinese.format(*(_chinese(one or "") for one in found.groups()))
    return text
