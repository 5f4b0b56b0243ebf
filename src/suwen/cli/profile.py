"""`suwen profile`: properties, rules, structural alerts and learned endpoints of a molecule, or of a file of them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from suwen.cli.molecule_files import check_outputs, meant_file
from suwen.cli.profile_admet import is_wanted, shares_of, show_endpoints, table_cells, table_header, tree_of
from suwen.cli.records.showing import progress, say, write_whole
from suwen.errors import InputError

if TYPE_CHECKING:
    from rich.table import Column

    from suwen.drugs.admet.nouns import AtomShares
    from suwen.drugs.nouns import Profile, Property
    from suwen.formats.molecules.nouns import Molecule, Refused

__all__ = ["profile"]

_FILE = click.Path(path_type=Path, dir_okay=False)
_NUMBER = re.compile(r"-?[0-9.]+(?:e[+-]?[0-9]+)?")
_WORDS = {
    "noticed": {"en": "Noticed", "zh": "注意"},
    "property": {"en": "property", "zh": "性质"},
    "value": {"en": "value", "zh": "数值"},
    "usual": {"en": "usual in drugs", "zh": "药物中常见范围"},
    "source": {"en": "source", "zh": "来源"},
    "rule": {"en": "rule", "zh": "规则"},
    "kept": {"en": "kept", "zh": "满足"},
    "broken": {"en": "broken", "zh": "违反"},
    "open": {"en": "cannot be told", "zh": "无法判定"},
    "alerts": {"en": "Structural alerts (no likelihood ratio is known of them)", "zh": "结构警示（其似然比未知）"},
    "none": {"en": "none of the usual sets was hit", "zh": "未命中常用警示集"},
    "atoms": {"en": "atoms", "zh": "原子"},
    "unknown": {"en": "unknown", "zh": "未知"},
    "written": {
        "en": "Written to {file}: {done} molecules, {refused} refused",
        "zh": "已写入 {file}：{done} 个分子，{refused} 个被拒",
    },
    "no_molecule": {
        "en": "{file} holds no molecule that can be read ({refused} rows refused): look at its kind and its column",
        "zh": "{file} 中没有可读取的分子（{refused} 行被拒）：请检查文件类型及结构列",
    },
    "limits": {
        "en": "Worked out from the structure alone; for research, no statement on safety or effect in people.",
        "zh": "仅由结构计算得出；供研究使用，不构成对人体安全性或疗效的结论。",
    },
}  # fmt: skip


@click.command("profile")
@click.argument("molecule")
@click.option("--column", default="", help="Column of the structures of a table, by name or number from 1.")
@click.option("--name-column", default="", help="Column of the names; of an SDF the field that holds the name.")
@click.option("--csv", "table", type=_FILE, help="Write a table of a file of molecules: a row each, refused ones too.")
@click.option("--picture", "drawing", type=_FILE, help="Draw one molecule as SVG, the atoms of its alerts marked.")
@click.option("--processes", type=click.IntRange(1, 64), default=2, show_default=True, help="Of a file of molecules.")
@click.option("--admet/--no-admet", default=None, help="Learned endpoints; on where PyTorch is there.")
@click.option("--atoms", is_flag=True, help="Of one molecule: the atoms that drive each endpoint.")
@click.option("--report", "page", type=_FILE, help="Write a page of one molecule or of up to 500; one HTML file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; of a file one object a line.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language.")
def profile(molecule: str, **options: Any) -> None:
    """Profile MOLECULE: a SMILES or InChI, or a file of molecules (SMILES, CSV, TSV, SDF, MOL, each also .gz).

    Salts are taken off, charges and tautomers brought to one form, and what was changed is said. Properties with their
    sources and usual ranges, rule sets, structural alerts, and learned endpoints of absorption, distribution,
    metabolism, excretion and toxicity with their intervals.
    """
    file = meant_file(molecule)
    wrong = _wrong(options, is_file=file is not None)
    if wrong:
        raise InputError(wrong)
    names = {"--csv": "table", "--picture": "drawing", "--report": "page"}
    check_outputs({option: options[name] for option, name in names.items()}, [file])
    if file is None:
        _one(molecule, options)
    else:
        _many(file, options)


def _wrong(options: dict[str, Any], *, is_file: bool) -> str:
    """What in the options does not fit what is profiled, or each other; empty where all fits."""
    if options["atoms"] and options["admet"] is False:
        return "--atoms explains the learned endpoints; leave out --no-admet"
    return _wrong_of_file(options) if is_file else _wrong_of_one(options)


def _wrong_of_one(options: dict[str, Any]) -> str:
    for name in ("column", "name_column"):
        if options[name]:
            return f"--{name.replace('_', '-')} is for a file of molecules, and a structure was given"
    return "--csv is for a file of molecules; of one molecule use --json" if options["table"] else ""


def _wrong_of_file(options: dict[str, Any]) -> str:
    if options["drawing"] is not None:
        return "--picture draws one molecule; give a SMILES, not a file"
    if options["atoms"]:
        return "--atoms explains one molecule; give a SMILES, not a file"
    if options["table"] is not None and options["as_json"]:
        return "--csv writes a table and --json prints lines; ask for one of both"
    if options["table"] is None and options["page"] is None and not options["as_json"]:
        return "say where the profiles of a file go: --csv or --report FILE, or --json for one object a line"
    return ""


def _one(text: str, options: dict[str, Any]) -> None:
    from suwen.drugs.profile import profile as profiled  # noqa: PLC0415
    from suwen.formats.molecules import picture, read_molecule  # noqa: PLC0415

    lang, drawing = options["lang"], options["drawing"]
    found = profiled(read_molecule(text))
    shares: Mapping[str, AtomShares] = {}
    # To ask for the atoms is to ask for the endpoints: without them there would be nothing to show.
    if is_wanted(True if options["atoms"] else options["admet"], lang):
        found = _forecast(found)
        shares = shares_of(found.molecule) if options["atoms"] else {}
    if drawing is not None:
        atoms = sorted({atom for alert in found.alerts for place in alert.places for atom in place.indices})
        write_whole(drawing, [picture(found.molecule, atoms=atoms)])
    if options["page"] is not None:
        _page(found, shares, options)
    if options["as_json"]:
        click.echo(json.dumps(_tree(found, lang, shares), ensure_ascii=False, indent=1))
    else:
        _show(found, lang, shares)


def _page(found: Profile, shares: Mapping[str, AtomShares], options: dict[str, Any]) -> None:
    from suwen.report.molecule_page import render_molecule  # noqa: PLC0415

    lang: Literal["en", "zh"] = "zh" if options["lang"] == "zh" else "en"
    told = shares or (shares_of(found.molecule) if found.forecasts else {})
    write_whole(options["page"], [render_molecule(found, shares=told, lang=lang, created=datetime.now(UTC))])


def _forecast(found: Profile) -> Profile:
    from suwen.drugs.admet.forecast import forecasts  # noqa: PLC0415

    return replace(found, forecasts=forecasts([found.molecule])[0])


def _many(file: Path, options: dict[str, Any]) -> None:
    from suwen.drugs.batch import profiles  # noqa: PLC0415
    from suwen.formats.molecules import read_molecules  # noqa: PLC0415

    lang, table = options["lang"], options["table"]
    source = read_molecules(file, column=options["column"], name_column=options["name_column"])
    admet = is_wanted(options["admet"], lang)
    counts = {"done": 0, "refused": 0}
    with progress("profile") as told:
        found = profiles(source, processes=options["processes"], notify=lambda done: told(done, done + 1), admet=admet)
        kept: list[Profile | Refused] = []
        counted = _counted(found, counts) if options["page"] is None else _collected(_counted(found, counts), kept)
        if options["as_json"]:
            for one in counted:
                click.echo(json.dumps(_tree_of(one, lang), ensure_ascii=False))
        elif table is not None:
            write_whole(table, _rows(counted, lang, admet=admet))
        else:
            for _one_more in counted:
                pass
    if options["page"] is not None:
        _page_of_many(kept, options)
    if table is not None:
        say(_WORDS["written"][lang].format(file=table, **counts))
    if not counts["done"]:
        say(_WORDS["no_molecule"][lang].format(file=file.name, **counts))
        raise click.exceptions.Exit(1)


def _collected(found: Iterable[Profile | Refused], kept: list[Profile | Refused]) -> Iterator[Profile | Refused]:
    """What was found, as it comes, and kept for the page; refused as soon as it is too much for one."""
    from suwen.report.molecule_table import MOST_ON_A_PAGE  # noqa: PLC0415

    for one in found:
        kept.append(one)
        if len(kept) > MOST_ON_A_PAGE:
            raise InputError(
                f"a page holds at most {MOST_ON_A_PAGE} molecules; write a table by --csv, without --report"
            )
        yield one


def _page_of_many(kept: list[Profile | Refused], options: dict[str, Any]) -> None:
    from suwen.report.molecule_table import render_molecules  # noqa: PLC0415

    lang: Literal["en", "zh"] = "zh" if options["lang"] == "zh" else "en"
    write_whole(options["page"], [render_molecules(kept, lang=lang, created=datetime.now(UTC))])


def _counted(found: Iterable[Profile | Refused], counts: dict[str, int]) -> Iterator[Profile | Refused]:
    from suwen.formats.molecules.nouns import Refused  # noqa: PLC0415

    for one in found:
        counts["refused" if isinstance(one, Refused) else "done"] += 1
        yield one


def _rows(found: Iterable[Profile | Refused], lang: str, *, admet: bool) -> Iterator[str]:
    from suwen.drugs.quantities import QUANTITIES  # noqa: PLC0415
    from suwen.drugs.rules import RULES  # noqa: PLC0415
    from suwen.formats.molecules.nouns import Refused  # noqa: PLC0415

    endpoints = table_header() if admet else []
    rules = [f"rule.{key}" for key in RULES]
    yield _line(["name", "smiles", "inchi_key", *QUANTITIES, *rules, "alerts", *endpoints, "problem"])
    for one in found:
        if isinstance(one, Refused):
            blank = [""] * (len(QUANTITIES) + len(RULES) + len(endpoints) + 2)
            yield _line(["", one.written, *blank, _failure(one, lang)])
            continue
        numbers = one.numbers()
        values = ["" if key not in numbers else f"{numbers[key]:.6g}" for key in QUANTITIES]
        kept = ["" if rule.kept is None else str(int(rule.kept)) for rule in one.rules]
        alerts = "; ".join(f"{alert.set}:{alert.label}" for alert in one.alerts)
        learned = table_cells(one.forecasts) if admet else []
        yield _line([one.molecule.name, one.molecule.smiles, one.molecule.key, *values, *kept, alerts, *learned, ""])


def _failure(refused: Refused, lang: str) -> str:
    told = _problem(refused.problem, lang)
    return f"第{refused.row}行：{told}" if lang == "zh" else f"row {refused.row}: {told}"


def _line(cells: list[str]) -> str:
    """A row of CSV; what a spreadsheet would take for a formula is made text, numbers stay."""
    stream = io.StringIO()
    safe = [f"'{one}" if one and one[0] in "=+-@\t\r" and not _NUMBER.fullmatch(one) else one for one in cells]
    csv.writer(stream, lineterminator="\n").writerow(safe)
    return stream.getvalue()


def _tree_of(one: Profile | Refused, lang: str) -> dict[str, Any]:
    from suwen.formats.molecules.nouns import Refused  # noqa: PLC0415

    if isinstance(one, Refused):
        return {"format": 1, "row": one.row, "written": one.written, "problem": _problem(one.problem, lang)}
    return _tree(one, lang, {})


def _tree(found: Profile, lang: str, shares: Mapping[str, AtomShares]) -> dict[str, Any]:
    from suwen.drugs.alerts import alert_meaning, alert_name  # noqa: PLC0415
    from suwen.drugs.rules import RULES  # noqa: PLC0415
    from suwen.drugs.sources import source_text  # noqa: PLC0415

    return {
        "format": 1,
        **_head(found.molecule, lang),
        "formula": found.formula,
        "properties": {
            one.key: {
                "name": one.quantity.name.said(lang),
                "value": one.value,
                "unit": one.quantity.unit,
                **({} if one.value is not None else {"low": one.low, "high": one.high}),
                "source": source_text(one.quantity.source, lang),
            }
            for one in found.properties
        },
        "rules": {
            one.key: {
                "name": RULES[one.key].name.said(lang),
                "kept": one.kept,
                "source": source_text(RULES[one.key].source, lang),
            }
            for one in found.rules
        },
        "alerts": [
            {
                "set": one.set,
                "label": one.label,
                "name": alert_name(one).said(lang),
                "meaning": alert_meaning(one)[0].said(lang),
                "atoms": [list(place.indices) for place in one.places],
                "source": source_text(alert_meaning(one)[1], lang),
            }
            for one in found.alerts
        ],
        **({"endpoints": tree_of(found.forecasts, shares, lang)} if found.forecasts else {}),
        "limits": _WORDS["limits"][lang],
    }


def _head(molecule: Molecule, lang: str) -> dict[str, Any]:
    noticed = [_problem(one, lang) for one in molecule.noticed]
    return {"smiles": molecule.smiles, "inchi_key": molecule.key, "name": molecule.name, "noticed": noticed}


def _problem(problem: Any, lang: str) -> str:
    from suwen.formats.molecules import notice_text  # noqa: PLC0415

    return notice_text(problem, "zh" if lang == "zh" else "en")


def _show(found: Profile, lang: str, shares: Mapping[str, AtomShares]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console()
    console.print(f"{found.molecule.smiles}\n{found.molecule.key}  {found.formula}", markup=False)
    for one in found.molecule.noticed:
        console.print(f"! {_WORDS['noticed'][lang]}: {_problem(one, lang)}", markup=False)
    table = Table(*_headed(_WORDS[key][lang] for key in ("property", "value", "usual", "source")), box=None)
    for row in (_row(one, lang) for one in found.properties):
        table.add_row(*row)
    console.print(table)
    console.print(_ruled(found, lang))
    console.print(f"{_WORDS['alerts'][lang]}:", markup=False)
    for line in _alerted(found, lang) or [_WORDS["none"][lang]]:
        console.print(f"  {line}", markup=False)
    if found.forecasts:
        show_endpoints(console, found.forecasts, shares, lang)
    console.print(_WORDS["limits"][lang], style="dim", markup=False)


def _headed(heads: Iterable[str]) -> Iterator[Column]:
    """Columns that fold: Chinese has no blanks to break at, and would be cut off with an ellipsis."""
    from rich.table import Column  # noqa: PLC0415

    return (Column(head, overflow="fold") for head in heads)


def _row(one: Property, lang: str) -> tuple[str, str, str, str]:
    from suwen.drugs.sources import source_text  # noqa: PLC0415
    from suwen.drugs.units import unit_text  # noqa: PLC0415

    unit = f" {unit_text(one.quantity.unit)}".rstrip()
    value = _between(one.low, one.high, lang) if one.value is None else f"{one.value:.4g}"
    usual = one.quantity.usual
    source = source_text(one.quantity.source, lang)
    return one.quantity.name.said(lang), value + unit, "" if usual is None else _usual(usual, lang), source


def _between(low: float | None, high: float | None, lang: str) -> str:
    if low is None and high is None:
        return _WORDS["unknown"][lang]
    from suwen.drugs.units import same_decimals  # noqa: PLC0415

    ends = ["" if end is None else f"{end:.4g}" for end in (low, high)]
    return " – ".join(same_decimals(ends[0], ends[1])).strip()


def _usual(usual: Any, lang: str) -> str:
    from suwen.drugs.units import same_decimals  # noqa: PLC0415

    ends = same_decimals(*("" if end is None else f"{end:g}" for end in (usual.low, usual.high)))
    return f"{ends[0]} – {ends[1]} ({usual.of.said(lang)})".strip()


def _ruled(found: Profile, lang: str) -> Any:
    from rich.table import Table  # noqa: PLC0415

    from suwen.drugs.rules import RULES  # noqa: PLC0415
    from suwen.drugs.sources import source_text  # noqa: PLC0415

    table = Table(*_headed((_WORDS["rule"][lang], "", _WORDS["source"][lang])), box=None)
    for one in found.rules:
        rule = RULES[one.key]
        broken = [rule.said(at, lang) for at, checked in enumerate(one.criteria) if checked.met is False]
        state = _WORDS["open" if one.kept is None else "kept" if one.kept else "broken"][lang]
        state += f": {'; '.join(broken)}" if broken else ""
        table.add_row(rule.name.said(lang), state, source_text(rule.source, lang))
    return table


def _alerted(found: Profile, lang: str) -> list[str]:
    from suwen.drugs.alerts import ALERT_SETS, alert_meaning, alert_name  # noqa: PLC0415
    from suwen.drugs.sources import source_text  # noqa: PLC0415

    lines = []
    for one in found.alerts:
        meaning, source = alert_meaning(one)
        places = "; ".join(",".join(map(str, place.indices)) for place in one.places)
        where = f" ({_WORDS['atoms'][lang]} {places})" if places else ""
        name = f"{ALERT_SETS[one.set].name.said(lang)} · {alert_name(one).said(lang)}"
        lines.append(f"{name}{where}: {meaning.said(lang)} [{source_text(source, lang)}]")
    return lines
