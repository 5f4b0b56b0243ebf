"""Notes at the command line: `suwen read`, and the seam by which the other commands take a note for a case."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suwen.cli.language_model import model_options, with_proposals
from suwen.cli.records.showing import say, write_whole
from suwen.errors import DataError, FormatError, InputError, NotFoundError

if TYPE_CHECKING:
    from suwen.language.corrections import Correction
    from suwen.language.nouns import Mention
    from suwen.language.reader import NoteReader, ReadNote
    from suwen.subject import Patient

__all__ = ["corrections_option", "kept_corrections", "prose_reader", "read"]

corrections_option = click.option(
    "--corrections",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="For notes: what suwen read --corrections kept.",
)

_STATUSES = ("present", "absent", "possible", "conditional", "family", "past", "planned")  # tests hold it to the room


@click.command("read")
@click.argument("note", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language of what is shown [default: that of the note].")
@click.option("--hpo", type=click.Path(path_type=Path, exists=True), help="Folder of another HPO release.")
@click.option(
    "--html", "html", type=click.Path(path_type=Path, dir_okay=False), help="Write the marked note as a page."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--reject", "rejected", multiple=True, type=int, metavar="N", help="Mention N names nothing; repeatable.")
@click.option("--status", "statuses", multiple=True, metavar="N=STATUS", help="Mention N has this status; repeatable.")
@click.option("--code", "codes", multiple=True, metavar="N=HP:...", help="Mention N is this concept; repeatable.")
@click.option(
    "--corrections",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of corrections: those in it are applied, new ones are added to it.",
)
@model_options
def read(note: Path, lang: str | None, hpo: Path | None, html: Path | None, as_json: bool, **options: Any) -> None:
    """Show a NOTE (text, HTML or PDF; - for standard input) with every concept in it marked, its code and its status.

    Numbers are those of the table it prints; --reject, --status and --code put mentions right.
    """
    from suwen.language.corrections import apply_corrections  # noqa: PLC0415
    from suwen.report.note_page import NotePage, note_html, note_json, print_note  # noqa: PLC0415

    reader = _reader(hpo)
    text = _text(note)
    found = with_proposals(reader.read(text, lang=None), reader, options)
    shown: Any = lang or _language(text)
    known = kept_corrections(options["corrections"])
    mentions = apply_corrections(text, _labelled(reader, found, shown), known)
    new = _new(text, mentions, reader, shown, options)
    if new and options["corrections"] is None:
        raise InputError("say where to keep the corrections: --corrections FILE")
    if new:
        _keep(options["corrections"], [*known, *new])
        mentions = apply_corrections(text, mentions, new)
    page = NotePage(note.name if str(note) != "-" else "-", text, mentions, found.person.sex, found.person.age_years)
    if as_json:
        click.echo(json.dumps(note_json(page), ensure_ascii=False))
    else:
        from rich.console import Console  # noqa: PLC0415

        print_note(page, Console(highlight=False), shown)
    if html is not None:
        write_whole(html, [note_html(page, lang=shown, created=datetime.now(UTC))])
        say(f"{'页面已写入' if shown == 'zh' else 'Page written to'} {html.resolve()}")


def prose_reader(
    hpo: Path | None, corrections: Path | None = None, lang: str = "en"
) -> Callable[[str, str], Patient | None]:
    """What turns a note into a patient for the commands that take cases; None for a text that is a list of terms.

    Remarks on what the note says both ways are told in `lang`.
    """

    def prose(text: str, name: str) -> Patient | None:
        from suwen.diagnosis.notes import is_prose, note_patient  # noqa: PLC0415
        from suwen.language.corrections import apply_corrections  # noqa: PLC0415

        if not is_prose(text):
            return None
        reader = _reader(hpo)
        found = reader.read(text)
        mentions = apply_corrections(text, found.mentions, kept_corrections(corrections))
        read_ = note_patient(mentions, found.person, reader.ontology, name=name)
        for remark in read_.remarks[lang]:
            say(f"{name}: {remark}")
        if not read_.patient.features:
            raise FormatError("no phenotypic feature was found in this note; suwen read shows what was")
        return read_.patient

    return prose


@cache
def _reader(hpo: Path | None) -> NoteReader:
    from suwen.knowledge import load_knowledge  # noqa: PLC0415
    from suwen.language.reader import NoteReader  # noqa: PLC0415

    return NoteReader(load_knowledge(hpo, notify=say))


def _text(note: Path) -> str:
    """The text of a file: decoded, or taken out of HTML or PDF."""
    from suwen.formats.fhir.attachments import text_of_html, text_of_pdf  # noqa: PLC0415
    from suwen.language.encodings import decode_note  # noqa: PLC0415

    try:
        data = sys.stdin.buffer.read() if str(note) == "-" else note.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(f"no such file: {note}") from None
    except OSError as error:
        raise DataError(f"cannot read {note}: {error.strerror}") from None
    if data.startswith(b"%PDF-"):
        return text_of_pdf(data)
    text = decode_note(data)
    return text_of_html(text) if text.lstrip()[:15].lower().startswith(("<!doctype html", "<html")) else text


def _language(text: str) -> str:
    from suwen.language.normal import language_of  # noqa: PLC0415

    return language_of(text)


def _labelled(reader: NoteReader, found: ReadNote, lang: str) -> tuple[Mention, ...]:
    """The mentions with their labels in the language that is shown."""
    from dataclasses import replace  # noqa: PLC0415

    return tuple(replace(one, code=reader.code(one.code, lang)) for one in found.mentions)


def kept_corrections(file: Path | None) -> list[Correction]:
    """The corrections in a file; none where there is no file yet. Raises DataError, FormatError."""
    from suwen.language.corrections import read_correction  # noqa: PLC0415

    if file is None or not file.exists():
        return []
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise DataError(f"cannot read {file}; it is a file that suwen read wrote, or a new one") from None
    return [read_correction(line) for line in lines if line.strip()]


def _keep(file: Path, corrections: list[Correction]) -> None:
    from suwen.language.corrections import write_correction  # noqa: PLC0415

    write_whole(file, (write_correction(one) + "\n" for one in corrections))


def _new(
    text: str, mentions: tuple[Mention, ...], reader: NoteReader, lang: str, options: dict[str, Any]
) -> list[Correction]:
    from suwen.language.corrections import correct  # noqa: PLC0415
    from suwen.language.nouns import Status  # noqa: PLC0415
    from suwen.subject import Code  # noqa: PLC0415

    at = datetime.now(UTC).isoformat(timespec="seconds")
    found = [correct(text, _numbered(mentions, number), reject=True, at=at) for number in options["rejected"]]
    changes: dict[int, dict[str, Any]] = {}
    for number, status in map(_pair, options["statuses"]):
        if status not in _STATUSES:
            raise InputError(f"{status!r} is no status; there are {', '.join(_STATUSES)}")
        changes.setdefault(number, {})["status"] = Status(status)
    for number, code in map(_pair, options["codes"]):
        changes.setdefault(number, {})["code"] = reader.code(Code(code), lang, strict=True)
    return found + [correct(text, _numbered(mentions, number), at=at, **one) for number, one in changes.items()]


def _pair(given: str) -> tuple[int, str]:
    number, sign, value = given.partition("=")
    if not sign or not number.strip().isdecimal() or not value.strip():
        raise InputError(f"{given!r} is no correction; write the number of a mention, =, and what it is")
    return int(number), value.strip()


def _numbered(mentions: tuple[Mention, ...], number: int) -> Mention:
    if not 1 <= number <= len(mentions):
        raise InputError(f"there is no mention {number}; the note has {len(mentions)}")
    return mentions[number - 1]
