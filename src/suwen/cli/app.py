"""Assembles the commands of `suwen`."""

from __future__ import annotations

import io
import sys

import click

from suwen.cli.bench import bench
from suwen.cli.card import card
from suwen.cli.clean import clean
from suwen.cli.cohort import cohort
from suwen.cli.consulting import consult, report
from suwen.cli.data import data
from suwen.cli.demo import demo
from suwen.cli.diagnose import diagnose, explain, next_, similar
from suwen.cli.dicom import dicom
from suwen.cli.dicom_deidentify import deidentify
from suwen.cli.dock import dock
from suwen.cli.doctor import doctor
from suwen.cli.ecg import ecg
from suwen.cli.errors import SuwenGroup
from suwen.cli.explain_model import explain_model
from suwen.cli.fhir import fhir
from suwen.cli.fit_activity import fit_activity
from suwen.cli.heart import heart
from suwen.cli.image import image
from suwen.cli.judging import finding
from suwen.cli.notes import read
from suwen.cli.profile import profile
from suwen.cli.records import records
from suwen.cli.screen import screen
from suwen.cli.serve import serve
from suwen.cli.train import train

__all__ = ["main"]


@click.group(cls=SuwenGroup)
@click.version_option(package_name="suwen", prog_name="suwen")
def main() -> None:
    """Suwen: a patient goes in, findings with their evidence come out.

    Decision support for clinicians; not a diagnosis.
    """
    for stream in (sys.stdout, sys.stderr):  # a terminal that cannot show a character shows a question mark instead
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


dicom.add_command(deidentify)
for _command in (
    bench,
    card,
    clean,
    cohort,
    consult,
    data,
    demo,
    diagnose,
    dicom,
    dock,
    doctor,
    ecg,
    explain,
    explain_model,
    fhir,
    finding,
    fit_activity,
    heart,
    image,
    next_,
    profile,
    read,
    records,
    screen,
    serve,
    report,
    similar,
    train,
):
    main.add_command(_command)
