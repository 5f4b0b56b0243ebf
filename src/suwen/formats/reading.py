"""Reads files of any known kind into patients; the kind is told by the content, never by the name alone."""

from __future__ import annotations

import gzip
import lzma
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import IO, cast

from suwen.errors import FormatError, InputError, NotFoundError, Problem, SuwenError
from suwen.formats.decode import MAX_BYTES, decode, parse_json, parse_yaml, unpack
from suwen.formats.fhir import is_fhir, read_fhir
from suwen.formats.phenopacket import is_phenopacket, read_phenopackets
from suwen.formats.terms import read_terms
from suwen.subject import Patient

__all__ = ["iter_cases", "read", "read_bytes", "read_text"]

_SUFFIXES = (".json", ".yaml", ".yml", ".txt", ".jsonl", ".ndjson")
_PACKED = ("", ".gz", ".xz")
# Bounded repeats only: an open-ended blank before a line start would take quadratic time on a page of empty lines.
_YAML = re.compile(
    r"^[ \t]{0,40}(?:[{-][ \t]{0,10})?[\"']?"
    r"(?:phenotypicFeatures|phenotypic_features|subject|metaData|meta_data|proband|members|resourceType)"
    r"[\"']?[ \t]{0,10}:",
    re.MULTILINE,
)


Prose = Callable[[str, str], Patient | None]  # a text and its name; None where it is no prose but a list of terms


def read(path: str | Path, *, today: date | None = None, prose: Prose | None = None) -> tuple[Patient, ...]:
    """Patients of a file: phenopacket, FHIR (JSON or YAML), JSON lines, or term list; plain, gzip or xz.

    `today` is the day at which ages in FHIR documents are taken (see `suwen.formats.fhir`). `prose` reads texts that
    are no list of terms: what a note says is known on a floor above.

    Raises:
        NotFoundError: the file is not there or may not be read.
        FormatError: it is none of these, damaged, or larger than `MAX_BYTES`; with all problems found.

    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    return read_bytes(data, _stem(path), today=today, prose=prose)


def read_bytes(
    data: bytes, name: str = "case", *, today: date | None = None, prose: Prose | None = None
) -> tuple[Patient, ...]:
    """Patients of a file's bytes; `name` becomes the id of a term list that has none.

    Raises:
        FormatError: as for `read`.

    """
    return read_text(decode(unpack(data)), name, today=today, prose=prose)


def read_text(
    text: str, name: str = "case", *, today: date | None = None, prose: Prose | None = None
) -> tuple[Patient, ...]:
    """Patients of a document given as text; `name` becomes the id of a term list that has none.

    Raises:
        FormatError: as for `read`.

    """
    if len(text) > MAX_BYTES:
        raise FormatError(
            f"larger than {MAX_BYTES // 2**20} MiB; split it into single cases or use .jsonl",
            zh=f"超过 {MAX_BYTES // 2**20} MiB；请拆分为单个病例，或使用 .jsonl",
        )
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if start and start in "{[":
        patients = _read_json(text.lstrip("\ufeff"), name, today)
    elif _YAML.search(text):
        patients = _several(parse_yaml(text.lstrip("\ufeff")), "document", name, today)
    else:
        told = prose(text.lstrip("\ufeff"), name) if prose is not None else None
        patients = (told if told is not None else read_terms(text.lstrip("\ufeff"), name=name),)
    if not patients:
        raise FormatError("there is no patient in this document", zh="该文档中没有患者")
    return patients


def iter_cases(
    paths: Iterable[str | Path], *, today: date | None = None, prose: Prose | None = None
) -> Iterator[tuple[str, Patient | SuwenError]]:
    """Every case in the files and folders given, or the error that stands in its place, with a name for it.

    Folders are walked in sorted order, without hidden files, for names that end in .json, .yaml, .yml, .txt, .jsonl or
    .ndjson (also .gz, .xz); files given themselves are read whatever their name. A name is the path, with `:3` for the
    third line of a .jsonl file and `#2` for the second patient of a document with several.
    """
    for given in paths:
        path = Path(given)
        if not path.is_dir():
            yield from _file_cases(path, today, prose)
            continue
        files = _walk(path)
        if not files:
            yield (
                str(path),
                NotFoundError(
                    f"no case files in the folder {path}; they end in {', '.join(_SUFFIXES)}",
                    zh=f"文件夹 {path} 中没有病例文件；其扩展名为 {'、'.join(_SUFFIXES)}",
                ),
            )
        for file in files:
            yield from _file_cases(file, today, prose)


def _read_json(text: str, name: str, today: date | None) -> tuple[Patient, ...]:
    """One JSON document, or one on each line."""
    try:
        document = parse_json(text)
    except FormatError:
        lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
        if len(lines) < 2 or not all(
            line.lstrip().startswith("{") and line.rstrip().endswith("}") for _, line in lines
        ):
            raise
        return _gathered((f"line {number}", _line_reader(line, name, today)) for number, line in lines)
    return _dispatch(document, name, today)


def _line_reader(line: str, name: str, today: date | None) -> Callable[[], tuple[Patient, ...]]:
    return lambda: _dispatch(parse_json(line), name, today)


def _dispatch(document: object, name: str, today: date | None) -> tuple[Patient, ...]:
    """Patients of a parsed document of any kind, told by its members."""
    if isinstance(document, list):
        if document and all(isinstance(entry, str) for entry in document):
            return (read_terms("\n".join(document), name=name),)
        return _several(document, "", name, today)
    if is_fhir(document):
        return read_fhir(document, today=today).patients
    if is_phenopacket(document):
        return read_phenopackets(document)
    raise FormatError(
        "neither a phenopacket (subject, phenotypicFeatures) nor a FHIR resource (resourceType)",
        zh="既不是 phenopacket（subject、phenotypicFeatures），也不是 FHIR 资源（resourceType）",
    )


def _several(documents: list[object], noun: str, name: str, today: date | None) -> tuple[Patient, ...]:
    if len(documents) == 1 and noun:
        return _dispatch(documents[0], name, today)
    return _gathered(
        (f"{noun}[{index}]", _document_reader(document, name, today)) for index, document in enumerate(documents)
    )


def _document_reader(document: object, name: str, today: date | None) -> Callable[[], tuple[Patient, ...]]:
    def read_document() -> tuple[Patient, ...]:
        if isinstance(document, list):  # no list of lists: nesting would come back here without end
            raise FormatError(
                "a list stands where a phenopacket or FHIR resource is expected",
                zh="此处为列表，而应为 phenopacket 或 FHIR 资源",
            )
        return _dispatch(document, name, today)

    return read_document


def _gathered(parts: Iterable[tuple[str, Callable[[], tuple[Patient, ...]]]]) -> tuple[Patient, ...]:
    """Patients of all parts; the problems of those that fail are raised together, each with its part's place."""
    patients: list[Patient] = []
    problems: list[Problem] = []
    for place, part in parts:
        try:
            patients.extend(part())
        except InputError as error:
            found = error.problems or (
                Problem("", str(error).partition("\n")[0], zh_what=error.said("zh").partition("\n")[0]),
            )
            problems += [replace(one, where=f"{place}: {one.where}".rstrip(": ")) for one in found]
        if len(problems) > 1_000:
            break
    if problems:
        raise FormatError(
            f"{len(problems)} problem(s) in a file of several documents",
            problems,
            zh=f"含多份文档的文件中有 {len(problems)} 处问题",
        )
    return tuple(patients)


