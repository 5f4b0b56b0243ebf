"""What an import of FHIR resources did, in numbers and remarks."""

from __future__ import annotations

from dataclasses import dataclass

from suwen.subject import Saying

__all__ = ["Imported", "merged"]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    `patients`: ids (hex) of those whom its resources are about, `registered` how many of them were new. Resources:
    `written` new, `changed` the next version of one that was there, `unchanged` there already, `directory` new or
    changed in the directory. `remarks` are sentences for whoever imports, without patient data.
    """

    patients: tuple[str, ...] = ()
    registered: int = 0
    written: int = 0
    changed: int = 0
    unchanged: int = 0
    directory: int = 0
    remarks: tuple[Saying, ...] = ()


def merged(one: Imported, other: Imported) -> Imported:
    """What two imports did together."""
    return Imported(
        tuple(dict.fromkeys((*one.patients, *other.patients))),
        one.registered + other.registered,
        one.written + other.written,
        one.changed + other.changed,
        one.unchanged + other.unchanged,
        one.directory + other.directory,
        (*one.remarks, *other.remarks),
    )
