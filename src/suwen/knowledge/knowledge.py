"""Knowledge: ontology, diseases, annotations and profiles, compiled once into an index and loaded from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suwen import datasets
from suwen.errors import DataError
from suwen.knowledge.arrays import Floats, Rows, pack, rows_from_pairs, unpack
from suwen.knowledge.diseases import Diseases, build_diseases
from suwen.knowledge.hpoa import Annotation, read_genes, read_hpoa
from suwen.knowledge.index import cache_folder, content_digest, read_index, stamp, write_index
from suwen.knowledge.names import equivalents_by_name, read_babelon, read_disease_names, read_sssom
from suwen.knowledge.obo import read_obo
from suwen.knowledge.ontology import Ontology, build_ontology
from suwen.knowledge.profiles import AnnotationRows, Profiles, direct_frequencies, propagate
from suwen.knowledge.relatives import mates, pooled

__all__ = ["Change", "Knowledge", "Sources", "build_knowledge", "find_sources", "load_knowledge"]

MAX_INFORMATION = 9.5  # nats; a feature of one disease in 12,680 (ln 12680 = 9.4) is as informative as it gets


@dataclass(frozen=True, slots=True)
class Sources:
    """Files the knowledge is compiled from; the optional ones add Chinese names and disease equivalences."""

    obo: Path
    hpoa: Path
    genes: Path
    labels_zh: Path | None = None
    names_zh: tuple[Path, ...] = ()
    mondo: tuple[Path, ...] = ()

    def files(self) -> tuple[Path, ...]:
        """Every file that is used, in a fixed order."""
        labels = (self.labels_zh,) if self.labels_zh else ()
        return (self.obo, self.hpoa, self.genes, *labels, *self.names_zh, *self.mondo)


@dataclass(frozen=True, slots=True)
class Change:
    """Profiles that differ once rows are removed: of `diseases` themselves, and of `related` through their mates."""

    diseases: NDArray[np.int32]
    profiles: Profiles
    related: NDArray[np.int32]
    relatives: Profiles


@dataclass(frozen=True)
class Knowledge:
    """What is known about phenotypes and diseases, from releases that `sources` and `digest` (SHA-256) name.

    `rows` are the phenotype annotations of `diseases` by number; `references` the publications they cite.
    `profiles` are the frequencies along the ontology, equivalents pooled; `relatives` those of the other diseases of
    the same gene, averaged over `mates`.
    """

    ontology: Ontology
    diseases: Diseases
    rows: AnnotationRows
    references: tuple[str, ...]
    profiles: Profiles
    relatives: Profiles
    mates: Rows
    background: Floats
    information: Floats
    sources: Mapping[str, str]
    digest: str

    @cached_property
    def reference_number(self) -> Mapping[str, int]:
        """Publication to its number in `references`."""
        return {reference: number for number, reference in enumerate(self.references)}

    @cached_property
    def rows_of_reference(self) -> Rows:
        """Annotation rows that cite each publication."""
        return self.rows.references.transposed(len(self.references))

    @cached_property
    def members(self) -> Rows:
        """Diseases of each group of equivalents, one row per standing disease (empty rows for the others)."""
        everyone = np.arange(len(self.diseases), dtype=np.int32)
        return rows_from_pairs(self.diseases.equivalent, everyone, len(self.diseases))

    @cached_property
    def rows_of_disease(self) -> Rows:
        """Annotation rows of each disease."""
        every = np.arange(len(self.rows), dtype=np.int32)
        return rows_from_pairs(self.rows.disease, every, len(self.diseases))

    def group(self, disease: int) -> NDArray[np.int32]:
        """The disease and its equivalents."""
        return self.members.columns(int(self.diseases.equivalent[disease]))

    def pooled_rows(self, disease: int) -> NDArray[np.int32]:
        """Numbers of the annotation rows of a disease and its equivalents."""
        return np.concatenate([self.rows_of_disease.columns(int(member)) for member in self.group(disease)])

    def without(self, publications: Iterable[str]) -> Change | None:
        """What changes when rows that cite nothing but `publications` are removed; None when nothing does."""
        numbers = [self.reference_number[one] for one in publications if one in self.reference_number]
        citing = np.concatenate([np.empty(0, np.int32), *(self.rows_of_reference.columns(one) for one in numbers)])
        rows, times = np.unique(citing, return_counts=True)
        removed = set(rows[np.diff(self.rows.references.start)[rows] == times].tolist())
        if not removed:
            return None
        changed = {int(self.diseases.equivalent[self.rows.disease[row]]) for row in removed}
        diseases = np.array(sorted({int(d) for group in changed for d in self.members.columns(group)}), np.int32)
        kept = [[row for row in self.pooled_rows(int(d)).tolist() if row not in removed] for d in diseases]
        owner = np.repeat(np.arange(len(diseases), dtype=np.int32), [len(rows) for rows in kept])
        chosen = np.array([row for rows in kept for row in rows], np.int64)
        profiles = self._profiles_of(owner, chosen, len(diseases))
        return Change(diseases, profiles, *self._relatives_of(diseases, profiles))

    def _relatives_of(self, changed: NDArray[np.int32], profiles: Profiles) -> tuple[NDArray[np.int32], Profiles]:
        """Relatives of the diseases one of whose mates changed, pooled from the changed profiles."""
        position = {int(disease): number for number, disease in enumerate(changed)}
        related = np.array(sorted({int(d) for one in changed for d in self.mates_of.columns(int(one))}), np.int32)
        members = self.mates.take(related)
        everyone = np.unique(members.column)
        stacked = Rows.stacked([self.profiles.by_disease.take(everyone), profiles.by_disease])
        number = {int(disease): at for at, disease in enumerate(everyone)}
        number |= {disease: len(everyone) + at for disease, at in position.items()}
        column = np.array([number[int(one)] for one in members.column], np.int32)
        pool = pooled(Rows(members.start, column, members.value), stacked, len(self.ontology))
        return related, Profiles.build(pool, len(self.ontology), self.information)

    @cached_property
    def mates_of(self) -> Rows:
        """Diseases that count each disease among their mates."""
        return self.mates.transposed(len(self.diseases))

    def _profiles_of(self, owner: NDArray[np.int32], chosen: NDArray[np.int64], n_diseases: int) -> Profiles:
        rows, n_terms = self.rows, len(self.ontology)
        direct = direct_frequencies(owner, rows.term[chosen], rows.seen[chosen], rows.of[chosen], n_terms)
        by_disease = propagate(*direct, self.ontology.closure, n_diseases)
        return Profiles.build(by_disease, n_terms, self.information)


def find_sources(hpo: Path | None = None) -> Sources:
    """Locate the files: HPO from `hpo` (a folder) or the installed carrier, the rest from the data folder if there."""
    home = hpo or datasets.path("hpo")
    needed = {name: home / name for name in ("hp.obo", "phenotype.hpoa", "genes_to_phenotype.txt")}
    missing = [name for name, file in needed.items() if not file.is_file()]
    if missing:
        raise DataError(
            f"{home} lacks {', '.join(missing)}; run: suwen data fetch hpo",
            zh=f"{home} 缺少 {'、'.join(missing)}；请运行：suwen data fetch hpo",
        )
    optional = {name: datasets.path(name) for name in ("hp-zh", "disease-names-zh", "mondo") if datasets.present(name)}
    names_zh, mondo = optional.get("disease-names-zh"), optional.get("mondo")
    return Sources(
        obo=needed["hp.obo"],
        hpoa=needed["phenotype.hpoa"],
        genes=needed["genes_to_phenotype.txt"],
        labels_zh=optional.get("hp-zh"),
        names_zh=tuple(sorted(names_zh.glob("*.json.gz"))) if names_zh else (),
        mondo=tuple(sorted(f for f in mondo.glob("*.sssom.tsv*") if f.name.startswith(("omim", "orphanet"))))
        if mondo
        else (),
    )


def load_knowledge(hpo: Path | None = None, *, notify: Callable[[str], None] = lambda _: None) -> Knowledge:
    """Load the compiled index, compiling it first when it is absent, damaged or older than its sources.

    `notify` receives one sentence before a build (about 10 s). Raises DataError when the HPO files are missing.
    """
    sources = find_sources(hpo)
    file = cache_folder() / f"knowledge-{stamp(sources.files())}.safetensors"
    found = read_index(file)
    if found is not None:
        return _from_arrays(*found)
    notify("Compiling the phenotype ontology and disease annotations (once, about 10 seconds)")
    knowledge = build_knowledge(sources)
    write_index(file, *_to_arrays(knowledge))
    return knowledge


def build_knowledge(sources: Sources) -> Knowledge:
    """Compile knowledge from source files. Raises FormatError when one of them is not what its name says."""
    obo, hpoa = read_obo(sources.obo), read_hpoa(sources.hpoa)
    ontology = build_ontology(obo, read_babelon(sources.labels_zh) if sources.labels_zh else {})
    names = {row.disease: row.disease_name for row in hpoa.rows}
    pairs = [pair for path in sources.mondo for pair in read_sssom(path)] or equivalents_by_name(names)
    diseases = build_diseases(hpoa.rows, read_genes(sources.genes), read_disease_names(sources.names_zh), pairs)
    rows, references = _annotation_rows(hpoa.rows, ontology, diseases)
    by_disease = _pooled_profiles(rows, ontology, diseases)
    gene_mates = mates(diseases)
    background, information = _background(by_disease, len(ontology))
    return Knowledge(
        ontology=ontology,
        diseases=diseases,
        rows=rows,
        references=references,
        profiles=Profiles.build(by_disease, len(ontology), information),
        relatives=Profiles.build(pooled(gene_mates, by_disease, len(ontology)), len(ontology), information),
        mates=gene_mates,
        background=background,
        information=information,
        sources={"HPO": obo.release, "HPO annotations": hpoa.release, "equivalents": _equivalence_source(sources)},
        digest=content_digest(sources.files()),
    )


def _equivalence_source(sources: Sources) -> str:
    return "MONDO exact matches" if sources.mondo else "identical names"


def _annotation_rows(
    rows: Sequence[Annotation], ontology: Ontology, diseases: Diseases
) -> tuple[AnnotationRows, tuple[str, ...]]:
    """Keep phenotype rows whose term is in the phenotype branch, following replacements of retired terms."""
    kept = []
    for row in rows:
        term = ontology.number.get(ontology.retired.get(row.term, row.term))
        if row.aspect == "P" and term is not None and ontology.in_branch(term):
            kept.append((diseases.number[row.disease], term, row.seen, row.of, row.references))
    references = tuple(dict.fromkeys(reference for row in kept for reference in row[4]))
    number = {reference: position for position, reference in enumerate(references)}
    cited = [sorted(number[reference] for reference in set(row[4])) for row in kept]
    start = np.concatenate([[0], np.cumsum([len(c) for c in cited])]).astype(np.int32)
    column = np.array([one for c in cited for one in c], np.int32)
    return AnnotationRows(
        disease=np.array([row[0] for row in kept], np.int32),
        term=np.array([row[1] for row in kept], np.int32),
        seen=np.array([row[2] for row in kept], np.float32),
        of=np.array([row[3] for row in kept], np.float32),
        references=Rows(start, column, np.empty(0, np.float32)),
    ), references


def _pooled_profiles(rows: AnnotationRows, ontology: Ontology, diseases: Diseases) -> Rows:
    """Frequencies by disease: compute once per group of equivalents, then hand to each member."""
    group = diseases.equivalent[rows.disease]
    direct = direct_frequencies(group, rows.term, rows.seen, rows.of, len(ontology))
    pooled = propagate(*direct, ontology.closure, len(diseases))
    return pooled.take(diseases.equivalent)


def _background(by_disease: Rows, n_terms: int) -> tuple[Floats, Floats]:
    """Mean frequency of each term over all diseases, and its information content -ln(share of diseases with it)."""
    n_diseases = len(by_disease)
    total = np.bincount(by_disease.column, by_disease.value, minlength=n_terms)
    count = np.bincount(by_disease.column, minlength=n_terms)
    background = np.maximum(total / n_diseases, 0.1 / n_diseases)
    information = np.clip(-np.log(np.maximum(count, 0.5) / n_diseases), 0.0, MAX_INFORMATION)
    return background.astype(np.float32), information.astype(np.float32)


def _to_arrays(knowledge: Knowledge) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    rows, by_disease, related = knowledge.rows, knowledge.profiles.by_disease, knowledge.relatives.by_disease
    arrays = knowledge.ontology.arrays() | knowledge.diseases.arrays()
    arrays |= {
        "row.disease": rows.disease,
        "row.term": rows.term,
        "row.seen": rows.seen,
        "row.of": rows.of,
        "row.reference_start": rows.references.start,
        "row.reference": rows.references.column,
        "reference": pack(knowledge.references),
        "profile.start": by_disease.start,
        "profile.term": by_disease.column,
        "profile.frequency": by_disease.value,
        "relatives.start": related.start,
        "relatives.term": related.column,
        "relatives.frequency": related.value,
        "mates.start": knowledge.mates.start,
        "mates.disease": knowledge.mates.column,
        "background": knowledge.background,
        "information": knowledge.information,
    }
    header = {
        "digest": knowledge.digest,
        "sources": json.dumps(dict(knowledge.sources)),
        "release": knowledge.ontology.release,
    }
    return arrays, header


def _from_arrays(arrays: Mapping[str, np.ndarray], header: Mapping[str, str]) -> Knowledge:
    empty = np.empty(0, np.float32)
    references = Rows(arrays["row.reference_start"], arrays["row.reference"], empty)
    by_disease = Rows(arrays["profile.start"], arrays["profile.term"], arrays["profile.frequency"])
    related = Rows(arrays["relatives.start"], arrays["relatives.term"], arrays["relatives.frequency"])
    ontology = Ontology.from_arrays(arrays, header["release"])
    return Knowledge(
        ontology=ontology,
        diseases=Diseases.from_arrays(arrays),
        rows=AnnotationRows(
            arrays["row.disease"], arrays["row.term"], arrays["row.seen"], arrays["row.of"], references
        ),
        references=tuple(unpack(arrays["reference"], len(arrays["reference"]))),
        profiles=Profiles.build(by_disease, len(ontology), arrays["information"]),
        relatives=Profiles.build(related, len(ontology), arrays["information"]),
        mates=Rows(arrays["mates.start"], arrays["mates.disease"], empty),
        background=arrays["background"],
        information=arrays["information"],
        sources=json.loads(header["sources"]),
        digest=header["digest"],
    )
