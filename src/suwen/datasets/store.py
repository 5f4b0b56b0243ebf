"""Where reference data lie, and the one act that brings them there: nothing but `fetch` touches the network."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_data_dir

from suwen.datasets.nouns import RELEASE, Dataset, Fetched, File, Progress
from suwen.datasets.table import TABLE, named
from suwen.errors import DataError, LicenceError
from suwen.subject import Saying

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

__all__ = ["fetch", "folder", "path", "present"]


def folder() -> Path:
    """Return the data folder: `SUWEN_DATA`, else the user's data directory, which need not exist yet.

    Raises:
        DataError: `SUWEN_DATA` points at a file or at nothing.

    """
    chosen = os.environ.get("SUWEN_DATA", "")
    if not chosen:
        return Path(user_data_dir("suwen", appauthor=False))
    place = Path(chosen).expanduser()
    if place.is_dir():
        return place
    what, zh = ("is not a folder", "不是文件夹") if place.exists() else ("does not exist", "不存在")
    raise DataError(
        f"SUWEN_DATA={chosen} {what}; point it at a folder, or unset it to use the user's data directory",
        zh=f"SUWEN_DATA={chosen} {zh}；请指向文件夹，或取消设置以使用用户数据目录",
    )


def path(name: str) -> Path:
    """Return where the data set or table file `name` lies: a file, or the folder that holds its files.

    `name` is a row of the table ("mondo", "hpo@2025-10-22") or the path of one of its files
    ("diagnosis/mondo/omim.sssom.tsv.gz").

    Raises:
        NotFoundError: the table has no such name; the nearest ones are named.
        DataError: the data are not there; the message says how to get them.

    """
    row = _row_of(name)
    carried = _carried(row)
    if carried is not None:
        return carried
    whole = name in (row.name, row.where)
    place = folder() / (row.where if whole else name)
    if not (_complete(row) if whole else _there(place)):
        raise DataError(
            f"data set {row.name!r} is not in {folder()}; {_remedy(row).en}",
            zh=f"数据集 {row.name!r} 不在 {folder()} 中；{_remedy(row).zh}",
        )
    return place


def present(name: str) -> bool:
    """Return whether every file of the data set `name` is on this machine."""
    row = named(name)
    return _carried(row) is not None or _complete(row)


def fetch(
    name: str | Dataset,
    *,
    accept_licence: bool = False,
    again: bool = False,
    progress: Progress | None = None,
    opener: OpenerDirector | None = None,
) -> tuple[Fetched, ...]:
    """Download the data set `name` into the data folder, all of its files or none.

    A set that is already there is left alone unless `again`. Only https is spoken; plain http is answered on the
    loopback address alone, which is how the tests run a server of their own. `opener` replaces the urllib opener,
    for a site with its own certificates.

    Raises:
        NotFoundError: the table has no such name.
        LicenceError: the licence wants an explicit acceptance and `accept_licence` is False.
        DigestError: the bytes are not those of the table or of the first download; nothing was kept.
        NetworkError: an address could not be reached, or broke off; nothing was kept.
        DataError: the set has no address, its archive is damaged or hostile, or the folder cannot be written.

    """
    row = name if isinstance(name, Dataset) else named(name)
    if not again and (_carried(row) is not None or _complete(row)):
        return _untouched(row)
    if not row.files:
        raise DataError(
            f"data set {row.name!r} has no address to fetch from; {_remedy(row).en}",
            zh=f"数据集 {row.name!r} 没有下载地址；{_remedy(row).zh}",
        )
    if row.accept and not accept_licence:
        raise LicenceError(
            f"data set {row.name!r} is under: {row.licence} ({row.licence_url}); "
            f"read it, then accept it: suwen data fetch {row.name} --accept-licence",
            zh=f"数据集 {row.name!r} 的许可为：{row.licence}（{row.licence_url}）；"
            f"请阅读后接受：suwen data fetch {row.name} --accept-licence",
        )
    # Imported here so that reading data never loads the network and archive modules.
    from suwen.datasets.arrival import arrive  # noqa: PLC0415

    return arrive(row, folder(), progress=progress, opener=opener)


def _row_of(name: str) -> Dataset:
    for row in TABLE:
        if RELEASE not in row.version and name in (row.where, *(file.path for file in row.files)):
            return row
    return named(name)


def _carried(row: Dataset) -> Path | None:
    """Where an installed package carries the set. The package is found, never imported."""
    if not row.carrier:
        return None
    package, _, inside = row.carrier.partition("/")
    spec = find_spec(package)
    places = [Path(root) / inside for root in (spec.submodule_search_locations or ())] if spec else []
    return next((place for place in places if place.is_dir()), None)


def _complete(row: Dataset) -> bool:
    base = folder()
    wanted = [file.path for file in row.files] or [row.where]
    return all(_there(base / one) for one in wanted)


def _there(place: Path) -> bool:
    # An empty folder is a promise, not data.
    return place.is_file() or (place.is_dir() and any(place.iterdir()))


def _untouched(row: Dataset) -> tuple[Fetched, ...]:
    carried = _carried(row)
    if carried is not None:
        return (Fetched(carried, row.home, "", 0, "present"),)
    base = folder()
    files = row.files or (File(row.where, row.home),)
    return tuple(Fetched(base / file.path, file.url, "", 0, "present") for file in files)


def _remedy(row: Dataset) -> Saying:
    if row.files:
        return Saying(
            f"run: suwen data fetch {row.name} (or point SUWEN_DATA at a folder that has {row.where})",
            f"请运行：suwen data fetch {row.name}（或将 SUWEN_DATA 指向含有 {row.where} 的文件夹）",
        )
    return Saying(
        f"get it from {row.home} and put it at {row.where} in the data folder (SUWEN_DATA={folder()})",
        f"请从 {row.home} 获取，并放在数据文件夹的 {row.where} 处（SUWEN_DATA={folder()}）",
    )
