"""JSON to a tree and back without losing anything: decimals keep their digits, members their order."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

import simplejson

from suwen.errors import FormatError
from suwen.formats.decode import MAX_BYTES
from suwen.formats.fhir.nouns import Json

__all__ = ["MAX_DEPTH", "canonical", "parse_tree", "render"]

MAX_DEPTH = 100  # of objects and lists in each other; the deepest element of R4's own examples is below 30


def parse_tree(text: str) -> Any:
    """Parse JSON; numbers with a decimal point or exponent become `Decimal`.

    Raises FormatError: not JSON, nested deeper than `MAX_DEPTH`, a name twice in one object (one of the two would be
    lost), half a surrogate pair, or a number that JSON or FHIR does not have.
    """
    if len(text) > MAX_BYTES:
        raise FormatError(
            f"larger than {MAX_BYTES // 2**20} MiB; split it, or give it as .ndjson",
            zh=f"超过 {MAX_BYTES // 2**20} MiB；请拆分，或以 .ndjson 给出",
        )
    try:
        tree = simplejson.loads(
            text, use_decimal=True, object_pairs_hook=_unique, parse_constant=_refuse, allow_nan=False
        )
    except simplejson.JSONDecodeError as error:
        raise FormatError(
            f"not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}",
            zh=f"第 {error.lineno} 行第 {error.colno} 列不是有效的 JSON",
        ) from None
    except RecursionError:
        raise FormatError(f"the JSON is nested deeper than {MAX_DEPTH}", zh=f"JSON 嵌套超过 {MAX_DEPTH} 层") from None
    except FormatError:
        raise
    except (ValueError, ArithmeticError):
        raise FormatError("the JSON contains a number with thousands of digits", zh="JSON 含有数千位的数字") from None
    _require_sound(tree)
    return tree


def render(tree: Any) -> bytes:
    """Compact UTF-8 with members in their order; what `parse_tree` read comes out with every digit."""
    return _dump(tree, sort=False)


def canonical(tree: Any) -> bytes:
    """Compact UTF-8 with sorted members: two trees have the same bytes when nothing but order and blanks differ."""
    return _dump(tree, sort=True)


def _dump(tree: Any, *, sort: bool) -> bytes:
    text = simplejson.dumps(
        tree, use_decimal=True, ensure_ascii=False, sort_keys=sort, separators=(",", ":"), allow_nan=False
    )
    return text.encode()


def _unique(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise FormatError(
            "an object of the JSON has the same name twice; keep one of them",
            zh="JSON 的某个对象中有重名；请只保留一个",
        )
    return found


def _refuse(name: str) -> NoReturn:
    raise FormatError(
        f"the JSON contains {name}, which is not a JSON number; leave an unknown value out",
        zh=f"JSON 含有 {name}，这不是 JSON 数字；未知值请省略",
    )


def _require_sound(tree: Any) -> None:
    """Walk level by level, without recursion, so that nothing behind this needs to fear depth or broken text."""
    level, depth = [tree], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise FormatError(f"the JSON is nested deeper than {MAX_DEPTH}", zh=f"JSON 嵌套超过 {MAX_DEPTH} 层")
        below: list[Any] = []
        for one in level:
            if isinstance(one, Mapping):
                _require_unicode(one)
                below.extend(one.values())
            elif isinstance(one, list):
                below.extend(one)
            elif isinstance(one, str):
                _require_unicode((one,))
            elif isinstance(one, Decimal) and abs(one.adjusted()) > 400:
                raise FormatError("the JSON contains a number with hundreds of digits", zh="JSON 含有数百位的数字")
        level = below


def _require_unicode(texts: Any) -> None:
    try:
        for text in texts:
            text.encode()
    except UnicodeEncodeError:
        raise FormatError(
            "the JSON contains half of a surrogate pair; write the text as Unicode",
            zh="JSON 含有不完整的代理对字符；请使用 Unicode 文本",
        ) from None
