"""Trains the classifier of adrenal gland shapes; writes weights and card.

Data in: imaging/adrenal3d.npz of SUWEN_DATA (AdrenalMNIST3D, CC BY 4.0; Yang et al. 2023), its train part to learn
from, its val part to choose by. Out: src/suwen/learn/shipped/adrenal.*. Within an hour on one core (31
minutes on a busy machine). Run: `make recipe-adrenal`.

The volumes are masks of 64 voxels a side. A gland is called enlarged by its thickness, so the network is given the
distance of each voxel to the surface as a second channel. Left and right, and the mirror, mean the same here. Three
networks answer together, each for the volume and its mirror images.
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
    name="adrenal",
    version="1.0.0",
    purpose={
        "en": "Chance that an adrenal gland, given as its outline in CT, has a mass or hyperplasia.",
        "zh": "根据 CT 中肾上腺轮廓判断其有肿块或增生的概率。",
    },
    limits={
        "en": (
            "Judges the shape of an outline drawn by a person; a wrong outline gives a wrong answer.",
            "Size is relative to a box of 64 voxels, as in the data it learned from; no other scaling is understood.",
            "One centre (Zhongshan Hospital, Fudan University); says nothing about the kind of a mass.",
            "For research and teaching; no medical device.",
        ),
        "zh": (
            "只判断人工勾画轮廓的形状；轮廓错误则结果错误。",
            "尺寸相对于 64 体素的框，与训练数据一致；其他缩放不适用。",
            "单中心数据（复旦大学附属中山医院）；不判断肿块性质。",
            "仅供研究与教学；不是医疗器械。",
        ),
    },
    licence="MIT; data CC BY 4.0 (MedMNIST v2, Yang et al. 2023)",
    network={
        "kind": "residual",
        "settings": {"axes": 3, "channels": 2, "widths": [16, 32, 64], "depth": 1, "stem": 1, "drop": 0.3},
    },
    prepare=Prepare(scale="unit", pool=2, distance=True),
    augment={
        "spatial": {
            "rotation": 25.0,
            "scale": 0.1,
            "shift": 0.05,
            "mirrored": [0, 1, 2],
            "elastic": 0.02,
            "padding": "zeros",
        }
    },
    plan=Plan(
        epochs=10, batch=32, rate=2e-3, weight_decay=0.02, smoothing=0.05, mixup=0.2, average="ema", watch="last"
    ),
    seeds=(0, 1, 2),
    flips=(0, 1, 2),
    rule="accuracy",
)


def read() -> tuple[Examples, Examples]:
    """The official train and val parts."""
    return parts_of(
        read_examples(
            datasets.folder() / "imaging/adrenal3d.npz",
            classes=("normal", "hyperplasia or mass"),
            source="AdrenalMNIST3D 64, MedMNIST v2 (doi:10.5281/zenodo.10519652)",
            licence="CC BY 4.0",
        )
    )


if __name__ == "__main__":
    ship(LESSON, read)
