"""What a reader is told about the quality of a chest radiograph, in English and in Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from suwen.formats.images.nouns import View

__all__ = ["PROJECTION", "UNMEASURED", "WORDS", "Both"]

Both = Mapping[str, str]

PROJECTION: Mapping[View, Both] = {
    View.PA: {"en": "Posteroanterior view, as stated.", "zh": "后前位（按图像标注）。"},
    View.AP: {
        "en": "Anteroposterior view, as stated: heart and upper mediastinum look wider than they are.",
        "zh": "前后位（按图像标注）：心影与上纵隔较实际增宽。",
    },
    View.UNKNOWN: {
        "en": "The projection is not stated: the width of heart and mediastinum cannot be judged as in a PA view.",
        "zh": "未标注投照体位：心影与纵隔宽度不能按后前位判断。",
    },
}

UNMEASURED: Both = {"en": "{name} could not be measured.", "zh": "未能测量{name}。"}

# For each aspect: its name, and the sentence when all is well, when the value is low, and when it is high.
WORDS: Mapping[str, tuple[Both, Both, Both, Both]] = {
    "inversion": (
        {"en": "Grey scale", "zh": "灰阶"},
        {"en": "Air is dark, as it should be.", "zh": "含气区为暗，灰阶正常。"},
        {
            "en": "Lungs are as bright as the mediastinum, or brighter: the image may be a photographic negative.",
            "zh": "肺野与纵隔亮度相近或更亮：图像可能被反相。",
        },
        {"en": "", "zh": ""},
    ),
    "coverage": (
        {"en": "Coverage", "zh": "范围"},
        {"en": "Both lungs lie wholly within the image.", "zh": "双肺完整包括在图像内。"},
        {"en": "", "zh": ""},
        {
            "en": "Lungs reach the border of the image ({ends}): parts of them are cut off.",
            "zh": "肺野达到图像边缘（{ends}）：部分肺野被截断。",
        },
    ),
    "rotation": (
        {"en": "Rotation", "zh": "旋转"},
        {
            "en": "The mediastinum stands in the middle of the thorax (offset {percent:.0f} % of its width).",
            "zh": "纵隔居于胸廓中央（偏移为胸廓宽度的 {percent:.0f}%）。",
        },
        {
            "en": "The upper mediastinum stands {percent:.0f} % of the thoracic width to the patient's right: the "
            "patient is turned, or the mediastinum is shifted. The ends of the clavicles were not measured.",
            "zh": "上纵隔向患者右侧偏移胸廓宽度的 {percent:.0f}%：体位旋转或纵隔移位。未测量锁骨内端。",
        },
        {
            "en": "The upper mediastinum stands {percent:.0f} % of the thoracic width to the patient's left: the "
            "patient is turned, or the mediastinum is shifted. The ends of the clavicles were not measured.",
            "zh": "上纵隔向患者左侧偏移胸廓宽度的 {percent:.0f}%：体位旋转或纵隔移位。未测量锁骨内端。",
        },
    ),
    "symmetry": (
        {"en": "Symmetry", "zh": "对称性"},
        {"en": "Both lungs are of like width in their upper half.", "zh": "双肺上半部宽度相近。"},
        {
            "en": "The right lung is {times:.1f} times narrower than the left in the upper half: rotation, or loss "
            "of volume.",
            "zh": "上半部右肺较左肺窄（左为右的 {times:.1f} 倍）：旋转或容积减小。",
        },
        {
            "en": "The left lung is {times:.1f} times narrower than the right in the upper half: rotation, or loss "
            "of volume.",
            "zh": "上半部左肺较右肺窄（右为左的 {times:.1f} 倍）：旋转或容积减小。",
        },
    ),
    "inspiration": (
        {"en": "Inspiration", "zh": "吸气程度"},
        {
            "en": "The right lung is {percent:.0f} % of the thoracic width high: no sign of a shallow breath.",
            "zh": "右肺高度为胸廓宽度的 {percent:.0f}%：未见吸气不足征象。",
        },
        {
            "en": "The right lung is only {percent:.0f} % of the thoracic width high: a shallow breath, or a high "
            "diaphragm; bases look denser and the heart wider. Ribs were not counted.",
            "zh": "右肺高度仅为胸廓宽度的 {percent:.0f}%：吸气不足或膈肌抬高；肺底显得致密、心影显得增宽。未计数肋骨。",
        },
        {"en": "", "zh": ""},
    ),
    "contrast": (
        {"en": "Contrast", "zh": "对比度"},
        {"en": "Lungs and mediastinum differ well in grey.", "zh": "肺野与纵隔灰度差别良好。"},
        {
            "en": "Lungs and mediastinum differ by only {percent:.0f} % of the grey range: exposure or processing is "
            "poor, or both lungs are opaque.",
            "zh": "肺野与纵隔灰度差仅为灰度范围的 {percent:.0f}%：曝光或处理欠佳，或双肺透亮度均减低。",
        },
        {"en": "", "zh": ""},
    ),
    "clipping": (
        {"en": "Exposure", "zh": "曝光"},
        {"en": "Neither lungs nor mediastinum are at the ends of the grey scale.", "zh": "肺野与纵隔均未达灰阶两端。"},
        {"en": "", "zh": ""},
        {
            "en": "{percent:.0f} % of the lungs are wholly black or of the mediastinum wholly white: nothing can be "
            "seen there; the image is over- or underexposed, or was windowed before.",
            "zh": "肺野全黑或纵隔全白的部分达 {percent:.0f}%：该处无法观察；曝光过度或不足，或已做窗宽窗位截断。",
        },
    ),
    "penetration": (
        {"en": "Penetration", "zh": "穿透度"},
        {"en": "Structures behind the heart stand out from it.", "zh": "心影后结构可分辨。"},
        {
            "en": "The heart is nearly even in grey (spread {percent:.0f} % of the range): spine and lung behind it "
            "are hardly seen.",
            "zh": "心影灰度几乎均匀（差异为灰度范围的 {percent:.0f}%）：其后的脊柱与肺难以显示。",
        },
        {"en": "", "zh": ""},
    ),
    "sharpness": (
        {"en": "Sharpness", "zh": "清晰度"},
        {"en": "Fine details stand out, as far as the resolution allows.", "zh": "在分辨率允许范围内，细节清晰。"},
        {
            "en": "Fine details in the lungs are weak: the patient moved, or the image is out of focus or enlarged.",
            "zh": "肺内细节减弱：可能有运动、失焦或图像经放大。",
        },
        {"en": "", "zh": ""},
    ),
    "noise": (
        {"en": "Noise", "zh": "噪声"},
        {"en": "Noise does not disturb.", "zh": "噪声不影响观察。"},
        {"en": "", "zh": ""},
        {
            "en": "Noise is {percent:.1f} % of the grey range: faint opacities and fine lines may be hidden.",
            "zh": "噪声为灰度范围的 {percent:.1f}%：淡影与细线可能被掩盖。",
        },
    ),
    "resolution": (
        {"en": "Resolution", "zh": "分辨率"},
        {"en": "{value:.0f} pixels across the thorax.", "zh": "胸廓横径 {value:.0f} 像素。"},
        {
            "en": "Only {value:.0f} pixels across the thorax: fine lines, small nodules and a narrow pneumothorax may "
            "not be shown.",
            "zh": "胸廓横径仅 {value:.0f} 像素：细线、小结节与少量气胸可能无法显示。",
        },
        {"en": "", "zh": ""},
    ),
    "objects": (
        {"en": "Objects", "zh": "异物"},
        {"en": "No bright narrow objects cover much of the lungs.", "zh": "肺野未见大量高亮细长异物遮挡。"},
        {"en": "", "zh": ""},
        {
            "en": "{percent:.0f} % of the lungs lie under bright narrow objects such as leads, tubes or letters.",
            "zh": "肺野 {percent:.0f}% 被导线、导管或标记等高亮细长物遮挡。",
        },
    ),
}
