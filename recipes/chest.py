"""Trains the learned scores of adult chest radiographs, pneumonia and opacity; writes weights, readout, card and pin.

Data in: imaging/chest of SUWEN_DATA (702 radiographs of NIH ChestX-ray14 with NIH's labels; Wang et al. 2017) and the
shipped outlines of the anatomy (`make recipe-chest_anatomy` first: other outlines need this recipe again). Boxes and
labels of the RSNA are never read here. Out: src/suwen/learn/shipped/chest.* and
src/suwen/imaging/chest/scores_readout.json. Run: `make recipe-chest`.

The test part was fixed before any result was looked at: patients by hash (`suwen.learn.splits.split`, salt "chest test
part"), 40 % of those whom the RSNA read too and 12 % of the others, balanced by label and view. What is left is divided
into five folds by patient; a line and three networks leave each fold out, and all answer together once shipped.

Why it is made so. In these data every radiograph without finding comes from patients 1280 to 3970 and from two kinds
of detector, pneumonia from anywhere: tone, grain, margins and size tell the label without a look at the lungs (bytes of
the file: AUROC .78). So only the lungs' own box is seen, small, as ranks; views and labels weigh alike; and what an
opacity is, the networks learn from shadows drawn into clear lungs, where sick and well come from the same image.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
import torch
from _chest_scores_films import FOLDS, OPACITIES, SEEDS, Films, divided, held_out, read, weights_of
from _chest_scores_shadows import COPIES, by_cell, draw_shadows
from _shipping import _pin as pin
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor
from torch.nn import functional

from suwen import datasets
from suwen.explain.maps import parameter_randomisation
from suwen.explain.opening.card_checks import for_card
from suwen.imaging.chest import scores_network as shown
from suwen.imaging.chest.scores_texture import CELLS, CHANNELS, textures
from suwen.learn.card import Card, Figure, Provenance
from suwen.learn.energy import EnergyMeter
from suwen.learn.measure import auc, bootstrap, fit_platt
from suwen.learn.nets.catalogue import build, completed
from suwen.learn.nets.ensemble import Ensemble
from suwen.learn.nouns import Task
from suwen.learn.weights import SHIPPED, save_model

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

SOURCE = "NIH ChestX-ray14 (Wang et al., CVPR 2017:2097-2106), NIH Clinical Center"
LICENCE = "MIT; data: NIH Clinical Center, free use with attribution"
EPOCHS, BATCH, DRAWN_BATCH, RATE = 25, 32, 48, 3e-3
STRENGTH = 0.001  # inverse penalty of the lines
SHARE_OF_NETWORK = 0.5  # of the networks' pneumonia beside the lines', in standard deviations; chosen out of fold
NETWORK = {"channels": 2 * CHANNELS + 2, "outputs": 7, "widths": [32], "depth": 1, "drop": 0.0, "excite": False}

PURPOSE = {
    "en": "How a frontal chest radiograph of an adult speaks for pneumonia and for an opacity of the lungs, and where.",
    "zh": "成人正位胸片对肺炎及肺部不透亮影的支持程度及其位置。",
}
LIMITS = {
    "en": (
        "Few data: 524 radiographs of 361 adults of one American hospital; the intervals are wide.",
        "NIH's labels were mined from reports by a programme; of those labelled pneumonia, radiologists of the "
        "RSNA saw an opacity in fewer than half.",
        "In these data the well come from other years and detectors than most of the sick; tone, grain and margins "
        "are taken away, yet what is left may still tell the source. The figure in the same years and detector is the "
        "honest one.",
        "What an opacity is was learned from drawn shadows; collapse, effusion and dense hila may be taken for one, "
        "and faint or retrocardiac opacities are missed.",
        "The chance of an opacity was calibrated on NIH's labels, as no better truth may be learned from: where "
        "radiologists of the RSNA looked, it lay too near the middle. Its order is better than its size.",
        "On the 232 radiographs that the RSNA read (benchmark `chest`) the opacity score reached an AUROC of .75, .74 "
        "among those labelled pneumonia; the .82 of the 93 that were set aside is partly luck.",
        "Not for children, lateral or oblique views, photographs of films, or films with much metal.",
        "For research and teaching; no medical device, not for clinical use.",
    ),
    "zh": (
        "数据少：仅一家美国医院 361 名成人的 524 幅胸片；置信区间宽。",
        "NIH 标签由程序从报告文本中提取；标为肺炎者，RSNA 放射科医师仅在不足半数中见到不透亮影。",
        "本数据中无异常者与多数患者来自不同年份和探测器；已去除灰阶曲线、颗粒与边缘，余下信息仍可能泄露来源。"
        "同年份同探测器内的数值才是可信的。",
        "不透亮影由绘入清晰肺野的阴影学得；肺不张、胸腔积液及致密肺门可能被误认，淡片影或心后影可能漏检。",
        "不透亮影的概率只能按 NIH 标签校准（无更好的可用真值）：与 RSNA 放射科医师判读相比，概率偏向中间；"
        "其排序比数值可靠。",
        "在 RSNA 判读过的 232 幅胸片上（基准 `chest`）不透亮影评分的 AUROC 为 0.75，在标为肺炎者中为 0.74；"
        "预留的 93 幅上为 0.82，部分出于偶然。",
        "不适用于儿童、侧位或斜位、翻拍胶片及大量金属伪影者。",
        "仅供研究与教学；不是医疗器械，不得用于临床。",
    ),
}


def teach(
    inputs: Tensor, films: Films, rows: Rows, shadows: tuple[Tensor, Tensor, Tensor], seed: int
) -> torch.nn.Module:
    """One network: NIH's labels of the whole from the pooled cells, drawn shadows cell by cell."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    network: Any = build("residual", NETWORK)
    steps = len(rows) // BATCH
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=EPOCHS * steps, pct_start=0.2)
    chance = torch.from_numpy(weights_of(films, rows))
    labels, each = torch.from_numpy(films.labels[rows]), torch.tensor([1.0] + [0.3] * len(OPACITIES))
    found, goal, weight = shadows
    for _ in range(EPOCHS):
        index = torch.multinomial(chance, len(rows), replacement=True, generator=generator)
        order = torch.randperm(len(found), generator=generator)
        for step in range(steps):
            real = index[step * BATCH : (step + 1) * BATCH]
            made = order[step * DRAWN_BATCH % len(found) :][:DRAWN_BATCH]
            mirrored = bool(torch.rand(1, generator=generator) < 0.5)
            given = torch.cat([_varied(_flipped(inputs[real], generator), generator), _varied(found[made], generator)])
            wanted, counts = goal[made], weight[made]
            if mirrored:
                given = given.flip(3)
                wanted, counts = wanted.flip(2), counts.flip(2)
            maps = functional.conv2d(
                network.blocks(network.stem(given)), network.head.weight[:, :, None, None], network.head.bias
            )
            whole = torch.logsumexp(maps[: len(real), :-1].flatten(2), 2) - np.log(CELLS * CELLS)
            told = functional.binary_cross_entropy_with_logits(whole, labels[real] * 0.9 + 0.05, reduction="none")
            placed = functional.binary_cross_entropy_with_logits(maps[len(real) :, -1], wanted, reduction="none")
            loss = (told * each).mean() + (placed * counts).sum() / counts.sum()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    trained: torch.nn.Module = network.eval()
    return trained


