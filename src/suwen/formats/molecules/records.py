"""Records of an SDF or mol file read one by one: the mol block, its name, and the fields that stand below it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice

from suwen.errors import FormatError, InputError, Problem
from suwen.formats.molecules.lines import LineTooLongError
from suwen.formats.molecules.notices import notice, refusal
from suwen.formats.molecules.nouns import Molecule, Refused
from suwen.formats.molecules.standardise import standardised
from suwen.formats.molecules.structure import chemistry, mol_of_block

__all__ = ["read_records"]

_MOST_RECORD = 2**20  # characters of one record
_FIELD = re.compile(r"^>[^<]*<(?P<name>[^>]*)>")
_SHOWN = 200
_LOOKED_AT = 50  # records in which a field that is asked for has to be found


def read_records(lines: Iterator[str | LineTooLongError], name_field: str = "") -> Iterator[Molecule | Refused]:
    """Every record up to its `$$$$` as a Molecule, or the reason why it is none; a mol file is one record.

    `written` is the canonical SMILES of the block as drawn, `fields` are the properties of the record. Raises
    InputError where none of the first 50 records has the `name_field` that is asked for.
    """
    records = _records(lines)
    ahead = list(islice(records, _LOOKED_AT)) if name_field else []
    _check_field(ahead, name_field)
    for number, found in enumerate(chain(ahead, records), start=1):
        if isinstance(found, Problem):
            yield Refused(number, "", found)
            continue
        yield _molecule(number, found, name_field)


def _check_field(ahead: list[list[str] | Problem], name_field: str) -> None:
    known = {name: None for record in ahead if isinstance(record, list) for name, _value in _fields(_below(record))}
    if name_field and ahead and name_field not in known:
        has = f"they have {', '.join(list(known)[:20])}" if known else "they have none"
        raise InputError(
            f"its records have no field {name_field!r:.60}; {has}", zh=f"其记录没有字段 {name_field!r:.60}；{has}"
        )


def _records(lines: Iterator[str | LineTooLongError]) -> Iterator[list[str] | Problem]:
    """The lines of each record; of one that is too large, the problem, and then the next one."""
    record: list[str] = []
    size, over = 0, False
    while True:
        try:
            line = next(lines, None)
        except FormatError as error:
            yield error.problems[0]
            return
        if line is None:
            break
        if isinstance(line, str) and line.startswith("$$$$"):
            yield notice("row_long", most=_MOST_RECORD) if over else record
            record, size, over = [], 0, False
            continue
        size += len(line) + 1 if isinstance(line, str) else _MOST_RECORD + 1
        over = over or size > _MOST_RECORD
        if over:
            record = []
        elif isinstance(line, str):
            record.append(line)
    if over:
        yield notice("row_long", most=_MOST_RECORD)
    elif any(one.strip() for one in record):
        # A mol file has no $$$$, and a last record without one is whole if its block and fields are.
        yield record if any(one.startswith("M  END") for one in record) else notice("unclosed")


def _molecule(number: int, record: list[str], name_field: str) -> Molecule | Refused:
    below = _below(record)
    fields = _fields(below)
    name = dict(fields).get(name_field, "") if name_field else (record[0].strip() if record else "")
    try:
        mol = mol_of_block("\n".join(record[: len(record) - len(below)]) + "\n")
        written = _written(mol)
        made = standardised(mol, written=written, name=name)
    except FormatError as error:
        return Refused(number, name[:_SHOWN], error.problems[0])
    return replace(made, fields=tuple(one for one in fields if one[0] != name_field))


def _below(record: list[str]) -> list[str]:
    """The lines below the mol block."""
    return record[next((at for at, line in enumerate(record) if line.startswith("M  END")), len(record) - 1) + 1 :]


def _written(mol: object) -> str:
    try:
        return str(chemistry().MolToSmiles(mol))
    except (ValueError, RuntimeError) as error:
        raise refusal("block") from error


def _fields(lines: list[str]) -> tuple[tuple[str, str], ...]:
    """Name and value of each property; the lines of one value are joined by line ends."""
    made: list[tuple[str, list[str]]] = []
    inside = False
    for line in lines:
        found = _FIELD.match(line)
        if found is not None:
            made.append((found["name"], []))
            inside = True
        elif not line.strip():
            inside = False
        elif inside:
            made[-1][1].append(line)
    return tuple((name, "\n".join(value)) for name, value in made)
