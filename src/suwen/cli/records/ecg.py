"""`suwen records ecg`: an electrocardiogram into a patient's record, where `suwen consult` reads it."""

from __future__ import annotations

from pathlib import Path

import click

from suwen.cli.records.choosing import own_patient
from suwen.cli.records.opening import Where, working
from suwen.cli.records.showing import say
from suwen.errors import InputError

__all__ = ["ecg"]


@click.command()
@click.argument("patient_and_file", nargs=-1, required=True, metavar="[PATIENT] FILE")
@click.option("--identifier", help="An identifier of the patient instead of the id; - to be asked for it.")
@click.option("--date", "recorded", default="", metavar="DATE", help="When it was recorded: 2026-11-26, or with time.")
@click.option("--title", default="", help="What readers see of it; the file's own name is not kept.")
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
) -> None:
    """Put the electrocardiogram of FILE into the record of PATIENT; prints the id of the new record.

    FILE is DICOM, EDF, SCP-ECG, MATLAB or HL7 aECG, and is read before anything is stored. `suwen consult` reads the
    newest one up to 8 MiB; longer recordings are kept as images are.
    """
    from suwen.consult import Purpose, store_recording  # noqa: PLC0415

    patient, file = _split(patient_and_file, has_identifier=identifier is not None)
    data = _bytes(file)
    with working(where) as (actor, records):
        chosen = own_patient(actor, records, patient, identifier)
        purpose = Purpose.EMERGENCY if emergency else Purpose.TREATMENT
        record, recording = store_recording(
            actor, records, chosen, data, recorded=recorded, title=title, purpose=purpose
        )
    click.echo(record.id)
    say(f"{recording.seconds:.4g} s at {recording.rate:g} Hz, leads {', '.join(recording.leads)}")
    if record.images:
        say("it is too long to be read in a consult: suwen ecg reads the file")
    else:
        say(f"it is read by: suwen consult {chosen}")


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
