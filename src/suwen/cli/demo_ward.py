"""What the demonstration's ward holds beside its charts: who treats whom, electrocardiograms, images; filled once."""

from __future__ import annotations

import contextlib
import threading
import uuid
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from suwen.cli.demo import Ward, admit
from suwen.cli.demo_training import FOLDER, train_in
from suwen.errors import MissingExtraError, SuwenError

if TYPE_CHECKING:
    from suwen.govern import Actor, Records
    from suwen.server import House

__all__ = ["consult_ward", "furnish"]

_DONE, _CONSULTED = "furnished", "consulted"  # files beside the store: what was done to it
_WITH_US = ("nurse", "radiologist")  # treat the ward's patients too
# Electrocardiograms made by a program (rhythm, rate, seed), by the place of the patient in the ward.
_RECORDINGS = ((4, "af", 96.0, 11), (0, "sinus", 64.0, 12), (3, "sinus", 78.0, 13))


def furnish(ward: Ward, records: Records) -> None:
    """Fill an open demonstration the first time it is served; done twice it changes nothing."""
    marker = ward.folder / _DONE
    if marker.exists():
        return
    from suwen.govern import grant_care, log_in, log_out  # noqa: PLC0415

    physician = log_in(records, "physician", ward.passwords["physician"])
    patients = admit(physician, records)
    administrator = log_in(records, "administrator", ward.passwords["administrator"])
    for patient in patients:
        for login in _WITH_US:
            with contextlib.suppress(ValueError):  # there is the relationship already
                grant_care(administrator, records, patient=patient, who=login)
    _record(physician, records, patients)
    _image(physician, records, patients)
    log_out(administrator, records)
    log_out(physician, records)
    _mark(marker)


def consult_ward(ward: Ward, house: House) -> None:
    """Have every area look at the ward's patients once, and then train a small model, in a thread of its own.

    The first page does not wait for it.
    """
    threading.Thread(target=_begin, args=(ward, house), name="ward", daemon=True).start()


def _begin(ward: Ward, house: House) -> None:
    if not (ward.folder / _CONSULTED).exists():
        _consult(ward, house)
    train_in(ward.folder / FOLDER)


def _consult(ward: Ward, house: House) -> None:
    from suwen.consult import consult, list_my_patients  # noqa: PLC0415
    from suwen.govern import log_in, log_out  # noqa: PLC0415

    areas = house.science.areas()
    with contextlib.suppress(SuwenError):  # it was stopped in between: next time again
        physician = log_in(house.records, "physician", ward.passwords["physician"])
        for one in list_my_patients(physician, house.records):
            consult(physician, house.records, one.id, areas=areas)
        log_out(physician, house.records)
        _mark(ward.folder / _CONSULTED)


def _record(physician: Actor, records: Records, patients: list[str]) -> None:
    try:
        import numpy as np  # noqa: PLC0415

        from suwen.diagnosis.rhythm.synthetic import synthetic_ecg  # noqa: PLC0415
        from suwen.formats.waveforms import Recording  # noqa: PLC0415
    except (ImportError, MissingExtraError):  # the ward then has no electrocardiograms
        return
    from suwen.consult import store_samples  # noqa: PLC0415

    for at, rhythm, bpm, seed in _RECORDINGS:
        made = synthetic_ecg(np.random.default_rng(seed), rhythm=rhythm, bpm=bpm, rate=500.0)
        recording = Recording(f"made-up-{seed}", made.names, made.rate, made.values.astype(np.float32))
        store_samples(physician, records, patients[at], recording, recorded="2026-11-20")


def _image(physician: Actor, records: Records, patients: list[str]) -> None:
    """A radiograph, two small CT with their segmentations, and a crop of MR, painted by formulas."""
    from suwen.cli.ward_images import (  # noqa: PLC0415
        NODULE_MM,
        Painted,
        painted_ct,
        painted_mr,
        painted_outline,
        painted_radiograph,
    )
    from suwen.consult import list_my_patients  # noqa: PLC0415
    from suwen.consult.imaging import store_objects  # noqa: PLC0415

    known = {one.id: one.demographics for one in list_my_patients(physician, records)}
    with contextlib.suppress(MissingExtraError):  # the ward then has no images
        for at, paint, day, nodule in (
            (4, painted_radiograph, 21, NODULE_MM),
            (3, painted_ct, 1, 16.0),
            (3, painted_ct, 21, NODULE_MM),
            (4, painted_mr, 21, NODULE_MM),
        ):
            who = known[patients[at]]
            whose = Painted(
                number=who.identifiers[0].rpartition("|")[2],
                name=who.names[0],
                born=who.birth_date.replace("-", ""),
                sex="F" if who.sex.value == "female" else "M",
                taken=datetime(2026, 11, day, 9, 30),  # noqa: DTZ001 - DICOM tells the time of the house
                uid=_uid,
                seed=at,
                nodule=nodule,
            )
            made = paint(whose)
            parts = [made] if isinstance(made, bytes) else list(made)
            parts += [painted_outline(parts, whose)] if paint is painted_ct else []
            store_objects(physician, records, parts, patient=patients[at])


def _uid() -> str:
    return f"2.25.{uuid.uuid4().int}"  # PS3.5 B.2


def _mark(marker: Path) -> None:
    marker.write_text("Done; remove the whole folder to begin anew.\n", "utf-8")
