"""Molecules written out: SMILES lists, tables safe to open in a spreadsheet, and SDF; whole files or none."""

from __future__ import annotations

import csv
import io
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from suwen.errors import FormatError, InputError, SuwenError
from suwen.formats.molecules.nouns import Molecule
from suwen.formats.molecules.structure import chemistry, mol_of

__all__ = ["write_molecules"]

Row = tuple[Molecule, tuple[tuple[str, str], ...]]
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_OWN = ("smiles", "inchikey", "name", "written", "noticed")


def write_molecules(molecules: Iterable[Molecule], path: Path | str, *, fields: Sequence[str] | None = None) -> int:
    """Write molecules to a file, and return how many; its suffix says how: .smi or .txt, .csv, .tsv, .sdf.

    A table begins with smiles, inchikey, name, written and what was noticed, then the fields. A cell that a spreadsheet
    would take for a formula begins with an apostrophe, unless it is a number or a structure that RDKit wrote. An SDF
    holds V2000 blocks with flat coordinates, the name as title, and all else as properties.

    Args:
        molecules: they are taken one by one, so that any number can be written.
        path: the file; it is replaced once all are written, and left alone where something fails.
        fields: which of the molecules' fields to write, in this order. Where None: those of any molecule, in the order
            they are met (which needs all molecules in memory for a table).

    Raises:
        InputError: the suffix is another one.
        FormatError: the file cannot be written.
        MissingExtraError: RDKit is not installed and an SDF is asked for.

    """
    path = Path(path)
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise InputError(
            f"molecules are written to {', '.join(_WRITERS)}, not to {path.suffix or 'a name without suffix'}"
        )
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("x", encoding="utf-8", newline="") as file:
            count = writer(molecules, file, fields)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        if isinstance(error, SuwenError):
            raise
        raise FormatError(f"the file cannot be written: {error.strerror or 'the file system refused'}") from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    return count


def _smiles(molecules: Iterable[Molecule], file: IO[str], _fields: Sequence[str] | None) -> int:
    count = 0
    for molecule in molecules:
        file.write(f"{molecule.smiles}\t{_one_line(molecule.name)}".rstrip() + "\n")
        count += 1
    return count


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _table(separator: str) -> Callable[[Iterable[Molecule], IO[str], Sequence[str] | None], int]:
    def write(molecules: Iterable[Molecule], file: IO[str], fields: Sequence[str] | None) -> int:
        if fields is None:
            molecules = list(molecules)
            fields = list(dict.fromkeys(name for one in molecules for name, _value in one.fields))
        if separator == ",":
            file.write("\ufeff")  # without it spreadsheets read Chinese as something else
        writer = csv.writer(file, delimiter=separator, lineterminator="\r\n")
        writer.writerow([*_OWN, *(_harmless(one) for one in fields)])
        count = 0
        for count, molecule in enumerate(molecules, start=1):  # noqa: B007 (the last number is the count)
            writer.writerow(_cells(molecule, fields))
        return count

    return write


def _cells(molecule: Molecule, fields: Sequence[str]) -> Iterator[str]:
    values = dict(molecule.fields)
    noticed = "; ".join(map(str, molecule.noticed))
    yield from (molecule.smiles, molecule.key)  # RDKit's own: neither begins with a mark of a formula
    for text in (molecule.name, molecule.written, noticed, *(values.get(one, "") for one in fields)):
        yield _harmless(text)


def _harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection); a number keeps its sign."""
    text = text.replace("\0", "")
    if not text.lstrip().startswith(_FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def _sdf(molecules: Iterable[Molecule], file: IO[str], fields: Sequence[str] | None) -> int:
    count = 0
    for molecule in molecules:
        file.write(_record(molecule, fields))
        count += 1
    return count


def _record(molecule: Molecule, fields: Sequence[str] | None) -> str:
    made = io.StringIO()
    made.write(_block(molecule))
    noticed = "\n".join(map(str, molecule.noticed))
    own = [("SMILES", molecule.smiles), ("InChIKey", molecule.key), ("Written", molecule.written), ("Noticed", noticed)]
    chosen = [one for one in molecule.fields if fields is None or one[0] in fields]
    for name, value in [*own, *chosen]:
        lines = [line for line in value.splitlines() if line.strip()]
        if lines:
            made.write(f">  <{_field_name(name)}>\n" + "\n".join(map(_no_end, lines)) + "\n\n")
    made.write("$$$$\n")
    return made.getvalue()


def _field_name(name: str) -> str:
    return _one_line(name).replace("<", "(").replace(">", ")") or "field"


def _no_end(line: str) -> str:
    """A line that neither ends the record nor begins another field, whatever it holds."""
    return f" {line}" if line.startswith(("$$$$", ">")) else line


def _block(molecule: Molecule) -> str:
    with chemistry("rdkit.rdBase").BlockLogs():
        mol = mol_of(molecule.smiles)[0]
        chemistry("rdkit.Chem.rdDepictor").Compute2DCoords(mol)
        mol.SetProp("_Name", _no_end(_one_line(molecule.name))[:80])
        return str(chemistry().MolToMolBlock(mol))


_WRITERS: dict[str, Callable[[Iterable[Molecule], IO[str], Sequence[str] | None], int]] = {
    ".smi": _smiles,
    ".txt": _smiles,
    ".csv": _table(","),
    ".tsv": _table("\t"),
    ".sdf": _sdf,
}
