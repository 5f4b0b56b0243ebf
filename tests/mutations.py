"""A seeded mutator of JSON documents: what careless software and hostile hands make of a phenopacket."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator, Sequence

__all__ = ["mutations"]

Document = dict[str, object]
Slot = tuple[dict | list, object]  # a container and the key or index of one value in it

_DATES = (
    "2020-13-45",
    "0000-00-00",
    "P",
    "P-3Y",
    "P1Y1Y",
    "PT",
    "P1e9Y",
    "next spring",
    "9999-12-31T99:99:99Z",
    "P151Y",
)
_TYPES = (None, True, False, 0, -1, 10**30, 1.5e308, -0.0, "", "x", [], {}, [[]], [None], {"id": None}, {"": ""})
_TEXTS = (
    "\ud800",
    "\x00",
    "\u202eHP:0001250",
    "ＨＰ：0001250",
    "HP:1",
    "HP:0001250\n",
    "🧬" * 50,
    "../../etc/passwd",
    "%s{0}",
)


def mutations(seed_documents: Sequence[Document], n: int, seed: int) -> Iterator[bytes]:
    """Yield `n` damaged documents as bytes, the same for the same arguments; each has one to four wounds."""
    rng = random.Random(seed)  # noqa: S311 (test data, not secrets)
    for _ in range(n):
        document = copy.deepcopy(rng.choice(seed_documents))
        for _ in range(rng.randint(1, 4)):
            rng.choice(_ON_TREES)(document, rng)
        text = rng.choice(_AS_TEXT)(document, rng)
        yield _on_bytes(text.encode("utf-8", "surrogatepass"), rng)


def _slots(document: object) -> list[Slot]:
    """Every place in a document that holds a value."""
    found: list[Slot] = []
    todo = [document]
    while todo and len(found) < 5_000:
        node = todo.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        found += [(node, key) for key in keys]
        todo += [node[key] for key in keys]
    return found


def _slot(document: object, rng: random.Random) -> Slot | None:
    slots = _slots(document)
    return rng.choice(slots) if slots else None


def _delete(document: Document, rng: random.Random) -> None:
    if (slot := _slot(document, rng)) is not None:
        del slot[0][slot[1]]


def _duplicate(document: Document, rng: random.Random) -> None:
    lists = [node[key] for node, key in _slots(document) if isinstance(node[key], list)]
    if lists:
        chosen = rng.choice(lists)
        chosen.extend(copy.deepcopy(chosen[: rng.randint(1, 3)]))


def _put(document: Document, rng: random.Random, value: object) -> None:
    if (slot := _slot(document, rng)) is not None:
        slot[0][slot[1]] = value


def _swap_type(document: Document, rng: random.Random) -> None:
    _put(document, rng, copy.deepcopy(rng.choice(_TYPES)))


def _swap_values(document: Document, rng: random.Random) -> None:
    first, second = _slot(document, rng), _slot(document, rng)
    if first is not None and second is not None:
        moved = copy.deepcopy(second[0][second[1]])
        first[0][first[1]] = moved


def _huge(document: Document, rng: random.Random) -> None:
    _put(document, rng, rng.choice(["A", "HP:", "9", "\u597d"]) * rng.choice([1_001, 10_001, 50_000]))


def _nest(document: Document, rng: random.Random) -> None:
    value: object = "deep"
    for _ in range(rng.choice([30, 80])):
        value = [value] if rng.random() < 0.5 else {"type": value}
    _put(document, rng, value)


def _date(document: Document, rng: random.Random) -> None:
    times = [(node, key) for node, key in _slots(document) if "duration" in str(key) or "date" in str(key).lower()]
    if times:
        node, key = rng.choice(times)
        node[key] = rng.choice(_DATES)


def _text(document: Document, rng: random.Random) -> None:
    _put(document, rng, rng.choice(_TEXTS))


def _rename(document: Document, rng: random.Random) -> None:
    keyed = [(node, key) for node, key in _slots(document) if isinstance(node, dict)]
    if keyed:
        node, key = rng.choice(keyed)
        node[rng.choice(["resourceType", "proband", "members", "id", "type", key.upper(), key + "\u0000"])] = node.pop(
            key
        )


_ON_TREES: tuple[Callable[[Document, random.Random], None], ...] = (
    _delete,
    _duplicate,
    _swap_type,
    _swap_values,
    _huge,
    _nest,
    _date,
    _text,
    _rename,
)


def _plain(document: Document, _: random.Random) -> str:
    return json.dumps(document)


def _unescaped(document: Document, _: random.Random) -> str:
    return json.dumps(document, ensure_ascii=False)


def _doubled_keys(document: Document, rng: random.Random) -> str:
    key = rng.choice(["id", "subject", "phenotypicFeatures", "diseases"])
    value = rng.choice(['"again"', "null", "[]", "{}", "NaN", "-Infinity", "1e999", "9" * 5_000])
    return f'{{"{key}": {value}, ' + json.dumps(document)[1:]


def _deep(document: Document, rng: random.Random) -> str:
    depth = rng.choice([500, 20_000])
    return json.dumps(document)[:-1] + ', "phenotypicFeatures": ' + "[" * depth + "]" * depth + "}"


_AS_TEXT: tuple[Callable[[Document, random.Random], str], ...] = (*[_plain] * 5, _unescaped, _doubled_keys, _deep)


def _on_bytes(data: bytes, rng: random.Random) -> bytes:
    """Leave most documents whole; cut, splice, stain or re-encode the others."""
    kind = rng.randint(0, 11)
    if kind == 0:
        return data[: rng.randint(0, len(data))]
    if kind == 1:
        at = rng.randint(0, len(data))
        return data[:at] + rng.randbytes(rng.randint(1, 8)) + data[at:]
    if kind == 2:
        return data.decode("utf-8", "replace").encode(rng.choice(["utf-16", "utf-16-le", "gb18030", "utf-8-sig"]))
    if kind == 3:
        return rng.randbytes(rng.randint(0, 200))
    if kind == 4:
        return rng.choice([b"\x1f\x8b", b"\xfd7zXZ\x00", b"PK\x03\x04", b"\xff\xfe"]) + data
    return data
