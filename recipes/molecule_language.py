"""Trains the small language model of molecules: masked tokens of SMILES, properties and substructures of the whole.

Data in, from drugs/ of SUWEN_DATA: ZINC250k and the training part of MOSES, structures only, no activity. Each molecule
is written in three ways (its canonical SMILES and two at random); what the network is asked is told of the canonical
molecule: 15 to 30 % of the tokens are hidden (BERT, Devlin et al. 2019), 79 properties of RDKit and 256 folded bits of
the Morgan fingerprint of radius 2 are told of the whole (as MolBERT does, Fabian et al. 2020). One molecule in a
hundred is held out: the figures of the card are of those. Out: src/suwen/learn/shipped/molecules.*, by --write.

On one large accelerator ten minutes (--device cuda --minutes 7); on two cores, days. --state keeps the plain weights.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import lzma
import math
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rdkit import Chem, rdBase
from rdkit.Chem import rdFingerprintGenerator, rdMolDescriptors
from torch import Tensor
from torch.nn import functional

from suwen.formats.molecules.tokens import MASK, TOKENS, numbers_of
from suwen.learn.nets.tokens import TokenTransformer, TokenTransformerSettings

BITS, FORMS, LONGEST, BATCH = 256, 3, 120, 1536
RATE, WARM = 1.2e-3, 800
HELD_OUT = 100  # one molecule in so many
NAMES = tuple(rdMolDescriptors.Properties.GetAvailableProperties())
VSA = (rdMolDescriptors.PEOE_VSA_, rdMolDescriptors.SMR_VSA_, rdMolDescriptors.SlogP_VSA_)


@dataclass(frozen=True, eq=False)
class Molecules:
    """Tokens (n, FORMS, LONGEST), properties (n, p) made normal, bits (n, BITS) and lengths (n,) of molecules."""

    tokens: NDArray[np.uint8]
    properties: NDArray[np.float16]
    bits: NDArray[np.bool_]
    lengths: NDArray[np.int64]


def smiles_of(folder: Path, most: int) -> list[str]:
    """SMILES of ZINC250k and then of MOSES, each once."""
    with lzma.open(folder / "zinc250k.smi.xz", "rt") as stream:
        found = dict.fromkeys(line.split()[0] for line in stream if line.strip())
    with lzma.open(folder / "moses/train.csv.xz", "rt") as stream:
        found.update(dict.fromkeys(row["SMILES"] for row in csv.DictReader(stream)))
    return list(found)[:most]


def told(smiles: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.bool_]]:
    """Tokens, properties and bits of molecules; one that RDKit cannot read has only padding."""
    quiet = rdBase.BlockLogs()
    properties, maker = rdMolDescriptors.Properties(NAMES), rdFingerprintGenerator.GetMorganGenerator(2, fpSize=BITS)
    tokens = np.zeros((len(smiles), FORMS, LONGEST), np.uint8)
    figures, bits = [], np.zeros((len(smiles), BITS), bool)
    for row, text in enumerate(smiles):
        molecule = Chem.MolFromSmiles(text)
        if molecule is None:
            figures.append([0.0] * 79)
            continue
        forms = [Chem.MolToSmiles(molecule), *Chem.MolToRandomSmilesVect(molecule, FORMS - 1, randomSeed=row + 1)]
        for number, form in enumerate(forms):
            cut = numbers_of(form)
            if len(cut) <= LONGEST:
                tokens[row, number, : len(cut)] = cut
        areas = [one for make in VSA for one in make(molecule)]
        figures.append([*properties.ComputeProperties(molecule), *areas])
        bits[row] = maker.GetFingerprintAsNumPy(molecule)
    del quiet
    return tokens, np.array(figures, np.float32), bits


def prepared(smiles: Sequence[str], processes: int) -> Molecules:
    """All of it, worked out by several processes; properties as rounded normal scores."""
    parts = [smiles[at : at + 2000] for at in range(0, len(smiles), 2000)]
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        rows = pool.map(told, parts, chunksize=4)
    tokens, figures, bits = (np.concatenate([row[at] for row in rows]) for at in range(3))
    figures = np.nan_to_num(figures, posinf=0.0, neginf=0.0)
    for column in range(figures.shape[1]):
        figures[:, column] = normal_scores(figures[:, column])
    good = (tokens[:, :, 0] > 0).all(1)
    lengths = (tokens > 0).sum(2).max(1)
    return Molecules(tokens[good], figures[good].astype(np.float16), bits[good], lengths[good])


def normal_scores(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values by their rank in 2,000 quantiles, as a normal distribution; of one value only, nought."""
    cuts = np.unique(np.quantile(values[:: max(1, len(values) // 50_000)], np.linspace(0, 1, 2001)))
    if len(cuts) < 2:
        return np.zeros_like(values)
    rank = (np.searchsorted(cuts, values, "left") + np.searchsorted(cuts, values, "right")) / (2 * len(cuts))
    return np.asarray(torch.special.ndtri(torch.from_numpy(np.clip(rank, 0.001, 0.999))).numpy(), np.float32)


def batches(rng: np.random.Generator, lengths: NDArray[np.int64], chosen: NDArray[np.int64]) -> Iterator[Any]:
    """Rows of like length together, in random order."""
    order = chosen[np.lexsort((rng.random(len(chosen)), lengths[chosen] + rng.integers(0, 8, len(chosen))))]
    parts = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
    for at in rng.permutation(len(parts)):
        yield parts[at]


def hidden(tokens: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Tokens with some hidden, and which: of each row a share of 15 to 30 %; of these 80 % masked, 10 % exchanged."""
    n, _ = tokens.shape
    share = 0.15 + 0.15 * torch.rand(n, 1, device=tokens.device, generator=generator)
    lot = torch.rand(tokens.shape, device=tokens.device, generator=generator)
    asked = (lot < share) & (tokens > 2)
    way = torch.rand(tokens.shape, device=tokens.device, generator=generator)
    other = torch.randint(5, len(TOKENS), tokens.shape, device=tokens.device, generator=generator)
    shown = torch.where(asked & (way < 0.8), MASK, tokens)
    return torch.where(asked & (way > 0.9), other, shown), asked


def losses(network: TokenTransformer, shown: Tensor, rows: tuple[Tensor, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """Of masked tokens, properties and bits: `rows` are the true tokens, which are asked, properties, bits."""
    tokens, asked, properties, bits = rows
    logits, figures = network(shown)
    words = functional.cross_entropy(logits[asked].float(), tokens[asked])
    size = properties.shape[1]
    whole = functional.smooth_l1_loss(figures[:, :size].float(), properties)
    parts = functional.binary_cross_entropy_with_logits(figures[:, size:].float(), bits)
    return words, whole, parts


class Source:
    """Batches on the device."""

    def __init__(self, molecules: Molecules, device: str, seed: int) -> None:
        self.molecules, self.device = molecules, device
        self.rng = np.random.default_rng(seed)
        self.generator = torch.Generator(device).manual_seed(seed)
        test = np.arange(len(molecules.lengths)) % HELD_OUT == 0
        self.learned, self.held = np.flatnonzero(~test), np.flatnonzero(test)

    def rows(self, chosen: NDArray[np.int64], form: int) -> tuple[Tensor, tuple[Tensor, ...]]:
        """What is shown, and what is true."""
        one = self.molecules
        long = -(-int(one.lengths[chosen].max()) // 8) * 8
        tokens = torch.from_numpy(one.tokens[chosen, form, :long]).to(self.device).long()
        shown, asked = hidden(tokens, self.generator)
        properties = torch.from_numpy(one.properties[chosen]).to(self.device).float()
        return shown, (tokens, asked, properties, torch.from_numpy(one.bits[chosen]).to(self.device).float())


def train(source: Source, network: TokenTransformer, minutes: float, epochs: int) -> None:
    """Learn until the time is up; the rate falls with the time."""
    device, begin, step = source.device, time.monotonic(), 0
    optimiser = torch.optim.AdamW(network.parameters(), RATE, (0.9, 0.98), weight_decay=0.02)
    for epoch in range(epochs):
        for chosen in batches(source.rng, source.molecules.lengths, source.learned):
            passed = (time.monotonic() - begin) / (60 * minutes)
            if passed >= 1:
                return
            for group in optimiser.param_groups:
                group["lr"] = RATE * min(1.0, (step + 1) / WARM) * (0.5 + 0.5 * math.cos(math.pi * passed))
            shown, rows = source.rows(chosen, int(source.rng.integers(FORMS)))
            with torch.autocast(device, torch.bfloat16):
                words, whole, parts = losses(network, shown, rows)
            loss = words + 2 * whole + 2 * parts
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            step += 1
            if step % 500 == 0:
                rate = step * BATCH / (time.monotonic() - begin)
                print(f"{epoch} {step} {passed:.2f} {words:.4f} {whole:.4f} {parts:.4f} {rate:.0f}/s", flush=True)


@torch.no_grad()
def judged(source: Source, network: TokenTransformer) -> dict[str, tuple[float, float, float]]:
    """On the held-out molecules, in a form at random, each with its interval over 500 draws of molecules.

    `masked`: share of masked tokens told right; `properties`: median R2 over the properties; `bits`: share told right.
    """
    network.eval()
    parts: list[list[Tensor]] = [[], [], [], [], []]
    for at in range(0, len(source.held), 256):
        shown, rows = source.rows(source.held[at : at + 256], 1)
        logits, figures = network(shown)
        size = rows[2].shape[1]
        right = ((logits.argmax(2) == rows[0]) & rows[1]).sum(1)
        agree = ((figures[:, size:] > 0) == (rows[3] > 0.5)).float().mean(1)
        for part, one in zip(parts, (right, rows[1].sum(1), figures[:, :size], rows[2], agree), strict=True):
            part.append(one.float().cpu())
    right, asked, told_of, wanted, agree = (torch.cat(part) for part in parts)
    rng = np.random.default_rng(0)
    draws = [torch.arange(len(right)), *(torch.from_numpy(rng.integers(0, len(right), len(right))) for _ in range(500))]
    found: dict[str, list[float]] = {"masked": [], "properties": [], "bits": []}
    for draw in draws:
        found["masked"].append(float(right[draw].sum() / asked[draw].sum()))
        found["properties"].append(_r2(told_of[draw], wanted[draw]))
        found["bits"].append(float(agree[draw].mean()))
    return {name: (each[0], *np.quantile(each[1:], (0.025, 0.975)).tolist()) for name, each in found.items()}


def _r2(told_of: Tensor, wanted: Tensor) -> float:
    spread = ((wanted - wanted.mean(0)) ** 2).sum(0)
    there = spread > 1
    return float((1 - ((wanted - told_of) ** 2).sum(0)[there] / spread[there]).median())


def write(state: Path, data: Path, into: Path) -> None:
    """Card and weights of a state that was kept; the held-out molecules are judged anew."""
    from _shipping import _pin  # noqa: PLC0415 - not there on an accelerator

    from suwen.bench.setting import digest  # noqa: PLC0415
    from suwen.learn.card import Card, Figure, Provenance  # noqa: PLC0415
    from suwen.learn.weights import save_model  # noqa: PLC0415

    kept = torch.load(state, weights_only=True)
    network = TokenTransformer(TokenTransformerSettings(**kept["settings"]))
    network.load_state_dict(kept["state"])
    files = [data / "zinc250k.smi.xz", data / "moses/train.csv.xz"]
    n = int(kept["molecules"])
    molecules = prepared(smiles_of(data, n)[::HELD_OUT], 1)
    source = Source(molecules, "cpu", 0)
    source.held = np.arange(len(molecules.lengths))
    held = len(source.held)
    figures = {name: Figure(*row, held, "validation") for name, row in judged(source, network).items()}
    seen = ("ZINC250k and MOSES", "Gomez-Bombarelli et al. 2018; Polykovskiy et al. 2020", "MIT")
    card = Card(
        name="molecules",
        version="1.0.0",
        purpose={
            "en": "A vector for a molecule from its SMILES, for activity models that have few measurements.",
            "zh": "由 SMILES 得到分子的向量表示，供测量数据较少的活性模型使用。",
        },
        task="numbers",
        classes=(),
        network={"kind": "tokens", "settings": kept["settings"], "members": 1},
        prepare={"scale": "none"},
        data=(
            Provenance(*seen, digest(*files), n - held, "training"),
            Provenance(*seen, digest(*files), held, "validation"),
        ),
        figures=figures,
        limits={
            "en": (
                "Learned from drug-like molecules of up to 500 Da, no metals, salts or peptides; others may mislead.",
                "It has seen structures only, no activity: alone it orders activities worse than fingerprints do.",
                "Different SMILES of one molecule give vectors that differ a little; give it the canonical one.",
                "For research; no prediction of safety rests on it alone.",
            ),
            "zh": (
                "训练分子均为不超过 500 Da 的类药小分子，不含金属、盐与多肽；其他分子可能失准。",
                "仅学习结构，未学习活性：单独使用时，对活性的排序不及分子指纹。",
                "同一分子的不同 SMILES 给出略有差异的向量；请使用规范 SMILES。",
                "仅供研究；任何安全性结论不得仅依据本模型。",
            ),
        },
        licence="MIT",
        training={"device": "one H200", "minutes": 6.0, "batch": BATCH, "forms": FORMS, "smiles": kept["digest"]},
    )
    _pin(save_model(network.eval(), card, into), into)
    print(card.name, figures)


def main() -> None:
    """Prepare, learn and keep the plain weights; or make card and weights of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder drugs of the reference data (default: SUWEN_DATA)")
    parser.add_argument("--state", type=Path, help="where the plain weights go, or are taken from")
    parser.add_argument("--write", type=Path, help="folder for card and weights of the state; nothing is taught")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--minutes", type=float, default=6.0, help="of learning")
    parser.add_argument("--epochs", type=int, default=1000)
    parser.add_argument("--most", type=int, default=10_000_000, help="molecules")
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    options = parser.parse_args()
    if options.state is None:
        print("nothing done: an accelerator is needed; say --device cuda --state FILE, then add --write FOLDER")
        return
    if options.data is None:
        from suwen import datasets  # noqa: PLC0415 - not there on an accelerator

        options.data = datasets.folder() / "drugs"
    if options.write is not None:
        write(options.state, options.data, options.write)
        return
    begin = time.monotonic()
    smiles = smiles_of(options.data, options.most)
    molecules = prepared(smiles, options.processes)
    print(f"{len(molecules.lengths)} of {len(smiles)} molecules in {time.monotonic() - begin:.0f} s", flush=True)
    torch.manual_seed(0)
    torch.set_float32_matmul_precision("high")
    settings = TokenTransformerSettings(tokens=len(TOKENS), outputs=molecules.properties.shape[1] + BITS)
    network = TokenTransformer(settings).to(options.device)
    source = Source(molecules, options.device, 0)
    train(source, network, options.minutes, options.epochs)
    print(judged(source, network), asdict(settings), f"{time.monotonic() - begin:.0f} s", flush=True)
    kept = {name: one.cpu() for name, one in network.state_dict().items()}
    digest = hashlib.sha256("\n".join(smiles).encode()).hexdigest()
    torch.save({"state": kept, "settings": asdict(settings), "digest": digest, "molecules": len(smiles)}, options.state)


if __name__ == "__main__":
    main()
