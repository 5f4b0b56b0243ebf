"""Many patients' FHIR resources into files of one resource a line, going on where a killed run stopped.

The folder holds one file a type (`Patient.ndjson`), and while it is being written a journal: a JSON line with the
format and the time, then one for every group of patients with the size of each file after it. What the journal does not
vouch for is cut off before it goes on. The finished folder has a manifest instead, in the manner of
http://hl7.org/fhir/uv/bulkdata/STU2/export.html#response---complete-status.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from suwen.consult.fhir.exporting import Extra, taken_out, with_extra
from suwen.consult.fhir.held import Held, digest
from suwen.consult.fhir.naming import Names, named
from suwen.errors import InputError, StoreError, SuwenError
from suwen.formats.fhir import Json, parse_tree, render
from suwen.records.access import Purpose
from suwen.records.durable import keep
from suwen.records.gate import Records, patient_id
from suwen.records.people import Actor

__all__ = ["export_lines"]

_JOURNAL = ".export"
_MANIFEST = "manifest.json"
_GROUP = 4 << 20  # bytes after which files and journal go to the disk


@dataclass(slots=True)
class _Going:
    """How far an export is, as its journal says."""

    began: str
    done: set[str] = field(default_factory=set)
    sizes: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    names: Names = field(default_factory=Names)


def export_lines(
    actor: Actor,
    records: Records,
    patients: Sequence[str],
    folder: Path,
    *,
    progress: Callable[[int, int], None],
    purpose: Purpose = Purpose.TREATMENT,
    extra: Extra | None = None,
) -> dict[str, int]:
    """Write the newest version of every FHIR resource of patients into `folder`; how many of each type.

    The folder is new or empty, or that of a run of this function that was killed, which is taken up again. Its files
    are readable by their owner only. Each patient is decided and audited. Resources without id get that of their
    record, references by a bundle's own addresses become `Type/id`. `progress` is told patients done and all.
    Raises AccessError (what was written before stays, and may be gone on with), InputError, StoreError.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        going = _taken_up(folder) or _begun(folder, records.store.now())
        progress(len(going.done), len(patients))
        waiting: dict[str, list[bytes]] = {}
        group: list[str] = []
        for patient in (one for one in dict.fromkeys(patients) if one not in going.done):
            for resource in named(_chart(actor, records, patient, purpose, extra), going.names):
                waiting.setdefault(str(resource["resourceType"]), []).append(render(resource) + b"\n")
            group.append(patient)
            if sum(len(line) for lines in waiting.values() for line in lines) >= _GROUP:
                _write(folder, going, group, waiting)
            progress(len(going.done | set(group)), len(patients))
        _write(folder, going, group, waiting)
        _finish(folder, going)
    except OSError as error:
        if isinstance(error, SuwenError):
            raise
        raise StoreError(
            f"cannot write into {folder}: {error.strerror}", zh=f"无法写入 {folder}：{error.strerror}"
        ) from None
    return going.counts


def _chart(actor: Actor, records: Records, patient: str, purpose: Purpose, extra: Extra | None) -> list[Held]:
    with records.acting(actor, purpose) as work:
        found = taken_out(work, patient_id(patient))
    return with_extra(found, patient, extra)


def _write(folder: Path, going: _Going, group: list[str], waiting: dict[str, list[bytes]]) -> None:
    """Files first, then the line of the journal that vouches for them."""
    if not group:
        return
    for kind, lines in sorted(waiting.items()):
        text = b"".join(lines)
        _append(folder / f"{kind}.ndjson", [text])
        going.sizes[kind] = going.sizes.get(kind, 0) + len(text)
        going.counts[kind] = going.counts.get(kind, 0) + len(lines)
    _append(folder / _JOURNAL, [_line({"patients": group, "sizes": going.sizes, "counts": going.counts})])
    going.done.update(group)
    group.clear()
    waiting.clear()


def _append(place: Path, pieces: Iterable[bytes]) -> None:
    # Never through a link that somebody has put there; and private before the first byte is in it.
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(place, flags, 0o600), "ab") as out:
        for piece in pieces:
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())


def _line(said: dict[str, Any]) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _begun(folder: Path, at: int) -> _Going:
    if any(folder.iterdir()):
        raise InputError(
            f"{folder} is not empty and holds no unfinished export; name a new folder",
            zh=f"{folder} 不为空，且不含未完成的导出；请指定新文件夹",
        )
    began = datetime.fromtimestamp(at / 1e6, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    _append(folder / _JOURNAL, [_line({"format": 1, "began": began})])
    return _Going(began)


def _taken_up(folder: Path) -> _Going | None:
    """The export that a killed run left, its files cut to what its journal vouches for; None where there is none."""
    journal = folder / _JOURNAL
    if not journal.exists():
        return None
    said = list(_whole_lines(journal))
    if not said:  # killed before the first line was whole
        journal.unlink()
        return None
    if said[0].get("format") != 1:
        raise InputError(
            f"the unfinished export in {folder} is of a newer Suwen; install it",
            zh=f"{folder} 中未完成的导出由更新版本的 Suwen 生成；请升级",
        )
    going = _Going(said[0]["began"])
    for one in said[1:]:
        going.done.update(one["patients"])
        going.sizes, going.counts = one["sizes"], one["counts"]
    for file in folder.glob("*.ndjson"):
        size = going.sizes.get(file.stem, 0)
        if file.stat().st_size < size:
            raise InputError(
                f"{file.name} is shorter than its journal says; empty the folder and begin again",
                zh=f"{file.name} 比其日志所述短；请清空文件夹后重新开始",
            )
        os.truncate(file, size)
        if not size:
            file.unlink()
            continue
        going.names.taken.update(_names_in(file))
    return going


def _whole_lines(journal: Path) -> Iterator[dict[str, Any]]:
    raw = journal.read_bytes()
    whole = raw[: raw.rfind(b"\n") + 1]
    os.truncate(journal, len(whole))
    yield from (json.loads(line) for line in whole.splitlines())


def _names_in(file: Path) -> Iterator[tuple[str, bytes]]:
    with file.open("rb") as lines:
        for line in lines:
            resource: Json = parse_tree(line.decode())
            yield f"{resource['resourceType']}/{resource['id']}", digest(resource)


def _finish(folder: Path, going: _Going) -> None:
    output = [{"type": kind, "url": f"{kind}.ndjson", "count": count} for kind, count in sorted(going.counts.items())]
    manifest = {
        "transactionTime": going.began,
        "request": "suwen records export",
        "requiresAccessToken": False,
        "output": output,
        "error": [],
    }
    keep(folder / _MANIFEST, [json.dumps(manifest, indent=2).encode()])
    (folder / _JOURNAL).unlink()
