"""The process that benchmark workstation serves from: a clinic made, its server started, stopped when told."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from suwen.consult import import_fhir, open_patient
from suwen.formats.fhir import read_document
from suwen.govern import Opening
from suwen.govern.clinic import MadeUpClinic, made_up_clinic
from suwen.server import House, Science, Settings
from suwen.server.serving import server_for
from suwen.server.tls.certificates import own_certificate
from suwen.server.tls.socket import bound
from suwen.server.visitors import SESSION

__all__ = ["serve_clinic"]

_MINE = 200  # patients of the physician
_STREAM = "/jobs/stream"
_OFTEN = 10**9  # the load comes from one address, and it is not the limit of a rate that is measured


def serve_clinic(folder: Path, charts: Sequence[str], size: int, told: Connection) -> None:
    """Make the clinic in `folder`, serve it on a free port, say where through `told`, stop when told."""
    opening = Opening(secret=lambda _: "measured, then removed")
    with made_up_clinic(folder / "store", opening, patients=size, mine=min(_MINE, size)) as clinic:
        filled, resources = _fill(clinic, charts)
        certificate, key = own_certificate(folder / "tls", "localhost")
        settings = Settings(store=folder / "store", certificate=certificate, key=key, a_minute=_OFTEN, tries=_OFTEN)
        with bound("127.0.0.1", 0) as listening:
            port = int(listening.getsockname()[1])
            house = House(clinic.records, replace(settings, port=port), Science(lambda: None))
            begin = time.perf_counter()

            def started() -> None:
                told.send({
                    "port": port,
                    "cookie": f"{SESSION}={clinic.physician.id}.{clinic.physician.token}",
                    "patients": filled,
                    "resources": resources,
                    "stream": _STREAM,
                    "ready": time.perf_counter() - begin,
                })  # fmt: skip

            server = server_for(house, started=started)

            def wait() -> None:
                told.recv()
                server.should_exit = True

            threading.Thread(target=wait, daemon=True).start()
            server.run(sockets=[listening])


def _fill(clinic: MadeUpClinic, charts: Sequence[str]) -> tuple[list[str], list[str]]:
    """The ids of the patients whose charts were taken in, and addresses of resources of theirs."""
    patients: list[str] = []
    for file in charts:
        document = read_document(Path(file).read_bytes())
        if any(one.kind == "Patient" for one in document.entries):  # else it is of the sample's hospitals
            patients += import_fhir(clinic.physician, clinic.records, document).patients
    resources = []
    for patient in patients:
        found = open_patient(clinic.physician, clinic.records, patient, kinds=["Observation"])
        resources += [f"Observation/{patient}{one.id}" for one in found[:20]]
    return patients, resources