def _flipped(given: Tensor, generator: torch.Generator) -> Tensor:
    mirror = torch.rand(len(given), generator=generator) < 0.5
    return torch.where(mirror[:, None, None, None], given.flip(3), given)


def _varied(given: Tensor, generator: torch.Generator) -> Tensor:
    """Whole channels shifted, as another tube or grain would, and a fifth of them left out."""
    shift = 0.3 * torch.randn(given.shape[:2], generator=generator)
    return functional.dropout2d(given + shift[:, :, None, None], 0.2)


def line_over(features: Floats, films: Films, rows: Rows) -> tuple[Floats, float]:
    """Weights and level of a logistic line over all cells."""
    scale = StandardScaler().fit(features[rows])
    line = LogisticRegression(C=STRENGTH, max_iter=500)
    line.fit(scale.transform(features[rows]), films.pneumonia[rows], sample_weight=weights_of(films, rows))
    slope = line.coef_[0] / scale.scale_
    return slope, float(line.intercept_[0] - slope @ scale.mean_)


@dataclass(frozen=True)
class Taught:
    """Networks and lines of all folds, how inputs are scaled, and the signs of each row out of fold."""

    networks: list[torch.nn.Module]
    lines: list[tuple[Floats, float]]
    mean: NDArray[np.float32]
    spread: NDArray[np.float32]
    signs: Floats