def _walk(folder: Path) -> list[Path]:
    found: list[Path] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(parent, name) for name in names if not name.startswith(".") and _suffix(name)]
    return sorted(found)


def _suffix(name: str) -> str:
    """Find the suffix that says what a file holds, without that of its compression; empty for other files."""
    lower = name.lower()
    return next((suffix for suffix in _SUFFIXES for packed in _PACKED if lower.endswith(suffix + packed)), "")


def _stem(path: Path) -> str:
    suffix = _suffix(path.name)
    end = path.name.lower().rfind(suffix) if suffix else len(path.name)
    return path.name[:end] or path.name


def _file_cases(path: Path, today: date | None, prose: Prose | None) -> Iterator[tuple[str, Patient | SuwenError]]:
    if _suffix(path.name) in {".jsonl", ".ndjson"}:
        yield from _line_cases(path, today)
        return
    yield from _named(str(path), lambda: read(path, today=today, prose=prose))


def _named(name: str, reader: Callable[[], tuple[Patient, ...]]) -> Iterator[tuple[str, Patient | SuwenError]]:
    try:
        patients = reader()
    except SuwenError as error:
        yield name, error
        return
    for index, patient in enumerate(patients, start=1):
        yield (name if len(patients) == 1 else f"{name}#{index}"), patient


def _line_cases(path: Path, today: date | None) -> Iterator[tuple[str, Patient | SuwenError]]:
    """One case for each line, read as it comes, so that the file may be larger than `MAX_BYTES`."""
    number = 0
    try:
        with _open(path) as file:
            while line := file.readline(MAX_BYTES + 1):
                number += 1
                if line.strip():
                    yield from _named(f"{path}:{number}", _bytes_reader(line, f"{_stem(path)}-{number}", today))
                if len(line) > MAX_BYTES:
                    return
    except (gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError, MemoryError):
        yield (
            f"{path}:{number + 1}",
            FormatError("the compressed file is damaged or cut short", zh="压缩文件已损坏或不完整"),
        )
    except OSError as error:
        yield str(path), _unreadable(path, error)


def _bytes_reader(line: bytes, name: str, today: date | None) -> Callable[[], tuple[Patient, ...]]:
    return lambda: read_bytes(line, name, today=today)


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        head = file.read(6)
    if head.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.open(path, "rb"))
    return lzma.open(path, "rb") if head.startswith(b"\xfd7zXZ") else path.open("rb")


def _unreadable(path: Path, error: OSError) -> NotFoundError:
    return NotFoundError(
        f"cannot read {path}: {error.strerror or 'the file system refused'}",
        zh=f"无法读取 {path}：{error.strerror or '文件系统拒绝'}",
    )
