"""What may be changed in a picture, volume or signal without changing what it shows: by modality, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suwen.errors import NotFoundError

__all__ = ["DEFAULTS", "Default", "default_for"]

Settings = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Default:
    """Augmentations by name, as a lesson holds them, and why these and no others, in both languages.

    Axes of `mirrored` count from 0 after the channels: of a picture 0 is top to bottom, 1 left to right. Strengths are
    a beginning that changes no label; more is for those who have looked at the picture of what it does.
    """

    augment: Settings
    english: str
    chinese: str


DEFAULTS: Mapping[str, Default] = {
    "chest-xray": Default(
        {
            "spatial": {"rotation": 8.0, "scale": 0.1, "shift": 0.05},
            "intensity": {"brightness": 0.2, "contrast": 0.2, "gamma": 0.2, "noise": 0.05},
        },
        "No mirror: the side of heart, effusion and markers is part of the finding, and dextrocardia exists. Patients "
        "stand a little askew, nearer or farther. Exposure and the detector's curve differ between machines, so "
        "brightness, contrast and gamma carry no label.",
        "不做镜像：心脏、积液与标记的左右侧是所见的一部分，且存在右位心。患者站位略有倾斜、远近不同。"
        "各设备的曝光与探测器响应不同，故亮度、对比度与伽马不携带标签。",
    ),
    "abdominal-ct": Default(
        {
            "spatial": {"rotation": 10.0, "scale": 0.1, "shift": 0.05, "elastic": 0.02},
            "intensity": {"brightness": 0.05, "contrast": 0.0, "noise": 0.1, "blur": 0.5},
        },
        "Hounsfield units are measured: water is 0 and fat about -100 on every scanner, so no gamma and no contrast, "
        "only a small offset (calibration drifts), noise (dose), blur (kernel). No mirror: the liver is right.",
        "CT 值是测量量：任何设备上水均为 0、脂肪约 -100，故不做伽马与对比度变换，仅加小偏移（校准漂移）、"
        "噪声（剂量）与模糊（重建核）。不做镜像：肝在右侧。",
    ),
    "chest-ct": Default(
        {
            "spatial": {"rotation": 10.0, "scale": 0.1, "shift": 0.05},
            "intensity": {"brightness": 0.05, "contrast": 0.0, "noise": 0.1, "blur": 0.5},
        },
        "Hounsfield units are measured, so no gamma and no contrast: the density of a nodule is a finding. No mirror: "
        "side and lobe are. No elastic change: the edge of a nodule, smooth or spiculated, is what is read.",
        "CT 值是测量量，结节密度即所见，故不做伽马与对比度变换。不做镜像：左右侧与肺叶有意义。"
        "不做弹性形变：结节边缘光滑或毛刺正是判读依据。",
    ),
    "brain-mr": Default(
        {
            "spatial": {"rotation": 12.0, "scale": 0.1, "shift": 0.05, "elastic": 0.02},
            "intensity": {"brightness": 0.1, "contrast": 0.2, "gamma": 0.2, "noise": 0.05, "shading": 0.2},
        },
        "MR intensities have no unit and change with coil and sequence, so contrast, gamma and slow shading (the bias "
        "field) carry no label. No mirror: the side of a stroke or of a small hippocampus is part of the finding.",
        "磁共振强度无单位，随线圈与序列变化，故对比度、伽马与缓慢明暗（偏置场）不携带标签。"
        "不做镜像：卒中或海马萎缩的侧别是所见的一部分。",
    ),
    "breast-ultrasound": Default(
        {
            "spatial": {"rotation": 8.0, "scale": 0.1, "shift": 0.05, "mirrored": [1]},
            "intensity": {"brightness": 0.2, "contrast": 0.2, "gamma": 0.2},
        },
        "Left to right is how the probe was held, so it may be mirrored; top to bottom is depth, and the shadow behind "
        "a lesion is a finding. No added noise: speckle belongs to the tissue. No shear or elastic change: taller than "
        "wide is a criterion.",
        "左右取决于探头握持方向，可以镜像；上下为深度，病灶后方声影是所见，不可翻转。不加噪声：散斑属于组织特征。"
        "不做剪切与弹性形变：纵横比大于 1 是判读标准。",
    ),
    "dermoscopy": Default(
        {
            "spatial": {"rotation": 180.0, "scale": 0.1, "shift": 0.05, "mirrored": [0, 1]},
            "intensity": {"brightness": 0.1, "contrast": 0.1, "noise": 0.03},
        },
        "A lesion has no up or left, so any turn and mirror is allowed. Little change of brightness and none of gamma: "
        "colours (blue-white, red) are criteria. No elastic change: asymmetry and border are.",
        "皮损无上下左右之分，可任意旋转与镜像。亮度仅微调、不做伽马：颜色（蓝白、红色）是判读标准。"
        "不做弹性形变：不对称性与边界是判读标准。",
    ),
    "pathology": Default(
        {
            "spatial": {"rotation": 180.0, "scale": 0.05, "shift": 0.05, "mirrored": [0, 1]},
            "intensity": {"brightness": 0.2, "contrast": 0.2, "noise": 0.03, "blur": 0.5},
        },
        "A section lies on the slide at any angle, either side up. Stain and scanner change brightness and contrast. "
        "Little scaling: the size of nuclei is read.",
        "切片可以任意角度、任一面置于玻片上。染色与扫描仪改变亮度与对比度。缩放要小：核的大小是判读依据。",
    ),
    "fundus": Default(
        {
            "spatial": {"rotation": 15.0, "scale": 0.1, "shift": 0.03, "mirrored": [1]},
            "intensity": {"brightness": 0.2, "contrast": 0.2, "gamma": 0.1, "noise": 0.03},
        },
        "A right eye mirrored left to right looks as a left one does; not for a label that names the eye. Not top to "
        "bottom. Flash and pupil change brightness.",
        "右眼左右镜像后与左眼相同，但标签含眼别时不可用；不做上下翻转。闪光与瞳孔大小改变亮度。",
    ),
    "ecg": Default(
        {"signals": {"rate": 500.0, "scale": 0.1, "noise": 0.05, "wander": 0.2, "powerline": 0.05, "shift": 0.05}},
        "No turned polarity: it is a finding (exchanged electrodes, a negative T wave). No warp: PR, QRS and QT are "
        "measured in milliseconds. One gain for all leads, as their ratios give the axis. Wander, mains hum of 50 and "
        "60 Hz and muscle noise are what a record catches. Set `rate` to that of the data.",
        "不翻转极性：极性本身是所见（导联接反、T 波倒置）。不做时间伸缩：PR、QRS、QT 以毫秒计量。"
        "各导联用同一增益，因其比值决定电轴。基线漂移、50/60 Hz 工频干扰与肌电噪声是记录中常见的干扰。"
        "请将 rate 设为数据的采样率。",
    ),
    "vital-signs": Default(
        {
            "signals": {
                "rate": 1.0,
                "scale": 0.0,
                "noise": 0.05,
                "wander": 0.0,
                "powerline": 0.0,
                "shift": 0.02,
                "dropout": 0.1,
            }
        },
        "No gain: mmHg, beats a minute and per cent are measured, and thresholds act on them. A sensor falls off now "
        "and then, so a channel may be silent.",
        "不改变增益：mmHg、次/分与百分比是测量量，阈值作用于其上。传感器时有脱落，故可有通道缺失。",
    ),
    "table": Default(
        {},
        "Nothing: a laboratory value changed is another patient. Mixing of examples (`mixup` of the plan) is the "
        "regularisation that is left.",
        "不做增强：改动一个检验值就是另一个病人。可用的正则化是样本混合（训练计划中的 mixup）。",
    ),
}


def default_for(modality: str) -> Default:
    """The augmentations for a modality.

    Raises:
        NotFoundError: the table does not have it; nothing is guessed, as a wrong mirror changes labels.

    """
    if modality not in DEFAULTS:
        raise NotFoundError(f"no augmentations are laid down for {modality}; there are {', '.join(DEFAULTS)}")
    return DEFAULTS[modality]
