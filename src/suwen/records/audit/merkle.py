"""The Merkle tree over the audit log: hashing, a compact frontier to append to, and proofs that anybody can check.

The tree, its inclusion proofs and its consistency proofs are those of RFC 6962 (section 2.1) and RFC 9162 (section
2.1) with SHA-256. Subtrees and their proofs follow draft-ietf-plants-merkle-tree-certs (section 4): leaves start..end-1
form a subtree when `start` is a multiple of the smallest power of two that is at least `end - start`. Both proofs of
the RFCs are special cases of the subtree consistency proof, so one walk makes them all and one walk checks them all:
inclusion of a leaf is consistency of the subtree that holds it alone, consistency of two trees is that of 0..size1.

A tile is the hash of a whole subtree of 256**level leaves, stored so that a proof does not have to read every leaf:
level 1 stands for 256 leaves, level 2 for 65,536, level 3 for 16,777,216. Tile `index` of a level holds the leaves from
index * 256**level on. Leaves count from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from hashlib import sha256
from itertools import islice

from suwen.errors import InputError, TamperError

__all__ = [
    "EMPTY_ROOT",
    "HASH_SIZE",
    "TILE_WIDTH",
    "Completed",
    "Frontier",
    "Node",
    "TiledTree",
    "consistency_proof",
    "fold",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "subtree_proof",
    "verify_consistency",
    "verify_inclusion",
    "verify_subtree_consistency",
    "verify_subtree_inclusion",
]

HASH_SIZE = 32
EMPTY_ROOT = sha256().digest()
TILE_WIDTH = 256
_TILE_BITS = 8
_CHUNK = 1 << 16  # leaves held in memory at once while appending

Completed = Callable[[int, int, bytes], None]
"""Told of each tile when its last leaf arrives: level (1, 2, ...), index within the level, hash."""

Node = Callable[[int, int], bytes]
"""Gives the root of the leaves low..high-1, a perfect subtree or the ragged right edge."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the 32-byte hash of one entry (RFC 6962, 2.1: the byte 0 keeps an entry from posing as a node)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash over two subtrees (RFC 6962, 2.1)."""
    return sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over neighbouring perfect subtrees, each smaller than the one before; none gives EMPTY_ROOT."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


