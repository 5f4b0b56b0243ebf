"""A file or folder of FHIR into the sealed records: files of lines, Bundles and single resources, told by content."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from suwen.consult.fhir.imported import Imported, merged
from suwen.consult.fhir.importing import import_fhir
from suwen.consult.fhir.lines import Progress, Report, import_lines
from suwen.errors import AccessError, InputError, LoginError, NotFoundError, Problem
from suwen.formats.fhir.documents import read_document
from suwen.formats.fhir.ndjson import open_lines
from suwen.records.access import Purpose
from suwen.records.gate import Records
from suwen.records.people import Actor

__all__ = ["import_path"]

_NAMED = re.compile(r"\.(json|ndjson|jsonl)(\.gz|\.xz)?$", re.IGNORECASE)
_PATIENT = re.compile(rb'"resourceType"\s*:\s*"Patient"')
_LOOK = 1 << 20  # bytes in which a line of a file of lines ends, or else it is taken for a document


@dataclass(frozen=True, slots=True)
class _Found:
    """The files of a folder by what they are, in the order in which they are taken in."""

    lines: list[Path]
    documents: list[Path]


def import_path(
    actor: Actor,
    records: Records,
    path: Path,
    *,
    source: str = "",
    progress: Progress,
    problems: Report,
    purpose: Purpose = Purpose.TREATMENT,
) -> Imported:
    """Take in a file, or every .json and .ndjson file (also .gz) of a folder and those in it.

    Each document is taken in whole or not at all; what is wrong with one is told to `problems`, and the others go on.
    Of files of lines, each line stands for itself (`import_lines`). `progress` is told bytes done and in all.
    Raises NotFoundError, LoginError, StoreError.
    """
    files = _files(path)
    found = _sorted(files)
    whole = sum(file.stat().st_size for file in files)
    done = Imported()
    if found.lines:
        part = sum(file.stat().st_size for file in found.lines)

        def scaled(now: int, of: int) -> None:
            progress(now * part // of if of else part, whole)

        done = import_lines(
            actor, records, found.lines, source=source, progress=scaled, problems=problems, purpose=purpose
        )
    passed = sum(file.stat().st_size for file in found.lines)
    for file in found.documents:
        try:
            document = read_document(file.read_bytes())
            one = import_fhir(actor, records, document, source=source, purpose=purpose)
            done = merged(done, one)
        except LoginError:
            raise
        except (AccessError, InputError) as error:
            for problem in _told(error):
                problems(file, 0, problem)
        passed += file.stat().st_size
        progress(passed, whole)
    return done


def _told(error: AccessError | InputError) -> Sequence[Problem]:
    listed = error.problems if isinstance(error, InputError) else ()
    return listed or (Problem("", str(error), zh_what=error.said("zh")),)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise NotFoundError(f"there is no file or folder {path}", zh=f"没有文件或文件夹 {path}")
    found = sorted(one for one in path.rglob("*") if one.is_file() and _NAMED.search(one.name))
    if not found:
        raise NotFoundError(f"{path} holds no .json or .ndjson file", zh=f"{path} 不含 .json 或 .ndjson 文件")
    return found


def _sorted(files: Sequence[Path]) -> _Found:
    """Lines apart from documents; of these, those with a Patient first: the others may name that one."""
    lines = [file for file in files if _is_lines(file)]
    documents = [file for file in files if file not in set(lines)]
    return _Found(lines, sorted(documents, key=lambda file: not _names_a_patient(file)))


def _is_lines(file: Path) -> bool:
    """Whether each line is a resource: the name says so, or there are two lines that are whole objects each."""
    if ".ndjson" in file.name.lower() or ".jsonl" in file.name.lower():
        return True
    with open_lines(file) as raw:
        ahead = raw.read(_LOOK)
    rows = [line.strip() for line in ahead.splitlines() if line.strip()]
    return len(rows) > 1 and all(row.startswith(b"{") for row in rows[:2]) and rows[0].endswith(b"}")


def _names_a_patient(file: Path) -> bool:
    return any(_PATIENT.search(piece) for piece in _pieces(file))


def _pieces(file: Path) -> Iterator[bytes]:
    with open_lines(file) as raw:
        yield from iter(lambda: raw.read(_LOOK), b"")
