"""Trains the outline of the hippocampus, its head and its body with tail, in T1-weighted MR; writes weights and card.

Data in: imaging/hippocampus of SUWEN_DATA (Medical Segmentation Decathlon, task 4, CC BY-SA 4.0; Antonelli et al.
2022), one volume a patient: every fifth to choose by, the others to learn from. Out:
src/suwen/learn/shipped/hippocampus.*. It wants a GPU: four minutes on one H100; on two cores it takes hours (how
many was not measured). Run: `make recipe-hippocampus`.

The scale of MR intensities means nothing (some files here are a thousand times brighter): every volume is cut at its
own percentiles and normalised by itself. Sides are not mirrored: the crops hold both sides, and which one is not told.
"""

from __future__ import annotations

import numpy as np
from _shipping import ship

from suwen import datasets
from suwen.learn.examples import read_examples
from suwen.learn.lesson import Lesson
from suwen.learn.nouns import Examples
from suwen.learn.plan import Plan
from suwen.learn.prepare import Prepare

LESSON = Lesson(
    name="hippocampus",
    version="1.0.0",
    purpose={
        "en": "Outline of the anterior and the posterior hippocampus in a crop of a T1-weighted MR at 1 mm.",
        "zh": "在 1 mm T1 加权磁共振裁剪块中勾画海马前部与后部。",
    },
    limits={
        "en": (
            "Takes crops around one hippocampus, as the Decathlon cut them; it does not find one in a whole head.",
            "Adults, healthy or with a psychotic disorder, one centre (Vanderbilt); no atrophy, no lesions.",
            "A volume is no diagnosis: norms by age, sex and head size are not part of this model.",
            "For research and teaching; no medical device.",
        ),
        "zh": (
            "输入为围绕单侧海马的裁剪块（与 Decathlon 一致）；不能在整个头颅中定位海马。",
            "数据为成人（健康或精神病性障碍），单中心（Vanderbilt）；不含萎缩与病变。",
            "体积不是诊断：本模型不含年龄、性别与颅腔大小的参考值。",
            "仅供研究与教学；不是医疗器械。",
        ),
    },
    licence="CC BY-SA 4.0 (trained on MSD task 4, CC BY-SA 4.0, Antonelli et al. 2022)",
    network={"kind": "unet", "settings": {"widths": [16, 32, 64, 96], "depth": 1}},
    prepare=Prepare(clip=(0.5, 99.5), scale="each", shape=(48, 64, 48)),
    augment={
        "spatial": {"rotation": 20.0, "scale": 0.2, "shift": 0.04, "elastic": 0.03, "knots": 5},
        "intensity": {"brightness": 0.2, "contrast": 0.2, "gamma": 0.3, "noise": 0.1, "shading": 0.2},
    },
    plan=Plan(epochs=90, batch=8, rate=3e-3, average="ema", decay=0.99, watch="dice", mixed=True),
)


def read() -> tuple[Examples, Examples]:
    """Four fifths to learn from and every fifth, in the order of their names, to choose by."""
    whole = read_examples(
        datasets.folder() / "imaging/hippocampus",
        classes=("background", "anterior", "posterior"),
        source="Medical Segmentation Decathlon, task 4 (arXiv:2106.05735)",
        licence="CC BY-SA 4.0",
    )[""]
    fifth = np.arange(len(whole)) % 5 == 0
    return whole.chosen(~fifth), whole.chosen(fifth)


if __name__ == "__main__":
    ship(LESSON, read)
