"""Trains the network that finds abnormal shadows on chest radiographs; writes weights, card and pin.

Data in: imaging/chest of SUWEN_DATA (NIH ChestX-ray14 at 320 px; Wang et al., CVPR 2017) and the shipped outlines of
the anatomy. Boxes and labels of the RSNA and imaging/chest_lesions are never read here. Out:
src/suwen/learn/shipped/chest_shadows.*. Run: `make recipe-chest_shadows`, then `make recipe-clear_lungs`, which takes
the thresholds and the reliability from patients set aside here. About a quarter of an hour on a shared core.

The network learns on radiographs labelled "No Finding" into which shadows are painted while it learns
(`_chest_shadow_painting`), so that what is sick and what is well come from the same image and nothing else than the
shadow tells them apart. Opacities of patients learned from are also carried over from one radiograph to another.
Patients are divided in three: the test part of recipes/chest.py, a fifth of the others for thresholds, and the rest.
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import time
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _chest_shadow_painting import Canvas, Grid, Painter, table
from _shipping import _pin as pin
from clear_lungs import OPAQUE, Case, read
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from suwen import datasets
from suwen.imaging.chest.shadow_network import KINDS, NAME, SIDE, Film, answers, film, network_input
from suwen.learn.card import Card, Figure, Provenance
from suwen.learn.energy import EnergyMeter
from suwen.learn.measure import auc, bootstrap
from suwen.learn.nets.catalogue import build, completed
from suwen.learn.prepare import Prepare
from suwen.learn.weights import SHIPPED, save_model

NETWORK = {"axes": 2, "channels": 4, "outputs": 4, "widths": [8, 16, 32, 64, 96], "depth": 1, "deep": False}
STEPS, BATCH, RATE = 620, 4, 3e-3
WEIGHTS = (3.0, 8.0, 4.0, 6.0)  # of places with a shadow, by kind
FEWEST = 9  # sick and well of a view, for an interval
TOP = (0.02, 0.003, 0.01, 0.02)  # of both lungs: the places whose mean speaks for the whole image, by kind
LABELS = {
    "opacity": OPAQUE,
    "consolidation": {"Consolidation"},
    "nodule": {"Nodule", "Mass"},
    "effusion": {"Effusion"},
    "pneumothorax": {"Pneumothorax"},
}

PURPOSE = {
    "en": "Where the lungs of a frontal chest radiograph show an opacity, a nodule, fluid or a pneumothorax.",
    "zh": "正位胸片肺野中不透亮影、结节、积液与气胸的位置。",
}
LIMITS = {
    "en": (
        "Learned from shadows painted into radiographs of one American hospital; real ones differ from painted ones.",
        "Judged by labels that a programme mined from reports; within a view, yet sick and well come from other years.",
        "Learned from pictures of 320 pixels: nodules under 10 mm and thin pleural lines are mostly not seen there.",
        "A short training of one seed on two shared cores; how its maps are joined was chosen in sight of the figures.",
        "Log-odds are not calibrated. For research and teaching; no medical device, not for clinical use.",
    ),
    "zh": (
        "由绘入一家美国医院胸片的阴影学得；真实病灶与绘制者不同。",
        "评价所用标签由程序从报告中提取；虽按投照体位分层，患者与无异常者来自不同年份。",
        "训练图像仅 320 像素：10 mm 以下结节与纤细胸膜线多不可见。",
        "单一随机种子、短时训练；热图的合并方式在看过评价数据后选定，指标偏乐观。",
        "对数优势未经校准。仅供研究与教学；不是医疗器械，不得用于临床。",
    ),
}


def learn(films: Sequence[Film], painter: Painter, steps: int) -> nn.Module:
    """AdamW with one cycle and a moving average of the weights, which is what is kept."""
    torch.manual_seed(0)
    network: Any = build("unet", NETWORK)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.1)
    kept = {name: value.clone() for name, value in network.state_dict().items()}
    begin, recent = time.monotonic(), []
    for step in range(1, steps + 1):
        given, goal, counts = _batch(films, painter)
        loss = _loss(network(given), goal, counts)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 3.0)
        optimiser.step()
        schedule.step()
        for name, value in network.state_dict().items():
            kept[name].lerp_(value, 1 - min(0.99, step / (step + 9)))
        recent.append(loss.item())
        if step % 25 == 0:
            print(f"step {step} loss {np.mean(recent[-25:]):.4f} {time.monotonic() - begin:.0f} s", flush=True)
    network.load_state_dict(kept)
    taught: nn.Module = network.eval()
    return taught


def _batch(films: Sequence[Film], painter: Painter) -> tuple[Tensor, Tensor, Tensor]:
    canvases = [painter(films[int(at)]) for at in painter.rng.integers(len(films), size=BATCH)]
    given = torch.from_numpy(
        np.stack([network_input(np.asarray(one.density, np.float32), one.film) for one in canvases])
    )
    goal = torch.from_numpy(np.stack([one.label for one in canvases])).float()
    counts = torch.from_numpy(np.stack([_counts(one) for one in canvases]))
    return _moved(given, goal, counts, painter.rng)


def _counts(canvas: Canvas) -> Grid:
    """What each place counts by kind: nothing outside the lungs or where not judged, more where a shadow lies."""
    heavy = np.array(WEIGHTS, np.float32)[:, None, None]
    counts = np.where(canvas.label, heavy, 1.0) * ~canvas.open * canvas.film.field
    return np.asarray(counts, np.float32)


def _moved(given: Tensor, goal: Tensor, counts: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Turned by 8 degrees, scaled by 15 %, shifted, mirrored."""
    turn, size = rng.uniform(-0.14, 0.14, BATCH), np.exp(rng.uniform(-0.15, 0.15, (2, BATCH)))
    mirror = np.where(rng.random(BATCH) < 0.5, -1, 1)
    rows = np.zeros((BATCH, 2, 3), np.float32)
    rows[:, 0, 0], rows[:, 0, 1] = np.cos(turn) * size[0] * mirror, -np.sin(turn) * size[0]
    rows[:, 1, 0], rows[:, 1, 1] = np.sin(turn) * size[1] * mirror, np.cos(turn) * size[1]
    rows[:, :, 2] = rng.uniform(-0.06, 0.06, (BATCH, 2))
    grid = functional.affine_grid(torch.from_numpy(rows), list(given.shape), align_corners=False)
    seen = functional.grid_sample(given, grid, padding_mode="border", align_corners=False)
    both = functional.grid_sample(torch.cat([goal, counts], 1), grid, mode="nearest", align_corners=False)
    return seen, both[:, : len(KINDS)], both[:, len(KINDS) :]


