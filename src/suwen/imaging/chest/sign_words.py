"""Codes, names and grounds of the signs, in English and in Chinese."""

from __future__ import annotations

from suwen.imaging.chest.nouns import Side
from suwen.subject import Saying

__all__ = ["CODES", "said"]

# HPO where it has the sign; `suwen:` where it has none that means the same.
CODES = {
    "opacity": "HP:0031457",
    "consolidation": "HP:0032177",
    "ground glass": "HP:0025179",
    "nodule": "HP:0033608",
    "mass": "HP:0033821",
    "calcified nodule": "HP:6000931",
    "cavity": "HP:0033655",
    "upper zone opacity": "suwen:upper-zone-opacity",
    "diffuse opacity": "suwen:diffuse-opacity",
    "effusion": "HP:0002202",
    "pneumothorax": "HP:0002107",
    "cardiomegaly": "HP:0001640",
    "hilar enlargement": "suwen:hilar-enlargement",
    "mediastinal shift": "HP:6000012",
    "volume loss": "suwen:lung-volume-loss",
    "miliary pattern": "suwen:miliary-pattern",
    "venous congestion": "suwen:pulmonary-venous-congestion",
    "spiculation": "suwen:spiculated-margin",
}

_SAID = {
    "name opacity": ("pulmonary opacity", "肺内密度增高影"),
    "name consolidation": ("consolidation-like opacity", "实变样阴影"),
    "name ground glass": ("ground-glass-like opacity", "磨玻璃样阴影"),
    "name nodule": ("pulmonary nodule", "肺结节"),
    "name mass": ("pulmonary mass", "肺肿块"),
    "name calcified nodule": ("calcified nodule", "钙化结节"),
    "name cavity": ("cavity", "空洞"),
    "name upper zone opacity": ("opacity mainly in the upper zone", "以上肺野为主的阴影"),
    "name diffuse opacity": ("diffuse opacity of both lungs", "双肺弥漫性阴影"),
    "name effusion": ("blunted or dense costophrenic angle", "肋膈角变钝或密度增高"),
    "name pneumothorax": ("visceral pleural line with an avascular band", "脏层胸膜线及其外侧无肺纹理区"),
    "name cardiomegaly": ("enlarged heart", "心影增大"),
    "name hilar enlargement": ("dense or enlarged hilum", "肺门增浓增大"),
    "name mediastinal shift": ("shift of the mediastinum", "纵隔移位"),
    "name volume loss": ("loss of lung volume", "肺容积缩小"),
    "name miliary pattern": ("miliary pattern", "粟粒样病灶"),
    "name venous congestion": ("pulmonary venous congestion", "肺静脉淤血"),
    "name spiculation": ("spiculated margin", "毛刺征"),
    "absent": ("the criterion was measured and not met", "已测量，未达到判定标准"),
    "no limits": ("no limits of clear radiographs for this measure", "缺少该测量值的正常范围，无法判断"),
    "turned": ("the patient is turned, which shifts the mediastinum too", "体位旋转同样会使纵隔偏移，无法判断"),
    "no heart": ("the heart was not outlined", "未能勾画心影，无法判断"),
    "no scale": (
        "nodule or mass is a matter of millimetres, and the image has no scale",
        "图像无比例尺，无法按毫米区分结节与肿块",
    ),
    "too fine": ("finer than the grid it would have to be seen on", "病变细小，超出判读网格的分辨能力，无法判断"),
    "vessels": ("the width of vessels is not measured", "未测量血管宽度，无法判断"),
    "ctr": ("cardiothoracic ratio {value:.2f} (limit {limit:.2f}, PA)", "心胸比 {value:.2f}（后前位上限 {limit:.2f}）"),
    "ctr near": (
        "cardiothoracic ratio {value:.2f}, above the limit {limit:.2f} by no more than the error of the outlines",
        "心胸比 {value:.2f}，超过上限 {limit:.2f} 的幅度在勾画误差之内，不作判断",
    ),
    "ctr AP": (
        "cardiothoracic ratio {value:.2f}, but AP: the heart is magnified and the limit {limit:.2f} does not hold",
        "心胸比 {value:.2f}，但为前后位：心影放大，上限 {limit:.2f} 不适用，不作判断",
    ),
    "ctr view": (
        "cardiothoracic ratio {value:.2f}, but the projection is unknown: the limit {limit:.2f} holds for PA only",
        "心胸比 {value:.2f}，但投照方位不明：上限 {limit:.2f} 仅适用于后前位，不作判断",
    ),
    "recess": (
        "{side} costophrenic recess {value:.2f} of the height of the lung (clear radiographs at least {limit:.2f})",
        "{side}侧肋膈隐窝深度为肺高的 {value:.2f}（正常胸片不低于 {limit:.2f}）",
    ),
    "basal": (
        "{side} costophrenic angle {value:.1f} standard deviations denser than clear (limit {limit:.1f})",
        "{side}侧肋膈角密度高于正常胸片 {value:.1f} 个标准差（上限 {limit:.1f}）",
    ),
    "pleural line": (
        "a line along the {side} chest wall, and outside it a darker band without vessels, {value:.0%} of the lung",
        "{side}侧胸壁内侧见线状影，其外侧为无肺纹理透亮带，宽约为肺宽的 {value:.0%}",
    ),
    "hilum": (
        "{side} hilum {value:.1f} standard deviations denser than in clear radiographs (limit {limit:.1f})",
        "{side}肺门密度高于正常胸片 {value:.1f} 个标准差（上限 {limit:.1f}）",
    ),
    "shift": (
        "the mediastinum lies {value:.1%} of the chest width to the {side}; a turned patient looks the same",
        "纵隔向{side}侧偏移，约为胸廓宽度的 {value:.1%}；体位旋转亦可造成",
    ),
    "volume": (
        "the {side} lung has {value:.0%} of the other lung's area, and the mediastinum is drawn to it",
        "{side}肺面积为对侧的 {value:.0%}，纵隔向该侧移位",
    ),
    "diffuse": ("more than a third of both lungs is denser than clear lungs", "双肺均有三分之一以上区域密度增高"),
    "upper": ("{value:.0%} of the shadow lies in upper zones", "{value:.0%} 的阴影位于上肺野"),
    "shadow opacity": ("a shadow denser than clear lung at that place", "该处密度高于正常肺野"),
    "shadow consolidation": (
        "a shadow of more than a third of the density of the heart",
        "阴影密度超过肺与心影差值的三分之一",
    ),
    "shadow ground glass": (
        "a shadow of less than a third of the density of the heart",
        "阴影密度低于肺与心影差值的三分之一",
    ),
    "shadow nodule": ("a rounded or oval shadow of up to 30 mm", "类圆形或椭圆形阴影，最大径不超过 30 mm"),
    "shadow mass": ("a rounded or oval shadow of more than 30 mm", "类圆形或椭圆形阴影，最大径超过 30 mm"),
    "shadow calcified nodule": ("a shadow denser than the ribs and the heart", "阴影密度高于肋骨与心影"),
    "shadow cavity": ("a centre darker than its closed rim by a third of the rim's height", "中心透亮，周围环壁完整"),
}
_SIDES = {Side.RIGHT: ("right", "右"), Side.LEFT: ("left", "左"), Side.MIDLINE: ("midline", "中线"), None: ("", "")}


def said(key: str, *, side: Side | None = None, value: float | None = None, limit: float | None = None) -> Saying:
    """A ground or name in both languages, its figures filled in."""
    # Next to nothing is nothing: no reader wants -0.00.
    values = {
        name: one if one is not None and abs(one) >= 0.005 else 0.0
        for name, one in (("value", value), ("limit", limit))
    }
    en, zh = (text.format(side=one, **values) for text, one in zip(_SAID[key], _SIDES[side], strict=True))
    return Saying(en, zh)
