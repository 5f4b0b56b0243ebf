"""`suwen fit-activity`: a model of a user's own assay, how far it can be trusted, and what it says of new molecules."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suwen.cli.molecule_files import check_outputs
from suwen.cli.records.showing import progress, say, show_table, write_whole
from suwen.errors import InputError

if TYPE_CHECKING:
    from suwen.drugs.activity.model import ActivityModel
    from suwen.drugs.activity.nouns import ActivityForecast, Assay, Cliff
    from suwen.formats.molecules.nouns import Molecule, Refused

__all__ = ["fit_activity"]

_FILE = click.Path(path_type=Path, dir_okay=False)
_SHOWN = 10  # cliffs and forecasts that are shown; JSON and the table have all
_WORDS = {
    "assay": {
        "en": "{rows} rows read, {n} molecules to learn from; column {column} ({unit}; {whence})",
        "zh": "读取 {rows} 行，可学习 {n} 个分子；列 {column}（{unit}；{whence}）",
    },
    "as is": {"en": "as it stands", "zh": "按原值"},
    "classes": {"en": "two classes", "zh": "两类"},
    "merged": {
        "en": "{n} molecules were measured several times: the median was taken",
        "zh": "{n} 个分子有多次测量：取中位数",
    },
    "left": {"en": "Left out ({n}): {why}", "zh": "未采用（{n} 行）：{why}"},
    "contradictory": {
        "en": "left out as contradictory, repeats {spread:.2f} apart: {smiles}",
        "zh": "重复测量相差 {spread:.2f}，相互矛盾，未采用：{smiles}",
    },
    "error": {
        "en": "Error on molecules not seen (root mean square, {folds}-fold nested): {value}",
        "zh": "对未见分子的误差（均方根，{folds} 折嵌套交叉验证）：{value}",
    },
    "brier": {
        "en": "Error on molecules not seen (Brier score, {folds}-fold nested): {value}",
        "zh": "对未见分子的误差（Brier 分数，{folds} 折嵌套交叉验证）：{value}",
    },
    "rank": {"en": "Rank correlation (Spearman): {value}", "zh": "秩相关（Spearman）：{value}"},
    "auroc": {"en": "AUROC: {value}", "zh": "AUROC：{value}"},
    "baseline": {
        "en": "Beside it, in the same folds: support vectors on ECFP4 {value}; always the mean {average:.3f}",
        "zh": "相同各折的对照：ECFP4 支持向量机 {value}；始终取均值 {average:.3f}",
    },
    "on_cliffs": {
        "en": "Error over the {n} molecules on activity cliffs: {value}",
        "zh": "活性悬崖上 {n} 个分子的误差：{value}",
    },
    "held": {
        "en": "Intervals promised for {coverage:.0%} held the truth in {value}",
        "zh": "承诺 {coverage:.0%} 的区间实际包含真值的比例：{value}",
    },
    "unjudged": {"en": "Not judged (--quick): how far off it is was not measured", "zh": "未评估（--quick）：误差未知"},
    "member": {"en": "member", "zh": "成员模型"},
    "weight": {"en": "weight", "zh": "权重"},
    "sum": {
        "en": "Weights make {whole:.2f} together. They are fitted and not made to sum to 1: each times how far its "
        "member departs from the assay's mean, so that below 1 forecasts are drawn towards the mean, above 1 away "
        "from it.",
        "zh": "权重合计 {whole:.2f}。权重由拟合得出，不归一为1：每个权重乘以该成员偏离测定均值的幅度；合计小于1使预测向"
        "均值收缩，大于1则使其远离均值。",
    },
    "own": {"en": "its own error", "zh": "自身误差"},
    "cliffs": {
        "en": "{n} activity cliffs (alike by at least 0.9 in fragments, graph or string, {apart}); the steepest:",
        "zh": "{n} 对活性悬崖（片段、骨架或字符串相似度不低于 0.9，{apart}）；最陡者：",
    },
    "apart_amount": {"en": "over {limit:.3g} apart", "zh": "数值相差超过 {limit:.3g}"},
    "apart_classes": {"en": "of different classes", "zh": "类别不同"},
    "no_cliffs": {"en": "No activity cliffs", "zh": "无活性悬崖"},
    "difference": {"en": "difference", "zh": "差值"},
    "stronger": {"en": "stronger", "zh": "较强者"},
    "weaker": {"en": "weaker", "zh": "较弱者"},
    "alike": {"en": "fragments / graph / string", "zh": "片段／骨架／字符串"},
    "molecule": {"en": "molecule", "zh": "分子"},
    "value": {"en": "value", "zh": "数值"},
    "interval": {"en": "interval of {coverage:.0%}", "zh": "{coverage:.0%} 区间"},
    "nearest": {"en": "likeness to the nearest", "zh": "与最近分子的相似度"},
    "remarks": {"en": "remarks", "zh": "备注"},
    "outside": {"en": "outside the domain", "zh": "超出适用域"},
    "steep": {"en": "near a cliff", "zh": "邻近悬崖"},
    "known": {"en": "measured: {value:.3g}", "zh": "已测：{value:.3g}"},
    "open": {"en": "cannot be told", "zh": "无法判定"},
    "active": {"en": "active", "zh": "有活性"},
    "inactive": {"en": "inactive", "zh": "无活性"},
    "more": {"en": "and {n} more; --out FILE or --json gives all", "zh": "另有 {n} 个；--out 或 --json 给出全部"},
    "saved": {"en": "Saved: {file}", "zh": "已保存：{file}"},
    "written": {
        "en": "Written to {file}: {done} molecules, {refused} refused",
        "zh": "已写入 {file}：{done} 个分子，{refused} 个被拒",
    },
    "limits": {
        "en": "Learned from this assay alone; for research, no statement on safety or effect in people.",
        "zh": "仅由该测定数据学习；供研究使用，不构成对人体安全性或疗效的结论。",
    },
}  # fmt: skip


@click.command("fit-activity")
@click.argument("table", type=click.Path(path_type=Path))
@click.option(
    "--activity", default="", help="Column (of an SDF: field) of the activity; found by its name if not told."
)
@click.option("--unit", default="", help="Its unit: nM, uM, mM, M, pM, or 'as is' (logarithms, classes 0 and 1).")
@click.option("--column", default="", help="Column of the structures of a table, by name or number from 1.")
@click.option("--name-column", default="", help="Column of the names; of an SDF the field that holds the name.")
@click.option("--model", "saved", type=_FILE, help="Save the model: FILE.safetensors and its card FILE.json.")
@click.option("--predict", type=_FILE, help="A file of molecules to say something of.")
@click.option("--out", type=_FILE, help="Write what is said of them as CSV, refused ones too.")
@click.option("--report", type=_FILE, help="Write the page: errors, cliffs and forecasts drawn; one HTML file.")
@click.option("--quick", is_flag=True, help="Do not judge the model, which takes five sixths of the time.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Of folds and trees.")
def fit_activity(table: Path, **options: Any) -> None:
    """Fit a model to the assay in TABLE (CSV, TSV or SDF of structures and activities), or read a model saved before.

    Concentrations are learned as -log10 of mol/l. Repeats are merged, contradictions and bounds (> and <) left out and
    told. The error is measured on molecules that were not seen.
    """
    lang, predict = options["lang"], options["predict"]
    _checked(table, options)
    asked = [] if predict is None else _asked(predict, options["name_column"], needed=_is_model(table))
    model = _model(table, options)
    if options["saved"] is not None:
        from suwen.drugs.activity.stored import save_activity  # noqa: PLC0415

        weights = _weights(options["saved"])
        save_activity(model, weights)
        say(_WORDS["saved"][lang].format(file=weights))
    said = _said(model, asked)
    if options["out"] is not None:
        write_whole(options["out"], _rows(asked, said, lang))
        counts = {"done": len(said), "refused": len(asked) - len(said)}
        say(_WORDS["written"][lang].format(file=options["out"], **counts))
    if options["report"] is not None:
        write_whole(options["report"], [_page(model, said, lang)])
        say(_WORDS["saved"][lang].format(file=options["report"]))
    if options["as_json"]:
        click.echo(json.dumps(_tree(model, asked, said, lang), ensure_ascii=False, indent=1))
    else:
        _show(model, said, lang)


def _checked(table: Path, options: dict[str, Any]) -> None:
    """What cannot be, said before the fit."""
    if options["out"] is not None and options["predict"] is None:
        raise InputError("--out is for what is said of other molecules: name their file with --predict")
    weights = None if options["saved"] is None else _weights(options["saved"])
    card = None if weights is None else weights.with_suffix(".json")
    written = {"--model": weights, "its card": card, "--out": options["out"], "--report": options["report"]}
    read = [table, *([_weights(table), _weights(table).with_suffix(".json")] if _is_model(table) else [])]
    if options["saved"] is not None and options["saved"].resolve() == table.resolve():
        raise InputError(f"--model would overwrite {table}, which is read; name another")
    check_outputs(written, [*read, options["predict"]])
    given = [name for name in ("activity", "unit", "column", "quick") if options[name]]
    if _is_model(table) and given:
        raise InputError(f"--{given[0]} is for fitting, and {table.name} is a model that was fitted; leave it out")


def _is_model(table: Path) -> bool:
    return table.suffix in (".safetensors", ".json")


def _weights(path: Path) -> Path:
    """The arrays of a model that is named by these, by its card, or by neither suffix."""
    if path.suffix == ".safetensors":
        return path
    return path.with_suffix(".safetensors") if path.suffix == ".json" else path.with_name(f"{path.name}.safetensors")


def _model(table: Path, options: dict[str, Any]) -> ActivityModel:
    if _is_model(table):
        from suwen.drugs.activity.stored import load_activity  # noqa: PLC0415

        return load_activity(_weights(table))
    from suwen.drugs.activity.fit import fit_activity as fitted  # noqa: PLC0415
    from suwen.drugs.activity.table import read_assay  # noqa: PLC0415

    named = {name: options[name] for name in ("activity", "unit", "column", "name_column")}
    assay = read_assay(table, **named)
    with progress("fit-activity") as told:
        return fitted(assay, seed=options["seed"], judged=not options["quick"], notify=told)


def _asked(file: Path, field: str, *, needed: bool) -> list[Molecule | Refused]:
    from suwen.formats.molecules import read_molecules  # noqa: PLC0415

    # A table finds its own columns; the field of names of an SDF cannot be found. It may be meant of the assay alone.
    is_sdf = file.name.lower().removesuffix(".gz").endswith((".sdf", ".sd"))
    try:
        asked = list(read_molecules(file, name_column=field if is_sdf else ""))
    except InputError:
        if needed or not is_sdf:
            raise
        asked = list(read_molecules(file))
    if not asked:
        raise InputError(f"{file.name}, which --predict names, holds no molecule")
    return asked


def _said(model: ActivityModel, asked: Sequence[Molecule | Refused]) -> list[ActivityForecast]:
    from suwen.drugs.activity.model import forecast  # noqa: PLC0415
    from suwen.formats.molecules.nouns import Molecule  # noqa: PLC0415

    with progress("predict") as told:
        return forecast(model, [one for one in asked if isinstance(one, Molecule)], notify=told)


def _page(model: ActivityModel, said: Sequence[ActivityForecast], lang: str) -> str:
    from suwen.report.activity_page import ActivityPage, render_activity  # noqa: PLC0415

    page = ActivityPage(model.assay, model.judged, model.shares, model.out_of_fold, model.cliffs, said)
    return render_activity(page, lang="zh" if lang == "zh" else "en", created=datetime.now(UTC))


def _rows(asked: Iterable[Molecule | Refused], said: Iterable[ActivityForecast], lang: str) -> Iterator[str]:
    from suwen.formats.molecules.nouns import Refused  # noqa: PLC0415

    columns = ("name", "smiles", "inchi_key", "value", "low", "high", "answers", "coverage", "inside", "similarity")
    yield _line([*columns, "disagreement", "known", "nearest", "near_cliff", "problem"])
    waiting = iter(said)
    for one in asked:
        if isinstance(one, Refused):
            yield _line(["", one.written, *[""] * 12, _failure(one, lang)])
            continue
        found = next(waiting)
        numbers = (found.value, found.low, found.high)
        yield _line([
            found.name,
            found.smiles,
            found.key,
            *("" if number is None else f"{number:.6g}" for number in numbers),
            " ".join(str(int(answer)) for answer in found.classes),
            f"{found.coverage:g}",
            str(int(found.inside)),
            f"{found.similarity:.4f}",
            f"{found.disagreement:.4g}",
            "" if found.known is None else f"{found.known:.6g}",
            "; ".join(f"{near.smiles} {near.similarity:.2f} {near.measured:.4g}" for near in found.nearest),
            str(int(bool(found.cliffs))),
            "",
        ])  # fmt: skip


def _failure(refused: Refused, lang: str) -> str:
    told = _problem(refused, lang)
    return f"第{refused.row}行：{told}" if lang == "zh" else f"row {refused.row}: {told}"


def _problem(refused: Refused, lang: str) -> str:
    from suwen.formats.molecules import notice_text  # noqa: PLC0415

    return notice_text(refused.problem, "zh" if lang == "zh" else "en")


def _line(cells: list[str]) -> str:
    """A row of CSV; what a spreadsheet would take for a formula is made text, numbers stay."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow([_harmless(one) for one in cells])
    return stream.getvalue()


