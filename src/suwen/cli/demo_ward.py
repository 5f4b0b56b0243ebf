"""What the demonstration's ward holds beside its charts: who treats whom, electrocardiograms, images; filled once."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from suwen.cli.demo import Ward, admit
from suwen.errors import MissingExtraError

if TYPE_CHECKING:
    from suwen.govern import Actor, Records

__all__ = ["furnish"]

_DONE = "furnished"  # a file beside the store: it was filled
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
    log_out(administrator, records)
    log_out(physician, records)
    _mark(marker)


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


def _mark(marker: Path) -> None:
    marker.write_text("This demonstration is filled.\n", "utf-8")