def teach_all(films: Films, rows: Rows, say: Callable[[str], None]) -> Taught:
    """Every fold's network and line, and what they say of the fold they did not see."""
    with torch.inference_mode():
        found = torch.cat([textures(films.ranks[start : start + BATCH]) for start in range(0, len(films.names), BATCH)])
        say("textures read")
        shadows = draw_shadows(films.ranks, films.lungs, rows[films.pneumonia[rows] == 0])
    say("shadows drawn")
    raw, made = shown.cells(found).clone(), shown.cells(shadows.found).clone()
    mean = raw[rows].mean((0, 2, 3)).numpy()
    spread = raw[rows].std((0, 2, 3)).numpy() + np.float32(1e-3)
    inputs, made = shown.scaled(raw, mean, spread), shown.scaled(made, mean, spread)
    features = shown.coarse(found.numpy())
    lungs = by_cell(films.lungs.sum(1)).clamp(0, 1).numpy()
    signs = np.zeros((len(films.names), len(shown.SIGNS)))
    networks, lines = [], []
    for fold, (seen, unseen) in enumerate(divided(films, rows)):
        kept = torch.from_numpy(np.isin(shadows.rows, seen))
        part = (made[kept], shadows.goal[kept].clone(), shadows.weight[kept].clone())
        several = [teach(inputs[seen], films, seen, part, seed=SEEDS * fold + one) for one in range(SEEDS)]
        slope, level = line_over(features, films, seen)
        with torch.inference_mode():
            maps = [shown.member_maps(one, inputs[unseen]).numpy() for one in several]
        line = features[unseen] @ slope + level
        signs[unseen] = np.mean([_signs(line, one, lungs[unseen]) for one in maps], 0)
        networks.extend(several)
        lines.append((slope, level))
        say(f"fold {fold + 1} of {FOLDS}")
    return Taught(networks, lines, mean, spread, signs)


def _signs(line: Floats, maps: NDArray[np.float32], lungs: NDArray[np.float32]) -> Floats:
    return np.column_stack([line, shown.pooled(maps[:, :-1]), shown.shadowed(maps[:, -1], lungs)])


def read_off(films: Films, rows: Rows, signs: Floats) -> dict[str, dict[str, Any]]:
    """How the scores are read off the signs: mixed, then calibrated by Platt's curve on the out-of-fold answers."""
    at = shown.SIGNS.index
    spread = signs[rows].std(0)
    line = 1 / spread[at("line")]
    network = SHARE_OF_NETWORK / spread[at("pneumonia")]
    pneumonia = _calibrated(signs[rows], {"line": line, "pneumonia": network}, films.pneumonia[rows])
    opacity = _calibrated(signs[rows], {"shadow": 1.0}, films.opacity[rows])
    words = "out of fold on {n} NIH radiographs, of which {share:.0%} {what}"
    told = {"n": len(rows), "what": "are labelled pneumonia by NIH"}
    pneumonia |= {"map": "pneumonia", "calibrated": words.format(share=pneumonia["share"], **told)}
    told = {"n": len(rows), "what": f"are labelled {', '.join(OPACITIES).lower()} by NIH (in place of opacity)"}
    opacity |= {"map": "shadow", "calibrated": words.format(share=opacity["share"], **told)}
    return {"pneumonia": pneumonia, "opacity": opacity}


