"""What becomes of a downloaded file: kept, compressed, unpacked, or gathered into one file of cases.

Archives come from outside, so every member is checked before a byte of it is written: no path leaves the target, no
links, no encryption, and neither the count nor the size of what comes out may be out of proportion.
"""

from __future__ import annotations

import gzip
import json
import lzma
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from suwen.datasets.nouns import File
from suwen.errors import DataError

__all__ = ["UNPACK"]

MOST_MEMBERS = 200_000
MOST_BYTES = 8 << 30
MOST_RATIO = 300  # deflate tops out near 1,000; text with long repeats stays under 50
RATIO_FROM = 1 << 20  # small members may be all blanks without harm
CHUNK = 1 << 18

Member = tuple[PurePosixPath, zipfile.ZipInfo]


def keep(file: File, source: Path, target: Path) -> None:
    """Keep the bytes as served."""
    del file
    shutil.move(source, target)


def compress(file: File, source: Path, target: Path) -> None:
    """Store the bytes as gzip, the same bytes every time: no name and no time in the header."""
    del file
    with (
        source.open("rb") as plain,
        target.open("xb") as out,
        gzip.GzipFile(filename="", fileobj=out, mode="wb", mtime=0) as packed,
    ):
        shutil.copyfileobj(plain, packed)


def unzip(file: File, source: Path, target: Path) -> None:
    """Unpack the members below `file.inside` into the new folder `target`."""
    with _opened(file, source) as archive:
        chosen = [(path, info) for path, info in _members(file, archive) if path.is_relative_to(file.inside)]
        if not chosen:
            raise _damaged(file, f"holds nothing below {file.inside!r}")
        for path, info in chosen:
            place = target / path.relative_to(file.inside)
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("xb") as out:
                out.writelines(_bytes_of(file, archive, info))


def phenopackets(file: File, source: Path, target: Path) -> None:
    """Gather the phenopackets of a release into JSON lines (xz), sorted by path, each with its `_path`.

    A release lays them out as `RELEASE/COHORT/NAME.json`, the repository as `notebooks/COHORT/phenopackets/NAME.json`;
    `_path` is the latter for both, so a case keeps its name across releases.
    """
    count = 0
    with _opened(file, source) as archive, lzma.open(target, "xt", encoding="utf-8", newline="\n") as out:
        cases = [(_repository_path(path), info) for path, info in _members(file, archive) if path.suffix == ".json"]
        for path, info in sorted(cases, key=lambda case: case[0]):
            document = _json_of(file, archive, info)
            if not (isinstance(document, dict) and "phenotypicFeatures" in document and "metaData" in document):
                continue  # cohort summaries and the like stand between the phenopackets
            json.dump({**document, "_path": path}, out, ensure_ascii=False, separators=(",", ":"))
            out.write("\n")
            count += 1
    if not count:
        raise _damaged(file, "holds no phenopacket")


def _repository_path(path: PurePosixPath) -> str:
    cohort = path.parent.parent if path.parent.name == "phenopackets" else path.parent
    return f"notebooks/{cohort.name}/phenopackets/{path.name}"


def _json_of(file: File, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> object:
    try:
        document: object = json.loads(b"".join(_bytes_of(file, archive, info)))
    except (ValueError, RecursionError) as error:
        raise _damaged(file, f"member {info.filename!r} is not JSON") from error
    return document


def _opened(file: File, source: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(source)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise _damaged(file, f"is not a readable zip archive ({error})") from error


def _members(file: File, archive: zipfile.ZipFile) -> list[Member]:
    """Return the regular files of `archive`, every one checked before any is read."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MOST_MEMBERS:
        raise _damaged(file, f"holds {len(infos)} members, more than {MOST_MEMBERS}")
    total = sum(info.file_size for info in infos)
    if total > MOST_BYTES:
        raise _damaged(file, f"unpacks to {total} bytes, more than {MOST_BYTES}")
    members = [(_checked(file, info), info) for info in infos]
    if len({path for path, _ in members}) != len(members):
        raise _damaged(file, "holds two members of the same name")
    return members


def _checked(file: File, info: zipfile.ZipInfo) -> PurePosixPath:
    path = PurePosixPath(info.filename)
    if path.is_absolute() or ".." in path.parts or "\\" in info.filename or ":" in info.filename:
        raise _damaged(file, f"member {info.filename!r} would be written outside its folder")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise _damaged(file, f"member {info.filename!r} is a link")
    if info.flag_bits & 0x1:
        raise _damaged(file, f"member {info.filename!r} is encrypted")
    if info.file_size > RATIO_FROM and info.file_size > MOST_RATIO * max(info.compress_size, 1):
        raise _damaged(file, f"member {info.filename!r} unpacks {info.file_size // max(info.compress_size, 1)}-fold")
    return path


def _bytes_of(file: File, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the bytes of one member. zipfile never gives more than the size declared, and checks the CRC at the end."""
    try:
        with archive.open(info) as member:
            while chunk := member.read(CHUNK):
                yield chunk
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise _damaged(file, f"member {info.filename!r} is damaged ({error})") from error


def _damaged(file: File, what: str) -> DataError:
    return DataError(f"{file.url}: {what}; nothing was kept")


UNPACK: Mapping[str, Callable[[File, Path, Path], None]] = MappingProxyType(
    {
        "": keep,
        "gzip": compress,
        "zip": unzip,
        "phenopackets": phenopackets,
    }
)
