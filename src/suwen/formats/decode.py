"""Bytes to text to a parsed tree, within limits: compression, encodings, JSON and YAML, each with one clear error."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import re
import unicodedata
import zlib
from typing import NoReturn

import yaml

from suwen.errors import FormatError

__all__ = ["MAX_BYTES", "decode", "parse_json", "parse_yaml", "unpack"]

MAX_BYTES = 64 * 2**20  # of a whole document, or of one line of a .jsonl file, after unpacking
_MAX_DEPTH = 200
_MAX_NODES = 1_000_000  # after YAML aliases are followed

_GZIP = b"\x1f\x8b"
_XZ = b"\xfd7zXZ\x00"
_ZIP = b"PK\x03\x04"


def unpack(data: bytes) -> bytes:
    """Take off a gzip or xz wrapping, told by the first bytes; other bytes stay as they are.

    Raises:
        FormatError: damaged, a zip archive, or more than `MAX_BYTES` when unpacked.

    """
    _check_size(data)
    if data.startswith(_ZIP):
        raise FormatError(
            "this is a zip archive or an office document; unpack it and give the file inside",
            zh="这是 ZIP 压缩包或 Office 文档；请解压后给出其中的文件",
        )
    try:
        if data.startswith(_GZIP):
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
                data = file.read(MAX_BYTES + 1)
        elif data.startswith(_XZ):
            with lzma.LZMAFile(io.BytesIO(data)) as unpacked:
                data = unpacked.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, MemoryError) as error:
        raise FormatError("the compressed file is damaged or cut short", zh="压缩文件已损坏或不完整") from error
    _check_size(data)
    return data


def _check_size(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise FormatError(
            f"larger than {MAX_BYTES // 2**20} MiB; split it into single cases or use .jsonl",
            zh=f"超过 {MAX_BYTES // 2**20} MiB；请拆分为单个病例，或使用 .jsonl",
        )


def decode(data: bytes) -> str:
    """Decode bytes in UTF-8 (with or without mark), UTF-16 or GB18030, tried in this order.

    Raises:
        FormatError: none of them fits.

    """
    for encoding in _encodings(data):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "gb18030" or _is_assigned(text):
            return text
    raise FormatError(
        "not text in UTF-8, UTF-16 or GB18030; save it as UTF-8", zh="不是 UTF-8、UTF-16 或 GB18030 文本；请存为 UTF-8"
    )


def _encodings(data: bytes) -> tuple[str, ...]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    head = data[:64]
    if len(head) > 1 and head[1::2].count(0) > len(head) // 4:
        return ("utf-16-le",)
    if len(head) > 1 and head[0::2].count(0) > len(head) // 4:
        return ("utf-16-be",)
    return ("utf-8-sig", "gb18030")


def _is_assigned(text: str) -> bool:
    """GB18030 has a meaning for most bytes; private or unassigned characters betray that it was something else."""
    return not any(unicodedata.category(char) in {"Cn", "Co"} for char in set(text))


def parse_json(text: str) -> object:
    """Parse a JSON text.

    Raises:
        FormatError: not JSON, nested too deeply, or with the literals NaN or Infinity, which JSON does not have.

    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise FormatError(
            f"not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}",
            zh=f"第 {error.lineno} 行第 {error.colno} 列不是有效的 JSON",
        ) from None
    except RecursionError:
        raise FormatError("the JSON is nested too deeply", zh="JSON 嵌套过深") from None
    except ValueError as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError("the JSON contains a number with thousands of digits", zh="JSON 含有数千位的数字") from None


def _refuse_constant(name: str) -> NoReturn:
    raise FormatError(
        f"the JSON contains {name}, which is not a JSON number; use null for an unknown value",
        zh=f"JSON 含有 {name}，这不是 JSON 数字；未知值请用 null",
    )


class _CoreLoader(yaml.CSafeLoader):
    """The safe loader with the scalars of YAML 1.2 only: `no`, `12:30`, `010` and `2020-01-01` stay text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (as PyYAML declares it)


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]{0,17})", list("-+0123456789")),
    ("float", r"[-+]?[0-9]{1,18}\.[0-9]{0,18}", list("-+0123456789")),
):
    _CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), _first)


def parse_yaml(text: str) -> list[object]:
    """Parse all documents of a YAML text.

    Raises:
        FormatError: not YAML, with explicit tags, nested deeper than 200, or of more than a million nodes (aliases
            followed).

    """
    try:
        _check_events(text)
        return [tree for tree in yaml.load_all(text, Loader=_CoreLoader) if tree is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise FormatError(f"not valid YAML{place}", zh=f"不是有效的 YAML{place}") from None
    except (yaml.YAMLError, UnicodeEncodeError):
        raise FormatError(
            "not valid YAML: it contains characters which YAML does not allow",
            zh="不是有效的 YAML：含有 YAML 不允许的字符",
        ) from None


def _check_events(text: str) -> None:
    """Walk the events before anything is built, so that a bomb of aliases or nesting never comes to life."""
    weights: dict[str, int] = {}  # of each anchored node: how many nodes it stands for
    open_nodes: list[tuple[str | None, int]] = []
    total = 0
    for event in yaml.parse(text, Loader=_CoreLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((event.anchor, total))
            total += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            _keep(weights, anchor, total - before)
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
            _keep(weights, event.anchor, 1)
        elif isinstance(event, yaml.AliasEvent):
            total += _weight(weights, event.anchor or "")
        _check_event(event, len(open_nodes), total)


def _keep(weights: dict[str, int], anchor: str | None, weight: int) -> None:
    if anchor is not None:
        weights[anchor] = weight


def _weight(weights: dict[str, int], anchor: str) -> int:
    if anchor not in weights:
        raise FormatError("a YAML alias refers to itself or to nothing", zh="YAML 别名指向自身或不存在的内容")
    return weights[anchor]


def _check_event(event: yaml.Event, depth: int, total: int) -> None:
    if depth > _MAX_DEPTH:
        raise FormatError(f"the YAML is nested deeper than {_MAX_DEPTH}", zh=f"YAML 嵌套超过 {_MAX_DEPTH} 层")
    if total > _MAX_NODES:
        raise FormatError(
            f"the YAML stands for more than {_MAX_NODES} values (aliases followed)",
            zh=f"YAML 展开后超过 {_MAX_NODES} 个值（含别名）",
        )
    if getattr(event, "tag", None) is not None:
        raise FormatError("the YAML contains explicit tags (!...); remove them", zh="YAML 含有显式标签（!...）；请去除")
