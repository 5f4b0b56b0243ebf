"""A small bulk export made up by hand, ways to take it in, and what a store then holds."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

from papers import Json, lines, observation, order, person
from ward import Ward

from suwen.consult.chart import open_patient
from suwen.consult.fhir.imported import Imported
from suwen.consult.fhir.lines import import_lines
from suwen.consult.patients import list_my_patients
from suwen.errors import Problem
from suwen.formats.fhir import Stored, canonical
from suwen.records.access import Role
from suwen.records.gate import Records
from suwen.records.people import Actor

__all__ = ["WHOLE", "Told", "state", "written"]

WHOLE = {
    "Patient": [person(str(n), number=f"MRN-{n}", family=f"Family{n}") for n in range(4)],
    "Observation": [observation(f"o{n}", str(n % 4), value=f"v{n}") for n in range(23)],
    "MedicationRequest": [order(f"m{n}", str(n % 4)) for n in range(5)],
    "Provenance": [
        {
            "resourceType": "Provenance",
            "id": f"p{n}",
            "target": [{"reference": f"Observation/o{n}"}],
            "recorded": "2020-01-01T00:00:00Z",
            "agent": [{"who": {"display": "ward"}}],
        }
        for n in range(3)
    ],
}


class Told:
    """What an import said, and the import itself."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, int, Problem]] = []
        self.steps: list[tuple[int, int]] = []

    def into(self, actor: Actor, records: Records, *files: Path, source: str = "") -> Imported:
        return import_lines(
            actor,
            records,
            files,
            source=source,
            progress=lambda now, whole: self.steps.append((now, whole)),
            problems=lambda file, number, problem: self.problems.append((file.name, number, problem)),
        )


def written(folder: Path, whole: dict[str, list[Json]], *, shuffled: int | None = None) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for name, resources in whole.items():
        (folder / f"{name}.ndjson").write_bytes(lines(*resources))
    files = sorted(folder.iterdir())
    if shuffled is not None:
        random.Random(shuffled).shuffle(files)  # noqa: S311 - an order, not a secret
    return files


def state(ward: Ward, records: Records | None = None) -> Counter[tuple[str, int, bytes]]:
    """Every resource of everybody in the physician's care, by the patient's name, with its version."""
    held: Counter[tuple[str, int, bytes]] = Counter()
    records = records or ward.records
    for one in list_my_patients(ward[Role.PHYSICIAN], records):
        for record in open_patient(ward[Role.PHYSICIAN], records, one.id):
            if record.kind != "Demographics":
                resource = Stored.from_bytes(record.payload).resource
                held[one.demographics.names[0], record.version, canonical(resource)] += 1
    return held
