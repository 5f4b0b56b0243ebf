"""What benchmark heat-maps needs: films, a small classifier, planted truth, and one method judged on them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from suwen.errors import DataError
from suwen.explain.maps import (
    METHODS,
    Baseline,
    Score,
    best_overlap,
    deletion,
    energy_inside,
    heat_map,
    insertion,
    overlap,
    pointing,
    sanity_checks,
)
from suwen.explain.maps.network import scores
from suwen.learn.fit import train
from suwen.learn.model import Model
from suwen.learn.nets.catalogue import build
from suwen.learn.nouns import Task
from suwen.learn.plan import Plan
from suwen.learn.source import Source
from suwen.learn.weights import Trust, load_model, pins, shipped

__all__ = [
    "Classifier",
    "Films",
    "Plants",
    "judged",
    "planted",
    "read_films",
    "sanity",
    "shipped_classifier",
    "shown",
    "taught",
]

Images = NDArray[np.float32]  # (n, 1, height, width) in 0..1
PNEUMONIA = 1
_NORMAL, _TURNED = 0.2, 0.5  # chances below and above which a film counts as normal and as turned
_TRIES = 30  # discs for each normal film
_REPLACED = {"consensus", "integrated_gradients", "multi_scale_occlusion", "occlusion", "rise"}


@dataclass(frozen=True, slots=True)
class Films:
    """The official parts: train to teach and to take the mean normal film from, val to judge."""

    train: Images
    train_labels: NDArray[np.int64]
    val: Images
    val_labels: NDArray[np.int64]

    @property
    def normal(self) -> NDArray[np.float32]:
        """The mean normal film of the training part, (1, height, width)."""
        return self.train[self.train_labels != PNEUMONIA].mean(0)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Classifier:
    """A network of films (n, 1, height, width) in 0..1, and how to teach another one on other labels."""

    model: nn.Module
    refit: Callable[[NDArray[np.int64]], nn.Module]
    labels: NDArray[np.int64]
    name: str

    def chances(self, images: Images) -> NDArray[np.float64]:
        """Chance of pneumonia of each film."""
        return scores(self.model, torch.from_numpy(images), PNEUMONIA, score=Score.PROBABILITY, batch=64)


@dataclass(frozen=True, slots=True)
class Plants:
    """Normal films with a planted opacity that turned the classifier, and where it lies."""

    images: Images
    masks: NDArray[np.bool_]
    tried: int

    def figures(self) -> dict[str, float]:
        """Their number, how many were tried, and what pointing blindly would hit."""
        return {
            "planted": float(len(self.images)),
            "planted_tried": float(self.tried),
            "pointing_by_chance": float(self.masks.mean()),
        }


def read_films(file: Path) -> Films:
    """Read the official parts. Raises DataError where the file lacks them."""
    with np.load(file) as kept:
        missing = [name for name in ("train_images", "train_labels", "val_images", "val_labels") if name not in kept]
        if missing:
            raise DataError(f"{file} has no {', '.join(missing)}: it is not PneumoniaMNIST")
        images = [kept[f"{part}_images"][:, None].astype(np.float32) / 255 for part in ("train", "val")]
        labels = [kept[f"{part}_labels"][:, 0].astype(np.int64) for part in ("train", "val")]
    return Films(images[0], labels[0], images[1], labels[1])


def taught(films: Films, *, seed: int, passes: int = 8, batch: int = 128) -> Classifier:
    """A small convolutional network taught on the training part with one thread; the same for the same seed."""
    fit = partial(_fitted, films.train, seed=seed, passes=passes, batch=batch)
    return Classifier(fit(films.train_labels), fit, films.train_labels, "small network taught in this run")


class _Scaled(nn.Module):
    """A network of the shipped model that takes films in 0..1 and scales each by itself, as the card's steps do."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, films: Tensor) -> Tensor:
        """Films (n, 1, height, width) to logits (n, 2)."""
        axes = (1, 2, 3)
        spread = films.std(axes, correction=0, keepdim=True).clamp_min(1e-8)
        return cast(Tensor, self.network((films - films.mean(axes, keepdim=True)) / spread))


