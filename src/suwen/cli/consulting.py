"""`suwen consult` and `suwen report`: every area over one patient of the sealed records, and the report of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suwen.cli.engine import engine_options, open_engine
from suwen.cli.notes import corrections_option, kept_corrections
from suwen.cli.records.choosing import own_patient, patient_argument
from suwen.cli.records.opening import Where, working
from suwen.cli.records.showing import say, write_whole
from suwen.cli.records.store_options import store_options
from suwen.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from suwen.consult import Area, Consultation

__all__ = ["consult", "refuse_unknown_report", "report", "write_report"]

_REPORTS = (".html", ".htm", ".pdf", ".json")
_language = click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language.")
_emergency = click.option("--emergency", is_flag=True, help="For emergency treatment, after break-glass.")
_out = click.option(
    "--out",
    "outs",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="Write a report: .html, .pdf or .json; repeatable.",
)


@click.command()
@patient_argument
@_out
@click.option(
    "--setting",
    type=click.Choice(["rare", "common"]),
    default="common",
    show_default=True,
    help="Where the patient is seen: a clinic for rare diseases, or general practice.",
)
@click.option("--top", default=10, show_default=True, type=click.IntRange(1, 50), help="How many diseases to file.")
@click.option("--no-texts", is_flag=True, help="Read no notes, reports and attachments; coded features only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@corrections_option
@_emergency
@engine_options
@store_options
def consult(where: Where, patient: str, identifier: str | None, outs: tuple[Path, ...], **options: Any) -> None:
    """Have every area look at PATIENT, file what it finds, and show it in the order of what matters.

    Only what new data touch is worked out again. Physicians and imaging specialists may; findings are theirs to judge:
    suwen finding.
    """
    from suwen.consult import consult as consulted  # noqa: PLC0415

    refuse_unknown_report(outs)
    with working(where) as (actor, records):
        chosen = own_patient(actor, records, patient, identifier)
        areas = _areas(options)
        found = consulted(actor, records, chosen, purpose=_purpose(options["emergency"]), areas=areas)
    _show(found, options["lang"], as_json=options["as_json"])
    for out in outs:
        write_report(found, out, options["lang"])


@click.command()
@patient_argument
@_out
@_emergency
@_language
@store_options
def report(where: Where, patient: str, identifier: str | None, outs: tuple[Path, ...], **options: Any) -> None:
    """Report on PATIENT what the latest consult filed and what people said of it; works nothing out.

    Without --out it is shown here.
    """
    from suwen.consult import read_consultation  # noqa: PLC0415

    refuse_unknown_report(outs)
    with working(where) as (actor, records):
        chosen = own_patient(actor, records, patient, identifier)
        found = read_consultation(actor, records, chosen, purpose=_purpose(options["emergency"]))
    if not found.areas and not found.findings:
        raise InputError(f"nobody has consulted on this patient yet; run: suwen consult {chosen}")
    if not outs:
        _show(found, options["lang"], as_json=False)
    for out in outs:
        write_report(found, out, options["lang"])


def _purpose(emergency: bool) -> Any:
    from suwen.consult import Purpose  # noqa: PLC0415

    return Purpose.EMERGENCY if emergency else Purpose.TREATMENT


def _areas(options: dict[str, Any]) -> tuple[Area, ...]:
    """Every area, with the engine of the differential; without its knowledge that area says so, the others go on."""
    from suwen.consult import default_areas  # noqa: PLC0415
    from suwen.language.reader import CorrectedReader, NoteReader, Reader  # noqa: PLC0415

    engine = open_engine((options["hpo"], options["library"], options["no_library"]), say)
    reader: Reader | None = None if options["no_texts"] else NoteReader(engine.knowledge)
    if isinstance(reader, NoteReader) and options["corrections"] is not None:
        reader = CorrectedReader(reader, kept_corrections(options["corrections"]))
    return default_areas(engine, setting=options["setting"], top=options["top"], reader=reader)


def _show(found: Consultation, lang: str, *, as_json: bool) -> None:
    from suwen.report import consultation_json, print_consultation  # noqa: PLC0415

    if as_json:
        click.echo(json.dumps(consultation_json(found), ensure_ascii=False))
    else:
        print_consultation(found, _console(), lang)  # type: ignore[arg-type]  # click has checked it


def _console() -> Console:
    from rich.console import Console  # noqa: PLC0415

    return Console(highlight=False)


def refuse_unknown_report(outs: tuple[Path, ...]) -> None:
    """Refuse a file whose suffix says nothing, before any work is done. Raises InputError."""
    for out in outs:
        if out.suffix not in _REPORTS:
            raise InputError(f"{out.name}: the suffix says what to write: {', '.join(_REPORTS)}")


def write_report(found: Consultation, out: Path, lang: str) -> None:
    """Write a report that only its owner reads, by the suffix, whole or not at all. Raises DataError."""
    from suwen.report import consultation_json, patient_report_html, patient_report_pdf  # noqa: PLC0415

    created = datetime.now(UTC)
    if out.suffix == ".pdf":
        content = patient_report_pdf(found, lang=lang, created=created)  # type: ignore[arg-type]  # click has checked it
    elif out.suffix == ".json":
        content = (json.dumps(consultation_json(found), ensure_ascii=False, indent=2) + "\n").encode()
    else:
        content = patient_report_html(found, lang=lang, created=created).encode()  # type: ignore[arg-type]
    write_whole(out, [content])
    say(f"{'报告已写入' if lang == 'zh' else 'Report written to'} {out.resolve()}")
