"""A training in a file: YAML or JSON of format 1, read into a lesson and where its examples are; all problems at once.

Only `data.path` and `network.kind` must be there; for a sealed cohort no path, and `data` holds at most `split` and
`classes`. Paths are relative to the file. A changed meaning gets a new format number and keeps this
reader.

    format: 1
    name, version, licence        words for the card
    purpose, limits               each with `en` and `zh`; limits are lists
    data: path, manifest, cohort, label, group, classes, spacing, source, licence
          split: by (auto, given, stratified, hash, time), salt, parts (train, val, test), column, cuts
    network: kind, settings       of the catalogue; what follows from the data need not be said
    prepare, augment, plan        as `Prepare`, `Intensity`, `Spatial` and `Plan` name their values
    seeds, flips, rule
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from suwen.errors import DataError, FormatError, InputError, NotFoundError
from suwen.learn.config_checks import Section
from suwen.learn.lesson import AUGMENTATIONS, Lesson
from suwen.learn.nets.catalogue import CATALOGUE
from suwen.learn.plan import Plan
from suwen.learn.prepare import Prepare
from suwen.learn.splits import PARTS

__all__ = ["FORMAT", "RULES", "SPLITS", "Config", "Data", "Split", "read_config"]

FORMAT = 1
SPLITS = ("auto", "given", "stratified", "hash", "time")
RULES = ("youden", "accuracy", "f1")  # the other rules of a threshold need a number that a lesson does not hold
_MOST = 2**20  # bytes
_TOP = [
    "format",
    "name",
    "version",
    "purpose",
    "limits",
    "licence",
    "data",
    "network",
    "prepare",
    "augment",
    "plan",
    "seeds",
    "flips",
    "rule",
]
_DATA = ["path", "manifest", "cohort", "label", "group", "split", "classes", "spacing", "source", "licence"]
_SEALED = ("split", "classes")  # all that is left to say where the table comes out of a sealed cohort
_SPLIT = ["by", "salt", "parts", "column", "cuts"]
_PARTS = ("train", "val", "test")
_NAME = re.compile(r"\w[\w.-]{0,63}")  # it becomes the name of files
_UNSTATED = {"en": "not stated", "zh": "未说明"}
_LIMITS = {
    "en": ("Where it may be used was not stated. For research and teaching; no medical device.",),
    "zh": ("未说明适用范围。仅供研究与教学；不是医疗器械。",),
}


@dataclass(frozen=True, slots=True)
class Split:
    """How examples are parted: `auto` takes the parts the data have, or else makes stratified ones.

    `parts` are shares of train, val and test; for `time`, `column` holds the times and `cuts` one or two of them.
    """

    by: str = "auto"
    salt: str = "suwen"
    parts: Mapping[str, float] = field(default_factory=lambda: dict(PARTS))
    column: str = ""
    cuts: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Data:
    """Where the examples are; `manifest` is that of `suwen clean`, `cohort` that of `suwen cohort`.

    `path` is None where they come out of a sealed cohort. `spacing` is in mm in the order of the stored axes, for
    outlines whose files do not tell it.
    """

    path: Path | None = None
    manifest: Path | None = None
    cohort: Path | None = None
    label: str = ""
    group: str = ""
    split: Split = field(default_factory=Split)
    classes: tuple[str, ...] = ()
    spacing: tuple[float, ...] = ()
    source: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """What the file says; `said` are the paths of values it gives itself, such as `plan.watch`."""

    lesson: Lesson
    data: Data
    said: frozenset[str] = frozenset()


def read_config(path: Path, *, sealed: bool = False) -> Config:
    """Read a training from YAML or JSON (a name that ends in .json); `sealed`: of a cohort that is not in a file.

    Raises:
        NotFoundError, DataError: the file is not there, or cannot be read.
        FormatError: it is neither YAML nor JSON, or of another format.
        InputError: its contents cannot be used; all problems are listed, each with its place.

    """
    values = _parsed(path)
    if values.get("format", FORMAT) != FORMAT:
        raise FormatError(f"{path.name} has format {values['format']!r:.20}; this release reads {FORMAT}")
    top = Section("", values, [])
    top.names(_TOP)
    data = _sealed(top.section("data")) if sealed else _data(top.section("data", required=True), path.parent)
    lesson = _lesson(top, _plain_name(path.stem))
    if top.problems:
        raise InputError(f"{path.name} cannot be followed", top.problems)
    return Config(lesson, data, frozenset(_said(values)))


def _lesson(top: Section, name: str) -> Lesson:
    name = top.text("name", name)
    if not _NAME.fullmatch(name):
        top.problem("name", "it becomes the name of files: letters, digits, dot, hyphen and underline, at most 64")
    network = _network(top.section("network", required=True))
    prepare = top.record("prepare", Prepare)
    return Lesson(
        name,
        top.text("version", "0.1.0"),
        _words(top, "purpose") or _UNSTATED,
        _limits(top) or _LIMITS,
        top.text("licence", "not stated"),
        network,
        Prepare() if prepare is None else prepare,
        _augment(top.section("augment")),
        top.record("plan", Plan) or Plan(),
        _seeds(top),
        tuple(top.numbers("flips", whole=True, least=0, most=2)),
        top.choice("rule", RULES, "youden"),
    )


def _network(section: Section) -> dict[str, Any]:
    section.names(["kind", "settings"])
    taught = tuple(name for name, entry in CATALOGUE.items() if entry.taught)
    kind = section.choice("kind", taught, required=True)
    if kind not in taught:
        return {"kind": kind, "settings": {}}
    return {"kind": kind, "settings": _chosen(section, "settings", CATALOGUE[kind].settings)}


def _chosen(section: Section, name: str, kind: type[Any]) -> dict[str, Any]:
    """Those values of a record that the file gives itself, as a card holds them."""
    made = section.record(name, kind)
    chosen = {} if made is None else {key: getattr(made, key) for key in section.section(name).values}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in chosen.items()}


def _augment(section: Section) -> dict[str, dict[str, Any]]:
    section.names(list(AUGMENTATIONS))
    known = [name for name in section.values if name in AUGMENTATIONS]
    return {name: _chosen(section, name, AUGMENTATIONS[name]) for name in known}


def _seeds(top: Section) -> tuple[int, ...]:
    seeds = tuple(top.numbers("seeds", whole=True, least=0, most=2**31 - 1)) or (0,)
    if len(set(seeds)) < len(seeds):
        top.problem("seeds", "a seed stands there twice; the same network twice teaches nothing")
    if len(seeds) > 64:
        top.problem("seeds", f"an ensemble has 1 to 64 members, not {len(seeds)}")
    return seeds


def _data(section: Section, home: Path) -> Data:
    section.names(_DATA)
    path = _path(section, "path", home, required=True)
    return Data(
        path,
        _path(section, "manifest", home),
        _path(section, "cohort", home),
        section.text("label"),
        section.text("group"),
        _split(section.section("split")),
        tuple(section.texts("classes")),
        tuple(section.numbers("spacing", whole=False, least=1e-6, most=1e6)),
        section.text("source"),
        section.text("licence"),
    )


def _sealed(section: Section) -> Data:
    section.names(_DATA)
    for name in section.values:
        if name in _DATA and name not in _SEALED:
            section.problem(
                name, "the table comes out of the sealed cohort, so this would not be heeded", "leave it out"
            )
    return Data(split=_split(section.section("split")), classes=tuple(section.texts("classes")))


def _path(section: Section, name: str, home: Path, *, required: bool = False) -> Path | None:
    text = section.text(name, required=required)
    if not text:
        return None
    if "\0" in text or not (home / text).exists():
        section.problem(name, "there is no such file or folder; paths are relative to the config")
    return home / text


def _split(section: Section) -> Split:
    section.names(_SPLIT)
    split = Split(
        section.choice("by", SPLITS, "auto"),
        section.text("salt", "suwen"),
        _parts(section.section("parts")),
        section.text("column"),
        tuple(section.listed("cuts")),
    )
    if split.by == "time" and (not split.column or len(split.cuts) not in {1, 2}):
        section.problem("by", "a split by time needs the column of the times, and one or two cuts")
    return split


def _parts(section: Section) -> dict[str, float]:
    section.names(_PARTS)
    shares = {name: section.number(name) for name in section.values if name in _PARTS}
    if not shares:
        return dict(PARTS)
    if not {"train", "val"} <= set(shares) or any(not 0 < one < 1 for one in shares.values()):
        section.problem("", "shares above 0 for train and val, and perhaps test, are needed")
    elif abs(sum(shares.values()) - 1) > 1e-6:
        section.problem("", f"the shares add up to {sum(shares.values()):g}, not to 1")
    return shares


def _words(top: Section, name: str) -> dict[str, str]:
    section = top.section(name)
    section.names(["en", "zh"])
    return {lang: section.text(lang, required=True) for lang in ("en", "zh")} if section.values else {}


def _limits(top: Section) -> dict[str, tuple[str, ...]]:
    section = top.section("limits")
    section.names(["en", "zh"])
    if not section.values:
        return {}
    found = {lang: tuple(section.texts(lang)) for lang in ("en", "zh")}
    for lang, texts in found.items():
        if not texts:
            section.problem(lang, "is missing: readers of both languages must know the limits")
    return found


def _plain_name(stem: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip(".-_")[:64] or "model"


def _said(values: Mapping[str, Any], before: str = "") -> list[str]:
    found = []
    for name, value in values.items():
        found.append(f"{before}{name}")
        if isinstance(value, Mapping):
            found += _said(value, f"{before}{name}.")
    return found


class _Once(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error, not silently the last of the two.

    Only true and false are truth values: `no` and `yes` are names of classes, as in YAML 1.2.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if len({str(key) for key in keys}) < len(keys):
            raise yaml.constructor.ConstructorError(None, None, "a key stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


_Once.yaml_implicit_resolvers = {
    first: [(tag, re.compile("^(?:true|True|TRUE|false|False|FALSE)$") if "bool" in tag else how) for tag, how in known]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _parsed(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST + 1)
    except FileNotFoundError:
        raise NotFoundError(f"there is no file {path}") from None
    except OSError as reason:
        raise DataError(f"cannot read {path}: {reason.strerror}") from None
    if len(data) > _MOST:
        raise FormatError(f"{path.name} is larger than 1 MiB; a training is described in a few lines")
    try:
        text = data.decode("utf-8-sig")
        # A loader of ours on top of the safe one: no objects are made from what the file names.
        values = json.loads(text) if path.suffix.lower() == ".json" else yaml.load(text, _Once)  # noqa: S506
    except (ValueError, yaml.YAMLError, RecursionError) as reason:
        place = f", {where}" if (where := _place(reason)) else ""
        raise FormatError(f"{path.name} is neither YAML nor JSON in UTF-8{place}") from None
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise FormatError(f"{path.name} describes no training; it has sections such as data, network and plan")
    return values


def _place(reason: Exception) -> str:
    mark = getattr(reason, "problem_mark", None) or getattr(reason, "context_mark", None)
    number = getattr(reason, "lineno", None) if mark is None else mark.line + 1
    return f"line {number}" + (": a key stands twice" if "twice" in str(reason) else "") if number else ""
