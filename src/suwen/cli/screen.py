"""`suwen screen`: a library of molecules through filters, likeness, models and docking, with counts at each stage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suwen.cli.molecule_files import check_outputs, meant_file
from suwen.cli.records.showing import say, show_table, staged_progress, write_whole
from suwen.errors import InputError

if TYPE_CHECKING:
    from suwen.drugs.screening.goals import Goals, LikenessGoal
    from suwen.drugs.screening.nouns import Kept, Screened, StageCount

__all__ = ["screen"]

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_SHOWN = 10  # of the best that are printed
_COLUMNS = 6  # numbers of each that are printed
_LAID_OVER = 200
_RESULTS = ("survivors.csv", "survivors.sdf", "poses.sdf")
_WORDS = {
    "stage": {"en": "stage", "zh": "阶段"},
    "entered": {"en": "entered", "zh": "进入"},
    "kept": {"en": "kept", "zh": "保留"},
    "dropped": {"en": "dropped", "zh": "舍去"},
    "failed": {"en": "failed", "zh": "出错"},
    "seconds": {"en": "seconds", "zh": "秒"},
    "why": {"en": "not met", "zh": "未满足的条件"},
    "count": {"en": "molecules", "zh": "分子数"},
    "place": {"en": "place", "zh": "名次"},
    "name": {"en": "name", "zh": "名称"},
    "merit": {"en": "merit", "zh": "综合得分"},
    "front": {"en": "front", "zh": "前沿"},
    "structure": {"en": "structure", "zh": "结构"},
    "none": {"en": "No molecule is left.", "zh": "没有分子留下。"},
    "no_molecule": {
        "en": "{file} holds no molecule that can be used ({count} rows failed): look at its kind and its column",
        "zh": "{file} 中没有可用的分子（{count} 行出错）：请检查文件类型及结构列",
    },
    "failures": {
        "en": "Failed, neither kept nor dropped: {count}. The first:",
        "zh": "{count} 个分子出错，既未保留也未舍去。前几个：",
    },
    "row": {"en": "row {row}, {stage}: {problem}", "zh": "第 {row} 行，{stage}：{problem}"},
    "written": {"en": "Written to {file}: {count} molecules", "zh": "已写入 {file}：{count} 个分子"},
    "told": {"en": "Written to {file}", "zh": "已写入 {file}"},
    "refused": {
        "en": "{count} rows of the library are no molecules and are not in the folder.",
        "zh": "化合物库中有 {count} 行不是分子，未收入文件夹。",
    },
}  # fmt: skip


@click.command("screen")
@click.argument("library", required=False, type=click.Path(path_type=Path))
@click.option("--goals", "goals_file", type=_FILE, help="What is asked, TOML or JSON; see --example-goals.")
@click.option("--like", multiple=True, help="A known molecule (SMILES), or a file of them; may be given again.")
@click.option("--top", type=click.IntRange(1, 100_000), default=100, show_default=True, help="With --like: how many.")
@click.option("--fused", is_flag=True, help="With --like: rank by what several known molecules have in common.")
@click.option("--shape", is_flag=True, help="With --like: lay the best over the known in space and join both ranks.")
@click.option("--library-folder", type=_FOLDER, help="With --like: keep the fingerprints here, and search them again.")
@click.option("--standardised", is_flag=True, help="The structures are standard forms already: do not make them anew.")
@click.option("--out", type=_FOLDER, help="Folder for everything: tables, records, poses, and the journal.")
@click.option("--resume", is_flag=True, help="Go on with what is in --out where it was interrupted.")
@click.option("--csv", "table", type=_FILE, help="Write the survivors as a table.")
@click.option("--sdf", "records", type=_FILE, help="Write the survivors as SDF (flat).")
@click.option("--report", "page", type=_FILE, help="Write a page with the funnel and the survivors drawn.")
@click.option("--column", default="", help="Column of the structures of a table, by name or number from 1.")
@click.option("--name-column", default="", help="Column of the names; of an SDF the field that holds the name.")
@click.option("--processes", type=click.IntRange(1, 64), default=2, show_default=True, help="How many at work.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language.")
@click.option("--example-goals", is_flag=True, help="Print a file of goals with remarks, and end.")
def screen(library: Path | None, goals_file: Path | None, **options: Any) -> None:
    """Screen LIBRARY, a file of molecules (SMILES, CSV, TSV, SDF, each also .gz), for what --goals asks.

    Cheap tests come first; each stage tells how many molecules entered, were kept, were dropped for which criterion,
    and failed. With --like alone the likest molecules are found, exactly; LIBRARY may then be a --library-folder.
    """
    if options["example_goals"]:
        click.echo(resources.files("suwen.drugs.screening").joinpath("example_goals.toml").read_text("utf-8"), nl=False)
        return
    if library is None:
        raise InputError("name a library to screen: a file of molecules (or print a file of goals by --example-goals)")
    _check(library, goals_file, options)
    if options["out"] is not None and library.name in _RESULTS and library.parent.resolve() == options["out"].resolve():
        raise InputError(f"--out would overwrite {library}, which is read; name another folder")
    found = _searched(library, options) if _by_folder(library, options) else _funnel(library, goals_file, options)
    _write(found, options)
    if options["as_json"]:
        from suwen.drugs.screening.table import screened_tree  # noqa: PLC0415

        click.echo(json.dumps(screened_tree(found, options["lang"]), ensure_ascii=False, indent=1))
    else:
        _show(found, options["lang"])
    first = found.stages[0]
    if first.entered == first.failed:
        say(_WORDS["no_molecule"][options["lang"]].format(file=library.name, count=first.failed))
        raise click.exceptions.Exit(1)


def _check(library: Path, goals_file: Path | None, options: dict[str, Any]) -> None:
    """What does not go together is said before anything begins."""
    if goals_file is None and not options["like"]:
        raise InputError("say what is looked for: --goals FILE, or --like SMILES")
    if goals_file is not None:
        given = [name for name in ("like", "fused", "shape", "library_folder") if options[name]]
        if given:
            raise InputError(f"with --goals, --{given[0].replace('_', '-')} is said in the file instead")
    if options["resume"] and options["out"] is None:
        raise InputError("--resume goes on with the journal in --out; name that folder")
    names = {"--csv": "table", "--sdf": "records", "--report": "page"}
    read = [library, goals_file, *map(meant_file, options["like"])]
    check_outputs({option: options[name] for option, name in names.items()}, read)
    suffixes = {"table": (".csv", ".tsv"), "records": (".sdf",), "page": (".html", ".htm")}
    for name, known in suffixes.items():
        if options[name] is not None and options[name].suffix.lower() not in known:
            raise InputError(f"{options[name]} should end in {' or '.join(known)}")


def _by_folder(library: Path, options: dict[str, Any]) -> bool:
    from suwen.drugs.screening.folder import is_folder  # noqa: PLC0415

    asked = options["library_folder"] is not None or is_folder(library)
    if asked and not options["like"]:
        raise InputError(f"{library} is a folder of fingerprints, which is searched by --like; screen a file for goals")
    if asked and options["fused"]:
        raise InputError("--fused needs fingerprints that a folder does not keep; leave --library-folder out")
    return asked


def _funnel(library: Path, goals_file: Path | None, options: dict[str, Any]) -> Screened:
    from suwen.drugs.screening.funnel import screen as screened  # noqa: PLC0415
    from suwen.drugs.screening.library import LibraryFile  # noqa: PLC0415
    from suwen.drugs.screening.reading import read_goals  # noqa: PLC0415

    goals = _like_goals(options) if goals_file is None else read_goals(goals_file)
    if options["standardised"]:
        goals = replace(goals, standardised=True)
    file = LibraryFile(library, options["column"], options["name_column"])
    with staged_progress("screen") as told:
        return screened(
            file,
            goals,
            processes=options["processes"],
            journal=_journal(options),
            notify=lambda stage, done, every: told(stage, done, every or done + 1),
        )


def _journal(options: dict[str, Any]) -> Path | None:
    if options["out"] is None:
        return None
    journal: Path = options["out"] / "journal"
    if journal.exists() and not options["resume"]:
        raise InputError(f"{options['out']} holds a screening already; go on with it by --resume, or name a new folder")
    return journal


def _like_goals(options: dict[str, Any]) -> Goals:
    from suwen.drugs.screening.goals import Filters, Goals, RankGoal  # noqa: PLC0415

    goal = _likeness(options)
    return Goals(likeness=goal, filters=Filters(drop_duplicates=False), rank=RankGoal(keep=options["top"]))


def _likeness(options: dict[str, Any]) -> LikenessGoal:
    from suwen.drugs.screening.goals import LikenessGoal  # noqa: PLC0415

    laid = max(_LAID_OVER, options["top"]) if options["shape"] else 0
    like = tuple(smiles for text in options["like"] for smiles in _known(text))
    return LikenessGoal(like, keep=options["top"], method="fused" if options["fused"] else "tanimoto", overlay=laid)


def _known(text: str) -> Iterator[str]:
    """The SMILES that was meant, or those of a file. Raises InputError where a row of it is none."""
    from suwen.formats.molecules import Molecule, read_molecules  # noqa: PLC0415

    file = meant_file(text)
    if file is None:
        yield text
        return
    for one in read_molecules(file):
        if not isinstance(one, Molecule):
            raise InputError(f"row {one.row} of {text} is no molecule: {one.problem.what}")
        yield one.smiles


def _searched(library: Path, options: dict[str, Any]) -> Screened:
    from suwen.drugs.screening.folder import build_folder, is_folder, search_folder  # noqa: PLC0415
    from suwen.drugs.screening.library import LibraryFile  # noqa: PLC0415

    goal, folder = _likeness(options), library
    if not is_folder(library):
        folder = options["library_folder"]
        file = LibraryFile(library, options["column"], options["name_column"])
        with staged_progress("fingerprints") as told:
            refused = build_folder(
                file,
                folder,
                standardised=options["standardised"],
                processes=options["processes"],
                notify=lambda done: told("fingerprints", done, done + 1),
            )
        if refused:
            say(_WORDS["refused"][options["lang"]].format(count=refused))
    return search_folder(folder, goal, processes=options["processes"])


def _write(found: Screened, options: dict[str, Any]) -> None:
    from suwen.drugs.screening.table import screened_tree, write_poses, write_survivors  # noqa: PLC0415

    lang, out = options["lang"], options["out"]
    files = [one for one in (options["table"], options["records"]) if one is not None]
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        files += [out / "survivors.csv", out / "survivors.sdf"]
    if options["page"] is not None:
        _page(found, options["page"], lang)
    for file in files:
        say(_WORDS["written"][lang].format(file=file, count=write_survivors(found, file, lang=lang)))
    if out is not None:
        if any(one.pose for one in found.kept):
            say(_WORDS["written"][lang].format(file=out / "poses.sdf", count=write_poses(found, out / "poses.sdf")))
        tree = json.dumps(screened_tree(found, lang), ensure_ascii=False, indent=1)
        _page(found, out / "screening.html", lang)
        write_whole(out / "screening.json", [tree, "\n"])
        say(_WORDS["told"][lang].format(file=out / "screening.json"))


def _page(found: Screened, file: Path, lang: str) -> None:
    from suwen.report.screening_page import render_screening  # noqa: PLC0415

    content = render_screening(found, lang=lang, created=datetime.now(UTC))  # type: ignore[arg-type]  # click has checked
    write_whole(file, [content])
    say(_WORDS["told"][lang].format(file=file))


def _show(found: Screened, lang: str) -> None:
    from suwen.drugs.screening.table import LIMITS  # noqa: PLC0415

    heads = ("stage", "entered", "kept", "dropped", "failed", "seconds")
    show_table([_WORDS[key][lang] for key in heads], [_stage(one, lang) for one in found.stages], empty="")
    reasons = [
        (_stage_name(stage, lang), found.criterion(key).asked.said(lang), str(count))
        for stage in found.stages
        for key, count in stage.dropped
    ]
    if reasons:
        click.echo()
        show_table([_WORDS[key][lang] for key in ("stage", "why", "count")], reasons, empty="")
    click.echo()
    _show_best(found, lang)
    _show_failed(found, lang)
    say(LIMITS[lang])


def _stage_name(one: StageCount, lang: str) -> str:
    from suwen.drugs.screening.nouns import STAGE_NAMES  # noqa: PLC0415

    return STAGE_NAMES[one.stage].said(lang)


def _stage(one: StageCount, lang: str) -> list[str]:
    dropped = sum(count for _, count in one.dropped)
    return [_stage_name(one, lang), *map(str, (one.entered, one.kept, dropped, one.failed)), f"{one.seconds:.1f}"]


def _show_best(found: Screened, lang: str) -> None:
    keys = _shown_columns(found)
    names = {column.key: column.name.said(lang) for column in found.columns}
    extra = [key for key in ("merit", "front") if any(getattr(one, key) is not None for one in found.kept)]
    heads = [_WORDS[key][lang] for key in ("place", "name", *extra)]
    rows = [_best_row(one, extra, keys) for one in found.kept[:_SHOWN]]
    show_table([*heads, *(names[key] for key in keys), _WORDS["structure"][lang]], rows, empty=_WORDS["none"][lang])


def _shown_columns(found: Screened) -> list[str]:
    """What was asked or ranked by: parts of the merit first, then what later stages told."""
    ranked = [part.key for one in found.kept[:1] for part in one.parts]
    later = [column.key for column in found.columns if column.stage != "filters"]
    carried = {key for one in found.kept[:_SHOWN] for key, _ in one.values}
    return [key for key in dict.fromkeys([*ranked, *later]) if key in carried][:_COLUMNS]


def _best_row(one: Kept, extra: list[str], keys: list[str]) -> list[str]:
    values = dict(one.values)
    merits = {"merit": "" if one.merit is None else f"{one.merit:.3f}", "front": str(one.front or "")}
    told = ["" if key not in values else f"{values[key]:.4g}" for key in keys]
    return [str(one.place), one.molecule.name, *(merits[key] for key in extra), *told, one.molecule.smiles]


def _show_failed(found: Screened, lang: str) -> None:
    from suwen.drugs.screening.nouns import STAGE_NAMES  # noqa: PLC0415
    from suwen.drugs.screening.words import problem_text  # noqa: PLC0415

    count = sum(one.failed for one in found.stages)
    if not count:
        return
    say(_WORDS["failures"][lang].format(count=count))
    for one in found.failed[:_SHOWN]:
        told = problem_text(one.problem, lang)
        say(_WORDS["row"][lang].format(row=one.row, stage=STAGE_NAMES[one.stage].said(lang), problem=told))
