"""Diseases that only solved cases describe: added to the knowledge as annotation rows that cite those cases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from suwen.diagnosis.library import Library
from suwen.knowledge import Diseases, Knowledge, Profiles
from suwen.knowledge.arrays import Rows
from suwen.knowledge.profiles import AnnotationRows, direct_frequencies, propagate

__all__ = ["CASES", "extend"]

CASES = "cases:"  # prefix of the reference of a row made from library cases, before the publication


def extend(knowledge: Knowledge, library: Library) -> Knowledge:
    """Add the library's diseases that have no annotation; each row counts the cases of one publication.

    The reference of such a row is `cases:` and the publication, so that it can be removed apart from curated rows.
    Background frequencies and information contents stay those of the curated annotations.
    """
    known = knowledge.diseases
    cases = [case for case, code in enumerate(library.diagnoses) if code not in known.number]
    if not cases:
        return knowledge
    labels = {library.diagnoses[case]: library.diagnosis_labels[case] for case in cases}
    diseases = _with_diseases(known, labels)
    rows, references = _rows(library, cases, diseases, knowledge)
    n_terms, first = len(knowledge.ontology), len(known)
    direct = direct_frequencies(rows.disease - first, rows.term, rows.seen, rows.of, n_terms)
    added = propagate(*direct, knowledge.ontology.closure, len(labels))
    none = Rows(np.zeros(len(labels) + 1, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))
    related = Rows.stacked([knowledge.relatives.by_disease, none])
    by_disease = Rows.stacked([knowledge.profiles.by_disease, added])
    return replace(
        knowledge,
        diseases=diseases,
        rows=_joined(knowledge.rows, rows),
        references=references,
        profiles=Profiles.build(by_disease, n_terms, knowledge.information),
        relatives=Profiles.build(related, n_terms, knowledge.information),
        mates=Rows.stacked([knowledge.mates, none]),
        digest=f"{knowledge.digest}+{library.digest}",
    )


def _with_diseases(known: Diseases, labels: dict[str, str]) -> Diseases:
    ids = (*known.ids, *labels)
    more = len(labels)
    return Diseases(
        ids=ids,
        names=(*known.names, *labels.values()),
        names_zh=(*known.names_zh, *("",) * more),
        genes=(*known.genes, *("",) * more),
        equivalent=np.concatenate([known.equivalent, np.arange(len(known), len(ids), dtype=np.int32)]),
        onset_years=np.concatenate([known.onset_years, np.full(more, np.nan, np.float32)]),
        x_linked=np.concatenate([known.x_linked, np.zeros(more, np.bool_)]),
        number={disease: position for position, disease in enumerate(ids)},
    )


def _rows(
    library: Library, cases: list[int], diseases: Diseases, knowledge: Knowledge
) -> tuple[AnnotationRows, tuple[str, ...]]:
    """Count, per disease, term and publication, the cases with the feature and those in which it was looked for."""
    counts: dict[tuple[int, int, str], list[int]] = {}
    for case in cases:
        disease, publication = diseases.number[library.diagnoses[case]], CASES + library.publications[case]
        for terms, present in ((library.observed, 1), (library.excluded, 0)):
            for term in terms.columns(case).tolist():
                count = counts.setdefault((disease, term, publication), [0, 0])
                count[0] += present
                count[1] += 1
    references = tuple(dict.fromkeys((*knowledge.references, *(key[2] for key in counts))))
    number = {reference: position for position, reference in enumerate(references)}
    start = np.arange(len(counts) + 1, dtype=np.int32)
    cited = Rows(start, np.array([number[key[2]] for key in counts], np.int32), np.empty(0, np.float32))
    return AnnotationRows(
        disease=np.array([key[0] for key in counts], np.int32),
        term=np.array([key[1] for key in counts], np.int32),
        seen=np.array([count[0] for count in counts.values()], np.float32),
        of=np.array([count[1] for count in counts.values()], np.float32),
        references=cited,
    ), references


def _joined(one: AnnotationRows, other: AnnotationRows) -> AnnotationRows:
    return AnnotationRows(
        np.concatenate([one.disease, other.disease]),
        np.concatenate([one.term, other.term]),
        np.concatenate([one.seen, other.seen]),
        np.concatenate([one.of, other.of]),
        Rows.stacked([one.references, other.references]),
    )
