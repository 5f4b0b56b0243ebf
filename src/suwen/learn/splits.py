"""Honest splits: no patient, publication, site or scaffold ever stands on both sides of one."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError, MissingExtraError
from suwen.learn.nouns import Array, Examples, Task

__all__ = [
    "PARTS",
    "Index",
    "by_hash",
    "by_scaffold",
    "by_time",
    "check",
    "folds",
    "leave_one_out",
    "nested",
    "scaffolds",
    "split",
]

PARTS: Mapping[str, float] = {"train": 0.7, "val": 0.15, "test": 0.15}
Index = NDArray[np.int64]
_NUMBER_BANDS = 5  # a numeric label is stratified by fifths
_SALT = "suwen"


def split(
    subject: Examples | Sequence[Any],
    labels: Any = None,
    *,
    parts: Mapping[str, float] = PARTS,
    salt: str = _SALT,
    rng: np.random.Generator | None = None,
    stratify: bool = True,
) -> dict[str, Index]:
    """Split into named parts, group by group, with the labels as evenly spread as the groups permit.

    `subject` is the Examples, or the group of each example (n). `labels` (n,) integers, or (n, k) of 0 and 1, are
    taken from the Examples when not given: classes as they are, masks by which classes occur, numbers by fifths.
    Groups are ordered by size, then by the SHA-256 of salt and name, and each goes where it keeps all shares of all
    labels nearest to the target (least chi-square growth; after Sechidis 2011, made exclusive by group). So the answer
    depends on the names and the salt, not on the order of the rows. `rng`, when given, draws the salt.
    Returns sorted row numbers by part; a part may be empty when there are fewer groups than parts.
    """
    groups, hot = _groups(subject), _hot(subject, labels, stratify=stratify)
    shares = _shares(parts)
    where = _assigned(groups, hot, np.array(list(shares.values())), _salt(salt, rng))
    return {name: np.flatnonzero(where == place) for place, name in enumerate(shares)}


def by_hash(groups: Sequence[Any], *, salt: str = _SALT, parts: Mapping[str, float] = PARTS) -> dict[str, Index]:
    """Split by the SHA-256 of salt and group: a group keeps its part for ever, however the data grow.

    Shares are met on average only, and labels are not balanced. Returns sorted row numbers by part.
    """
    shares = _shares(parts)
    edges = np.cumsum(list(shares.values()))[:-1]
    names, inverse = _named(groups)
    place = np.array([int(np.searchsorted(edges, _unit(salt, name), side="right")) for name in names])
    return {name: np.flatnonzero(place[inverse] == number) for number, name in enumerate(shares)}


def leave_one_out(groups: Sequence[Any]) -> Iterator[tuple[str, Index, Index]]:
    """For each group (a site, say), by name: its name, the rows of all others, and its own rows.

    Raises InputError for fewer than two groups.
    """
    names, inverse = _named(groups)
    if len(names) < 2:
        raise InputError("leaving one group out needs at least two groups; there is one")
    for number, name in enumerate(names):
        yield name, np.flatnonzero(inverse != number), np.flatnonzero(inverse == number)


def by_time(times: Sequence[Any], *cuts: Any, groups: Sequence[Any] | None = None) -> dict[str, Index]:
    """Train on the past, test on the future: rows before the first cut train, those at or after the last test.

    `times` are all numbers, all datetimes or all ISO 8601 texts, and so are the one or two cuts (two give a `val`
    between them). With `groups`, later rows of a group that has earlier ones are in no part but `left_out`: in `test`
    they would be known patients, in `train` news from the future.
    """
    if len(cuts) not in (1, 2):
        raise InputError(f"{len(cuts)} cuts were given; give one (train, test) or two (train, val, test)")
    when, edges = _moments(times), _moments(cuts)
    if when.dtype.kind != edges.dtype.kind or (len(edges) == 2 and edges[0] >= edges[1]):
        raise InputError("the cuts are not of the kind of the times, or not in order")
    place = np.searchsorted(edges, when, side="right")
    names = ("train", "val", "test") if len(edges) == 2 else ("train", "test")
    answer = {name: np.flatnonzero(place == number) for number, name in enumerate(names)}
    if groups is None:
        return answer
    _, inverse = _named(groups, expected=len(when))
    first = np.full(int(inverse.max()) + 1, len(names))
    np.minimum.at(first, inverse, place)
    known = place > first[inverse]
    return {name: rows[~known[rows]] for name, rows in answer.items()} | {"left_out": np.flatnonzero(known)}


def scaffolds(smiles: Sequence[str]) -> tuple[str, ...]:
    """Bemis-Murcko scaffold of each molecule as canonical SMILES; a molecule without rings is its own.

    Source: Bemis & Murcko 1996, as in RDKit. Raises MissingExtraError without rdkit, and InputError naming the places
    of texts that are not SMILES.
    """
    try:
        chem, murcko = import_module("rdkit.Chem"), import_module("rdkit.Chem.Scaffolds.MurckoScaffold")
        base = import_module("rdkit.rdBase")
    except ImportError as missing:
        raise MissingExtraError("rdkit", "drugs") from missing
    with base.BlockLogs():  # what cannot be read is told once, below, and without the structure itself
        molecules = [chem.MolFromSmiles(text) if text else None for text in smiles]
    unread = [str(place) for place, molecule in enumerate(molecules) if molecule is None]
    if unread:
        raise InputError(f"{len(unread)} texts are not SMILES: rows {', '.join(unread[:10])}")
    return tuple(str(murcko.MurckoScaffoldSmiles(mol=one)) or str(chem.MolToSmiles(one)) for one in molecules)


def by_scaffold(
    smiles: Sequence[str], labels: Any = None, *, parts: Mapping[str, float] = PARTS, salt: str = _SALT
) -> dict[str, Index]:
    """Split molecules so that no Bemis-Murcko scaffold stands in two parts; labels are balanced where given."""
    return split(scaffolds(smiles), labels, parts=parts, salt=salt, stratify=labels is not None)


def folds(
    subject: Examples | Sequence[Any], labels: Any = None, *, k: int = 5, salt: str = _SALT, stratify: bool = True
) -> tuple[tuple[Index, Index], ...]:
    """Make k folds, each (train rows, test rows), group-exclusive and stratified like `split`; a row is tested once.

    Raises InputError when there are fewer groups than folds.
    """
    groups, hot = _groups(subject), _hot(subject, labels, stratify=stratify)
    where = _folded(groups, hot, k, salt)
    return tuple((np.flatnonzero(where != fold), np.flatnonzero(where == fold)) for fold in range(k))


def nested(
    subject: Examples | Sequence[Any],
    labels: Any = None,
    *,
    outer: int = 5,
    inner: int = 4,
    salt: str = _SALT,
    stratify: bool = True,
) -> Iterator[tuple[Index, Index, Index]]:
    """Nested cross-validation: outer * inner triples (train, val, test), the inner fold changing fastest.

    Choices are made on `val`; only the outer fold `test`, which no choice ever saw, is reported (Varma & Simon 2006).
    """
    groups, hot = np.array(_groups(subject), dtype=object), _hot(subject, labels, stratify=stratify)
    whole = _folded(list(groups), hot, outer, salt)
    for fold in range(outer):
        rest, test = np.flatnonzero(whole != fold), np.flatnonzero(whole == fold)
        where = _folded(list(groups[rest]), hot[rest], inner, f"{salt}/{fold}")
        for val in range(inner):
            yield rest[where != val], rest[where == val], test


def check(parts: Mapping[str, Sequence[int] | Array], groups: Sequence[Any]) -> None:
    """Raise InputError when a row or a group stands in two parts, or a row does not exist; counts only, never names."""
    names, inverse = _named(groups)
    seen: dict[str, tuple[set[int], set[int]]] = {}
    for part, rows in parts.items():
        index = np.asarray(rows, dtype=np.int64)
        if len(index) and (index.min() < 0 or index.max() >= len(inverse)):
            raise InputError(f"part {part!r} names rows outside 0..{len(inverse) - 1}")
        here = set(index.tolist()), set(inverse[index].tolist())
        for other, (other_rows, other_groups) in seen.items():
            shared_rows, shared_groups = len(here[0] & other_rows), len(here[1] & other_groups)
            if shared_groups:
                raise InputError(
                    f"{shared_groups} of {len(names)} groups ({shared_rows} rows themselves) stand in both "
                    f"{other!r} and {part!r}: split by group"
                )
        seen[part] = here


def _groups(subject: Examples | Sequence[Any]) -> Sequence[Any]:
    """Groups of the examples; where they have none, their names, else each row is its own."""
    if not isinstance(subject, Examples):
        return subject
    return subject.groups or subject.names or tuple(f"row {row}" for row in range(len(subject)))


def _named(groups: Sequence[Any], expected: int | None = None) -> tuple[list[str], Index]:
    """Sorted names of the groups, and the place of each row's group among them."""
    texts = [str(group) for group in groups]
    unnamed = sum(group is None or group == "" or (isinstance(group, float) and math.isnan(group)) for group in groups)
    if unnamed or not texts:
        raise InputError(f"{unnamed} of {len(texts)} rows name no group: each needs its patient, site or other group")
    if expected is not None and len(texts) != expected:
        raise InputError(f"{expected} rows have {len(texts)} groups: give one for each")
    names, inverse = np.unique(np.array(texts), return_inverse=True)
    return [str(name) for name in names], inverse.astype(np.int64).reshape(-1)


