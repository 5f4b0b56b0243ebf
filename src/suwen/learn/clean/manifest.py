"""The cleaned manifest, format 1: one row an example, what is proposed, and what a person confirmed."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from suwen.errors import DataError, FormatError
from suwen.learn.clean.nouns import Cleaning, Measured, Sign, Suspicion

__all__ = [
    "FORMAT",
    "ManifestRow",
    "carried_over",
    "guarded",
    "manifest_lines",
    "manifest_rows",
    "read_manifest",
    "read_rows",
]

FORMAT = 1  # a reader of each format stays; a new column is a new format
_UNUSABLE = frozenset({Sign.UNREADABLE, Sign.NO_LABEL, Sign.NO_IMAGE})
_EXCLUDED = frozenset({Sign.MISMATCHED, Sign.CONSTANT, Sign.NOT_FINITE})
_LAST = ("test", "testing", "val", "valid", "validation")  # the copy that is kept: a benchmark stays what it was


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One example. `label` and `keep` hold; `proposed_label` and `proposed_keep` wait for a person.

    `keep` is "no" by itself only for what cannot be used at all: unreadable, without a label, or a label without an
    example. `status` is "found", "pending" (something is proposed) or "confirmed" (by whom, when and why). `reasons`
    are the values of Sign. `digest` is the SHA-256 of the file, or of the row of an array.
    """

    name: str
    label: str = ""
    group: str = ""
    split: str = ""
    keep: str = "yes"
    status: str = "found"
    reasons: tuple[str, ...] = ()
    proposed_label: str = ""
    proposed_keep: str = ""
    label_before: str = ""
    confirmed_by: str = ""
    confirmed_at: str = ""
    why: str = ""
    digest: str = ""


_COLUMNS = tuple(one.name for one in fields(ManifestRow))


def manifest_rows(cleaning: Cleaning) -> list[ManifestRow]:
    """A row for each example and each label without one, in their order; labels are as found."""
    by_name: dict[str, list[Suspicion]] = defaultdict(list)
    for one in cleaning.suspicions:
        for name in one.where:
            by_name[name].append(one)
    dropped = _surplus(cleaning)
    known = [_row(one, by_name[one.sample.name], dropped) for one in cleaning.measured]
    names = {one.name for one in known}
    orphans = list(dict.fromkeys(cleaning.orphans))
    return known + [ManifestRow(_orphan(name, names), keep="no", reasons=(Sign.NO_IMAGE.value,)) for name in orphans]


def manifest_lines(rows: Iterable[ManifestRow], *, lines: bool = False) -> Iterator[str]:
    """The manifest as text: CSV, or JSON lines where `lines` is set."""
    if lines:
        for one in rows:
            yield json.dumps({"format": FORMAT, **asdict(one)}, ensure_ascii=False) + "\n"
        return
    yield _csv(("format", *_COLUMNS))
    for one in rows:
        cells = asdict(one) | {"reasons": " ".join(one.reasons)}
        yield _csv((str(FORMAT), *(guarded(str(cells[name])) for name in _COLUMNS)))


def read_manifest(file: Path) -> list[ManifestRow]:
    """Read a manifest of either kind. Raises DataError, FormatError."""
    rows = read_rows(file)
    if not rows or any(str(row.get("format")) != str(FORMAT) for row in rows):
        raise FormatError(
            f"{file.name} is not a manifest of format {FORMAT}; write one with: suwen clean --manifest FILE"
        )
    return [_read(row, file.name) for row in rows]


def read_rows(file: Path) -> list[Mapping[str, object]]:
    """The rows of a CSV table with a header, of JSON lines, or of one JSON list. Raises DataError, FormatError."""
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise FormatError(f"{file.name} is not text in UTF-8") from None
    except OSError as reason:
        raise DataError(f"cannot read {file.name}: {reason.strerror}") from None
    try:
        if text.lstrip().startswith("["):
            rows = json.loads(text)
        elif text.lstrip().startswith("{"):
            rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            rows = [
                {key: _bare(cell) for key, cell in row.items()}
                for row in csv.DictReader(io.StringIO(text), strict=True)
            ]
    except (ValueError, csv.Error, RecursionError, AttributeError):
        raise FormatError(f"{file.name} is neither CSV with a header nor JSON") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) and None not in row for row in rows):
        raise FormatError(f"{file.name} has rows that are longer than its header, or no objects")
    return rows


