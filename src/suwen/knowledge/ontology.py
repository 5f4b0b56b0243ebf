"""The phenotype ontology in memory: terms, their names, their ancestors, and what became of retired ones."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from suwen.knowledge.arrays import Ints, Rows, pack, rows_from_pairs, unpack
from suwen.knowledge.obo import Obo, OboTerm
from suwen.subject import Code

__all__ = ["PHENOTYPE_ROOT", "Ontology", "build_ontology"]

PHENOTYPE_ROOT = "HP:0000118"
_SNOMED = re.compile(r"SNOMEDCT_US:(\d+)")
_FOLD = re.compile(r"[^0-9a-z\u4e00-\u9fff]+")
Arrays = dict[str, np.ndarray]


def fold(name: str) -> str:
    """Reduce a name to what decides whether two names are the same: letters, digits and Chinese characters."""
    return _FOLD.sub(" ", name.lower()).strip()


@dataclass(frozen=True)
class Ontology:
    """Terms in ascending order of identifier; every per-term sequence has this order.

    `closure` row i holds the ancestors of term i within the phenotype branch, itself included; it is empty for terms
    outside that branch. `retired` maps an obsolete or alternative identifier to its replacement ("" where none
    exists), `suggested` to the terms to consider instead.
    """

    release: str
    ids: tuple[str, ...]
    labels: tuple[str, ...]
    labels_zh: tuple[str, ...]
    synonyms: tuple[str, ...]
    closure: Rows
    retired: Mapping[str, str]
    suggested: Mapping[str, tuple[str, ...]]
    snomed: Mapping[str, str]
    number: Mapping[str, int] = field(repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    def in_branch(self, term: int) -> bool:
        """Whether a term is a phenotypic abnormality (not an inheritance mode, onset class or modifier)."""
        return bool(self.closure.start[term + 1] > self.closure.start[term])

    def ancestors(self, term: int) -> Ints:
        """Term numbers of all ancestors within the phenotype branch, the term itself included."""
        return self.closure.columns(term)

    def label(self, term: int, lang: str = "en") -> str:
        """Label in `zh` or `en`; English where no Chinese label is known."""
        return (self.labels_zh[term] if lang == "zh" else "") or self.labels[term]

    def code(self, term: int, lang: str = "en") -> Code:
        """The term as a Code with its label."""
        return Code(self.ids[term], self.label(term, lang))

    @cached_property
    def by_name(self) -> Mapping[str, str]:
        """Folded label, synonym or Chinese label to identifier; a label wins over another term's synonym."""
        names: dict[str, str] = {}
        for term, synonyms in enumerate(self.synonyms):
            for synonym in synonyms.split("\t") if synonyms else ():
                names[fold(synonym)] = self.ids[term]
        for labels in (self.labels_zh, self.labels):
            for term, label in enumerate(labels):
                if label:
                    names[fold(label)] = self.ids[term]
        names.pop("", None)
        return names

    def arrays(self) -> Arrays:
        """The ontology as arrays for the index file."""
        retired = [f"{old}\t{new}\t{','.join(self.suggested.get(old, ()))}" for old, new in self.retired.items()]
        return {
            "term.id": pack(self.ids),
            "term.label": pack(self.labels),
            "term.label_zh": pack(self.labels_zh),
            "term.synonyms": pack(self.synonyms),
            "term.retired": pack(retired),
            "term.snomed": pack([f"{code}\t{term}" for code, term in self.snomed.items()]),
            "closure.start": self.closure.start,
            "closure.column": self.closure.column,
        }

    @staticmethod
    def from_arrays(arrays: Mapping[str, np.ndarray], release: str) -> Ontology:
        """Rebuild from `arrays()`."""
        closure = Rows(arrays["closure.start"], arrays["closure.column"], np.empty(0, np.float32))
        ids = unpack(arrays["term.id"], 1)
        retired = [line.split("\t") for line in unpack(arrays["term.retired"], len(arrays["term.retired"]))]
        snomed = [line.split("\t") for line in unpack(arrays["term.snomed"], len(arrays["term.snomed"]))]
        return Ontology(
            release=release,
            ids=tuple(ids),
            labels=tuple(unpack(arrays["term.label"], 1)),
            labels_zh=tuple(unpack(arrays["term.label_zh"], 1)),
            synonyms=tuple(unpack(arrays["term.synonyms"], 1)),
            closure=closure,
            retired={old: new for old, new, _ in retired},
            suggested={old: tuple(more.split(",")) for old, _, more in retired if more},
            snomed=dict(snomed),
            number={term: number for number, term in enumerate(ids)},
        )