def shipped_classifier(films: Films, *, seed: int, epochs: int = 6) -> Classifier:
    """The first network of the shipped pneumonia model; another is taught for a few epochs, as the recipe's is."""
    model = Model(*load_model(shipped("pneumonia"), Trust(pinned=pins())))
    members = getattr(model.network, "members", None)
    network = model.network if members is None else members[0]
    kind, settings = model.card.network["kind"], model.card.network["settings"]

    def refit(labels: NDArray[np.int64]) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            fresh = build(kind, settings)
        source = Source(_scaled(films.train), torch.from_numpy(labels), Task.CLASSES, 2)
        plan = Plan(epochs=epochs, batch=64, rate=2e-3, watch="last", seed=seed)
        return _Scaled(train(fresh, source, source, plan).model).eval()

    name = f"{model.card.name} {model.card.version}, first network"
    return Classifier(_Scaled(network).eval(), refit, films.train_labels, name)


def _scaled(films: Images) -> Tensor:
    rows = torch.from_numpy(films)
    spread = rows.std((1, 2, 3), correction=0, keepdim=True).clamp_min(1e-8)
    return (rows - rows.mean((1, 2, 3), keepdim=True)) / spread


def shown(ours: Classifier, films: Films, count: int, *, rng: np.random.Generator) -> Images:
    """At most `count` films with pneumonia that the classifier recognises, drawn at random."""
    right = (films.val_labels == PNEUMONIA) & (ours.chances(films.val) > _TURNED)
    drawn: Images = films.val[rng.permutation(np.flatnonzero(right))[:count]]
    return drawn


def planted(ours: Classifier, films: Films, count: int, *, rng: np.random.Generator) -> Plants:
    """At most `count` normal films turned by a disc, radius 4 to 6 voxels, of a film surely called pneumonia."""
    chances = ours.chances(films.val)
    normal = rng.permutation(np.flatnonzero((films.val_labels != PNEUMONIA) & (chances < _NORMAL)))
    donors = films.val[(films.val_labels == PNEUMONIA) & (chances > 0.9)]
    images, masks, tried = [], [], 0
    for row in normal if len(donors) else []:
        made = [_plant(films.val[row], donors[rng.integers(len(donors))], rng) for _ in range(_TRIES)]
        turned = np.flatnonzero(ours.chances(np.stack([image for image, _ in made])) > _TURNED)
        tried += int(turned[0]) + 1 if len(turned) else _TRIES
        if len(turned):
            images.append(made[turned[0]][0])
            masks.append(made[turned[0]][1])
        if len(images) == count:
            break
    if not images:
        raise DataError("no planted opacity turned this classifier: pointing cannot be judged on it")
    return Plants(np.stack(images), np.stack(masks), tried)


def judged(ours: Classifier, films: Films, method: str, seen: Images, plants: Plants, *, seed: int) -> dict[str, float]:
    """Mean figures of one method: curves on real films, places on planted ones."""
    drawn, normal = np.random.default_rng(seed), films.normal
    begin = time.perf_counter()
    maps = [_mapped(method, normal, ours.model, one, PNEUMONIA, drawn) for one in seen]
    milliseconds = 1000 * (time.perf_counter() - begin) / len(seen)
    placed = [_mapped(method, normal, ours.model, one, PNEUMONIA, drawn) for one in plants.images]
    grey = np.stack([np.full_like(one, one.mean()) for one in seen])
    return {
        "insertion": _areas(insertion, ours, seen, maps, normal, drawn),
        "deletion": _areas(deletion, ours, seen, maps, normal, drawn),
        "insertion_planted": _areas(insertion, ours, plants.images, placed, normal, drawn),
        "deletion_planted": _areas(deletion, ours, plants.images, placed, normal, drawn),
        "insertion_grey": _areas(insertion, ours, seen, maps, Baseline.MEAN, drawn),
        "pointing": _places(pointing, placed, plants),
        "pointing_within_1": _places(partial(pointing, tolerance=1.0), placed, plants),
        "overlap": _places(overlap, placed, plants),
        "best_overlap": _places(best_overlap, placed, plants),
        "energy_inside": _places(energy_inside, placed, plants),
        "chance_normal": float(ours.chances(normal[None])[0]),
        "chance_grey": float(ours.chances(grey).mean()),
        "ms_a_map": milliseconds,
    }


