"""The diseases that can be told apart: names, genes, equivalents, age of onset and inheritance."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from suwen.errors import NotFoundError
from suwen.knowledge.arrays import Floats, Ints, pack, unpack
from suwen.knowledge.hpoa import Annotation
from suwen.knowledge.ontology import fold
from suwen.subject import Code

__all__ = ["ONSET_YEARS", "Diseases", "build_diseases", "group_equivalents"]

# Earliest age in years at which each HPO onset class begins (definitions of HP:0003674 and its descendants).
ONSET_YEARS = {
    "HP:0030674": 0.0,  # antenatal
    "HP:0011460": 0.0,  # embryonal
    "HP:0011461": 0.0,  # fetal
    "HP:0003577": 0.0,  # congenital
    "HP:0003623": 0.0,  # neonatal
    "HP:0410280": 0.0,  # paediatric
    "HP:0003593": 28 / 365.25,  # infantile
    "HP:0011463": 1.0,  # childhood
    "HP:0003621": 5.0,  # juvenile
    "HP:0003581": 16.0,  # adult
    "HP:0011462": 16.0,  # young adult
    "HP:0025708": 16.0,  # early young adult
    "HP:0025709": 19.0,  # intermediate young adult
    "HP:0025710": 25.0,  # late young adult
    "HP:0003596": 40.0,  # middle age
    "HP:0003584": 60.0,  # late
}
X_LINKED = {"HP:0001417", "HP:0001419"}  # X-linked, X-linked recessive (X-linked dominant affects both sexes)


@dataclass(frozen=True)
class Diseases:
    """Diseases in order of first appearance in the annotations; every per-disease sequence has this order.

    `equivalent[i]` is the number of the disease that stands for i's group of equivalents (the OMIM entry where there is
    one), itself when it has none. `onset_years[i]` is the earliest stated onset, NaN when not stated.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    names_zh: tuple[str, ...]
    genes: tuple[str, ...]
    equivalent: Ints
    onset_years: Floats
    x_linked: np.ndarray
    number: Mapping[str, int] = field(repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    def code(self, disease: int, lang: str = "en") -> Code:
        """The disease as a Code with its name; English where no Chinese name is known."""
        name = (self.names_zh[disease] if lang == "zh" else "") or self.names[disease]
        return Code(self.ids[disease], name)

    def find(self, text: str) -> int:
        """Number of the disease with this code or name. Raises NotFoundError naming the nearest ones."""
        wanted = text.strip()
        code = wanted.upper().replace("ORPHANET:", "ORPHA:")
        if code in self.number:
            return self.number[code]
        folded = fold(wanted)
        names = {fold(name): number for number, name in reversed(list(enumerate(self.names)))}
        names |= {fold(name): number for number, name in enumerate(self.names_zh) if name}
        if folded in names and folded:
            return names[folded]
        near = difflib.get_close_matches(folded, names, n=3, cutoff=0.5)
        hint = "; ".join(f"{self.names[names[name]]} ({self.ids[names[name]]})" for name in near)
        raise NotFoundError(
            f"no disease {wanted!r} among {len(self)}"
            + (f"; did you mean {hint}?" if hint else "; give a code such as OMIM:154700"),
            zh=f"{len(self)} 种疾病中没有 {wanted!r}",
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """The table as arrays for the index file."""
        return {
            "disease.id": pack(self.ids),
            "disease.name": pack(self.names),
            "disease.name_zh": pack(self.names_zh),
            "disease.genes": pack(self.genes),
            "disease.equivalent": self.equivalent,
            "disease.onset_years": self.onset_years,
            "disease.x_linked": self.x_linked,
        }

    @staticmethod
    def from_arrays(arrays: Mapping[str, np.ndarray]) -> Diseases:
        """Rebuild from `arrays()`."""
        ids = unpack(arrays["disease.id"], 1)
        return Diseases(
            ids=tuple(ids),
            names=tuple(unpack(arrays["disease.name"], 1)),
            names_zh=tuple(unpack(arrays["disease.name_zh"], 1)),
            genes=tuple(unpack(arrays["disease.genes"], 1)),
            equivalent=arrays["disease.equivalent"],
            onset_years=arrays["disease.onset_years"],
            x_linked=arrays["disease.x_linked"],
            number={disease: position for position, disease in enumerate(ids)},
        )


def build_diseases(
    rows: Sequence[Annotation],
    genes: Mapping[str, tuple[str, ...]],
    names_zh: Mapping[str, str],
    equivalents: Iterable[tuple[str, str]],
) -> Diseases:
    """Collect the diseases of annotation rows; `equivalents` are pairs as `read_sssom` returns them."""
    names = {row.disease: row.disease_name for row in reversed(rows)}
    ids = tuple(dict.fromkeys(row.disease for row in rows))
    number = {disease: position for position, disease in enumerate(ids)}
    onset = np.full(len(ids), np.nan, np.float32)
    x_linked = np.zeros(len(ids), np.bool_)
    for row in rows:
        position = number[row.disease]
        if row.term in ONSET_YEARS and not row.negated:
            onset[position] = np.fmin(onset[position], ONSET_YEARS[row.term])
        x_linked[position] |= row.term in X_LINKED
    return Diseases(
        ids=ids,
        names=tuple(names[disease] for disease in ids),
        names_zh=tuple(names_zh.get(disease, "") for disease in ids),
        genes=tuple(",".join(genes.get(disease, ())) for disease in ids),
        equivalent=group_equivalents(ids, number, equivalents),
        onset_years=onset,
        x_linked=x_linked,
        number=number,
    )


def group_equivalents(ids: Sequence[str], number: Mapping[str, int], pairs: Iterable[tuple[str, str]]) -> Ints:
    """Number of the disease standing for each disease's group; groups that share a member are one group."""
    stands_for = list(range(len(ids)))

    def root(position: int) -> int:
        while stands_for[position] != position:
            position = stands_for[position]
        return position

    first: dict[str, int] = {}
    for group, disease in pairs:
        if disease in number:
            one, other = root(first.setdefault(group, number[disease])), root(number[disease])
            low, high = sorted((one, other), key=lambda position: (not ids[position].startswith("OMIM:"), position))
            stands_for[high] = low
    return np.array([root(position) for position in range(len(ids))], np.int32)
