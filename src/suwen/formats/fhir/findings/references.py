"""Finds what a reference points at, among resources given one by one and in bundles."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from suwen.errors import Problem
from suwen.formats.document import Place
from suwen.formats.fhir.nouns import Json

__all__ = ["Known"]

_VERSION = re.compile(r"/_history/[^/]*$")
_LOCAL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})")


class Known:
    """Every resource, with bundles opened: all `places`, and each by its addresses."""

    def __init__(self, resources: Sequence[Json], problems: list[Problem]) -> None:
        self.places: list[Place] = []
        self._by_address: dict[str, list[Place]] = {}
        for index, resource in enumerate(resources):
            path = f"resources[{index}]"
            if isinstance(resource, Mapping):
                whole: Mapping[object, object] = dict(resource.items())
                self._open(Place(whole, path, problems), "")
            else:
                problems.append(Problem(path, "a resource is expected"))

    def _open(self, place: Place, address: str) -> None:
        waiting = [(place, address)]
        while waiting:
            one, url = waiting.pop()
            if one.get("resourceType") != "Bundle":
                self._enter(one, url)
                continue
            entries = [(entry.inner("resource"), entry.text("fullUrl")) for entry in one.entries("entry")]
            waiting += [(inner, full_url) for inner, full_url in entries if inner is not None]

    def _enter(self, place: Place, address: str) -> None:
        self.places.append(place)
        kind, id_ = place.get("resourceType"), place.get("id")
        for name in dict.fromkeys((address, f"{kind}/{id_}" if kind and id_ else "")):
            if name:
                self._by_address.setdefault(name, []).append(place)

    def find(self, reference: Place | None, owner: Place) -> Place | None:
        """What a reference points at; reports, at `owner`, where that is nothing or more than one thing."""
        if reference is None:
            owner.report("extension", "a reference is missing")
            return None
        target = _VERSION.sub("", reference.text("reference"))
        local = _LOCAL.fullmatch(target)
        for name in (target, local.group(1) if local else ""):
            found = self._by_address.get(name, [])
            if found and all(one.value == found[0].value for one in found):
                return found[0]
            if found:
                reference.report("reference", "points at several resources that differ", "keep one of them")
                return None
        reference.report("reference", "points at a resource that is not here", "give it along")
        return None