def sanity(ours: Classifier, films: Films, examples: Images, *, seed: int) -> dict[str, dict[str, float]]:
    """Rank correlations with the randomised models, and whether each method passes (1) or fails (0)."""
    drawn = np.random.default_rng(seed)
    shuffled = ours.refit(drawn.permutation(ours.labels))  # one for all methods: teaching is what takes long
    found = {}
    for method in METHODS:
        verdicts = sanity_checks(
            lambda model, image, target, method=method: _mapped(method, films.normal, model, image, target, drawn),
            ours.model,
            examples,
            [PNEUMONIA] * len(examples),
            rng=np.random.default_rng(seed),
            labels=ours.labels,
            refit=lambda _labels: shuffled,
            name=method,
        )
        found[method] = {
            f"{verdict.check.split()[0]}_{name}": value
            for verdict in verdicts
            for name, value in (("rank", verdict.figures["spearman"]), ("passes", float(bool(verdict.passes))))
        }
    return found


def _mapped(
    method: str, normal: Images, model: nn.Module, image: Images, target: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    settings: dict[str, Any] = {"baseline": normal} if method in _REPLACED else {}
    return heat_map(model, image, target, method=method, rng=rng, **settings).values


def _areas(
    curve: Callable[..., Any],
    ours: Classifier,
    images: Images,
    maps: Sequence[NDArray[np.float32]],
    baseline: Baseline | Images,
    rng: np.random.Generator,
) -> float:
    found = [
        curve(ours.model, image, PNEUMONIA, values, baseline=baseline, rng=rng).area
        for image, values in zip(images, maps, strict=True)
    ]
    return float(np.mean(found))


def _places(score: Callable[..., float], maps: Sequence[NDArray[np.float32]], plants: Plants) -> float:
    return float(np.mean([score(values, mask) for values, mask in zip(maps, plants.masks, strict=True)]))


def _plant(film: Images, donor: Images, rng: np.random.Generator) -> tuple[Images, NDArray[np.bool_]]:
    """A film with a soft disc of another within the lungs' middle heights, and the disc's mask (height, width)."""
    height, width = film.shape[1:]
    down, across = np.mgrid[:height, :width]
    side = rng.uniform(0.18, 0.40) if rng.random() < 0.5 else rng.uniform(0.60, 0.82)  # a lung, not the heart
    radius = rng.uniform(1 / 7, 3 / 14) * height
    away = np.hypot(down - rng.uniform(2 / 7, 5 / 7) * height, across - side * width)
    soft = 1 / (1 + np.exp(56 / height * (away - radius)))
    return (film * (1 - soft) + donor * soft).astype(np.float32), away <= radius


def _fitted(images: Images, labels: NDArray[np.int64], *, seed: int, passes: int, batch: int) -> nn.Module:
    threads, rng = torch.get_num_threads(), np.random.default_rng(seed)
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            net = _network()
        steps = passes * (len(images) // batch)
        optimiser = torch.optim.AdamW(net.parameters(), 3e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 6e-3, total_steps=steps)
        for _ in range(steps):
            _step(net, optimiser, images, labels, rng.integers(0, len(images), batch), rng)
            schedule.step()
    finally:
        torch.set_num_threads(threads)
    return net.eval()


def _step(
    net: nn.Module,
    optimiser: torch.optim.Optimizer,
    images: Images,
    labels: NDArray[np.int64],
    rows: NDArray[np.int64],
    rng: np.random.Generator,
) -> None:
    shift = rng.integers(-2, 3, 2)  # the patient stands a little elsewhere each time
    moved = torch.from_numpy(np.roll(images[rows], shift, (2, 3)))
    loss = nn.functional.cross_entropy(net(moved), torch.from_numpy(labels[rows]))
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()


def _network() -> nn.Sequential:
    def stage(given: int, kept: int) -> list[nn.Module]:
        return [nn.Conv2d(given, kept, 3, padding=1, bias=False), nn.BatchNorm2d(kept), nn.ReLU()]

    return nn.Sequential(
        *(*stage(1, 16), *stage(16, 16), nn.MaxPool2d(2)),
        *(*stage(16, 32), *stage(32, 32), nn.MaxPool2d(2)),
        *(*stage(32, 64), *stage(64, 64)),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 2)),
    )