def _hot(subject: Examples | Sequence[Any], labels: Any, *, stratify: bool) -> NDArray[np.float64]:
    """(n, k): which labels each row counts towards; the first column counts the row itself."""
    size = np.ones((len(subject), 1))
    if not stratify:
        return size
    task = Task.CLASSES
    if labels is None and isinstance(subject, Examples):
        labels, task = subject.labels, subject.task
    if labels is None:
        return size
    values = np.asarray(labels)
    if len(values) != len(size):
        raise InputError(f"{len(size)} examples have {len(values)} labels: give one for each")
    if task is Task.MASKS:
        flat = values.reshape(len(values), -1)
        return np.hstack([size, *(np.any(flat == kind, axis=1)[:, None] for kind in np.unique(flat))])
    if task is Task.NUMBERS:
        values = np.searchsorted(np.quantile(values, np.linspace(0, 1, _NUMBER_BANDS + 1)[1:-1]), values)
    return np.hstack([size, values if values.ndim == 2 else values[:, None] == np.unique(values)[None]]).astype(float)


def _shares(parts: Mapping[str, float]) -> dict[str, float]:
    total = sum(parts.values())
    if not parts or any(not share > 0 for share in parts.values()) or abs(total - 1) > 1e-6:
        raise InputError(f"the shares of the parts add up to {total:g}: give positive shares that add up to 1")
    return dict(parts)