def _harmless(cell: str) -> str:
    if not cell or cell[0] not in "=+-@\t\r":
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell


def _tree(
    model: ActivityModel, asked: Iterable[Molecule | Refused], said: Iterable[ActivityForecast], lang: str
) -> dict[str, Any]:
    from suwen.drugs.activity.nouns import MEMBERS  # noqa: PLC0415
    from suwen.formats.molecules.nouns import Refused  # noqa: PLC0415

    assay = model.assay
    return {
        "format": 1,
        "assay": {
            "column": assay.column,
            "unit": assay.unit,
            "kind": assay.kind,
            "rows": assay.rows,
            "molecules": len(assay.molecules),
            "merged": assay.merged,
            "left_out": [{"row": one.row, "written": one.written, "why": one.why.said(lang)} for one in assay.left_out],
            "contradictory": [asdict(one) for one in assay.contradictory],
        },
        "judged": None if model.judged is None else asdict(model.judged),
        "members": [{**asdict(one), "name": MEMBERS[one.member].said(lang)} for one in model.shares],
        "cliffs": [_cliff(assay, one) for one in model.cliffs],
        "forecasts": [asdict(one) for one in said],
        "refused": [
            {"row": one.row, "written": one.written, "problem": _problem(one, lang)}
            for one in asked
            if isinstance(one, Refused)
        ],
        "limits": _WORDS["limits"][lang],
    }


