"""The nouns of the room: a data set, one official file of it, and what was fetched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["RELEASE", "Dataset", "Fetched", "File", "Progress"]

# In a row called NAME@RELEASE this word stands for the date of any official release: hpo@2025-10-22.
RELEASE = "RELEASE"


@dataclass(frozen=True, slots=True)
class File:
    """One official file and what becomes of it.

    `path` is its place inside the data folder (POSIX, a folder when it is unpacked from an archive), `url` the
    official address, `sha256` the digest of the bytes as served. `unpack` is a key of `suwen.datasets.unpack.UNPACK`:
    "" keeps the bytes, "gzip" compresses them, "zip" unpacks the members below the folder `inside`, "phenopackets"
    gathers the phenopackets of an archive into one JSON-lines file.
    """

    path: str
    url: str
    sha256: str | None = None
    unpack: str = ""
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """One data set: what it is, its licence, whether weights may be trained on it, and its files.

    `where` is its file or folder inside the data folder. `accept` asks for an explicit acceptance of the licence
    before a download. `weights` says whether shipped weights may be trained on it: True, False, or a condition in
    words. `carrier` is `package/folder` of an installed package that carries the set, "" if none does.
    """

    name: str
    what: str
    where: str
    version: str
    licence: str
    licence_url: str
    home: str
    weights: bool | str
    accept: bool = False
    files: tuple[File, ...] = ()
    carrier: str = ""


Progress = Callable[[File, int, int | None], None]
"""Called while a file arrives: the file, bytes so far, and all bytes where the server says how many."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """One file that was asked for: where it lies, its address, and the SHA-256 and size of the bytes as served.

    `held_to` says what the digest was compared with: "table" (pinned by Suwen), "lock" (an earlier download),
    "first" (nothing; it is trusted from now on), or "present" (it was there already and nothing was downloaded:
    digest "" and size 0).
    """

    path: Path
    url: str
    sha256: str
    size: int
    held_to: str