class Frontier:
    """The right edge of a growing tree: all that is needed to append leaves and to know the root.

    A tree of `size` leaves is the row of perfect subtrees that the set bits of `size` name; their hashes, at most 64 of
    them, are the frontier.
    """

    __slots__ = ("_edge", "_size")

    def __init__(self, size: int, edge: dict[int, bytes]) -> None:
        self._size = size
        self._edge = edge  # height of a perfect subtree (log2 of its leaves) -> its hash

    @classmethod
    def empty(cls) -> Frontier:
        """Return the frontier of the tree without leaves."""
        return cls(0, {})

    @classmethod
    def of(cls, size: int, hashes: Sequence[bytes]) -> Frontier:
        """Return the frontier of a tree of `size` leaves from the hashes of its perfect subtrees, largest first.

        Raises:
            TamperError: the hashes are not as many as a tree of that size has, or not of 32 bytes.

        """
        heights = [height for height in reversed(range(size.bit_length())) if size >> height & 1] if size > 0 else []
        if size < 0 or len(heights) != len(hashes) or any(len(one) != HASH_SIZE for one in hashes):
            raise TamperError(
                f"a stored frontier does not fit a tree of {size} entries; rebuild it from the entries",
                zh=f"存储的前沿与含 {size} 条的树不符；请由各条目重建",
            )
        return cls(size, dict(zip(heights, hashes, strict=True)))

    @classmethod
    def from_bytes(cls, size: int, packed: bytes) -> Frontier:
        """Return the frontier of a tree of `size` leaves from what `to_bytes` gave; errors as for `of`."""
        return cls.of(size, [packed[at : at + HASH_SIZE] for at in range(0, len(packed), HASH_SIZE)])

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._size

    @property
    def hashes(self) -> list[bytes]:
        """Hashes of the perfect subtrees, largest first: as many as `size` has set bits."""
        return [self._edge[height] for height in reversed(range(self._size.bit_length())) if self._size >> height & 1]

    def to_bytes(self) -> bytes:
        """Return the hashes, largest subtree first, joined: 32 bytes for each set bit of `size`."""
        return b"".join(self.hashes)

    def copy(self) -> Frontier:
        """Return a frontier that grows independently of this one."""
        return Frontier(self._size, dict(self._edge))

    def root(self) -> bytes:
        """Return the 32-byte root of the tree as it stands."""
        return fold(self.hashes)

    def append(self, leaf: bytes, *, completed: Completed | None = None) -> None:
        """Add one leaf hash at the right."""
        node, height = leaf, 0
        while self._size >> height & 1:
            node = sha256(b"\x01" + self._edge[height] + node).digest()
            height += 1
            if completed is not None and height % _TILE_BITS == 0:
                completed(height // _TILE_BITS, self._size >> height, node)
        self._edge[height] = node
        self._size += 1

    def extend(self, leaves: Iterable[bytes], *, completed: Completed | None = None) -> None:
        """Add leaf hashes at the right, whole rows of the tree at a time: over a million a second on one core."""
        following = iter(leaves)
        while chunk := list(islice(following, _CHUNK)):
            self._extend(chunk, completed)

    def _extend(self, nodes: list[bytes], completed: Completed | None) -> None:
        grown, height = self._size + len(nodes), 0
        while nodes:
            if self._size >> height & 1:
                nodes.insert(0, self._edge[height])
            if len(nodes) & 1:
                self._edge[height] = nodes.pop()
            pairs = iter(nodes)
            nodes = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
            height += 1
            if completed is not None and height % _TILE_BITS == 0:
                for index, node in enumerate(nodes, self._size >> height):
                    completed(height // _TILE_BITS, index, node)
        self._size = grown


class TiledTree:
    """The nodes that proofs ask for, from leaf hashes and tiles: pass an instance where a `Node` is wanted.

    `leaves(low, high)` gives the hashes of the leaves low..high-1; at most 256 are asked for at a time. `tile(level,
    index)` gives a tile, or None where it is not kept, in which case it is computed from what is below it. A proof in
    a tree of ten million leaves asks for at most 511 leaves and about 600 tiles, neighbours mostly; `tiles(level, low,
    high)`, where given, answers for such neighbours in one reading.
    """

    __slots__ = ("_leaves", "_tile", "_tiles")

    def __init__(
        self,
        leaves: Callable[[int, int], Sequence[bytes]],
        tile: Callable[[int, int], bytes | None],
        *,
        tiles: Callable[[int, int, int], Sequence[bytes | None]] | None = None,
    ) -> None:
        self._leaves = leaves
        self._tile = tile
        self._tiles = tiles

    def __call__(self, low: int, high: int) -> bytes:
        """Return the root of the leaves low..high-1.

        Raises:
            TamperError: leaves are missing.

        """
        size = high - low
        level = (size.bit_length() - 1) // _TILE_BITS
        width = 1 << level * _TILE_BITS
        if size == width and level:
            return self._tile(level, low >> level * _TILE_BITS) or self._below(low, high, level - 1)
        return self._below(low, high, level)

    def _below(self, low: int, high: int, level: int) -> bytes:
        """Root of low..high-1 from the whole tiles of `level` in it, then the rest; level 0 stands for the leaves."""
        shift = level * _TILE_BITS
        first, last = low >> shift, high >> shift
        tree = Frontier.empty()
        tree.extend(self._row(level, first, last))
        edge = tree.hashes
        rest = last << shift
        return fold([*edge, self(rest, high)] if rest < high else edge)

    def _row(self, level: int, first: int, last: int) -> list[bytes]:
        if level == 0:
            return self._whole(first, last)
        if self._tiles is not None:
            found = list(self._tiles(level, first, last))
        else:
            found = [self._tile(level, index) for index in range(first, last)]
        shift = level * _TILE_BITS
        return [
            one or self._below(index << shift, index + 1 << shift, level - 1) for index, one in enumerate(found, first)
        ]

    def _whole(self, low: int, high: int) -> list[bytes]:
        found = list(self._leaves(low, high))
        if len(found) != high - low:
            raise TamperError(
                f"of the entries {low} to {high - 1} only {len(found)} are there; verify the audit log",
                zh=f"条目 {low} 至 {high - 1} 中只有 {len(found)} 条；请校验审计日志",
            )
        return found


class _Turn(Enum):
    """One step from the whole tree down to a subtree: which half is left aside, and whether the subtree spans both."""

    RIGHT = "the right half is beside it"
    LEFT = "the left half is beside it"
    SPAN = "the left half is part of it"


def _walk(start: int, end: int, size: int) -> Iterator[tuple[_Turn, int, int]]:
    """Yield each turn from the tree of `size` leaves down to the subtree start..end-1, with the half left aside."""
    low, high = 0, size
    while (low, high) != (start, end):
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        if end <= middle:
            yield _Turn.RIGHT, middle, high
            high = middle
        else:
            yield (_Turn.LEFT if start >= middle else _Turn.SPAN), low, middle
            low, start = middle, max(start, middle)


def _is_subtree(start: int, end: int, size: int) -> bool:
    return 0 <= start < end <= size and start % (1 << (end - start - 1).bit_length()) == 0


def subtree_proof(start: int, end: int, size: int, node: Node) -> list[bytes]:
    """Return the proof that the leaves start..end-1 are a subtree of the tree of `size` leaves.

    Raises:
        InputError: start..end-1 is not a subtree of a tree of `size` leaves.

    """
    if not _is_subtree(start, end, size):
        raise InputError(
            f"{start} to {end} is not a subtree of a tree of {size} entries",
            zh=f"{start} 至 {end} 不是含 {size} 条的树的子树",
        )
    walk = list(_walk(start, end, size))
    proof = [node(low, high) for _, low, high in reversed(walk)]
    inner = _span_begin(walk)
    return proof if inner is None else [node(inner, end), *proof]


def _span_begin(walk: list[tuple[_Turn, int, int]]) -> int | None:
    """Where the innermost part begins, when the subtree is not one node of the tree, so that its root proves nothing.

    Its left part was left aside by the last span, so what remains begins where that part ends.
    """
    return next((high for turn, _, high in reversed(walk) if turn is _Turn.SPAN), None)


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """Return the audit path of leaf `index` in the tree of `size` leaves (RFC 6962, 2.1.1).

    Raises:
        InputError: the tree has no such leaf.

    """
    if not 0 <= index < size:
        raise InputError(f"entry {index} is not in a tree of {size} entries", zh=f"条目 {index} 不在含 {size} 条的树中")
    return subtree_proof(index, index + 1, size, node)


def consistency_proof(size1: int, size2: int, node: Node) -> list[bytes]:
    """Return the proof that the tree of `size1` leaves is the beginning of that of `size2` (RFC 6962, 2.1.2).

    Raises:
        InputError: not 0 < size1 <= size2; the empty tree begins every tree, so its proof would prove nothing.

    """
    if not 0 < size1 <= size2:
        raise InputError(
            f"that {size1} entries begin {size2} cannot be proved; give 0 < first <= second",
            zh=f"无法证明 {size1} 条是 {size2} 条的开头；须 0 < 前者 ≤ 后者",
        )
    return subtree_proof(0, size1, size2, node)


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether `proof` shows the leaf hash to stand at `index` in the tree of `size` leaves with `root`."""
    return len(leaf) == HASH_SIZE and _verify(index, index + 1, size, proof, leaf, root)


def verify_consistency(size1: int, size2: int, proof: Sequence[bytes], root1: bytes, root2: bytes) -> bool:
    """Return whether `proof` shows the tree of `size1` leaves to begin that of `size2`; never for size1 = 0."""
    return _verify(0, size1, size2, proof, root1, root2)


def verify_subtree_inclusion(
    index: int, start: int, end: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> bool:
    """Return whether `proof` shows the leaf hash to stand at `index` in the subtree start..end-1 with `root`."""
    return _is_subtree(start, end, end) and verify_inclusion(index - start, end - start, leaf, proof, root)


def verify_subtree_consistency(
    start: int, end: int, size: int, proof: Sequence[bytes], root1: bytes, root2: bytes
) -> bool:
    """Return whether `proof` shows start..end-1 with `root1` to be a subtree of the tree of `size` with `root2`.

    The empty subtree is part of every tree: its root is EMPTY_ROOT, its proof is empty, and `root2` is not looked at.
    """
    if 0 <= start == end <= size:
        return not proof and root1 == EMPTY_ROOT
    return _verify(start, end, size, proof, root1, root2)


def _verify(start: int, end: int, size: int, proof: Sequence[bytes], root1: bytes, root2: bytes) -> bool:
    if not _is_subtree(start, end, size):
        return False
    turns = [turn for turn, _, _ in _walk(start, end, size)]
    # Of other lengths the joined halves could be cut elsewhere and still hash the same.
    if turns and any(len(one) != HASH_SIZE for one in (root1, *proof)):
        return False
    spans = _Turn.SPAN in turns
    if len(proof) != len(turns) + spans:
        return False
    found = _climb(turns[::-1], proof[spans:], proof[0] if spans else root1)
    return found == (root1, root2)


def _climb(turns: Sequence[_Turn], beside: Sequence[bytes], inner: bytes) -> tuple[bytes, bytes]:
    """Return the roots of the subtree and of the tree, climbing from the innermost part."""
    subtree = tree = inner
    for turn, other in zip(turns, beside, strict=True):
        tree = node_hash(tree, other) if turn is _Turn.RIGHT else node_hash(other, tree)
        if turn is _Turn.SPAN:
            subtree = node_hash(other, subtree)
    return subtree, tree