def build_ontology(obo: Obo, labels_zh: Mapping[str, str]) -> Ontology:
    """Compile the terms of an OBO file; Chinese labels are added where `labels_zh` has them."""
    terms = sorted((term for term in obo.terms if not term.obsolete), key=lambda term: term.id)
    number = {term.id: position for position, term in enumerate(terms)}
    retired, suggested = _retired(obo, number)
    return Ontology(
        release=obo.release,
        ids=tuple(term.id for term in terms),
        labels=tuple(term.name for term in terms),
        labels_zh=tuple(labels_zh.get(term.id, "") for term in terms),
        synonyms=tuple("\t".join(term.synonyms) for term in terms),
        closure=_closure(terms, number),
        retired=retired,
        suggested=suggested,
        snomed=_snomed(terms),
        number=number,
    )


def _closure(terms: Sequence[OboTerm], number: Mapping[str, int]) -> Rows:
    """Ancestors by one pass in topological order, so that no recursion depth depends on the file."""
    branch = _branch(terms)
    parents = [[number[parent] for parent in term.parents if parent in branch] for term in terms]
    ancestors: dict[int, frozenset[int]] = {}
    waiting = [number[term.id] for term in terms if term.id in branch]
    while waiting:
        later = []
        for term in waiting:
            if all(parent in ancestors for parent in parents[term]):
                ancestors[term] = frozenset({term}).union(*(ancestors[parent] for parent in parents[term]))
            else:
                later.append(term)
        if len(later) == len(waiting):
            break  # a cycle: its terms have no defined ancestors and stay outside the branch
        waiting = later
    row = np.repeat(list(ancestors), [len(found) for found in ancestors.values()]).astype(np.int32)
    column = np.fromiter((term for found in ancestors.values() for term in found), np.int32, len(row))
    return rows_from_pairs(row, column, len(terms))


def _branch(terms: Sequence[OboTerm]) -> set[str]:
    children: dict[str, list[str]] = {}
    for term in terms:
        for parent in term.parents:
            children.setdefault(parent, []).append(term.id)
    reached, edge = set[str](), [PHENOTYPE_ROOT]
    while edge:
        term_id = edge.pop()
        if term_id not in reached:
            reached.add(term_id)
            edge += children.get(term_id, ())
    return reached


def _retired(obo: Obo, number: Mapping[str, int]) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    retired, suggested = dict[str, str](), dict[str, tuple[str, ...]]()
    for term in obo.terms:
        for old in term.alternative_ids:
            retired.setdefault(old, term.id)
    for term in obo.terms:
        if term.obsolete:
            retired[term.id] = next((new for new in term.replaced_by if new in number), "")
            options = tuple(new for new in term.consider if new in number)
            if options:
                suggested[term.id] = options
    return {old: new for old, new in retired.items() if old not in number}, suggested


def _snomed(terms: Sequence[OboTerm]) -> dict[str, str]:
    """SNOMED CT concept to HPO term, from the ontology's own cross-references; ambiguous concepts are left out."""
    found: dict[str, set[str]] = {}
    for term in terms:
        for xref in term.xrefs:
            match = _SNOMED.fullmatch(xref)
            if match:
                found.setdefault(match.group(1), set()).add(term.id)
    return {code: next(iter(ids)) for code, ids in sorted(found.items()) if len(ids) == 1}