def _cliff(assay: Assay, one: Cliff) -> dict[str, Any]:
    ends = {name: asdict(assay.molecules[place]) for name, place in (("first", one.first), ("second", one.second))}
    return {**asdict(one), **ends}


def _show(model: ActivityModel, said: Sequence[ActivityForecast], lang: str) -> None:
    for sentence in (*_about_assay(model.assay, lang), *_about_errors(model, lang)):
        click.echo(sentence)
    _show_members(model, lang)
    _show_cliffs(model, lang)
    if said:
        _show_forecasts(said, lang)
    click.echo(_WORDS["limits"][lang])


def _about_assay(assay: Assay, lang: str) -> Iterator[str]:
    kind = "classes" if assay.kind == "classes" else assay.unit
    unit = _WORDS[kind][lang] if kind in _WORDS else f"-log10 M ({kind})"
    head = {"rows": assay.rows, "n": len(assay.molecules), "column": assay.column, "whence": assay.whence.said(lang)}
    yield _WORDS["assay"][lang].format(unit=unit, **head)
    if assay.merged:
        yield _WORDS["merged"][lang].format(n=assay.merged)
    reasons = [one.why.said(lang) for one in assay.left_out]
    for why in dict.fromkeys(reasons):
        yield _WORDS["left"][lang].format(n=reasons.count(why), why=why)
    for one in assay.contradictory[:_SHOWN]:
        yield _WORDS["contradictory"][lang].format(spread=one.spread, smiles=one.smiles)