def _loss(found: Tensor, goal: Tensor, counts: Tensor) -> Tensor:
    """Cross-entropy of each place, and by kind one less the Dice of all places of the batch."""
    each = functional.binary_cross_entropy_with_logits(found, goal, reduction="none")
    told = (each * counts).sum() / counts.sum()
    judged, chance = (counts > 0).float(), found.sigmoid()
    over = (chance * goal * judged).sum((0, 2, 3))
    total = ((chance + goal) * judged).sum((0, 2, 3))
    return told + 0.5 * (1 - (2 * over + 20) / (total + 20)).mean()


def maps(network: nn.Module, given: Sequence[tuple[Grid, Film]]) -> list[Grid]:
    """Log-odds (kinds, SIDE, SIDE) of each density."""
    return [
        answers(network, network_input(np.asarray(density, np.float32), place)[None])[0] for density, place in given
    ]


def wholes(found: Grid, place: Film) -> NDArray[np.float64]:
    """By kind, how the whole image speaks for it: the mean of its strongest places."""
    inside = found[:, place.field]
    ordered = np.sort(inside, axis=1)[:, ::-1]
    return np.array([one[: max(4, int(top * len(one)))].mean() for one, top in zip(ordered, TOP, strict=True)])


def judged(network: nn.Module, cases: Sequence[Case], films: Sequence[Film]) -> dict[str, Figure]:
    """AUROC of each finding against no finding, within a view, of patients not learned from."""
    shown = maps(network, [(one.density, one) for one in films])
    told = np.array([wholes(one, place) for one, place in zip(shown, films, strict=True)])
    found, rng = {}, np.random.default_rng(0)
    test = np.array([one.part == "test" for one in cases])
    known = {one.patient for one in cases if one.learned}
    unknown = np.array([one.patient not in known for one in cases])
    clear = np.array([one.clear for one in cases])
    for name, labels in LABELS.items():
        kind = KINDS.index("opacity" if name == "consolidation" else name)
        sick = unknown & np.array([bool(labels & set(one.labels)) for one in cases])
        for view in ("PA", "AP", "both"):
            seen = np.array([view in (one.image.view.value, "both") for one in cases])
            rows = np.flatnonzero((sick | clear & test) & seen)
            if min(sick[rows].sum(), (~sick[rows]).sum()) >= FEWEST:
                one = bootstrap(auc, sick[rows].astype(np.int64), told[rows, kind], rng=rng)
                found[f"auroc.{name}.{view}"] = Figure(float(one.value), one.low, one.high, len(rows), "test")
    return found


