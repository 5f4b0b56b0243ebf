"""The words of the page about a study of images, in English and simplified Chinese."""

from __future__ import annotations

from typing import Literal

__all__ = ["IMAGE_STRINGS"]

_Said = dict[Literal["en", "zh"], str]

IMAGE_STRINGS: dict[str, _Said] = {
    "image_title": {"en": "What the images show", "zh": "影像所见"},
    "image_private": {
        "en": "This page shows images of a patient: handle it as you handle the study.",
        "zh": "本页含患者影像，请按影像资料本身的要求保管。",
    },
    "image_caution": {
        "en": "Measured and described by a program, for a radiologist to check; not a diagnosis.",
        "zh": "由程序测量与描述，供影像科医师核对，不构成诊断。",
    },
    "image_study": {"en": "Study {id}", "zh": "检查 {id}"},
    "image_number": {"en": "Image {number}", "zh": "影像 {number}"},
    "image_modality": {"en": "Modality", "zh": "成像方式"},
    "image_view": {"en": "View", "zh": "投照体位"},
    "image_size": {"en": "Samples", "zh": "采样数"},
    "image_spacing": {"en": "Spacing", "zh": "间距"},
    "image_scale": {"en": "Scale", "zh": "比例尺"},
    "image_unknown": {"en": "not stated", "zh": "未注明"},
    "image_slices": {"en": "{slices} slices of {rows} × {columns}", "zh": "{slices} 层，每层 {rows} × {columns}"},
    "image_flat": {"en": "{rows} × {columns} pixels", "zh": "{rows} × {columns} 像素"},
    "image_mm": {"en": "{text} mm", "zh": "{text} mm"},
    "image_scale_patient": {"en": "millimetres in the patient", "zh": "患者体内毫米"},
    "image_scale_calibrated": {"en": "calibrated for magnification", "zh": "已校正放大率"},
    "image_scale_detector": {
        "en": "millimetres at the detector: the body is magnified, lengths are upper bounds",
        "zh": "探测器平面毫米：人体存在放大，长度为上限值",
    },
    "image_scale_stated": {"en": "as stated by the person who gave the image", "zh": "由提供影像者注明"},
    "image_scale_none": {"en": "none: nothing is given in millimetres", "zh": "无：不给出毫米值"},
    "image_noticed": {"en": "Noticed while reading", "zh": "读取时的提示"},
    "image_left_out": {"en": "Not read", "zh": "未读取"},
    "image_unread": {"en": "Nothing was read in this image: {why}", "zh": "此影像未作判读：{why}"},
    "image_unread_volume": {
        "en": "a volume is outlined by a network; name its folder with --engine, or give outlines with --mask",
        "zh": "容积影像需由网络勾画；请用 --engine 指定网络所在文件夹，或用 --mask 提供轮廓",
    },
    "image_unread_channels": {
        "en": "the network wants several images of one place at once",
        "zh": "该网络需同时输入同一部位的多幅影像",
    },
    "image_unread_flat": {
        "en": "flat images are read where they are chest radiographs",
        "zh": "平面影像目前仅判读胸部 X 线片",
    },
    "image_unread_empty": {"en": "nothing is outlined in it", "zh": "其中没有勾画任何轮廓"},
    "image_unread_negative": {
        "en": "its lungs are brighter than what lies between them: a photographic negative. Invert it, or give the "
        "DICOM object, whose header says how grey is meant",
        "zh": "肺野亮于两肺之间的结构，为黑白反转的负片。请先反转灰度，或提供头信息注明灰度含义的 DICOM 对象",
    },
    "image_unread_capture": {
        "en": "it is a captured colour picture, such as one with outlines drawn on it, not the radiograph itself",
        "zh": "为采集的彩色图片（如带轮廓标注的图片），并非原始胸片",
    },
    "image_unread_lateral": {
        "en": "it is a lateral view; chest radiographs are read in frontal views only",
        "zh": "为侧位片；胸片仅判读正位",
    },
    "image_unread_sides": {
        "en": "its header says that columns and rows run to {detail}, not to L and F: mirrored or turned, so that "
        "right and left would be exchanged. Turn it upright at the archive",
        "zh": "头信息说明列与行的走向为 {detail}，而非 L 与 F：图像镜像或旋转，左右会颠倒。请在影像归档系统中转正",
    },
    "image_unread_chest": {
        "en": "it is not seen to be a frontal chest radiograph ({detail})",
        "zh": "未能识别为正位胸部 X 线片（{detail}）",
    },
    "image_unread_engine": {"en": "the network does not take it ({detail})", "zh": "网络无法处理该影像（{detail}）"},
    "image_key": {"en": "Key images", "zh": "关键图像"},
    "image_key_chest": {
        "en": "Outlines of lungs and heart, shadows by number, the two widths of the cardiothoracic ratio",
        "zh": "肺野与心影轮廓、编号阴影及心胸比的两条横径",
    },
    "image_key_heat": {"en": "Where the score of {name} comes from", "zh": "“{name}”评分的依据部位"},
    "image_key_volume": {"en": "Slice {slice} of {slices}, with outlines", "zh": "第 {slice} / {slices} 层及轮廓"},
    "image_described": {"en": "Description", "zh": "影像描述"},
    "image_shadows": {"en": "Shadows", "zh": "异常阴影"},
    "image_no_shadows": {
        "en": "No abnormal shadow was detected. One behind heart, diaphragm or bone may be missed.",
        "zh": "未检出异常阴影。心影后、膈后或骨骼重叠处的病灶可能漏检。",
    },
    "image_shadow": {"en": "Shadow", "zh": "阴影"},
    "image_extent": {"en": "Size", "zh": "大小"},
    "image_pixels": {"en": "{count} pixels", "zh": "{count} 像素"},
    "image_right_left": {"en": "{ratio} (right / left)", "zh": "{ratio}（右/左）"},
    "image_share": {"en": "{share} of the lung", "zh": "占该侧肺野 {share}"},
    "image_certainty": {"en": "Certainty", "zh": "把握度"},
    "image_place": {"en": "Box (rows, columns)", "zh": "框（行、列）"},
    "image_quality": {"en": "Quality of the image", "zh": "影像质量"},
    "image_quality_what": {"en": "Judged", "zh": "项目"},
    "image_quality_verdict": {"en": "Verdict", "zh": "判定"},
    "image_quality_value": {"en": "Measured", "zh": "测值"},
    "image_quality_basis": {"en": "By", "zh": "依据"},
    "image_quality_ok": {"en": "good", "zh": "良好"},
    "image_quality_limited": {"en": "limited", "zh": "受限"},
    "image_quality_unusable": {"en": "unusable", "zh": "不可用"},
    "image_quality_unknown": {"en": "not judged", "zh": "未判断"},
    "image_aspect_projection": {"en": "projection", "zh": "投照体位"},
    "image_aspect_inversion": {"en": "inversion", "zh": "黑白反转"},
    "image_aspect_coverage": {"en": "coverage", "zh": "摄入范围"},
    "image_aspect_rotation": {"en": "rotation", "zh": "体位旋转"},
    "image_aspect_symmetry": {"en": "symmetry of the lungs", "zh": "两肺对称性"},
    "image_aspect_inspiration": {"en": "inspiration", "zh": "吸气程度"},
    "image_aspect_contrast": {"en": "contrast", "zh": "对比度"},
    "image_aspect_clipping": {"en": "clipped greys", "zh": "灰度截断"},
    "image_aspect_penetration": {"en": "penetration", "zh": "穿透力"},
    "image_aspect_sharpness": {"en": "sharpness", "zh": "清晰度"},
    "image_aspect_noise": {"en": "noise", "zh": "噪声"},
    "image_aspect_resolution": {"en": "resolution", "zh": "分辨率"},
    "image_aspect_objects": {"en": "foreign objects", "zh": "异物"},
    "image_signs": {"en": "Signs", "zh": "影像征象"},
    "image_sign": {"en": "Sign", "zh": "征象"},
    "image_state": {"en": "Found", "zh": "结果"},
    "image_basis": {"en": "Criterion and what was measured", "zh": "判据与测量"},
    "image_state_present": {"en": "present", "zh": "有"},
    "image_state_absent": {"en": "absent", "zh": "无"},
    "image_state_not_judged": {"en": "not judged", "zh": "未判断"},
    "image_scores": {"en": "Learned scores of the whole image", "zh": "整幅影像的学习评分"},
    "image_score": {"en": "Score", "zh": "评分"},
    "image_lift": {"en": "log10 likelihood ratio", "zh": "似然比 log10"},
    "image_findings": {"en": "Findings and their evidence", "zh": "诊断线索与证据"},
    "image_findings_lead": {
        "en": "Weights are log10 likelihood ratios; they add up with the prior odds. Without a known setting the "
        "chance stays unknown, and only the weight of the evidence is given.",
        "zh": "权重为似然比的 log10，与验前优势相加。就诊场景未知时概率未知，仅给出证据权重。",
    },
    "image_weight_sum": {"en": "evidence {sum}", "zh": "证据合计 {sum}"},
    "image_structures": {"en": "Structures", "zh": "结构"},
    "image_structure": {"en": "Structure", "zh": "结构"},
    "image_volume": {"en": "Volume", "zh": "体积"},
    "image_diameters": {"en": "Longest × across (in one slice)", "zh": "最长径 × 垂直径（同一层面）"},
    "image_mean": {"en": "Mean ± SD", "zh": "均值 ± 标准差"},
    "image_sphericity": {"en": "Sphericity", "zh": "球形度"},
    "image_none_drawn": {"en": "not found", "zh": "未见"},
    "image_remarks": {"en": "Limits of this reading", "zh": "本次判读的局限"},
    "image_by": {"en": "Made by", "zh": "由何而来"},
}
