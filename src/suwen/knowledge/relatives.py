"""Diseases of the same gene: what they show together stands in for what is not yet described of one of them."""

from __future__ import annotations

import numpy as np

from suwen.knowledge.arrays import Rows, expanded, rows_from_pairs
from suwen.knowledge.diseases import Diseases

__all__ = ["mates", "pooled"]

_CROWDED = 60  # a gene with more diseases than this (LMNA has about 30) says too little about any one of them
_NEGLIGIBLE = 0.02


def mates(diseases: Diseases) -> Rows:
    """For each disease, the standing diseases of other groups that share a gene with it."""
    by_gene: dict[str, set[int]] = {}
    for disease, genes in enumerate(diseases.genes):
        for gene in genes.split(",") if genes else ():
            by_gene.setdefault(gene, set()).add(int(diseases.equivalent[disease]))
    owner, other = list[int](), list[int]()
    for disease, genes in enumerate(diseases.genes):
        shared = {one for gene in genes.split(",") if genes and len(by_gene[gene]) < _CROWDED for one in by_gene[gene]}
        shared.discard(int(diseases.equivalent[disease]))
        owner += [disease] * len(shared)
        other += shared
    return rows_from_pairs(np.array(owner, np.int32), np.array(other, np.int32), len(diseases))


def pooled(members: Rows, profiles: Rows, n_terms: int) -> Rows:
    """Mean frequency over the members of each row; `profiles` hold frequencies by the numbers that `members` name."""
    owner = np.repeat(np.arange(len(members), dtype=np.int64), np.diff(members.start))
    lengths = np.diff(profiles.start)[members.column]
    entry = expanded(profiles.start[:-1][members.column], lengths)
    share = 1.0 / np.maximum(np.diff(members.start), 1)[owner]
    key = np.repeat(owner, lengths) * n_terms + profiles.column[entry]
    unique, inverse = np.unique(key, return_inverse=True)
    mean = np.bincount(inverse, profiles.value[entry] * np.repeat(share, lengths), minlength=len(unique))
    kept = mean > _NEGLIGIBLE
    row, column = (unique[kept] // n_terms).astype(np.int32), (unique[kept] % n_terms).astype(np.int32)
    return rows_from_pairs(row, column, len(members), mean[kept].astype(np.float32))
