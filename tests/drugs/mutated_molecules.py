"""Run as a process of its own: mutated SMILES and SDF, each of which has to become molecules or one clear refusal."""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from suwen.errors import SuwenError
from suwen.formats.molecules import Molecule, read_molecule, read_molecules, tokens_of, write_molecules

SEEDS = (
    "CC(=O)Oc1ccccc1C(=O)O",
    "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
    "[Na+].O=C([O-])Cc1ccccc1Nc1c(Cl)cccc1Cl",
    "C[C@]12CC[C@H]3[C@@H](CCC4=CC(=O)CC[C@@]43C)[C@@H]1CC[C@@H]2O",
    "CN1CCCN=C1/C=C/c1cccs1",
    "N[C@@H](Cc1c[nH]c2ccccc12)C(=O)N[C@@H](CC(=O)O)C(=O)OC",
    "[2H]C([2H])([2H])Oc1ccccc1[N+](=O)[O-]",
    "C1CC2CC%10CC1CC(C2)C%10.[Fe+2].Cl[Pt](Cl)(N)N",
    "InChI=1S/C9H8O4/c1-6(10)13-8-5-3-2-4-7(8)9(11)12/h2-5H,1H3,(H,11,12)",
    "InChI=1S/C6H12O6/c7-1-2-3(8)4(9)5(10)6(11)12-2/h2-11H,1H2/t2-,3-,4+,5-,6?/m1/s1",
)
PIECES = (
    "(", ")", "[", "]", "=", "#", ".", "1", "2", "%12", "%(123)", "@", "@@", "H", "+", "-", "+15", "-15", ":1", "\\",
    "/", "[nH]", "[C@@H]", "[999C]", "[Xx]", "[U]", "*", "c", "n", "o", "C", "N", "O", "Cl", "[H]", "~", "$", "->",
    "|", " ", "\0", "水", "[#300]", "[C+]", "/t", "/h", "(H,1,2)", "?", "-1-2-3",
)  # fmt: skip


def altered(text: str, rng: random.Random) -> str:
    """One to four changes that keep the grammar: atoms exchanged and branches added, so that more is read."""
    tokens = tokens_of(text)
    for _change in range(rng.choice((1, 1, 2, 4))):
        at = rng.choice([at for at, one in enumerate(tokens) if one.isalpha()])
        if rng.random() < 0.6:
            tokens[at] = rng.choice(("C", "N", "O", "S", "P", "F", "Cl", "Br", "I", "B", "*"))
        else:
            tokens[at] += rng.choice(
                ("(C)", "(=O)", "(N)", "(C#N)", "([O-])", "([N+](C)(C)C)", "(C(=O)O)", "(S)", "([Na])")
            )
    return "".join(tokens)


def mutated(text: str, rng: random.Random) -> str:
    """One to four changes: a piece put in, a slice cut out, doubled, or moved from another seed."""
    if rng.random() < 0.5:
        return altered(text, rng)
    for _change in range(rng.choice((1, 1, 2, 4))):
        at, end = sorted((rng.randint(0, len(text)), rng.randint(0, len(text))))
        what = rng.randrange(6)
        if what == 0:
            text = text[:at] + rng.choice(PIECES) + text[at:]
        elif what == 1:
            text = text[:at] + text[min(end, at + 6) :]
        elif what == 2:
            text = text[:at] + text[at:end] * rng.randint(2, 5) + text[end:]
        elif what == 3:
            text = text[:at] + rng.choice(SEEDS)[: rng.randint(1, 30)] + text[at:]
        elif what == 4:
            text = text[:at] + rng.choice("CNOSFcnos") + text[at + 1 :]
        else:
            text = text[:at] + chr(rng.randrange(32, 127)) + text[at + 1 :]
    return text[:6_000]


def mutated_lines(text: str, rng: random.Random) -> str:
    """One to four changes of the lines and columns of an SDF."""
    lines = text.split("\n")
    for _change in range(rng.choice((1, 1, 2, 4))):
        at, what = rng.randrange(len(lines)), rng.randrange(6)
        if what == 0:
            del lines[at]
        elif what == 1:
            lines.insert(at, lines[rng.randrange(len(lines))])
        elif what == 2:
            column = rng.randint(0, len(lines[at]))
            lines[at] = (
                lines[at][:column] + rng.choice(("9", "-", "  ", "999", "R#", "nan", "1e9")) + lines[at][column + 1 :]
            )
        elif what == 3:
            lines[at] = lines[at][: rng.randint(0, len(lines[at]))]
        elif what == 4:
            lines[at] = rng.choice(
                ("M  CHG  1   1  15", "M  RAD  1 999   2", "M  STY  1   1 SRU", "M  ISO  1   1 999", "M  END")
            )
        else:
            lines[at] = "".join(chr(rng.randrange(32, 127)) for _ in range(rng.randint(0, 80)))
        lines = lines or [""]
    return "\n".join(lines)


def records(folder: Path) -> list[str]:
    """SDFs of V2000 and V3000 to begin from."""
    from rdkit import Chem  # noqa: PLC0415

    place = folder / "seed.sdf"
    write_molecules([read_molecule(one, name="seed") for one in SEEDS], place)
    blocks = [one + "$$$$\n" for one in place.read_text("utf-8").split("$$$$\n") if one.strip()]
    newer = [Chem.MolToV3KMolBlock(Chem.MolFromSmiles(one)) + "$$$$\n" for one in SEEDS if not one.startswith("InChI")]
    return blocks + newer


def main(count: int, seed: int) -> None:
    """Mutate `count` texts and as many SDFs; say how many were read and refused, the slowest, and the memory."""
    rng, counts, slowest = random.Random(seed), Counter[str](), 0.0  # noqa: S311 (no secret)
    with tempfile.TemporaryDirectory() as folder:
        sdfs, place = records(Path(folder)), Path(folder) / "mutated.sdf"
        begun = 0
        for number in range(count):
            if number == count // 4:
                begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            text, before = mutated(rng.choice(SEEDS), rng), time.process_time()
            try:
                read_molecule(text)
                counts["molecules"] += 1
            except SuwenError:
                counts["refused"] += 1
            place.write_text(mutated_lines(rng.choice(sdfs), rng), "utf-8")
            for made in read_molecules(place):
                counts["of_sdf" if isinstance(made, Molecule) else "refused_of_sdf"] += 1
            slowest = max(slowest, time.process_time() - before)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - begun
    sys.stdout.write(json.dumps({**counts, "slowest": slowest, "grown_kib": grown}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
