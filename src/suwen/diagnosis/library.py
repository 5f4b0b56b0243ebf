"""A library of solved cases: compiled once, searched for cases that resemble a patient."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.features import closure, resolve
from suwen.errors import DataError, SuwenError
from suwen.formats import iter_cases
from suwen.knowledge import Knowledge, Ontology, cache_folder
from suwen.knowledge.arrays import Floats, Ints, Rows, pack, rows_from_pairs, unpack
from suwen.knowledge.index import content_digest, read_index, stamp, write_index
from suwen.subject import Patient, Sex

__all__ = ["Library", "build_library", "load_library"]


@dataclass(frozen=True)
class Library:
    """Solved cases, one row each: identifier, diagnosis (disease code), publication, features.

    `observed` and `excluded` hold term numbers of the ontology the library was compiled with; `implied` rows are the
    observed terms with all ancestors. `skipped` counts cases left out because they had no diagnosis or no feature.
    """

    ids: tuple[str, ...]
    diagnoses: tuple[str, ...]
    diagnosis_labels: tuple[str, ...]
    publications: tuple[str, ...]
    observed: Rows
    excluded: Rows
    implied: Rows
    sex: NDArray[np.int8]
    age_years: Floats
    digest: str
    skipped: int = 0

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def by_term(self) -> Rows:
        """Cases that have each term, implied ones included."""
        return self.implied.transposed(self._n_terms)

    @property
    def _n_terms(self) -> int:
        return int(self.implied.column.max(initial=-1)) + 1

    @cached_property
    def of_publication(self) -> Mapping[str, Ints]:
        """Case numbers by publication."""
        return _positions(self.publications)

    @cached_property
    def disease_number(self) -> tuple[tuple[str, ...], Ints]:
        """Distinct diagnoses, and for each case the position of its diagnosis among them."""
        codes = tuple(dict.fromkeys(self.diagnoses))
        number = {code: position for position, code in enumerate(codes)}
        return codes, np.array([number[code] for code in self.diagnoses], np.int32)

    def without(self, publication: str) -> NDArray[np.bool_]:
        """Mask of the cases from other publications."""
        kept = np.ones(len(self), np.bool_)
        if publication:
            kept[self.of_publication.get(publication, np.empty(0, np.int32))] = False
        return kept


def build_library(patients: Iterable[Patient], ontology: Ontology, digest: str = "") -> Library:
    """Compile solved cases; a case without diagnosis or usable feature is counted in `skipped`, never guessed."""
    rows, skipped = [], 0
    for patient in patients:
        features = resolve(patient, ontology, lenient=True)
        if not patient.diagnoses or not features.observed:
            skipped += 1
            continue
        rows.append((patient, features))
    return Library(
        ids=tuple(patient.id for patient, _ in rows),
        diagnoses=tuple(patient.diagnoses[0].code.value for patient, _ in rows),
        diagnosis_labels=tuple(patient.diagnoses[0].code.label for patient, _ in rows),
        publications=tuple(patient.publication for patient, _ in rows),
        observed=_sets([features.observed for _, features in rows]),
        excluded=_sets([features.excluded for _, features in rows]),
        implied=_sets([closure(features.observed, ontology).tolist() for _, features in rows]),
        sex=np.array([_SEXES.index(patient.sex) for patient, _ in rows], np.int8),
        age_years=np.array([np.nan if p.age_years is None else p.age_years for p, _ in rows], np.float32),
        digest=digest,
        skipped=skipped,
    )


def load_library(
    paths: Sequence[Path], knowledge: Knowledge, *, notify: Callable[[str], None] = lambda _: None
) -> Library:
    """Load solved cases from files or folders, through a compiled index in the cache.

    A case that appears in several files (same identifier) is kept once. Raises DataError when a path does not exist.
    """
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise DataError(
            f"no case library at {', '.join(missing)}; run: suwen data fetch cases",
            zh=f"{'、'.join(missing)} 没有病例库；请运行：suwen data fetch cases",
        )
    files = sorted(file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())
    file = cache_folder() / f"library-{stamp(files, knowledge.digest)}.safetensors"
    found = read_index(file)
    if found is not None:
        return _from_arrays(*found)
    notify("Compiling the library of solved cases (once, about 10 seconds)")
    seen = dict[str, Patient]()
    for _, case in iter_cases(paths):
        if not isinstance(case, SuwenError):
            seen.setdefault(case.id, case)
    library = build_library(seen.values(), knowledge.ontology, content_digest(files))
    write_index(file, *_to_arrays(library))
    return library


_SEXES = list(Sex)


def _positions(values: Sequence[str]) -> dict[str, Ints]:
    found: dict[str, list[int]] = {}
    for position, value in enumerate(values):
        found.setdefault(value, []).append(position)
    return {value: np.array(positions, np.int32) for value, positions in found.items()}


def _sets(members: Sequence[Sequence[int]]) -> Rows:
    row = np.repeat(np.arange(len(members), dtype=np.int32), [len(one) for one in members])
    column = np.array([term for one in members for term in one], np.int32)
    return rows_from_pairs(row, column, len(members))


def _to_arrays(library: Library) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    arrays: dict[str, np.ndarray] = {
        "id": pack(library.ids),
        "diagnosis": pack(library.diagnoses),
        "diagnosis_label": pack(library.diagnosis_labels),
        "publication": pack(library.publications),
        "sex": library.sex,
        "age_years": library.age_years,
    }
    for name in ("observed", "excluded", "implied"):
        rows = getattr(library, name)
        arrays |= {f"{name}.start": rows.start, f"{name}.term": rows.column}
    return arrays, {"digest": library.digest, "skipped": str(library.skipped), "cases": str(len(library))}


def _from_arrays(arrays: Mapping[str, np.ndarray], header: Mapping[str, str]) -> Library:
    empty, count = np.empty(0, np.float32), int(header["cases"])
    observed, excluded, implied = (
        Rows(arrays[f"{name}.start"], arrays[f"{name}.term"], empty) for name in ("observed", "excluded", "implied")
    )
    return Library(
        ids=tuple(unpack(arrays["id"], count)),
        diagnoses=tuple(unpack(arrays["diagnosis"], count)),
        diagnosis_labels=tuple(unpack(arrays["diagnosis_label"], count)),
        publications=tuple(unpack(arrays["publication"], count)),
        observed=observed,
        excluded=excluded,
        implied=implied,
        sex=arrays["sex"],
        age_years=arrays["age_years"],
        digest=header["digest"],
        skipped=int(header["skipped"]),
    )
