"""`suwen ecg`: an electrocardiogram read, measured and drawn on standard paper with its evidence marked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suwen.cli.image_places import require_places, staged
from suwen.cli.records.showing import say, staged_progress, write_whole
from suwen.errors import InputError

if TYPE_CHECKING:
    from suwen.formats.waveforms.nouns import Recording
    from suwen.report.ecg_nouns import Paper, ReadEcg
    from suwen.subject import Sex

__all__ = ["ecg"]

_FILE = click.Path(path_type=Path, dir_okay=False)
_LEAST = 1.0  # s; a shorter recording holds no heartbeat that could be told from noise
_OLDEST = 130.0  # years
_COMPANIONS = frozenset((".hea", ".dat", ".mat", ".atr", ".ari", ".qrs", ".man"))  # files of one WFDB record
_STAGES = {
    "read": {"en": "reading the file", "zh": "读取文件"},
    "rhythm": {"en": "finding and measuring beats", "zh": "检出并测量心搏"},
    "draw": {"en": "drawing", "zh": "绘图"},
}
_TOLD = {
    "report": {"en": "Page written to {file}", "zh": "页面已写入 {file}"},
    "svg": {"en": "Drawing written to {file}", "zh": "图形已写入 {file}"},
    "pdf": {"en": "PDF written to {file}", "zh": "PDF 已写入 {file}"},
}
_FORMS = tuple(_TOLD)


@click.command("ecg")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--report", type=_FILE, help="Write the page: trace with evidence, signs, intervals, quality, limits.")
@click.option("--svg", type=_FILE, help="Write the drawing on standard paper as SVG in real millimetres.")
@click.option("--pdf", type=_FILE, help="Write the drawing on A4 landscape, true to scale, as PDF.")
@click.option(
    "--layout",
    type=click.Choice(["auto", "3x4", "6x2", "12x1", "strips"]),
    default="auto",
    show_default=True,
    help="Leads on the paper; auto is 3x4 with a rhythm strip for 12 leads, else strips.",
)
@click.option("--speed", type=click.Choice(["25", "50"]), default="25", show_default=True, help="Paper, mm/s.")
@click.option("--gain", type=click.Choice(["5", "10", "20"]), default="10", show_default=True, help="Paper, mm/mV.")
@click.option("--begin", type=float, metavar="S", help="Second at which the drawing begins; all is read in any case.")
@click.option("--seconds", type=float, metavar="S", help="How many seconds are drawn, at most 60 rows.")
@click.option("--level", is_flag=True, help="Take the wandering of the baseline out before drawing (it is said).")
@click.option("--rate", type=float, metavar="HZ", help="Samples a second, for files that do not tell.")
@click.option("--unit", type=click.Choice(["V", "mV", "uV", "nV"]), help="Unit, for files that do not tell.")
@click.option("--leads", default="", metavar="I,II,...", help="Names of the leads where the file has none; else which.")
@click.option("--age", type=float, help="Age of the patient in years.")
@click.option("--sex", type=click.Choice(["male", "female"]), help="Sex of the patient.")
@click.option("--mains", type=click.Choice(["50", "60"]), default="50", show_default=True, help="Mains, Hz.")
@click.option(
    "--method",
    type=click.Choice(["auto", "learned", "rules"]),
    default="auto",
    show_default=True,
    help="How beats are found: by the shipped network, by rules, or by the network where PyTorch is installed.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language.")
def ecg(file: Path, **options: Any) -> None:
    """Read the electrocardiogram of FILE: WFDB, MATLAB, EDF, SCP-ECG, DICOM, HL7 aECG or a table.

    Beats, intervals and waves are measured, signs are named with the figures and the places they rest on, and the
    trace is drawn at 25 mm/s and 10 mm/mV with the evidence marked. That no beat is found is an answer, no error.
    """
    lang = options["lang"]
    places = {name: options[name] for name in _FORMS if options[name] is not None}
    _require_places(file, places)
    paper = _paper(options)
    age, sex = _person(options)
    with staged_progress(_STAGES["read"][lang]) as told:
        recording = _recording(file, options)
        told(_STAGES["rhythm"][lang], 0, 1)
        read = _read(recording, options, age, sex)
        told(_STAGES["draw"][lang], 0, 1)
        made = _drawn(read, paper, places, lang)
    _write(made, places, lang)
    _show(read, as_json=options["as_json"], lang=lang)


def _require_places(file: Path, places: dict[str, Path]) -> None:
    """Refuse outputs that cannot be written or are part of the recording, before anything is read.

    Threat: a drawing written over a file of the record would destroy the original trace of a patient.
    """
    whole = file.resolve()
    for name, place in places.items():
        other = place.resolve()
        beside = other.parent == whole.parent and other.suffix.lower() in _COMPANIONS and other.exists()
        if other == whole or beside:  # a header may name files that are called otherwise, or other records
            raise InputError(f"--{name} would overwrite the recording; name another file")
    require_places(file, places, {})


def _paper(options: dict[str, Any]) -> Paper:
    from suwen.report.ecg_nouns import Paper  # noqa: PLC0415

    return Paper(
        layout=options["layout"],
        speed=float(options["speed"]),
        gain=float(options["gain"]),
        begin=options["begin"],
        seconds=options["seconds"],
        level=options["level"],
    )


def _person(options: dict[str, Any]) -> tuple[float | None, Sex | None]:
    from suwen.subject import Sex  # noqa: PLC0415

    age = options["age"]
    if age is not None and not 0 <= age <= _OLDEST:
        raise InputError(f"an age lies between 0 and {_OLDEST:g} years, not {age:g}")
    return age, None if options["sex"] is None else Sex(options["sex"])


def _recording(file: Path, options: dict[str, Any]) -> Recording:
    from suwen.formats.waveforms import read_recording  # noqa: PLC0415

    if file.is_dir() and not file.with_name(f"{file.name}.hea").is_file():
        raise InputError(f"{file} is a folder; name the file of one recording in it")
    names = [one.strip() for one in options["leads"].replace("，", ",").split(",") if one.strip()]
    found = read_recording(file, rate=options["rate"], unit=options["unit"], leads=names or None)
    if found.seconds < _LEAST:
        raise InputError(f"the recording lasts {found.seconds:.2f} s; at least {_LEAST:g} s are needed to read it")
    return found


def _read(recording: Recording, options: dict[str, Any], age: float | None, sex: Sex | None) -> ReadEcg:
    from suwen.diagnosis.rhythm import read_rhythm, variability  # noqa: PLC0415
    from suwen.diagnosis.rhythm.findings import findings  # noqa: PLC0415
    from suwen.report.ecg_nouns import ReadEcg  # noqa: PLC0415
    from suwen.report.ecg_tables import LEAST_VARIABILITY  # noqa: PLC0415

    reading = read_rhythm(
        recording.samples,
        recording.rate,
        recording.leads,
        method=options["method"],
        age=age,
        sex=sex,
        mains=float(options["mains"]),
    )
    enough = recording.seconds >= LEAST_VARIABILITY and len(reading.beats.samples) > 1
    varied = variability(reading.beats.seconds, kinds=reading.kinds) if enough else None
    found = findings(reading, options["lang"], signal=recording.id)
    return ReadEcg(recording, reading, found, varied, age, sex)


def _drawn(read: ReadEcg, paper: Paper, places: Iterable[str], lang: Any) -> dict[str, str | bytes]:
    """What each output will hold."""
    from suwen.report.ecg_layout import sheets  # noqa: PLC0415
    from suwen.report.ecg_page import ecg_html  # noqa: PLC0415
    from suwen.report.ecg_paper import ecg_svg  # noqa: PLC0415
    from suwen.report.ecg_pdf import ecg_pdf  # noqa: PLC0415

    sheets(read, paper)  # a layout or part that cannot be drawn is refused even where only text is asked for
    now = datetime.now(UTC)
    makers: dict[str, Callable[[], str | bytes]] = {
        "report": lambda: ecg_html(read, paper, lang=lang, created=now),
        "svg": lambda: ecg_svg(read, paper, lang=lang),
        "pdf": lambda: ecg_pdf(read, paper, lang=lang, created=now),
    }
    return {name: makers[name]() for name in places}


def _write(made: dict[str, str | bytes], places: dict[str, Path], lang: Any) -> None:
    """Write all files or none, and say which."""
    with staged(places) as found:
        for name, content in made.items():
            write_whole(found[name], [content])
    for name, file in places.items():
        say(_TOLD[name][lang].format(file=file))


def _show(read: ReadEcg, *, as_json: bool, lang: Any) -> None:
    from rich.console import Console  # noqa: PLC0415

    from suwen.report.ecg_data import ecg_json  # noqa: PLC0415
    from suwen.report.ecg_page import print_ecg  # noqa: PLC0415

    if as_json:
        click.echo(json.dumps(ecg_json(read, lang), ensure_ascii=False, indent=1, allow_nan=False))
        return
    print_ecg(read, Console(highlight=False), lang)
