"""Trains the classifier of pneumonia on small chest radiographs of children; writes weights and card.

Data in: imaging/pneumonia.npz of SUWEN_DATA (PneumoniaMNIST, CC BY 4.0; Yang et al. 2023, from Kermany et al. 2018),
its train part to learn from, its val part to choose by. Out: src/suwen/learn/shipped/pneumonia.*. Within an hour on
one core (58 minutes on a busy machine). Run: `make recipe-pneumonia`.

The test part of this data set comes from other children and is exposed otherwise: every image is normalised by itself,
brightness, contrast and gamma are drawn widely, and the classes, three to one in the training part, weigh the same.
Three networks answer together.
"""

from __future__ import annotations

from _shipping import ship

from suwen import datasets
from suwen.learn.examples import parts_of, read_examples
from suwen.learn.lesson import Lesson
from suwen.learn.nouns import Examples
from suwen.learn.plan import Plan
from suwen.learn.prepare import Prepare

LESSON = Lesson(
    name="pneumonia",
    version="1.0.0",
    purpose={
        "en": "Chance of pneumonia in a frontal chest radiograph of a child, scaled to 28 by 28 pixels.",
        "zh": "儿童正位胸片（缩放至 28×28 像素）的肺炎概率。",
    },
    limits={
        "en": (
            "Learned from children of one to five years at one centre in Guangzhou; not for adults or other views.",
            "28 pixels show no detail: small or retrocardiac opacities, effusions and lines are not seen.",
            "The validation part lies close to the training part; expect less on images from elsewhere.",
            "For research and teaching; no medical device.",
        ),
        "zh": (
            "训练数据来自广州一家中心的 1 至 5 岁儿童；不适用于成人、其他体位或其他中心。",
            "28 像素无细节：小片影、心后影、胸腔积液及管线均不可见。",
            "验证集与训练集相近；外来图像的表现会更低。",
            "仅供研究与教学；不是医疗器械。",
        ),
    },
    licence="MIT; data CC BY 4.0 (MedMNIST v2, Yang et al. 2023; Kermany et al. 2018)",
    network={"kind": "residual", "settings": {"widths": [24, 48, 96], "depth": 1, "drop": 0.3}},
    prepare=Prepare(scale="each"),
    augment={
        "spatial": {"rotation": 15.0, "scale": 0.15, "shift": 0.08, "shear": 0.1},
        "intensity": {"brightness": 0.3, "contrast": 0.3, "gamma": 0.4, "noise": 0.1, "blur": 0.5},
    },
    plan=Plan(
        epochs=35, batch=64, rate=2e-3, weight_decay=0.02, smoothing=0.05, average="ema", balance="loss", watch="last"
    ),
    seeds=(0, 1, 2),
)


def read() -> tuple[Examples, Examples]:
    """The official train and val parts."""
    return parts_of(
        read_examples(
            datasets.folder() / "imaging/pneumonia.npz",
            classes=("normal", "pneumonia"),
            source="PneumoniaMNIST, MedMNIST v2 (doi:10.5281/zenodo.10519652)",
            licence="CC BY 4.0",
        )
    )


if __name__ == "__main__":
    ship(LESSON, read)