def carried_over(rows: Sequence[ManifestRow], before: Sequence[ManifestRow]) -> tuple[list[ManifestRow], list[str]]:
    """What a person confirmed before, put into newly made rows; and the names whose file or label changed since.

    Those are pending again: somebody confirmed something else.
    """
    confirmed = {one.name: one for one in before if one.status == "confirmed"}
    found, lost = [], set(confirmed)
    for row in rows:
        old = confirmed.get(row.name)
        if old is None or old.digest != row.digest or old.label_before != row.label:
            found.append(row)
            continue
        lost.discard(row.name)
        found.append(
            replace(
                row,
                label=old.label,
                keep=old.keep,
                status=old.status,
                proposed_label="",
                proposed_keep="",
                label_before=old.label_before,
                confirmed_by=old.confirmed_by,
                confirmed_at=old.confirmed_at,
                why=old.why,
            )
        )
    return found, sorted(lost)


def guarded(cell: str) -> str:
    """Threat: a file named "=cmd..." would be run as a formula by the spreadsheet in which a manifest is opened."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "'", "\t", "\r"} else cell


def _bare(cell: str | None) -> str | None:
    return cell[1:] if cell and cell[0] == "'" else cell


def _csv(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _row(one: Measured, suspicions: Sequence[Suspicion], dropped: set[str]) -> ManifestRow:
    signs = {suspicion.sign for suspicion in suspicions}
    relabelled = max((s for s in suspicions if s.proposed is not None), key=lambda s: s.score, default=None)
    unusable = bool(signs & _UNUSABLE)
    proposed_keep = "no" if not unusable and (signs & _EXCLUDED or one.sample.name in dropped) else ""
    proposed_label = (relabelled.proposed or "") if relabelled else ""
    return ManifestRow(
        name=one.sample.name,
        label=one.sample.label or "",
        group=one.sample.group,
        split=one.sample.split,
        keep="no" if unusable else "yes",
        status="pending" if proposed_keep or proposed_label else "found",
        reasons=tuple(sign.value for sign in Sign if sign in signs),
        proposed_label=proposed_label,
        proposed_keep=proposed_keep,
        digest=one.digest,
    )


def _surplus(cleaning: Cleaning) -> set[str]:
    """The copies beyond the one that stays; all of them where their labels contradict each other."""
    samples = {one.sample.name: one.sample for one in cleaning.measured}
    found: set[str] = set()
    for one in (*cleaning.of(Sign.DUPLICATE), *cleaning.of(Sign.NEAR_DUPLICATE)):
        left = [name for name in one.where if name in samples and name not in found]
        if one.facts.get("labels"):
            found.update(left)
        elif len(one.where) > 1 and left:
            found.update(set(left) - {min(left, key=lambda name: (samples[name].split.lower() not in _LAST, name))})
    return found


def _orphan(name: str, taken: set[str]) -> str:
    return f"{name} (label)" if name in taken else name


def _read(row: Mapping[str, object], source: str) -> ManifestRow:
    if not set(_COLUMNS) <= set(row):
        raise FormatError(f"{source} lacks the columns {', '.join(sorted(set(_COLUMNS) - set(row)))}")
    cells = {name: row[name] for name in _COLUMNS}
    reasons = cells.pop("reasons")
    parts = reasons.split() if isinstance(reasons, str) else reasons
    if not isinstance(parts, list) or not all(isinstance(one, str) for one in [*parts, *cells.values()]):
        raise FormatError(f"{source} has cells that are not text")
    return ManifestRow(**{name: str(cell) for name, cell in cells.items()}, reasons=tuple(parts))
