"""What a person decided about suspicious examples, put into the manifest with who, when and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from suwen.errors import InputError, Problem
from suwen.learn.clean.manifest import ManifestRow, read_rows
from suwen.learn.clean.nouns import Sign

__all__ = ["Decision", "decided", "read_decisions"]

_KEEP = frozenset({"", "yes", "no"})


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision: the label that holds ("" leaves it), whether the example is kept ("" leaves it), who, and why."""

    name: str
    label: str
    keep: str
    who: str
    why: str


def read_decisions(file: Path) -> list[Decision]:
    """Read name, label, keep, who, why from CSV, JSON lines or a JSON list. Raises DataError, FormatError, InputError.

    A label or a keep must stand in each row, and a who in all of them: a decision of nobody is none.
    """
    found, problems = [], []
    for number, row in enumerate(read_rows(file), start=1):
        one = _decision(row)
        found.append(one)
        problems += [Problem(f"decision {number}", what, remedy) for what, remedy in _wrong(one)]
    if not found:
        problems.append(Problem("", "there are no decisions", "write name, label, keep, who and why"))
    doubled = [name for name, many in Counter(one.name for one in found).items() if many > 1]
    problems += [Problem(name, "is decided more than once", "leave one decision") for name in doubled]
    if problems:
        raise InputError(f"{file.name} cannot be applied", problems)
    return found


def decided(rows: Sequence[ManifestRow], decisions: Sequence[Decision], *, at: datetime) -> list[ManifestRow]:
    """The manifest with the decisions applied; everything else stays. Raises InputError naming all that do not fit."""
    by_name = {one.name: one for one in decisions}
    labels = {row.label for row in rows} | {row.proposed_label for row in rows}
    known = {part for label in labels for part in label.split("|") if part}
    places = {row.name: row for row in rows}
    problems = [
        Problem(one.name, what, remedy)
        for one in decisions
        for what, remedy in _unfit(one, places.get(one.name), known)
    ]
    if problems:
        raise InputError("decisions do not fit the manifest; nothing was changed", problems)
    return [_applied(row, by_name[row.name], at) if row.name in by_name else row for row in rows]


def _decision(row: Mapping[str, object]) -> Decision:
    def cell(name: str) -> str:
        value = row.get(name)
        return ("yes" if value else "no") if isinstance(value, bool) else "" if value is None else str(value).strip()

    return Decision(cell("name"), cell("label"), cell("keep").lower(), cell("who"), cell("why"))


def _wrong(one: Decision) -> list[tuple[str, str]]:
    found = []
    if not one.name:
        found.append(("names no example", "write its name as in the manifest"))
    if one.keep not in _KEEP:
        found.append((f"has keep {one.keep!r}", "write yes or no"))
    if not one.label and not one.keep:
        found.append(("decides nothing", "write a label, or keep yes or no"))
    if not one.who:
        found.append(("does not say who decided", "fill in who"))
    return found


def _unfit(one: Decision, row: ManifestRow | None, known: set[str]) -> list[tuple[str, str]]:
    if row is None:
        return [("is not in the manifest", "write its name as in the manifest")]
    found = []
    new = sorted({part for part in one.label.split("|") if part} - known)
    if new:
        found.append((f"no example has the label {', '.join(new)}", f"known are {', '.join(sorted(known)) or 'none'}"))
    if one.keep == "yes" and {Sign.UNREADABLE.value, Sign.NO_IMAGE.value} & set(row.reasons):
        found.append(("cannot be kept, for it cannot be read", "mend the file and clean again"))
    if one.keep == "yes" and Sign.NO_LABEL.value in row.reasons and not one.label:
        found.append(("cannot be kept without a label", "write its label"))
    return found


def _applied(row: ManifestRow, one: Decision, at: datetime) -> ManifestRow:
    # A label for what had none is given in order to keep it.
    keep = one.keep or ("yes" if one.label and row.reasons == (Sign.NO_LABEL.value,) else row.keep)
    return replace(
        row,
        label=one.label or row.label,
        keep=keep,
        status="confirmed",
        proposed_label="",
        proposed_keep="",
        label_before=row.label_before if row.status == "confirmed" else row.label,
        confirmed_by=one.who,
        confirmed_at=at.isoformat(timespec="seconds"),
        why=one.why,
    )