def _calibrated(signs: Floats, mix: Mapping[str, float], truth: NDArray[np.int64]) -> dict[str, Any]:
    odds = sum(signs[:, shown.SIGNS.index(name)] * weight for name, weight in mix.items())
    curve: Any = fit_platt(truth, odds)
    weights = {name: float(weight * curve.slope) for name, weight in mix.items()}
    return {"weights": weights, "level": float(curve.level), "share": float(truth.mean())}


def figures(films: Films, rows: Rows, odds: Mapping[str, Floats], part: str) -> Iterator[tuple[str, Figure]]:
    """AUROC of both scores against NIH's labels, overall and by view, sex and age, with intervals by patient."""
    truths = {"pneumonia": films.pneumonia, "opacity": films.opacity}
    sex, groups = np.array(films.sex), np.array(films.patients)
    chosen: dict[str, NDArray[np.bool_]] = {
        "": np.ones(len(films.names), bool),
        ", AP": films.ap,
        ", PA": ~films.ap,
        ", same years and detector": films.matched,
        ", women": sex == "F",
        ", men": sex == "M",
        ", under 40": films.age < 40,
        ", 40 to 64": (films.age >= 40) & (films.age < 65),
        ", 65 and over": films.age >= 65,
    }
    for name, truth in truths.items():
        for words, mask in chosen.items():
            at = rows[mask[rows]]
            if min(int(truth[at].sum()), int((1 - truth[at]).sum())) < 5:
                continue
            found = bootstrap(
                auc, truth[at], odds[name][at], groups=groups[at].tolist(), rng=np.random.default_rng(0), n=1000
            )
            label = "auroc" if name == "pneumonia" else "auroc of NIH labels that name an opacity"
            yield f"{part}: {label}{words}", Figure(found.value, found.low, found.high, len(at), part)


def odds_of(read: Mapping[str, Mapping[str, Any]], signs: Floats) -> dict[str, Floats]:
    """Log-odds of each score, by name, from signs (n, SIGNS)."""
    return {
        name: signs @ np.array([one["weights"].get(sign, 0.0) for sign in shown.SIGNS]) + one["level"]
        for name, one in read.items()
    }


