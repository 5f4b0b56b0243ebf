"""What goes along with the matches of a search: what they point at, and what points at them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from suwen.consult.fhir.rest.asking import Asked, Path
from suwen.consult.fhir.rest.derived import derived_kinds, derived_versions
from suwen.consult.fhir.rest.house import holds_kind, house_version, house_versions
from suwen.consult.fhir.rest.names import Named, named
from suwen.consult.fhir.rest.nouns import Limits, Version
from suwen.consult.fhir.rest.served import version_of
from suwen.consult.fhir.rest.wholes import Whole, Wholes, newest_of
from suwen.errors import InputError
from suwen.formats.fhir import Json
from suwen.formats.fhir.compartment import references
from suwen.formats.fhir.searching.match import elements
from suwen.records.access import Act, ResourceKind
from suwen.records.gate import Work
from suwen.records.noted import note_opened

__all__ = ["included_in"]

_MOST = 5000
_ROUNDS = 4  # of :iterate


def included_in(
    work: Work, wholes: Wholes, asked: Asked, matches: Sequence[Version], limits: Limits
) -> tuple[Version, ...]:
    """Each resource once, none that matched itself; of charts of the matches and the directory alone.

    Raises InputError for too many.
    """
    known = {one.local for one in matches}
    found: list[Version] = []
    include, revinclude, nearest = asked.include, asked.revinclude, list(matches)
    for _ in range(_ROUNDS):
        if not (include or revinclude) or not nearest:
            break
        nearest = _along(work, wholes, (include, revinclude), nearest, limits, known)
        found += nearest
        if len(found) > _MOST:
            said = f"more than {_MOST} resources would go along with this page; ask for smaller pages (_count)"
            raise InputError(said, zh=f"随本页返回的资源将超过 {_MOST} 个；请减小每页数量（_count）")
        include, revinclude = (tuple(one for one in paths if one.again) for paths in (include, revinclude))
    return tuple(found)


def _along(
    work: Work,
    wholes: Wholes,
    paths: tuple[Sequence[Path], Sequence[Path]],
    nearest: Sequence[Version],
    limits: Limits,
    known: set[str],
) -> list[Version]:
    """What goes along with some resources and was not known yet; it is known afterwards."""
    found = []
    for patient, those in _by_patient(nearest).items():
        for one in _of_one(work, wholes, patient, paths, those):
            if one.local not in known and limits.sees(one.kind):
                known.add(one.local)
                found.append(one)
    return found


def _by_patient(versions: Iterable[Version]) -> dict[bytes, list[Version]]:
    """By patient, b"" for what lies in the directory."""
    found: dict[bytes, list[Version]] = {}
    for one in versions:
        name = named(one.kind, one.id)
        if name is not None:
            found.setdefault(name.patient, []).append(one)
    return found


def _of_one(
    work: Work, wholes: Wholes, patient: bytes, paths: tuple[Sequence[Path], Sequence[Path]], those: Sequence[Version]
) -> Iterator[Version]:
    include, revinclude = paths
    if not patient:
        known = wholes.elsewhere.of(work)
        yield from _of_the_house(work, known, _names(patient, include, those))
        yield from _backward_in_the_house(work, known, revinclude, those)
        return
    work.require(Act.VIEW, ResourceKind.PATIENT, patient=patient)
    whole = wholes.of(work, patient)
    names = _names(patient, include, those)
    yield from _versions(work, whole, [one for one in names if one.patient])
    yield from _of_the_house(work, whole.elsewhere, [one for one in names if not one.patient])
    yield from _backward(work, whole, revinclude, those)


def _names(patient: bytes, include: Sequence[Path], matches: Sequence[Version]) -> list[Named]:
    """What resources of a chart point at in that chart and in the directory."""
    names: dict[Named, None] = {}
    for path in include:
        for one in matches:
            for said in _references(one.resource or {}, path):
                name = _own(said)
                if name is not None and name.patient in {patient, b""} and path.target in {"", name.kind}:
                    names[name] = None
    return list(names)


def _of_the_house(work: Work, known: Mapping[bytes, Named], names: Sequence[Named]) -> Iterator[Version]:
    there = set(known.values()) & set(names)
    if there and work.allows(Act.VIEW, ResourceKind.DIRECTORY):
        yield from (house_version(work, known, one) for one in names if one in there)


def _backward_in_the_house(
    work: Work, known: Mapping[bytes, Named], revinclude: Sequence[Path], matches: Sequence[Version]
) -> Iterator[Version]:
    wanted = {one.local for one in matches}
    for path in revinclude:
        if not holds_kind(work, path.kind) or not work.allows(Act.VIEW, ResourceKind.DIRECTORY):
            continue
        for name, version in house_versions(work, known, path.kind):
            if wanted & set(_references(version.resource or {}, path)):
                yield house_version(work, known, name)


def _backward(work: Work, whole: Whole, revinclude: Sequence[Path], matches: Sequence[Version]) -> list[Version]:
    wanted = {one.local for one in matches}
    found = []
    for path in revinclude:
        names = _served_as(whole, path.kind)
        opened = [*_versions(work, whole, names, noted=False)]
        hits = [one for one in opened if wanted & set(_references(one.resource or {}, path))]
        _note(work, whole, [one for one in hits if bytes.fromhex(one.id[32:]) in whole.newest])
        found += hits
        if path.kind in derived_kinds(whole):
            made = [one for one in derived_versions(work, whole) if one.kind == path.kind]
            found += [one for one in made if wanted & set(_references(one.resource or {}, path))]
    return found


def _served_as(whole: Whole, kind: str) -> list[Named]:
    """The resources of a type in a chart, as they are called; a Patient by the chart's own id."""
    if kind == "Patient":
        return [Named(kind, whole.patient)]
    return [Named(kind, whole.patient, one) for one in whole.served(kind)]


def _references(resource: Json, path: Path) -> Iterator[str]:
    if path.kind not in {"", resource.get("resourceType")}:
        return
    if path.everything:
        yield from references(resource)
        return
    for steps in path.paths:
        for node in elements(resource, steps):
            said = node.get("reference") if isinstance(node, dict) else None
            if isinstance(said, str):
                yield said.partition("/_history/")[0]


def _own(said: str) -> Named | None:
    kind, _, id_ = said.partition("/")
    return named(kind, id_)


def _versions(work: Work, whole: Whole, names: Sequence[Named], *, noted: bool = True) -> Iterator[Version]:
    stored = [one for one in names if one.record in whole.newest and _is_served(whole, one)]
    records = newest_of(work, whole, [one.record for one in stored]) if stored else []
    found = [version_of(whole, name, record) for name, record in zip(stored, records, strict=True)]
    if any(one.kind == "Patient" for one in names):
        record_id = whole.speaker() or whole.register()
        if record_id is not None:
            (record,) = newest_of(work, whole, [record_id])
            note_opened(work, whole.patient, [record])
            found.append(version_of(whole, Named("Patient", whole.patient), record))
    if noted and records:
        note_opened(work, whole.patient, records)
    yield from found
    missing = {one.local for one in names} - {one.local for one in found}
    if missing and any(one.kind in derived_kinds(whole) for one in names):
        yield from (one for one in derived_versions(work, whole) if one.local in missing)


def _is_served(whole: Whole, name: Named) -> bool:
    seen = whole.newest[name.record]
    return seen.served and seen.kind == name.kind


def _note(work: Work, whole: Whole, versions: Sequence[Version]) -> None:
    if versions:
        note_opened(work, whole.patient, newest_of(work, whole, [bytes.fromhex(one.id[32:]) for one in versions]))
