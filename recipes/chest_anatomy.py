"""Trains the outlines of lungs, heart and mediastinum on frontal chest radiographs; writes weights and card.

Data in: imaging/chest of SUWEN_DATA (NIH ChestX-ray14 at 320 px, with attribution; Wang et al. 2017), outlines on 47 of
its images in annotations/chest_anatomy.json, drawn for this recipe by a language model by eye, and imaging/head_ct
(CC0) as pictures without a thorax. A quarter of the patients with drawn outlines is set aside to choose by. Out:
src/suwen/learn/shipped/chest_anatomy.*. Run: `make recipe-chest_anatomy`; about half an hour on a shared core.

1. A teacher learns from the drawn outlines alone, disease painted into the lungs. 2. It outlines all other images;
those are kept where it says the same of turned and scaled copies and the outlines are plausible. 3. A student goes on
from its weights with both, on larger pictures. The masks of imaging/chest_lesions are never seen.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import math
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _chest_drawing import drawn, labels, picture
from _chest_painting import Painter, nothing
from _shipping import _pin as pin
from torch import Tensor, nn
from torch.nn import functional

from suwen import datasets
from suwen.errors import InputError
from suwen.imaging.chest.anatomy_network import CLASSES, NAME
from suwen.imaging.chest.anatomy_outline import certainty, margins
from suwen.imaging.chest.anatomy_plausible import implausible
from suwen.learn.card import Card, Figure, Provenance
from suwen.learn.energy import EnergyMeter
from suwen.learn.losses import deep
from suwen.learn.measure import bootstrap, dice
from suwen.learn.measure.values import mean
from suwen.learn.nets.catalogue import build, completed
from suwen.learn.prepare import Prepare
from suwen.learn.weights import SHIPPED, save_model

OUTLINES = Path(__file__).parent / "annotations/chest_anatomy.json"
NETWORK = {"axes": 2, "channels": 1, "outputs": len(CLASSES), "widths": [8, 16, 32, 64, 96], "depth": 1}
SMALL, SIDE = 128, 160  # sides of the teacher's and the student's square
AGREE = 0.9  # Dice of an outline with that of changed copies of the image, below which it is not learned from
BATCH = 8
STRUCTURES = ("right_lung", "left_lung", "heart", "cardiomediastinum")
SHARES = (0.35, 0.57, 0.08)  # of a batch: drawn, outlined by the teacher, no thorax

PURPOSE = {
    "en": "Outlines of both lungs, the heart and the cardiomediastinum on frontal chest radiographs.",
    "zh": "在正位胸片上勾画双肺、心脏与心纵隔。",
}
LIMITS = {
    "en": (
        "Learned from outlines drawn by a language model by eye on 47 images; no radiologist drew or checked them.",
        "Frontal views of adults from one hospital (NIH); children, lateral views and other projections are not known.",
        "A lung is the visible field beside heart and diaphragm, opaque parts included; where a lung is wholly white "
        "its outline is a guess.",
        "The cardiothoracic ratio of its outlines differs by 0.05 in the mean from that of drawn ones (11 images).",
        "Probabilities are not calibrated. For research and teaching; no medical device.",
    ),
    "zh": (
        "训练轮廓由语言模型凭目视在 47 幅图像上绘制；未经放射科医师绘制或核对。",
        "数据为单一医院（NIH）成人正位片；不适用于儿童、侧位及其他投照。",
        "肺指心脏与膈肌以外的可见肺野，包括不透亮部分；整侧肺变白时其轮廓为推测。",
        "由其轮廓算得的心胸比与手绘轮廓平均相差 0.05（11 幅图像）。",
        "概率未经校准。仅供研究与教学；不是医疗器械。",
    ),
}


@dataclass(frozen=True)
class Pictures:
    """Pictures (n, 1, side, side) with labels (n, side, side) and their names."""

    names: tuple[str, ...]
    inputs: Tensor
    labels: Tensor

    def larger(self, side: int, folder: Path) -> Pictures:
        """The same on a larger square, the pictures read anew."""
        wide = functional.interpolate(self.labels[:, None].float(), size=(side, side), mode="nearest")
        return Pictures(self.names, _read(folder, self.names, side), wide[:, 0].long())


def held(name: str) -> bool:
    """Whether the patient of this image is set aside to choose by."""
    return int(hashlib.sha256(name.split("_", maxsplit=1)[0].encode()).hexdigest(), 16) % 4 == 0


def _read(folder: Path, names: Sequence[str], side: int) -> Tensor:
    return torch.from_numpy(np.stack([picture(folder / name, side) for name in names]))[:, None]


def drawings(folder: Path, side: int) -> tuple[Pictures, Pictures]:
    """What was drawn: to learn from, and to choose by."""
    outlines = drawn(OUTLINES)
    parts = [n for n in outlines if not held(n)], [n for n in outlines if held(n)]
    learned, chosen = (
        Pictures(tuple(names), _read(folder, names, side), _stacked([labels(outlines[n], side) for n in names]))
        for names in parts
    )
    return learned, chosen


def _stacked(masks: Sequence[Any]) -> Tensor:
    return torch.from_numpy(np.stack(masks)).long()


def empty(folder: Path, side: int, rng: np.random.Generator) -> Pictures:
    """Pictures without a thorax: drawn patterns and every second slice of head CT."""
    made = [nothing(side, rng) for _ in range(120)]
    names = sorted((folder / "images").glob("*"))[::2]
    heads = [torch.from_numpy(picture(one, side)) for one in names]
    inputs = torch.stack([*made, *heads])[:, None]
    return Pictures(("",) * len(inputs), inputs, torch.zeros(len(inputs), side, side, dtype=torch.long))


def learn(
    network: nn.Module, sources: Sequence[tuple[float, Pictures]], chosen: Pictures, steps: int, rate: float
) -> nn.Module:
    """AdamW with one cycle and a moving average of the weights, which is what is kept."""
    rng, painter = np.random.default_rng(steps), Painter(np.random.default_rng(steps + 1))
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.15)
    kept = {name: value.clone() for name, value in network.state_dict().items()}
    begin = time.monotonic()
    for step in range(1, steps + 1):
        network.train()
        inputs, truth = painter(*_batch(sources, rng))
        loss = deep(network.answers(inputs), truth, None)  # type: ignore[operator]
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        _averaged(kept, network, min(0.99, step / (step + 9)))
        if step % 100 == 0 or step == steps:
            found = _figures(_copy(kept), chosen)
            words = " ".join(f"{name} {one.value:.3f}" for name, one in found.items())
            print(f"step {step} loss {loss.item():.3f} {words} {time.monotonic() - begin:.0f} s", flush=True)
    network.load_state_dict(kept)
    return network.eval()


def _batch(sources: Sequence[tuple[float, Pictures]], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    shares = np.array([share for share, _ in sources])
    picks = [sources[at][1] for at in rng.choice(len(sources), BATCH, p=shares / shares.sum())]
    rows = [int(rng.integers(len(one.names))) for one in picks]
    pairs = list(zip(picks, rows, strict=True))
    return torch.stack([one.inputs[at] for one, at in pairs]), torch.stack([one.labels[at] for one, at in pairs])


def _averaged(kept: dict[str, Tensor], network: nn.Module, decay: float) -> None:
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                kept[name].mul_(decay).add_(value, alpha=1 - decay)


def _copy(weights: dict[str, Tensor]) -> nn.Module:
    copy = build("unet", NETWORK)
    copy.load_state_dict(weights)
    return copy.eval()


def answers(network: nn.Module, inputs: Tensor) -> Tensor:
    """Probabilities (n, classes, side, side)."""
    with torch.inference_mode():
        return torch.cat([network(inputs[at : at + 16]).softmax(1) for at in range(0, len(inputs), 16)])


def _sets(found: Tensor) -> list[Tensor]:
    return [found == 1, found == 2, found == 3, found >= 3]


def _figures(network: nn.Module, pictures: Pictures) -> dict[str, Figure]:
    found, rng = _sets(answers(network, pictures.inputs).argmax(1)), np.random.default_rng(0)
    figures = {}
    for name, ours, truth in zip(STRUCTURES, found, _sets(pictures.labels), strict=True):
        values = np.array([dice(t.numpy(), o.numpy()) for t, o in zip(truth, ours, strict=True)])
        one = bootstrap(mean, values, rng=rng)
        figures[f"dice.{name}"] = Figure(float(one.value), one.low, one.high, len(values))
    return figures


def _turned(pictures: Tensor, angle: float, scale: float, *, fill: float, back: bool = False) -> Tensor:
    """Pictures turned by an angle (radians) and scaled, or brought back."""
    turn, size = (-angle, 1 / scale) if back else (angle, scale)
    rows = [[math.cos(turn) * size, -math.sin(turn) * size, 0.0], [math.sin(turn) * size, math.cos(turn) * size, 0.0]]
    grid = functional.affine_grid(torch.tensor([rows]).expand(len(pictures), 2, 3), list(pictures.shape), False)
    return functional.grid_sample(pictures - fill, grid, align_corners=False) + fill


def outlined(network: nn.Module, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Labels of the mean answer for each picture and changed copies of it, and the least Dice among these."""
    plain = answers(network, pictures)
    copies = [(0.08, 1.12, 0.85), (-0.08, 0.92, 1.15)]
    back = [
        _turned(answers(network, _turned(pictures, a, s, fill=-1.75) * c), a, s, fill=0.0, back=True)
        for a, s, c in copies
    ]
    pairs = zip(_sets(plain.argmax(1)), *(_sets(one.argmax(1)) for one in back), strict=True)
    least = torch.stack([torch.minimum(_overlap(a, b), _overlap(a, c)) for a, b, c in pairs]).amin(0)
    found = (plain + sum(back)) / (1 + len(back))
    return torch.stack([_labelled(one.numpy()) for one in found]), least