def _about_errors(model: ActivityModel, lang: str) -> Iterator[str]:
    told = model.judged
    if told is None:
        yield _WORDS["unjudged"][lang]
        return
    names = ("brier", "auroc") if model.assay.kind == "classes" else ("error", "rank")
    yield _WORDS[names[0]][lang].format(folds=told.folds, value=told.error.text())
    yield _WORDS["baseline"][lang].format(value=told.baseline.text(), average=told.average)
    yield _WORDS[names[1]][lang].format(value=told.rank.text())
    if told.cliffs is not None:
        yield _WORDS["on_cliffs"][lang].format(n=told.cliff_molecules, value=told.cliffs.text())
    yield _WORDS["held"][lang].format(coverage=told.coverage, value=told.held.text())


def _show_members(model: ActivityModel, lang: str) -> None:
    from suwen.drugs.activity.nouns import MEMBERS  # noqa: PLC0415

    rows = [(MEMBERS[one.member].said(lang), f"{one.weight:.2f}", f"{one.error:.3f}") for one in model.shares]
    show_table([_WORDS[key][lang] for key in ("member", "weight", "own")], rows, empty="")
    click.echo(_WORDS["sum"][lang].format(whole=sum(one.weight for one in model.shares)))


def _show_cliffs(model: ActivityModel, lang: str) -> None:
    import numpy as np  # noqa: PLC0415

    from suwen.drugs.activity.cliffs import steepness  # noqa: PLC0415

    if not model.cliffs:
        click.echo(_WORDS["no_cliffs"][lang])
        return
    molecules = model.assay.molecules
    limit = steepness(np.array([one.value for one in molecules]), model.assay.kind, model.assay.unit)
    apart = _WORDS[f"apart_{model.assay.kind}"][lang].format(limit=limit)
    click.echo(_WORDS["cliffs"][lang].format(n=len(model.cliffs), apart=apart))
    rows = [
        (
            f"{one.difference:.2f}",
            molecules[one.first].smiles,
            molecules[one.second].smiles,
            f"{one.fragments:.2f} / {one.scaffold:.2f} / {one.string:.2f}",
        )
        for one in model.cliffs[:_SHOWN]
    ]
    show_table([_WORDS[key][lang] for key in ("difference", "stronger", "weaker", "alike")], rows, empty="")


