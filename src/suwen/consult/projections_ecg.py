"""What the reading of electrocardiograms is given of a record: the newest recording and the one before, age and sex.

Samples, leads and rate go in, and nothing of a file that names anybody; when it was recorded is said in days before the
latest date of the record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from suwen.consult.facts import (
    ELSEWHERE,
    NO_RECORDING,
    NOT_DONE,
    age_years,
    begun,
    digest,
    named,
    sound_of,
    statuses,
    used_of,
    who_of,
)
from suwen.consult.nouns import Given
from suwen.errors import Problem
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.sampled import tracings_of
from suwen.subject import Sex

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suwen.formats.waveforms.nouns import Recording

__all__ = ["ECG_KINDS", "EcgFacts", "Trace", "electrocardiograms"]

ECG_KINDS = frozenset({"Patient", "Observation", "DocumentReference", "DiagnosticReport", "Media"})
_COMPARED = 2  # the newest and the one before
_UNDONE = frozenset({"registered", "cancelled", "superseded", "preparation", "not-done"})


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """A recording: `samples` (leads, time) float32 in mV, `rate` in samples a second, and what was noticed of it.

    `where` is the resource that holds it. `days` is how long before the latest date of the record it was made, None
    where that is not said; `age` is the patient's in years then, in whole months, or else at the latest date.
    """

    samples: NDArray[np.float32] = field(repr=False)
    rate: float
    leads: tuple[str, ...]
    days: int | None = None
    age: float | None = None
    where: str = ""
    noticed: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class EcgFacts:
    """The newest electrocardiogram of a patient and the one before it, as far as there are such."""

    patient: str
    sex: Sex = Sex.UNKNOWN
    newest: Trace | None = None
    before: Trace | None = None


def electrocardiograms(resources: Sequence[Json], patient: str) -> Given:
    """The newest electrocardiogram that can be read, and the one before (`EcgFacts`)."""
    left_out, who = Counter[str](), who_of(resources)
    sound = sound_of(resources, Counter())
    latest = max((day for day in map(begun, sound) if day is not None), default=None)
    found: dict[str, tuple[Json, Recording]] = {}
    for resource, recording in _recordings(_newest_first(sound, left_out), left_out):
        found.setdefault(recording.id, (resource, recording))  # a report may hold the recording once more
        if len(found) == _COMPARED:
            break
    traces = [_trace(one, resource, latest, who) for resource, one in found.values()]
    noun = EcgFacts(patient, _sex(who), *traces)
    return Given(noun, digest(noun), used_of(who, _once(resource for resource, _ in found.values())), +left_out)


def _newest_first(resources: Iterable[Json], left_out: Counter[str]) -> list[Json]:
    done = []
    for one in resources:
        if not statuses(one) & _UNDONE:
            done.append(one)
        elif next(tracings_of(one), None) is not None:
            left_out[NOT_DONE] += 1
    return sorted(done, key=_day, reverse=True)


def _day(resource: Json) -> float:
    day = begun(resource)
    return float("-inf") if day is None else day


def _recordings(resources: Iterable[Json], left_out: Counter[str]) -> Iterator[tuple[Json, Recording]]:
    """The recordings of each resource, the one with the most leads first; what cannot be read is counted."""
    for one in resources:
        read = []
        for tracing in tracings_of(one):
            if tracing.recording is not None:
                read.append(tracing.recording)
            else:
                left_out[ELSEWHERE if tracing.is_elsewhere else NO_RECORDING] += 1
        yield from ((one, each) for each in sorted(read, key=lambda each: -len(each.leads)))


def _trace(recording: Recording, resource: Json, latest: float | None, who: Json) -> Trace:
    day = begun(resource)
    days = int(latest) - int(day) if day is not None and latest is not None else None
    age = age_years(who, day if day is not None else latest)
    return Trace(recording.samples, recording.rate, recording.leads, days, age, named(resource), recording.noticed)


def _sex(who: Json) -> Sex:
    said = str(who.get("gender", ""))
    return Sex(said) if said in {one.value for one in Sex} else Sex.UNKNOWN


def _once(resources: Iterable[Json]) -> list[Json]:
    return list({id(one): one for one in resources}.values())