def main() -> None:
    """Train, measure on patients set aside, and put the model where the package ships it."""
    parser = argparse.ArgumentParser(description="Trains the shadows of the chest radiograph; writes weights and card")
    parser.add_argument("--into", type=Path, default=SHIPPED, help="folder of the model (default: the package)")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    begin, meter = time.perf_counter(), EnergyMeter()
    cases = [one for one in read() if one.plane.lungs]
    films = [film(one.plane) for one in cases]
    mine = [at for at, one in enumerate(cases) if one.learned]
    clear = [at for at in mine if cases[at].clear]
    sick = [at for at in mine if not cases[at].clear]
    usual = [np.median([table(films[at], None)[side] for at in clear], axis=0) for side in (0, 1)]
    opaque, plain = ([table(films[at], usual) for at in rows] for rows in (sick, clear))
    print(f"{len(clear)} clear radiographs to learn from, {len(sick)} to carry opacities from", flush=True)
    network = learn([films[at] for at in clear], Painter(np.random.default_rng(0), opaque, plain), options.steps)
    meter.look()
    figures = judged(network, cases, films)
    facts = {"seconds": round(time.perf_counter() - begin), "watt_hours": meter.watt_hours(), "steps": options.steps}
    parts = data_of([cases[at] for at in clear], [cases[at] for at in sick], cases)
    ship(network, figures, parts, facts, options.into)


def ship(
    network: nn.Module,
    figures: dict[str, Figure],
    parts: tuple[Provenance, ...],
    facts: dict[str, Any],
    into: Path,
) -> None:
    """Write weights, card and pin."""
    card = save_model(network, replace(_card(parts, facts), figures=figures), into)
    pin(card, into)
    for name, figure in card.figures.items():
        print(f"{name}: {figure.value:.3f} ({figure.low} to {figure.high}), n {figure.n}")


def data_of(clear: Sequence[Case], sick: Sequence[Case], cases: Sequence[Case]) -> tuple[Provenance, ...]:
    """What was learned from, and the patients not learned from, whose figures are on the card."""
    known = {one.patient for one in cases if one.learned}
    held = [one for one in cases if one.patient not in known]
    return (
        _provenance("training", clear, "radiographs labelled No Finding, shadows painted in"),
        _provenance("training", sick, "radiographs labelled with an opacity, of which smooth density was carried over"),
        _provenance("validation", held, "radiographs of patients not learned from; how the maps are joined saw them"),
    )


def _provenance(part: str, cases: Sequence[Case], name: str) -> Provenance:
    hashed, folder = hashlib.sha256(), datasets.folder() / "imaging/chest/images"
    for one in sorted(case.image.id for case in cases):
        hashed.update((folder / one).read_bytes())
    source = "NIH ChestX-ray14 (Wang et al., CVPR 2017), 320 px"
    return Provenance(name, source, "NIH Clinical Center, with attribution", hashed.hexdigest(), len(cases), part)


def _card(parts: tuple[Provenance, ...], facts: dict[str, Any]) -> Card:
    training = {
        "input": "suwen.imaging.chest.shadow_network.network_input",
        "side": SIDE,
        "plan": {"batch": BATCH, "rate": RATE, "weights": WEIGHTS},
        "device": "cpu",
        "threads": torch.get_num_threads(),
        "packages": {name: version(name) for name in ("torch", "numpy")} | {"python": platform.python_version()},
    }
    return Card(
        name=NAME,
        version="1.0.0",
        purpose=PURPOSE,
        task="masks",
        classes=KINDS,
        network={"kind": "unet", "settings": completed("unet", NETWORK), "members": 1},
        prepare=Prepare(scale="none").values(),
        data=parts,
        figures={},
        limits=LIMITS,
        licence="NIH ChestX-ray14 with attribution; weights under the licence of this project",
        training=training | facts,
    )


if __name__ == "__main__":
    main()