def _overlap(a: Tensor, b: Tensor) -> Tensor:
    return 2 * (a & b).sum((1, 2)) / (a.sum((1, 2)) + b.sum((1, 2))).clamp(min=1)


def _labelled(chances: Any) -> Tensor:
    """Labels after the clean-up that a reader gets; none where the outlines are implausible."""
    lines, found = margins(chances), torch.zeros(chances.shape[1:], dtype=torch.long)
    if implausible(lines, certainty(chances, lines)):
        return found
    found[torch.from_numpy(lines.mediastinum > 0)] = 4
    found[torch.from_numpy((lines.heart > 0) & (lines.mediastinum > 0))] = 3
    found[torch.from_numpy(lines.right_lung > 0)] = 1
    found[torch.from_numpy(lines.left_lung > 0)] = 2
    return found


def agreed(network: nn.Module, folder: Path, leave: set[str]) -> Pictures:
    """All images of patients not set aside, and not drawn, on which the teacher agrees with itself."""
    names = [one.name for one in sorted(folder.glob("*.jpg")) if one.name not in leave and not held(one.name)]
    inputs = _read(folder, names, SMALL)
    found, least = outlined(network, inputs)
    good = (least >= AGREE) & found.any(1).any(1)
    print(f"outlined by the teacher: {len(names)}, kept: {int(good.sum())}", flush=True)
    kept = tuple(name for name, one in zip(names, good.tolist(), strict=True) if one)
    if not kept:
        raise InputError("the teacher agrees with itself on no image; give it more steps")
    return Pictures(kept, inputs[good], found[good])


