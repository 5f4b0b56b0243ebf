"""Which objects a caller reaches: those of the caller's own patients, and no others are told."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from fastapi import HTTPException

from suwen.consult import Purpose, list_my_patients, purpose_for
from suwen.consult.imaging import Held, list_objects
from suwen.errors import AccessError, NotFoundError
from suwen.server.callers import Caller, require_scope
from suwen.server.house import House

__all__ = ["Reach", "reach_of"]

_ROOM = "dicomweb"
_MOST_HINTS = 100_000


class Hints:
    """Which patient a study was last seen with. A hint opens nothing: each record is decided on when it is opened."""

    def __init__(self) -> None:
        self._patients: dict[str, str] = {}
        self._lock = threading.Lock()

    def get(self, study: str) -> str:
        """The patient (id in hex) of a study, "" unknown."""
        return self._patients.get(study, "")

    def put(self, study: str, patient: str) -> None:
        """Remember where a study lies; the oldest is forgotten where there are too many."""
        with self._lock:
            if len(self._patients) >= _MOST_HINTS:
                self._patients.pop(next(iter(self._patients)))
            self._patients[study] = patient


class Reach:
    """What one caller reaches in one request."""

    def __init__(self, house: House, caller: Caller) -> None:
        self.house, self.caller = house, caller
        self.hints: Hints = house.room(_ROOM, Hints)
        self._purposes: dict[str, Purpose] = {}

    def everything(self) -> Iterator[Held]:
        """The objects of each of the caller's patients. Raises AccessError for an app without the scope."""
        require_scope(self.caller, "ImagingStudy", "s", patient=self.caller.patient)
        for patient in self._patients():
            yield from self._objects(patient)

    def found(self, study: str, series: str = "", instance: str = "") -> list[Held]:
        """The objects of a study, of one of its series, or one of them. Raises NotFoundError, also for others' ones."""
        require_scope(self.caller, "ImagingStudy", "r", patient=self.caller.patient)
        kept = [
            one
            for one in self._study(study)
            if (not series or one.series == series) and (not instance or one.instance == instance)
        ]
        if not kept:
            raise NotFoundError("there is no such study, series or instance of your patients")
        return kept

    def purpose(self, patient: str) -> Purpose:
        """For what the caller may open this patient's record; it is decided anew at each opening."""
        if patient not in self._purposes:
            self._purposes[patient] = purpose_for(self.caller.actor, self.house.together, patient)
        return self._purposes[patient]

    def _patients(self) -> list[str]:
        if self.caller.patient:
            return [self.caller.patient]
        return [one.id for one in list_my_patients(self.caller.actor, self.house.records)]

    def _study(self, study: str) -> list[Held]:
        hinted = self.hints.get(study)
        own = [hinted] if hinted and (not self.caller.patient or hinted == self.caller.patient) else []
        for patient in own or self._patients():
            kept = [one for one in self._objects(patient) if one.study == study]
            if kept:
                return kept
        return []

    def _objects(self, patient: str) -> tuple[Held, ...]:
        """The objects of a patient, none where the record is closed to the caller: an answer must not tell that."""
        try:
            found = list_objects(self.caller.actor, self.house.together, patient, purpose=self.purpose(patient))
        except (AccessError, NotFoundError):
            return ()
        for study in {one.study for one in found}:
            self.hints.put(study, patient)
        return found


def reach_of(house: House, caller: Caller) -> Reach:
    """What a caller reaches. Raises HTTPException 501 where nothing reads DICOM here."""
    from importlib.util import find_spec  # noqa: PLC0415

    if find_spec("pydicom") is None:
        raise HTTPException(501, "pydicom is not installed; install suwen[imaging]")
    return Reach(house, caller)
