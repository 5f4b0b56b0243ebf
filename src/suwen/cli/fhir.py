"""`suwen fhir`: check documents of FHIR R4, translate codes where a map may be used, write Suwen's own definitions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from suwen.cli.errors import SuwenGroup
from suwen.cli.records.showing import say, show_table, write_whole
from suwen.errors import FormatError, InputError, NotFoundError, Problem

if TYPE_CHECKING:
    from suwen.formats.fhir import Json

__all__ = ["fhir"]

_LINES = (".ndjson", ".jsonl")


@click.group(cls=SuwenGroup)
def fhir() -> None:
    """Check FHIR R4, translate codes, and write what other systems need to understand Suwen's findings."""


@fhir.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path, exists=True))
def check(files: tuple[Path, ...]) -> None:
    """Check FILE... (Bundles, resources, .ndjson, folders of these) as an import would; nothing is stored.

    Problems would keep a resource out, notes would not. Exit status 1 when there is a problem.
    """
    problems = resources = 0
    for file in _every(files):
        sound, wrong, notes = _checked(file)
        resources, problems = resources + sound, problems + len(wrong)
        for one in wrong:
            click.echo(f"{file}: {one}")
        for one in notes:
            click.echo(f"{file}: note: {one}")
    say(f"{resources} sound resources, {problems} problems")
    if problems:
        raise SystemExit(1)


def _every(files: tuple[Path, ...]) -> Iterator[Path]:
    for file in files:
        found = [one for one in sorted(file.rglob("*")) if one.is_file()] if file.is_dir() else [file]
        if not found:
            raise NotFoundError(f"{file} holds no file")
        yield from found


def _checked(file: Path) -> tuple[int, list[Problem], list[Problem]]:
    """How many resources are sound, what is wrong, and what is worth knowing."""
    from suwen.formats.fhir import open_lines, read_document, read_lines  # noqa: PLC0415

    if any(suffix in _LINES for suffix in file.suffixes):
        with open_lines(file) as lines:
            read = list(read_lines(lines))
        wrong = [one for line in read for one in line.problems]
        return sum(line.entry is not None for line in read), wrong, [one for line in read for one in line.remarks]
    try:
        document = read_document(file.read_bytes())
    except FormatError as error:
        return 0, list(error.problems) or [Problem("", str(error))], []
    return len(document.entries), [], list(document.remarks)


@fhir.command()
@click.argument("codes", nargs=-1, required=True, metavar="CODE...")
@click.option("--to", required=True, metavar="SYSTEM", help="HP, SNOMEDCT, OMIM, ORPHA, MONDO, ICD10CM, UMLS, NCIT ...")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of reasons.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def translate(codes: tuple[str, ...], to: str, lang: str, as_json: bool) -> None:
    """Give the same concept in another terminology, by published maps only; what has none is said to be unmapped."""
    from suwen.formats.fhir.terms.translate import find_maps, translate_all  # noqa: PLC0415
    from suwen.knowledge import load_knowledge  # noqa: PLC0415
    from suwen.subject import Code  # noqa: PLC0415

    found = translate_all([Code(one) for one in codes], to, find_maps(load_knowledge(notify=say)))
    if as_json:
        for one in found:
            said = {
                "code": one.source.value,
                "to": [{"code": target.value, "label": target.label} for target in one.targets],
                "equivalence": one.equivalence,
                "map": one.map_source,
                "reason": one.reason_zh if lang == "zh" else one.reason,
            }
            click.echo(json.dumps(said, ensure_ascii=False))
        return
    rows = [
        (
            one.source.value,
            ", ".join(map(str, one.targets)),
            one.equivalence,
            one.map_source or (one.reason_zh if lang == "zh" else one.reason),
        )
        for one in found
    ]
    show_table(("code", to, "equivalence", "by which map, or why not"), rows, empty="")


@fhir.command()
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder, made if absent.")
def definitions(out: Path) -> None:
    """Write Suwen's StructureDefinitions, CodeSystems and ValueSets, and the CapabilityStatement of its search."""
    from importlib.metadata import version  # noqa: PLC0415

    from suwen.formats.fhir import read_definitions, render  # noqa: PLC0415
    from suwen.formats.fhir.searching.capability import capability_statement  # noqa: PLC0415

    statement = capability_statement(today=datetime.now(UTC).date(), version=version("suwen"))
    found: list[Json] = [*read_definitions(), statement]
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make {out}: {error.strerror}") from None
    for one in found:
        name = f"{one['resourceType']}-{one.get('id', 'suwen')}.json"
        write_whole(out / name, [render(one), "\n"])
    say(f"{len(found)} definitions written to {out}")
