"""Molecules written out: SMILES lists, tables safe to open in a spreadsheet, and SDF; whole files or none."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TypeAlias

from suwen.errors import InputError
from suwen.formats.molecules.notices import Language, notice_text
from suwen.formats.molecules.nouns import Molecule
from suwen.formats.molecules.structure import chemistry, mol_of
from suwen.formats.molecules.whole import whole_file

__all__ = ["record", "write_molecules"]

Writer: TypeAlias = Callable[[Iterable[Molecule], IO[str], Sequence[str] | None, Language], int]
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_OWN = ("smiles", "inchikey", "name", "written", "noticed")


def write_molecules(
    molecules: Iterable[Molecule], path: Path | str, *, fields: Sequence[str] | None = None, lang: Language = "en"
) -> int:
    """Write molecules to a file, and return how many; its suffix says how: .smi or .txt, .csv, .tsv, .sdf.

    A table begins with smiles, inchikey, name, written and what was noticed, then the fields. A cell that a spreadsheet
    would take for a formula begins with an apostrophe, unless it is a number or a structure that RDKit wrote. An SDF
    holds V2000 blocks with flat coordinates, the name as title, and all else as properties.

    Args:
        molecules: they are taken one by one, so that any number can be written.
        path: the file; it is replaced once all are written, and left alone where something fails.
        lang: in which language is said what was noticed.
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
            f"molecules are written to {', '.join(_WRITERS)}, not to {path.suffix or 'a name without suffix'}",
            zh=f"分子可写为 {'、'.join(_WRITERS)}，而非 {path.suffix or '无扩展名的文件'}",
        )
    with whole_file(path) as file:
        return writer(molecules, file, fields, lang)


def _smiles(molecules: Iterable[Molecule], file: IO[str], _fields: Sequence[str] | None, _lang: Language) -> int:
    count = 0
    for molecule in molecules:
        file.write(f"{molecule.smiles}\t{_one_line(molecule.name)}".rstrip() + "\n")
        count += 1
    return count


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _table(separator: str) -> Writer:
    def write(molecules: Iterable[Molecule], file: IO[str], fields: Sequence[str] | None, lang: Language) -> int:
        if fields is None:
            molecules = list(molecules)
            fields = list(dict.fromkeys(name for one in molecules for name, _value in one.fields))
        if separator == ",":
            file.write("\ufeff")  # without it spreadsheets read Chinese as something else
        writer = csv.writer(file, delimiter=separator, lineterminator="\r\n")
        writer.writerow([*_OWN, *(_harmless(one) for one in fields)])
        count = 0
        for count, molecule in enumerate(molecules, start=1):  # noqa: B007 (the last number is the count)
            writer.writerow(_cells(molecule, fields, lang))
        return count

    return write


def _cells(molecule: Molecule, fields: Sequence[str], lang: Language) -> Iterator[str]:
    values = dict(molecule.fields)
    noticed = _noticed(molecule, lang, "；" if lang == "zh" else "; ")
    yield from (molecule.smiles, molecule.key)  # RDKit's own: neither begins with a mark of a formula
    for text in (molecule.name, molecule.written, noticed, *(values.get(one, "") for one in fields)):
        yield _harmless(text)


def _noticed(molecule: Molecule, lang: Language, between: str) -> str:
    return between.join(notice_text(one, lang) for one in molecule.noticed)


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


def _sdf(molecules: Iterable[Molecule], file: IO[str], fields: Sequence[str] | None, lang: Language) -> int:
    count = 0
    for molecule in molecules:
        file.write(_record(molecule, fields, lang))
        count += 1
    return count


def _record(molecule: Molecule, fields: Sequence[str] | None, lang: Language) -> str:
    noticed = _noticed(molecule, lang, "\n")
    own = [("SMILES", molecule.smiles), ("InChIKey", molecule.key), ("Written", molecule.written), ("Noticed", noticed)]
    chosen = [one for one in molecule.fields if fields is None or one[0] in fields]
    return record(molecule.name, _block(molecule), [*own, *chosen])


def record(name: str, block: str, fields: Iterable[tuple[str, str]]) -> str:
    """A record of an SDF: a mol block under a name, and fields; neither name nor fields can end it, whatever they hold.

    Fields without text are left out.
    """
    _title, _line, rest = block.partition("\n")
    made = io.StringIO()
    made.write(f"{_no_end(_one_line(name))[:80]}\n{rest.rstrip()}\n")
    for key, value in fields:
        lines = [line for line in value.splitlines() if line.strip()]
        if lines:
            made.write(f">  <{_field_name(key)}>\n" + "\n".join(map(_no_end, lines)) + "\n\n")
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
        return str(chemistry().MolToMolBlock(mol))


_WRITERS: dict[str, Writer] = {
    ".smi": _smiles,
    ".txt": _smiles,
    ".csv": _table(","),
    ".tsv": _table("\t"),
    ".sdf": _sdf,
}
