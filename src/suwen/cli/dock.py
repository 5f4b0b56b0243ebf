"""`suwen dock`: molecules docked into a receptor's box, a known ligand docked again, results as table, SDF and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from suwen.cli.molecule_files import check_outputs, meant_file
from suwen.cli.records.showing import progress, say, show_table, write_whole
from suwen.errors import InputError

if TYPE_CHECKING:
    from suwen.drugs.docking.crystal import Known
    from suwen.drugs.docking.nouns import Box, Docked, Receptor, Redocked, Settings
    from suwen.errors import Problem
    from suwen.formats.molecules.nouns import Molecule, Refused
    from suwen.report.docking_page import DockingPage

__all__ = ["dock"]

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_ON_A_PAGE = 300  # of the best molecules, as the page lists
_WORDS = {
    "place": {"en": "rank", "zh": "名次"},
    "name": {"en": "name", "zh": "名称"},
    "score": {"en": "kcal/mol", "zh": "kcal/mol"},
    "efficiency": {"en": "for each heavy atom", "zh": "每重原子"},
    "touched": {"en": "touches", "zh": "接触残基"},
    "docked": {"en": "docked form", "zh": "对接形式"},
    "failed": {"en": "Not docked, without a score", "zh": "未对接（无得分）"},
    "row": {"en": "row", "zh": "第"},
    "none": {"en": "nothing was docked", "zh": "没有分子对接成功"},
    "receptor": {"en": "Receptor", "zh": "受体"},
    "noticed": {"en": "noticed", "zh": "注意"},
    "pose": {"en": "pose", "zh": "位姿"},
    "deviation": {"en": "Å from the known place", "zh": "与已知位置偏差（Å）"},
    "redocked": {
        "en": "best pose {best:.2f} Å from the known place, nearest {nearest:.2f} Å (2 Å or less counts as success)",
        "zh": "最优位姿偏差{best:.2f} Å，最近位姿{nearest:.2f} Å（不超过2 Å视为成功）",
    },
    "written": {"en": "Written to {file}", "zh": "已写入 {file}"},
    "limits": {
        "en": "Vina's scores rank poses; as an estimate of binding their standard error is 2.85 kcal/mol (Trott and "
        "Olson 2010). For research.",
        "zh": "Vina得分用于排序位姿；作为结合能估计，标准误差为2.85 kcal/mol（Trott与Olson 2010）。供研究使用。",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Row:
    """What the table needs of a docked molecule."""

    row: int
    name: str
    smiles: str
    form: str
    score: float
    efficiency: float
    charge: int
    torsions: int
    forms: int
    poses: int
    seconds: float
    touched: str
    noticed: str


@click.command("dock")
@click.argument("receptor", type=_FILE)
@click.argument("ligands", required=False, default="")
@click.option("--box", "numbers", default="", help="Centre and edges in Å: x,y,z,width,depth,height.")
@click.option("--box-ligand", type=_FILE, help="Box around a ligand's atoms: SDF, MOL, PDB or PDBQT.")
@click.option("--box-residues", default="", help="Box around residues, as A:712,A:780.")
@click.option("--padding", type=click.FloatRange(0, 30), default=5.0, show_default=True, help="Å around these.")
@click.option("--keep", default="", help="Residue names of a PDB file that belong to the receptor, as HEM,FAD.")
@click.option(
    "--redock", "known", default="", help="Dock a known ligand again: an SDF, or its residue name in the PDB."
)
@click.option("--template", default="", help="SMILES of the ligand that --redock names, for its bond orders.")
@click.option("--out", type=_FOLDER, help="Folder of the journal: results as they come, and where a run goes on.")
@click.option("--resume/--no-resume", default=True, show_default=True, help="Go on with the run in that folder.")
@click.option("--poses", type=click.IntRange(1, 100), default=9, show_default=True, help="Most kept of each molecule.")
@click.option(
    "--exhaustiveness", type=click.IntRange(1, 1024), default=8, show_default=True, help="Runs of the search."
)
@click.option("--seed", type=click.IntRange(1, 2**31 - 1), default=1, show_default=True, help="Of chance.")
@click.option("--stereoisomers", type=click.IntRange(1, 64), default=4, show_default=True, help="Of open centres.")
@click.option("--shapes", type=click.IntRange(1, 32), default=1, show_default=True, help="Folds of rings tried.")
@click.option("--as-written", is_flag=True, help="Dock charges as written; else those of pH 7.4 by a table of groups.")
@click.option("--limit", type=click.FloatRange(1), default=1800.0, show_default=True, help="Seconds for a molecule.")
@click.option("--processes", type=click.IntRange(1, 1024), default=2, show_default=True, help="Molecules at once.")
@click.option("--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True, help="Who works.")
@click.option("--column", default="", help="Column of the structures of a table, by name or number from 1.")
@click.option("--name-column", default="", help="Column of the names; of an SDF the field that holds the name.")
@click.option("--csv", "table", type=_FILE, help="Write a table, best first, refused ones last.")
@click.option("--sdf", "records", type=_FILE, help="Write every pose with its score.")
@click.option("--pictures", type=_FOLDER, help="Draw the best pose of each molecule with what it touches, as SVG.")
@click.option("--report", "page", type=_FILE, help="Write a page: scores, poses and contacts drawn; one HTML file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line, in the order of the molecules.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language.")
def dock(receptor: Path, ligands: str, **options: Any) -> None:
    """Dock LIGANDS (a SMILES, or a file of molecules) into RECEPTOR (.pdbqt, or .pdb, which is prepared) by Vina.

    Charges, stereoisomers and shapes are made and what was assumed is said. A molecule that fails is listed with its
    reason and never gets a score; the exit status is 1 only where none was docked. With --out a run that was broken
    off goes on when it is started again.
    """
    from suwen.drugs.docking.receptor import read_receptor  # noqa: PLC0415

    if bool(ligands) == bool(options["known"]):
        raise InputError("name either LIGANDS to dock, or a known ligand by --redock")
    _checked(receptor, ligands, options)
    keep = [one for one in options["keep"].replace(",", " ").split() if one]
    made = read_receptor(receptor, keep=keep)
    absent = sorted({one.upper() for one in keep} - {one.name for one in made.residues})
    if absent:
        raise InputError(f"{receptor.name} has no residue {absent[0]:.10} that --keep names")
    if not options["as_json"]:
        for problem in made.noticed:
            say(f"! {_WORDS['receptor'][options['lang']]}: {_told(problem, options['lang'])}")
    if options["known"]:
        _again(receptor, made, options)
    else:
        _many(made, ligands, options)


def _checked(receptor: Path, ligands: str, options: dict[str, Any]) -> None:
    """What cannot be, said before the hours of docking."""
    names = {"--csv": "table", "--sdf": "records", "--report": "page"}
    read = [receptor, options["box_ligand"], meant_file(ligands or options["known"])]
    check_outputs({option: options[name] for option, name in names.items()}, read)
    if options["known"]:
        given = [name for name in ("table", "out", "column", "name_column") if options[name]]
        told = {"table": "--csv", "out": "--out", "column": "--column", "name_column": "--name-column"}
        if given:
            raise InputError(f"{told[given[0]]} is for LIGANDS; --redock has --sdf, --report and --json")
    elif options["template"]:
        raise InputError("--template is for the ligand that --redock names")


def _settings(options: dict[str, Any]) -> Settings:
    from suwen.drugs.docking.nouns import Settings  # noqa: PLC0415

    names = ("seed", "exhaustiveness", "poses", "stereoisomers", "shapes", "limit")
    return Settings(**{name: options[name] for name in names}, protonate=not options["as_written"])


def _box(receptor: Receptor, options: dict[str, Any], known: Known | None = None) -> Box:
    from suwen.drugs.docking.box import box_of_file, box_of_numbers, box_of_residues  # noqa: PLC0415

    ways = [options["numbers"], options["box_ligand"], options["box_residues"]]
    given = sum(bool(one) for one in ways)
    if given > 1 or (given == 0 and known is None):
        raise InputError("say by one of --box, --box-ligand and --box-residues where to dock")
    padding = options["padding"]
    if options["numbers"]:
        return box_of_numbers(options["numbers"])
    if options["box_ligand"] is not None:
        return box_of_file(options["box_ligand"], padding=padding)
    if options["box_residues"] or known is None:
        return box_of_residues(receptor, options["box_residues"], padding=padding)
    return known.box(padding=padding)


def _again(path: Path, receptor: Receptor, options: dict[str, Any]) -> None:
    """Dock a known ligand and tell how far the poses lie from its place."""
    from suwen.drugs.docking.crystal import known_in_pdb, known_in_sdf, redock  # noqa: PLC0415
    from suwen.report.docking_page import DockingPage  # noqa: PLC0415

    lang, text = options["lang"], options["known"]
    is_file = text.lower().endswith((".sdf", ".sd", ".mol", ".sdf.gz", ".sd.gz", ".mol.gz"))
    if not is_file and not options["template"]:
        raise InputError("a ligand named by its residue needs --template SMILES: a PDB file holds no bond orders")
    known = known_in_sdf(text) if is_file else known_in_pdb(path, text, options["template"])
    settings, box = _settings(options), _box(receptor, options, known)
    found = redock(receptor, known, box, settings=settings, processes=options["processes"])
    _outputs([found.docked], receptor, options)
    if options["page"] is not None:
        _page(DockingPage(receptor, box, settings, [found.docked], redocked=found), options)
    if options["as_json"]:
        click.echo(json.dumps(_redocked(found, receptor, lang), ensure_ascii=False))
        return
    header = [_WORDS[key][lang] for key in ("pose", "score", "deviation")]
    rows = [
        [str(pose.rank), f"{pose.score:.2f}", f"{away:.2f}"]
        for pose, away in zip(found.docked.poses, found.deviations, strict=True)
    ]
    show_table(header, rows, empty="")
    click.echo(_WORDS["redocked"][lang].format(best=found.best, nearest=found.nearest))
    for problem in found.docked.noticed:
        say(f"! {_told(problem, lang)}")
    say(_WORDS["limits"][lang])


def _redocked(found: Redocked, receptor: Receptor, lang: str) -> dict[str, Any]:
    return {
        **_tree(found.docked, receptor, lang),
        "deviations": [round(one, 3) for one in found.deviations],
        "best": round(found.best, 3),
        "nearest": round(found.nearest, 3),
    }


def _many(receptor: Receptor, ligands: str, options: dict[str, Any]) -> None:
    from suwen.drugs.docking.many import dock_many  # noqa: PLC0415
    from suwen.report.docking_page import DockingPage  # noqa: PLC0415

    rows: list[_Row] = []
    failed: list[Refused] = []
    shown: list[Docked] = []
    settings, box = _settings(options), _box(receptor, options)
    with progress("dock") as told:
        found = dock_many(
            receptor,
            _molecules(ligands, options),
            box,
            settings=settings,
            folder=options["out"],
            resume=options["resume"],
            processes=options["processes"],
            engine=options["engine"],
            notify=lambda done: told(done, done + 1),
        )
        kept = _kept(found, receptor, options, rows, failed)
        _outputs(kept if options["page"] is None else _best(kept, shown), receptor, options)
    rows.sort(key=lambda one: (one.score, one.row))
    if options["table"] is not None:
        write_whole(options["table"], _table(rows, failed, options["lang"]))
        say(_WORDS["written"][options["lang"]].format(file=options["table"]))
    if options["page"] is not None:
        _page(DockingPage(receptor, box, settings, shown, failed), options)
    if not options["as_json"]:
        _show(rows, failed, options["lang"])
    if not rows:
        say(_WORDS["none"][options["lang"]])
        raise click.exceptions.Exit(1)


def _molecules(text: str, options: dict[str, Any]) -> Iterable[Molecule | Refused]:
    """Those of a file, or the one that a SMILES says."""
    from suwen.formats.molecules import read_molecule, read_molecules  # noqa: PLC0415

    file = meant_file(text)
    if file is not None:
        return read_molecules(file, column=options["column"], name_column=options["name_column"])
    return [read_molecule(text)]


def _kept(
    found: Iterable[Docked | Refused],
    receptor: Receptor,
    options: dict[str, Any],
    rows: list[_Row],
    failed: list[Refused],
) -> Iterator[Docked]:
    """What was docked, as it comes; its row, or the refusal, kept for the table, and JSON printed."""
    from suwen.formats.molecules.nouns import Refused  # noqa: PLC0415

    lang = options["lang"]
    for one in found:
        if isinstance(one, Refused):
            failed.append(one)
            tree = {"format": 1, "row": one.row, "written": one.written, "problem": _told(one.problem, lang)}
        else:
            rows.append(_row(one, receptor, lang))
            tree = _tree(one, receptor, lang) if options["as_json"] else {}
            yield one
        if options["as_json"]:
            click.echo(json.dumps(tree, ensure_ascii=False))


def _best(found: Iterable[Docked], shown: list[Docked]) -> Iterator[Docked]:
    """What was docked, as it comes; the best `_ON_A_PAGE` of it stay in `shown`, the others are not held."""
    for one in found:
        shown.append(one)
        if len(shown) > 2 * _ON_A_PAGE:
            shown.sort(key=lambda each: each.score)
            del shown[_ON_A_PAGE:]
        yield one


def _page(page: DockingPage, options: dict[str, Any]) -> None:
    from suwen.report.docking_page import render_docking  # noqa: PLC0415

    lang: Literal["en", "zh"] = "zh" if options["lang"] == "zh" else "en"
    write_whole(options["page"], [render_docking(page, lang=lang, created=datetime.now(UTC))])
    say(_WORDS["written"][lang].format(file=options["page"]))


def _outputs(found: Iterable[Docked], receptor: Receptor, options: dict[str, Any]) -> None:
    """Go through everything once, writing poses and pictures where they are asked for."""
    drawn = _drawn(found, receptor, options["pictures"])
    if options["records"] is None:
        for _one in drawn:
            pass
        return
    write_whole(options["records"], (record for one in drawn for record in _records(one)))
    say(_WORDS["written"][options["lang"]].format(file=options["records"]))


def _drawn(found: Iterable[Docked], receptor: Receptor, folder: Path | None) -> Iterator[Docked]:
    from suwen.drugs.docking.interactions import contacts  # noqa: PLC0415
    from suwen.drugs.docking.picture import pose_picture  # noqa: PLC0415

    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    for one in found:
        if folder is not None:
            picture = pose_picture(one, contacts(receptor, one.poses[0]))
            write_whole(folder / f"pose-{max(one.row, 1)}.svg", [picture])
        yield one


def _records(one: Docked) -> Iterator[str]:
    """Each pose as a record of an SDF."""
    from suwen.formats.molecules.write import record  # noqa: PLC0415

    for pose in one.poses:
        fields = {
            "SMILES": one.molecule.smiles, "Docked": one.smiles, "Rank": str(pose.rank), "Score": f"{pose.score:.3f}",
            "Efficiency": f"{-pose.score / one.heavy:.4f}",
        }  # fmt: skip
        yield record(one.molecule.name, pose.block, fields.items())


def _row(one: Docked, receptor: Receptor, lang: str) -> _Row:
    from suwen.drugs.docking.interactions import contacts  # noqa: PLC0415

    touched = dict.fromkeys(each.residue.label for each in contacts(receptor, one.poses[0]))
    noticed = ("；" if lang == "zh" else "; ").join(_told(each, lang) for each in one.noticed)
    return _Row(one.row, one.molecule.name, one.molecule.smiles, one.smiles, one.score, one.efficiency, one.charge,
                one.torsions, one.forms, len(one.poses), one.seconds, " ".join(touched), noticed)  # fmt: skip


def _tree(one: Docked, receptor: Receptor, lang: str) -> dict[str, Any]:
    from suwen.drugs.docking.interactions import KINDS, contacts  # noqa: PLC0415

    best = contacts(receptor, one.poses[0])
    return {
        "format": 1,
        "row": one.row,
        "name": one.molecule.name,
        "smiles": one.molecule.smiles,
        "inchi_key": one.molecule.key,
        "docked": one.smiles,
        "charge": one.charge,
        "torsions": one.torsions,
        "forms": one.forms,
        "seconds": one.seconds,
        "score": one.score,
        "efficiency": round(one.efficiency, 4),
        "poses": [{key: getattr(pose, key) for key in ("rank", "score", "inter", "block")} for pose in one.poses],
        "contacts": [
            {
                "kind": each.kind,
                "name": KINDS[each.kind].name.said(lang),
                "residue": each.residue.label,
                "atoms": list(each.atoms),
                "receptor_atoms": list(each.names),
                "distance": each.distance,
                "angle": each.angle,
            }
            for each in best
        ],
        "noticed": [_told(each, lang) for each in one.noticed],
        "limits": _WORDS["limits"][lang],
    }


def _table(rows: Iterable[_Row], failed: Iterable[Refused], lang: str) -> Iterator[str]:
    yield _line(
        ["rank", "name", "smiles", "docked", "score", "efficiency", "charge", "torsions", "forms", "poses", "seconds",
         "touches", "noticed", "problem"]
    )  # fmt: skip
    for place, one in enumerate(rows, start=1):
        numbers = [f"{one.score:.3f}", f"{one.efficiency:.4f}", str(one.charge), str(one.torsions), str(one.forms)]
        yield _line([str(place), one.name, one.smiles, one.form, *numbers, str(one.poses), f"{one.seconds:.2f}",
                     one.touched, one.noticed, ""])  # fmt: skip
    for other in failed:
        yield _line(["", "", other.written, *[""] * 10, _failure(other, lang)])


def _line(cells: list[str]) -> str:
    """A row of CSV; what a spreadsheet would take for a formula is made text, numbers keep their sign."""
    stream = io.StringIO()
    safe = [f"'{one}" if one and one[0] in "=+@\t\r" else one for one in cells]
    csv.writer(stream, lineterminator="\n").writerow(safe)
    return stream.getvalue()


def _show(rows: list[_Row], failed: list[Refused], lang: str) -> None:
    if rows:
        header = [_WORDS[key][lang] for key in ("place", "name", "score", "efficiency", "touched", "docked")]
        cells = (
            [str(place), one.name, f"{one.score:.2f}", f"{one.efficiency:.3f}", one.touched, one.form]
            for place, one in enumerate(rows, start=1)
        )
        show_table(header, cells, empty="")
        for one in rows:
            if one.noticed:
                say(f"! {one.name or one.smiles}: {one.noticed}")
    if failed:
        say(f"{_WORDS['failed'][lang]}:")
        for other in failed:
            say(f"  {_failure(other, lang)}: {other.written}")
    say(_WORDS["limits"][lang])


def _failure(refused: Refused, lang: str) -> str:
    told = _told(refused.problem, lang)
    return f"第{refused.row}行：{told}" if lang == "zh" else f"row {refused.row}: {told}"


def _told(problem: Problem, lang: str) -> str:
    from suwen.drugs.docking.notices import docking_text  # noqa: PLC0415

    return docking_text(problem, lang)
