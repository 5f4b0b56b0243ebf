"""`suwen records ecg`: an electrocardiogram into a patient's record, where `suwen consult` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suwen.cli.records.choosing import own_patient
from suwen.cli.records.opening import Where, working
from suwen.cli.records.showing import say
from suwen.errors import InputError

if TYPE_CHECKING:
    from suwen.formats.waveforms.nouns import Recording

__all__ = ["ecg"]


@click.command()
@click.argument("patient_and_file", nargs=-1, required=True, metavar="[PATIENT] FILE")
@click.option("--identifier", help="An identifier of the patient instead of the id; - to be asked for it.")
@click.option("--date", "recorded", default="", metavar="DATE", help="When it was recorded: 2026-11-26, or with time.")
@click.option("--title", default="", help="What readers see of it; the file's own name is not kept.")
@click.option("--rate", type=float, metavar="HZ", help="Samples a second, for files that do not tell.")
@click.option("--unit", type=click.Choice(["V", "mV", "uV", "nV"]), help="Unit of the samples, likewise.")
@click.option("--leads", default="", metavar="I,II,...", help="Names of the leads, likewise; else which to keep.")
@click.option("--emergency", is_flag=True, help="For the purpose of emergency treatment, after break-glass.")
@click.pass_obj
def ecg(
    where: Where,
    /,
    patient_and_file: tuple[str, ...],
    identifier: str | None,
    recorded: str,
    title: str,
    *,
    emergency: bool,
    **stated: Any,
) -> None:
    """Put the electrocardiogram of FILE into the record of PATIENT; prints the id of the new record.

    FILE is DICOM, EDF, SCP-ECG, MATLAB or HL7 aECG, kept as it is; or WFDB (its header), a table, or a file to which
    rate, unit or leads are stated, whose samples are kept. It is read before anything is stored. `suwen consult` reads
    the newest one up to 8 MiB; longer files are kept as images are.
    """
    from suwen.consult import Purpose, store_recording, store_samples  # noqa: PLC0415

    patient, file = _split(patient_and_file, has_identifier=identifier is not None)
    data, samples = _bytes(file), _samples(file, stated)
    with working(where) as (actor, records):
        chosen = own_patient(actor, records, patient, identifier)
        purpose = Purpose.EMERGENCY if emergency else Purpose.TREATMENT
        if samples is None:
            record, recording = store_recording(
                actor, records, chosen, data, recorded=recorded, title=title, purpose=purpose
            )
        else:
            recording = samples
            record = store_samples(actor, records, chosen, samples, recorded=recorded, purpose=purpose)
    click.echo(record.id)
    say(f"{recording.seconds:.4g} s at {recording.rate:g} Hz, leads {', '.join(recording.leads)}")
    if record.images:
        say("it is too long to be read in a consult: suwen ecg reads the file")
    else:
        say(f"it is read by: suwen consult {chosen}")


def _samples(file: Path, stated: Mapping[str, Any]) -> Recording | None:
    """What is read of a file that does not hold all by itself; None where the file is kept as it is."""
    from suwen.formats.fhir.sampled import content_type  # noqa: PLC0415
    from suwen.formats.waveforms import read_recording  # noqa: PLC0415

    leads = [one.strip() for one in stated["leads"].replace("，", ",").split(",") if one.strip()]
    with file.open("rb") as stream:
        whole = bool(content_type(stream.read(2**16)))
    if whole and stated["rate"] is None and stated["unit"] is None and not leads:
        return None
    return read_recording(file, rate=stated["rate"], unit=stated["unit"], leads=leads or None)


def _split(words: tuple[str, ...], *, has_identifier: bool) -> tuple[str, Path]:
    if len(words) != (1 if has_identifier else 2):
        raise InputError("say PATIENT and FILE, or --identifier and FILE")
    return ("" if has_identifier else words[0]), Path(words[-1])


def _bytes(file: Path) -> bytes:
    from suwen.consult.waveforms import LARGEST  # noqa: PLC0415

    if not file.is_file():
        raise InputError(f"there is no file {file}")
    if file.stat().st_size > LARGEST:
        raise InputError(f"{file} is larger than {LARGEST // 2**20} MiB; divide the recording")
    return file.read_bytes()