def _show_forecasts(said: Sequence[ActivityForecast], lang: str) -> None:
    interval = _WORDS["interval"][lang].format(coverage=said[0].coverage)
    head = [_WORDS["molecule"][lang], _WORDS["value"][lang], interval]
    rows = [
        (one.name or one.smiles, f"{one.value:.2f}", _ends(one, lang), f"{one.similarity:.2f}", _remarks(one, lang))
        for one in said[:_SHOWN]
    ]
    show_table([*head, _WORDS["nearest"][lang], _WORDS["remarks"][lang]], rows, empty="")
    if len(said) > _SHOWN:
        click.echo(_WORDS["more"][lang].format(n=len(said) - _SHOWN))


def _ends(one: ActivityForecast, lang: str) -> str:
    if one.low is not None and one.high is not None:
        return f"{one.low:.2f} – {one.high:.2f}"
    if len(one.classes) != 1:
        return _WORDS["open"][lang]
    return _WORDS["active" if one.classes[0] else "inactive"][lang]


def _remarks(one: ActivityForecast, lang: str) -> str:
    told = [] if one.inside else [_WORDS["outside"][lang]]
    told += [_WORDS["steep"][lang]] if one.cliffs else []
    told += [] if one.known is None else [_WORDS["known"][lang].format(value=one.known)]
    return ("；" if lang == "zh" else "; ").join(told)
