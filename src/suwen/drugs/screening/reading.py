"""Goals read from TOML or JSON, or checked as made in Python: all that is wrong is told in one error."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

from suwen.drugs.alerts import ALERT_SETS
from suwen.drugs.quantities import QUANTITIES
from suwen.drugs.rules import RULES
from suwen.drugs.screening.checked import Checked
from suwen.drugs.screening.chemical_checks import ELEMENTS, fault_of_smarts, fault_of_smiles
from suwen.drugs.screening.goals import (
    Between,
    DockingGoal,
    Filters,
    Goals,
    LikenessGoal,
    ModelGoal,
    PickGoal,
    RankGoal,
    RankPart,
    Substructure,
    Want,
)
from suwen.drugs.units import unit_text
from suwen.errors import FormatError, InputError, NotFoundError, Problem
from suwen.subject import Saying

__all__ = ["goals_of", "read_goals"]

_LARGEST = 1_000_000  # bytes
_MOST_LIKE = 1000
_OWN = ("likeness", "fused", "overlay", "docking")  # columns that no quantity and no model has


_ONE_OF_BOTH = Saying("state one of both", "请只写其一")
_EXAMPLE = 'key = "qed", want = "high", low = 0.3, high = 0.8'
_A_PART = Saying(f"a part is: {_EXAMPLE}", f"一个部分形如：{_EXAMPLE}")


def read_goals(path: Path | str, *, endpoints: Mapping[str, str] | None = None) -> Goals:
    """The goals that a file states, TOML or JSON by its suffix; files it names are sought beside it.

    `endpoints` are the keys and units of the ADMET endpoints that may be asked for; those of the shipped models where
    None. Raises NotFoundError where there is no such file, FormatError where it is neither, InputError with every
    wrong key, value, unit, SMARTS and missing file.
    """
    path = Path(path)
    if not path.is_file():
        raise NotFoundError(
            f"{path} is not a file; name one with goals (suwen screen --example-goals prints one)",
            zh=f"{path} 不是文件；请指定目标文件（suwen screen --example-goals 可打印一份）",
        )
    return goals_of(_tree(path), folder=path.parent, endpoints=endpoints)


def goals_of(tree: Mapping[str, Any], *, folder: Path = Path(), endpoints: Mapping[str, str] | None = None) -> Goals:
    """As `read_goals`, of a tree of tables that is read already; `folder` is where files it names are sought."""
    problems: list[Problem] = []
    known = _shipped() if endpoints is None else endpoints
    top = Checked(tree, "", problems)
    models = _models(top, folder, known)
    made = Goals(
        title=top.text("title"),
        standardised=top.flag("standardised"),
        seed=top.whole("seed", low=0, high=2**31 - 1) or 0,
        filters=_filters(top),
        likeness=_likeness(top),
        models=models,
        pick=_pick(top),
        docking=_docking(top, folder),
        rank=_rank(top, [*QUANTITIES, *_OWN, *(one.key for one in models)]),
    )
    top.end()
    _fit_together(made, top)
    if problems:
        raise InputError("the goals cannot be used", problems, zh="无法使用所设目标")
    return made


def _tree(path: Path) -> Mapping[str, Any]:
    suffix = path.suffix.lower()
    if suffix not in (".toml", ".json"):
        raise FormatError(
            f"goals are read from .toml or .json, not from {suffix or 'a name without suffix'}",
            zh=f"目标从 .toml 或 .json 读取，而非 {suffix or '无扩展名的文件'}",
        )
    try:
        if path.stat().st_size > _LARGEST:
            raise FormatError(f"{path} is far too long for goals", zh=f"{path} 作为目标文件过长")
        text = path.read_text("utf-8-sig")
        found = tomllib.loads(text) if suffix == ".toml" else json.loads(text)
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        why = f": {error}" if isinstance(error, tomllib.TOMLDecodeError | json.JSONDecodeError) else ""
        raise FormatError(
            f"{path} is not {suffix[1:].upper()}{why}", zh=f"{path} 不是 {suffix[1:].upper()}{why}"
        ) from None
    except OSError as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(
            f"{path} cannot be read; look at its permissions", zh=f"无法读取 {path}；请检查其权限"
        ) from None
    if not isinstance(found, dict):
        raise FormatError(
            f"{path} holds no table of goals; suwen screen --example-goals prints one",
            zh=f"{path} 不含目标表；suwen screen --example-goals 可打印一份",
        )
    return found


def _shipped() -> Mapping[str, str]:
    from suwen.drugs.screening.predictors import endpoint_units  # noqa: PLC0415 (only where models are asked for)

    return endpoint_units()


def _filters(top: Checked) -> Filters:
    part = top.table("filters")
    if part is None:
        return Filters()
    made = Filters(
        quantities=_quantities(part),
        rules=part.texts("rules", among=RULES),
        without_alerts=part.texts("without_alerts", among=ALERT_SETS),
        required=_substructures(part, "required"),
        forbidden=_substructures(part, "forbidden"),
        elements=part.texts("elements", among=ELEMENTS),
        drop_duplicates=part.flag("drop_duplicates", default=True),
    )
    part.end()
    return made


def _quantities(part: Checked) -> tuple[Between, ...]:
    table = part.table("quantities")
    if table is None:
        return ()
    made = []
    for key in table.keys():  # noqa: SIM118 (it is no mapping)
        if key not in QUANTITIES:
            table.has(key)
            table.unknown(key, key, QUANTITIES)
            continue
        one = table.table(key)
        if one is not None:
            _unit(one, QUANTITIES[key].unit)
            made.append(Between(key, *_limits(one)))
            one.end()
    return tuple(made)


def _limits(
    one: Checked, *, needed: bool = True, within: tuple[float, float] = (-math.inf, math.inf)
) -> tuple[float | None, float | None]:
    """The limits; of a chance they lie from 0 to 1, so that 30 is never taken for 30 %."""
    low, high = (one.number(key, low=within[0], high=within[1]) for key in ("at_least", "at_most"))
    if low is not None and high is not None and low > high:
        one.wrong("at_least", *_crossed(low, high))
    if needed and not (one.has("at_least") or one.has("at_most")):
        one.wrong(
            "at_most",
            Saying("there is no limit", "没有界限"),
            Saying("state at_least, at_most or both", "请写 at_least、at_most 或两者"),
        )
    return low, high


def _crossed(low: float, high: float) -> tuple[Saying, Saying]:
    said = f"{low:g} is above at_most, {high:g}: nothing can be both"
    return Saying(said, f"{low:g} 高于 at_most（{high:g}）：无法同时满足"), Saying("exchange them", "请对调")


def _unit(one: Checked, unit: str) -> None:
    stated = one.text("unit")
    if stated and stated not in (unit, unit_text(unit)):
        known = " or ".join(repr(one) for one in dict.fromkeys((unit_text(unit), unit)) if one)
        one.wrong(
            "unit",
            Saying(f"{stated!r} is not the unit it is told in", f"{stated!r} 不是其所用的单位"),
            Saying(f"it is {known}; turn the limits into that", f"所用单位为 {known}；请换算界限"),
        )


def _substructures(part: Checked, key: str) -> tuple[Substructure, ...]:
    made = []
    for at, one in enumerate(part.mixed(key), start=1):
        name = ""
        if isinstance(one, Mapping):
            table = Checked(one, f"filters.{key}[{at}]", part.problems)
            one, name = table.text("smarts"), table.text("name")  # noqa: PLW2901
            table.end()
        fault = fault_of_smarts(one)
        if fault:
            part.wrong(f"{key}[{at}]", fault)
        else:
            made.append(Substructure(str(one), name))
    return tuple(made)


def _likeness(top: Checked) -> LikenessGoal | None:
    part = top.table("likeness")
    if part is None:
        return None
    like = part.texts("like")
    for at, one in enumerate(like, start=1):
        fault = fault_of_smiles(one)
        if fault:
            part.wrong(f"like[{at}]", fault)
    if not part.has("like") or not part.mixed("like"):
        part.wrong(
            "like",
            Saying("there is no molecule to be like", "没有可比对的分子"),
            Saying('state SMILES: like = ["CCO"]', '请写 SMILES：like = ["CCO"]'),
        )
    if len(like) > _MOST_LIKE:
        part.wrong(
            "like",
            Saying(f"{len(like)} molecules are more than {_MOST_LIKE}", f"{len(like)} 个分子多于 {_MOST_LIKE} 个"),
        )
    low, high = part.number("at_least", low=0, high=1), part.number("at_most", low=0, high=1)
    made = LikenessGoal(
        like,
        low,
        high,
        keep=part.whole("keep"),
        method=cast(Literal["tanimoto", "fused"], part.text("method", among=("tanimoto", "fused"), default="tanimoto")),
        overlay=part.whole("overlay", low=0, high=100_000) or 0,
    )
    if low is not None and high is not None and low > high:
        part.wrong("at_least", *_crossed(low, high))
    part.end()
    return made


def _models(top: Checked, folder: Path, endpoints: Mapping[str, str]) -> tuple[ModelGoal, ...]:
    made: list[ModelGoal] = []
    for part in top.tables("models"):
        endpoint = part.text("endpoint", among=endpoints) if part.has("endpoint") else ""
        file = _file(part, "file", folder)
        if part.has("endpoint") == part.has("file"):
            part.wrong(
                "endpoint", Saying("a model is either an endpoint or a file", "模型须为终点或文件之一"), _ONE_OF_BOTH
            )
        key = part.text("name", default=endpoint or (file.stem if file is not None else ""))
        if endpoint:
            _unit(part, endpoints[endpoint])
        keep = part.whole("keep")
        is_chance = bool(endpoint) and endpoints[endpoint] == "1"
        low, high = _limits(part, needed=keep is None, within=(0, 1) if is_chance else (-math.inf, math.inf))
        usual = "high" if file is not None else "low"
        best = cast(Literal["low", "high"], part.text("best", among=("low", "high"), default=usual))
        if key in QUANTITIES or key in _OWN or key in [one.key for one in made]:
            part.wrong(
                "name",
                Saying(f"{key!r} names two columns", f"{key!r} 同时命名了两列"),
                Saying("give the model another name", "请为该模型另取名称"),
            )
        made.append(ModelGoal(key, endpoint, file, low, high, part.flag("surely"), part.flag("inside"), keep, best))
        part.end()
    return tuple(made)


def _file(part: Checked, key: str, folder: Path) -> Path | None:
    text = part.text(key)
    if not text:
        return None
    path = folder / text
    if not path.is_file():
        # A wrong path must never become a score: it ends the screening before it begins.
        part.wrong(key, Saying(f"there is no file {str(path)!r}", f"没有文件 {str(path)!r}"))
    return path


def _pick(top: Checked) -> PickGoal | None:
    part = top.table("pick")
    if part is None:
        return None
    method = cast(Literal["maxmin", "sphere"], part.text("method", among=("maxmin", "sphere"), default="maxmin"))
    count, alike = part.whole("count", high=100_000), part.number("alike", low=0, high=1)
    if method == "maxmin" and not part.has("count"):
        part.wrong(
            "count",
            Saying("maxmin needs to know how many", "maxmin 须说明个数"),
            Saying("state count = 100", "例如 count = 100"),
        )
    if method == "maxmin" and part.has("alike"):
        part.wrong(
            "alike",
            Saying("maxmin has no such limit", "maxmin 没有此界限"),
            Saying('state method = "sphere", or leave it out', '请写 method = "sphere"，或去掉此项'),
        )
    part.end()
    return PickGoal(method, count, 0.6 if alike is None else alike)


def _docking(top: Checked, folder: Path) -> DockingGoal | None:
    part = top.table("docking")
    if part is None:
        return None
    receptor, around = _file(part, "receptor", folder), _file(part, "around", folder)
    centre, size = part.three("centre"), part.three("size", low=1.0)
    if receptor is None and not part.has("receptor"):
        part.wrong("receptor", Saying("there is no receptor", "没有受体"), Saying("name its file", "请指定其文件"))
    if part.has("around") == part.has("centre"):
        part.wrong(
            "centre",
            Saying("the box is either around a ligand or has a centre and a size", "盒子须围绕配体，或有中心和尺寸"),
            _ONE_OF_BOTH,
        )
    if part.has("centre") and not part.has("size"):
        part.wrong(
            "size",
            Saying("a box with a centre needs a size", "有中心的盒子须有尺寸"),
            Saying("state size = [20, 20, 20]", "例如 size = [20, 20, 20]"),
        )
    made = DockingGoal(
        receptor or Path(),
        centre,
        size,
        around,
        part.number("at_most"),
        part.whole("keep"),
        part.whole("exhaustiveness", high=256) or 8,
    )
    part.end()
    return made


def _rank(top: Checked, columns: list[str]) -> RankGoal:
    part = top.table("rank")
    if part is None:
        return RankGoal()
    made = RankGoal(
        tuple(one for one in (_part(table, columns) for table in part.tables("parts")) if one is not None),
        cast(Literal["merit", "pareto"], part.text("method", among=("merit", "pareto"), default="merit")),
        part.whole("keep") or 1000,
        part.number("apart", low=0, high=1),
    )
    if made.method == "pareto" and len(made.parts) < 2:
        part.wrong(
            "method",
            Saying("Pareto fronts need two parts or more", "帕累托前沿至少需要两个部分"),
            Saying("state [[rank.parts]]", "请写 [[rank.parts]]"),
        )
    part.end()
    return made


def _part(table: Checked, columns: list[str]) -> RankPart | None:
    key = table.text("key", among=columns)
    want = cast(Want, table.text("want", among=("low", "high", "between")))
    low, high = table.number("low"), table.number("high")
    for needed in ("key", "want", "low", "high"):
        if not table.has(needed):
            table.wrong(needed, Saying("is missing", "缺失"), _A_PART)
    margin = table.number("margin", low=0)
    power, weight = (table.number(one, low=1e-3, high=1000) for one in ("power", "weight"))
    table.end()
    if not key or not want or low is None or high is None:
        return None
    if low >= high and not (want == "between" and low == high):
        table.wrong("low", Saying(f"{low:g} is not below high, {high:g}", f"{low:g} 不低于 high（{high:g}）"))
    return RankPart(key, want, low, high, margin or 0.0, power or 1.0, weight or 1.0)


def _fit_together(made: Goals, top: Checked) -> None:
    """What each part of the ranking looks at must be worked out by a stage that was asked for."""
    there = {"likeness": made.likeness is not None, "docking": made.docking is not None}
    there["fused"] = made.likeness is not None and made.likeness.method == "fused"
    there["overlay"] = made.likeness is not None and made.likeness.overlay > 0
    for at, part in enumerate(made.rank.parts, start=1):
        if not there.get(part.key, True):
            said = Saying(f"{part.key!r} is not worked out by any stage", f"没有任何步骤计算 {part.key!r}")
            top.wrong(f"rank.parts[{at}].key", said, Saying(f"state [{part.key}]", f"请写 [{part.key}]"))