def together(films: Films, rows: Rows, taught: Taught) -> Floats:
    """Signs (n, SIGNS) of all folds together on rows that none of them saw; other rows stay 0."""
    signs = np.zeros_like(taught.signs)
    with torch.inference_mode():
        found = torch.cat([textures(films.ranks[row : row + 1]) for row in rows])
        inputs = shown.scaled(shown.cells(found), taught.mean, taught.spread)
        maps = [shown.member_maps(one, inputs).numpy() for one in taught.networks]
    lungs = by_cell(films.lungs[rows].sum(1)).clamp(0, 1).numpy()
    features = shown.coarse(found.numpy())
    for place, one in enumerate(maps):
        slope, level = taught.lines[place // SEEDS]
        signs[rows] += _signs(features @ slope + level, one, lungs) / len(maps)
    return signs


def written_readout(films: Films, rows: Rows, taught: Taught, read: Mapping[str, Any]) -> bytes:
    """The readout as JSON, lines to five digits."""
    values = {
        "format": shown.FORMAT,
        "mean": [round(float(one), 6) for one in taught.mean],
        "spread": [round(float(one), 6) for one in taught.spread],
        "lines": [[float(f"{one:.5g}") for one in slope] for slope, _ in taught.lines],
        "levels": [level for _, level in taught.lines],
        "scores": read,
        "trained": {films.names[row]: fold for fold, (_, unseen) in enumerate(divided(films, rows)) for row in unseen},
        "patients": sorted({films.patients[row] for row in rows}, key=int),
    }
    return (json.dumps(values, sort_keys=True) + "\n").encode()


def checked(taught: Taught, ranks: Tensor) -> Mapping[str, Any]:
    """Whether the first network's map of shadows changes when its weights are made random (Adebayo et al. 2018)."""

    def drawn_map(network: Any, given: NDArray[Any], target: int) -> NDArray[Any]:
        with torch.inference_mode():
            found = shown.member_maps(network, torch.from_numpy(given)[None])
        return np.asarray(found[0, target].numpy())

    with torch.inference_mode():
        given = shown.scaled(shown.cells(textures(ranks)), taught.mean, taught.spread).numpy()
    targets, rng = [len(shown.LABELS)] * len(given), np.random.default_rng(0)
    verdict = parameter_randomisation(drawn_map, taught.networks[0], given, targets, rng=rng, name="evidence map")
    return for_card([verdict])


def card_of(films: Films, parts: Mapping[str, Rows], told: Mapping[str, Figure], training: Mapping[str, Any]) -> Card:
    """The card: purpose, data, figures and limits."""
    return Card(
        name=shown.NAME,
        version="1.0.0",
        purpose=PURPOSE,
        task=Task.NUMBERS.value,
        classes=(*shown.LABELS, "shadow"),
        network={"kind": "residual", "members": FOLDS * SEEDS, "settings": completed("residual", NETWORK)},
        prepare={},
        data=tuple(
            Provenance("NIH ChestX-ray14", SOURCE, "NIH, with attribution", _digest(films, rows), len(rows), part)
            for part, rows in parts.items()
        ),
        figures=told,
        limits=LIMITS,
        licence=LICENCE,
        training=training,
    )


def _digest(films: Films, rows: Rows) -> str:
    hashed = hashlib.sha256(films.ranks[rows].numpy().tobytes())
    hashed.update(films.labels[rows].tobytes())
    return hashed.hexdigest()


def main(arguments: Sequence[str] | None = None) -> None:
    """Train as the command line says and put the model where the package ships it."""
    parser = argparse.ArgumentParser(description="Trains the learned scores of chest radiographs")
    parser.add_argument("--into", type=Path, default=SHIPPED, help="folder of weights and card (default: the package)")
    parser.add_argument("--readout", type=Path, default=Path(shown.__file__).with_name(shown.READOUT))
    parser.add_argument("--threads", type=int, default=1, help="the same number gives the same weights")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    begin, meter = time.monotonic(), EnergyMeter()

    def say(what: str) -> None:
        meter.look()
        print(f"{time.monotonic() - begin:.0f} s: {what}", flush=True)

    films = read(datasets.folder() / "imaging/chest")
    test = held_out(films)
    rows, unseen = np.flatnonzero(~test), np.flatnonzero(test)
    say(f"{len(rows)} radiographs to learn from, {len(unseen)} set aside")
    taught = teach_all(films, rows, say)
    scores = read_off(films, rows, taught.signs)
    told = dict(figures(films, rows, odds_of(scores, taught.signs), "validation"))
    told |= dict(figures(films, unseen, odds_of(scores, together(films, unseen, taught)), "test"))
    written = written_readout(films, rows, taught, scores)
    training = {
        "readout_sha256": hashlib.sha256(written).hexdigest(),
        "plan": {"folds": FOLDS, "epochs": EPOCHS, "batch": BATCH, "rate": RATE, "copies": COPIES},
        "seeds": list(range(FOLDS * SEEDS)),
        "device": "cpu",
        "threads": options.threads,
        "seconds": round(time.monotonic() - begin),
        "watt_hours": meter.watt_hours(),
        "packages": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
        },
    }
    options.readout.write_bytes(written)
    parts = {"training": rows, "validation": rows}  # each network was judged on the fifth it did not see
    card = replace(card_of(films, parts, told, training), checks=checked(taught, films.ranks[unseen[:4]]))
    pin(save_model(Ensemble(taught.networks), card, options.into), options.into)
    for name, figure in told.items():
        print(f"{name}: {figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f}), n = {figure.n}")


if __name__ == "__main__":
    main()