def _salt(salt: str, rng: np.random.Generator | None) -> str:
    return salt if rng is None else f"{salt}/{rng.bytes(16).hex()}"


def _unit(salt: str, name: str) -> float:
    """A number in 0..1 that only salt and name decide; 53 bits, so that it is below 1."""
    return int.from_bytes(hashlib.sha256(f"{salt}\0{name}".encode()).digest()[:8], "big") // 2**11 / 2**53


def _folded(groups: Sequence[Any], hot: NDArray[np.float64], k: int, salt: str) -> Index:
    count = len(set(map(str, groups)))
    if not 2 <= k <= count:
        raise InputError(f"{k} folds of {count} groups: use at least 2 folds and no more than there are groups")
    return _assigned(groups, hot, np.full(k, 1 / k), salt)


def _assigned(groups: Sequence[Any], hot: NDArray[np.float64], shares: NDArray[np.float64], salt: str) -> Index:
    """Part of each row: big groups first, each to the part where the squared misfit, relative to share, grows least."""
    names, inverse = _named(groups, expected=len(hot))
    counts = np.zeros((len(names), hot.shape[1]))
    np.add.at(counts, inverse, hot)
    counts /= np.maximum(counts.sum(axis=0), 1)
    hashes = np.array([_unit(salt, name) for name in names])
    # Sizes are rounded so that summation order, and with it row order, cannot change the order of equal groups.
    order = np.lexsort((hashes, -np.round((counts**2).sum(axis=1), 12)))
    filled = np.zeros((len(shares), hot.shape[1]))
    place = np.zeros(len(names), dtype=np.int64)
    for group in order:
        growth = ((2 * filled + counts[group]) / shares[:, None] - 2) @ counts[group]
        place[group] = int(np.argmin(np.round(growth, 15)))
        filled[place[group]] += counts[group]
    return place[inverse]


def _moments(times: Sequence[Any]) -> Array:
    """Times as an array that can be ordered: numbers or datetime64."""
    values = np.asarray(times)
    if values.dtype.kind in "OU":
        try:
            values = values.astype("datetime64[us]")
        except (ValueError, TypeError) as wrong:
            raise InputError("some times are neither numbers, datetimes nor ISO 8601 texts") from wrong
    if values.ndim != 1 or values.dtype.kind not in "iufM" or not len(values):
        raise InputError("times are one column of numbers, datetimes or ISO 8601 texts")
    if values.dtype.kind == "M":
        if np.isnat(values).any():
            raise InputError(f"{int(np.isnat(values).sum())} times are unknown: such rows cannot be split by time")
        return values
    if not np.isfinite(values).all():
        raise InputError(f"{int((~np.isfinite(values)).sum())} times are unknown: such rows cannot be split by time")
    return values.astype(np.float64)