def _views(file: Path, names: Sequence[str]) -> dict[str, int]:
    with file.open(newline="", encoding="utf-8") as opened:
        views = {row["Image Index"].replace(".png", ".jpg"): row["View Position"] for row in csv.DictReader(opened)}
    return {view: sum(views[name] == view for name in names) for view in ("PA", "AP")}


def _provenance(part: str, pictures: Pictures, name: str, folder: Path) -> Provenance:
    hashed = hashlib.sha256(OUTLINES.read_bytes())
    for one in sorted(pictures.names):
        hashed.update((folder / one).read_bytes())
    source = "NIH ChestX-ray14 (Wang et al., CVPR 2017), 320 px"
    return Provenance(
        name, source, "NIH Clinical Center, with attribution", hashed.hexdigest(), len(pictures.names), part
    )


def main() -> None:
    """Train, measure on what was set aside, and put the model where the package ships it."""
    parser = argparse.ArgumentParser(description="Trains the anatomy of the chest radiograph; writes weights and card")
    parser.add_argument("--into", type=Path, default=SHIPPED, help="folder of the model (default: the package)")
    parser.add_argument("--steps", type=int, nargs=2, default=(500, 1400), help="of the teacher and of the student")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    begin, meter = time.perf_counter(), EnergyMeter()
    chest, heads = datasets.folder() / "imaging/chest", datasets.folder() / "imaging/head_ct"
    folder, rng = chest / "images", np.random.default_rng(0)
    learned, chosen = drawings(folder, SMALL)
    print(f"drawn: {len(learned.names)} to learn from, {len(chosen.names)} to choose by", flush=True)
    teacher = learn(
        build("unet", NETWORK), [(0.92, learned), (0.08, empty(heads, SMALL, rng))], chosen, options.steps[0], 4e-3
    )
    extra = agreed(teacher, folder, set(drawn(OUTLINES))).larger(SIDE, folder)
    meter.look()
    learned, chosen = drawings(folder, SIDE)
    sources = list(zip(SHARES, (learned, extra, empty(heads, SIDE, rng)), strict=True))
    student = learn(teacher, sources, chosen, options.steps[1], 2e-3)
    meter.look()
    parts = (
        _provenance("training", learned, "outlines drawn by a language model by eye", folder),
        _provenance("training", extra, "outlines by the teacher network, kept where it agreed with itself", folder),
        _provenance("validation", chosen, "outlines drawn by a language model by eye, patients set aside", folder),
    )
    card = replace(_card(parts, options.steps), figures=_figures(student, chosen))
    facts = {"seconds": round(time.perf_counter() - begin), "watt_hours": meter.watt_hours()}
    views = {"views_learned": _views(chest / "labels.csv", learned.names + extra.names)}
    card = save_model(student, replace(card, training={**card.training, **facts, **views}), options.into)
    pin(card, options.into)
    for name, figure in card.figures.items():
        print(f"{name}: {figure.value:.4f} ({figure.low:.4f} to {figure.high:.4f})")


def _card(parts: tuple[Provenance, ...], steps: Sequence[int]) -> Card:
    network = {"kind": "unet", "settings": completed("unet", NETWORK), "members": 1}
    digest = hashlib.sha256(OUTLINES.read_bytes()).hexdigest()
    training = {
        "side": SIDE,
        "input": "suwen.imaging.chest.anatomy_input.squared",
        "plan": {"steps": list(steps), "batch": BATCH, "agree": AGREE, "shares": SHARES, "sides": [SMALL, SIDE]},
        "outlines": f"recipes/annotations/chest_anatomy.json, SHA-256 {digest}",
        "device": "cpu",
        "threads": torch.get_num_threads(),
        "packages": {name: version(name) for name in ("torch", "numpy")} | {"python": platform.python_version()},
    }
    return Card(
        name=NAME,
        version="1.0.0",
        purpose=PURPOSE,
        task="masks",
        classes=CLASSES,
        network=network,
        prepare=Prepare(scale="none").values(),
        data=parts,
        figures={},
        limits=LIMITS,
        licence="NIH ChestX-ray14 with attribution; outlines and weights under the licence of this project",
        training=training,
    )


if __name__ == "__main__":
    main()
