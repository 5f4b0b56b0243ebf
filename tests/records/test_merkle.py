"""The Merkle tree: published vectors, and the RFC's own recursive definitions for every size up to 130."""

from __future__ import annotations

import json
from base64 import b64decode
from functools import cache
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen import datasets
from suwen.errors import InputError, TamperError
from suwen.records.audit.merkle import (
    EMPTY_ROOT,
    HASH_SIZE,
    Frontier,
    TiledTree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    subtree_proof,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)

SIZES = range(131)
LEAVES = [leaf_hash(b"%d" % number) for number in range(max(SIZES))]

# The definitions of RFC 6962, 2.1 and 2.1.1 and 2.1.2, as they stand there: over the entries low..high-1


def split(size: int) -> int:
    k = 1
    while k * 2 < size:
        k *= 2
    return k


@cache
def mth(low: int, high: int) -> bytes:
    if low == high:
        return sha256(b"").digest()
    if high - low == 1:
        return sha256(b"\x00" + b"%d" % low).digest()
    k = split(high - low)
    return sha256(b"\x01" + mth(low, low + k) + mth(low + k, high)).digest()


def path(m: int, low: int, high: int) -> list[bytes]:
    if high - low == 1:
        return []
    k = split(high - low)
    if m < k:
        return [*path(m, low, low + k), mth(low + k, high)]
    return [*path(m - k, low + k, high), mth(low, low + k)]


def subproof(m: int, low: int, high: int, whole: bool) -> list[bytes]:
    if m == high - low:
        return [] if whole else [mth(low, high)]
    k = split(high - low)
    if m <= k:
        return [*subproof(m, low, low + k, whole), mth(low + k, high)]
    return [*subproof(m - k, low + k, high, False), mth(low, low + k)]


# Published vectors (transparency-dev/merkle)


def vectors(kind: str) -> list[tuple[str, dict[str, Any]]]:
    folder = datasets.folder() / "platform" / "merkle" / "testdata" / kind
    found = sorted(folder.rglob("*.json"))
    if not found:
        pytest.skip("the Merkle proof vectors (platform/merkle) are not in the data folder (SUWEN_DATA)")
    return [(str(one.relative_to(folder)), json.loads(one.read_text(encoding="utf-8"))) for one in found]


def unpack(vector: dict[str, Any], *names: str) -> list[Any]:
    proof = [b64decode(one) for one in vector["proof"] or []]
    return [proof, *(b64decode(vector[name] or "") for name in names)]


def test_the_inclusion_vectors_hold() -> None:
    for name, vector in vectors("inclusion"):
        proof, leaf, root = unpack(vector, "leafHash", "root")
        held = verify_inclusion(vector["leafIdx"], vector["treeSize"], leaf, proof, root)
        assert held is not vector["wantErr"], name


def test_the_consistency_vectors_hold() -> None:
    for name, vector in vectors("consistency"):
        proof, root1, root2 = unpack(vector, "root1", "root2")
        assert verify_consistency(vector["size1"], vector["size2"], proof, root1, root2) is not vector["wantErr"], name


def test_the_subtree_inclusion_vectors_hold() -> None:
    for name, vector in vectors("subtreeinclusion"):
        proof, leaf, root = unpack(vector, "leafHash", "root")
        held = verify_subtree_inclusion(vector["leafIdx"], vector["start"], vector["end"], leaf, proof, root)
        assert held is not vector["wantErr"], name


def test_the_subtree_consistency_vectors_hold() -> None:
    for name, vector in vectors("subtreeconsistency"):
        proof, root1, root2 = unpack(vector, "root1", "root2")
        held = verify_subtree_consistency(vector["start"], vector["end"], vector["size"], proof, root1, root2)
        assert held is not vector["wantErr"], name


def test_each_kind_of_vector_has_both_answers() -> None:
    for kind in ("inclusion", "consistency", "subtreeinclusion", "subtreeconsistency"):
        assert {vector["wantErr"] for _, vector in vectors(kind)} == {True, False}


# The RFC's definitions, for all sizes


def test_hashing_is_the_one_of_the_rfc() -> None:
    assert sha256(b"").digest() == EMPTY_ROOT
    assert leaf_hash(b"a") == sha256(b"\x00a").digest()
    assert node_hash(b"l" * 32, b"r" * 32) == sha256(b"\x01" + b"l" * 32 + b"r" * 32).digest()


def test_appending_one_by_one_gives_every_root() -> None:
    tree = Frontier.empty()
    for size in SIZES:
        assert (tree.size, tree.root()) == (size, mth(0, size))
        if size < len(LEAVES):
            tree.append(LEAVES[size])


@given(st.lists(st.integers(0, 40), max_size=6))
def test_extending_in_any_portions_gives_the_same_tree_and_tiles(portions: list[int]) -> None:
    one, many = Frontier.empty(), Frontier.empty()
    for portion in portions:
        leaves = (LEAVES * 2)[one.size : one.size + portion]
        for leaf in leaves:
            one.append(leaf)
        many.extend(iter(leaves))
        assert (many.size, many.to_bytes(), many.root()) == (one.size, one.to_bytes(), one.root())


@pytest.mark.parametrize("size", SIZES)
def test_proofs_are_those_of_the_rfc_and_hold(size: int) -> None:
    for index in range(size):
        proof = inclusion_proof(index, size, mth)
        assert proof == path(index, 0, size)
        assert verify_inclusion(index, size, LEAVES[index], proof, mth(0, size))
    for earlier in range(1, size + 1):
        proof = consistency_proof(earlier, size, mth)
        assert proof == subproof(earlier, 0, size, True)
        assert verify_consistency(earlier, size, proof, mth(0, earlier), mth(0, size))


@pytest.mark.parametrize("size", [1, 2, 7, 8, 13, 16, 33, 64, 100])
def test_every_subtree_of_a_tree_is_proved(size: int) -> None:
    for start in range(size):
        for end in range(start + 1, size + 1):
            width = 1 << (end - start - 1).bit_length()
            if start % width:
                with pytest.raises(InputError):
                    subtree_proof(start, end, size, mth)
                continue
            proof = subtree_proof(start, end, size, mth)
            assert verify_subtree_consistency(start, end, size, proof, mth(start, end), mth(0, size))
            for index in (start, end - 1):
                inside = inclusion_proof(
                    index - start, end - start, lambda low, high, at=start: mth(at + low, at + high)
                )
                assert verify_subtree_inclusion(index, start, end, LEAVES[index], inside, mth(start, end))


@given(st.data())
def test_a_proof_with_anything_changed_does_not_hold(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 130))
    earlier = data.draw(st.integers(1, size - 1))
    index = data.draw(st.integers(0, size - 1))
    there, beginning = inclusion_proof(index, size, mth), consistency_proof(earlier, size, mth)
    bit = 1 << data.draw(st.integers(0, 255))

    def flip(value: bytes) -> bytes:
        return (int.from_bytes(value, "big") ^ bit).to_bytes(HASH_SIZE, "big")

    for place in range(len(there)):
        changed = [*there[:place], flip(there[place]), *there[place + 1 :]]
        assert not verify_inclusion(index, size, LEAVES[index], changed, mth(0, size))
    for place in range(len(beginning)):
        changed = [*beginning[:place], flip(beginning[place]), *beginning[place + 1 :]]
        assert not verify_consistency(earlier, size, changed, mth(0, earlier), mth(0, size))
    assert not verify_inclusion(index, size, flip(LEAVES[index]), there, mth(0, size))
    assert not verify_inclusion((index + 1) % size, size, LEAVES[index], there, mth(0, size))
    assert not verify_inclusion(index, size, LEAVES[index], there, flip(mth(0, size)))
    assert not verify_consistency(earlier, size, beginning, flip(mth(0, earlier)), mth(0, size))
    assert not verify_consistency(earlier, size, beginning, mth(0, earlier), flip(mth(0, size)))


@pytest.mark.parametrize(("left", "right"), [(20, 44), (0, 64), (44, 20)])
def test_halves_of_other_lengths_prove_nothing(left: int, right: int) -> None:
    # Cut elsewhere, the same 64 bytes hash to the same root.
    joined = LEAVES[0] + LEAVES[1]
    root = node_hash(LEAVES[0], LEAVES[1])
    assert not verify_inclusion(0, 2, joined[:left], [joined[left:]], root)
    assert not verify_consistency(1, 2, [joined[left:]], joined[:left], root)
    longer = node_hash(root, LEAVES[2])
    assert not verify_consistency(1, 4, [joined[left:], LEAVES[2]], joined[:left], longer)
    assert left + right == 64


def test_what_cannot_be_proved_is_refused() -> None:
    for index, size in [(-1, 3), (3, 3), (0, 0)]:
        with pytest.raises(InputError, match="not in a tree"):
            inclusion_proof(index, size, mth)
    for earlier, later in [(0, 3), (4, 3), (-1, 3)]:
        with pytest.raises(InputError, match="cannot be proved"):
            consistency_proof(earlier, later, mth)
    assert not verify_consistency(0, 5, [], EMPTY_ROOT, mth(0, 5))
    assert not verify_consistency(0, 0, [], EMPTY_ROOT, EMPTY_ROOT)


# The frontier as it is stored


@given(st.integers(0, 130))
def test_a_stored_frontier_grows_on(size: int) -> None:
    tree = Frontier.empty()
    tree.extend(LEAVES[:size])
    packed = tree.to_bytes()
    assert len(packed) == HASH_SIZE * size.bit_count()
    again, twin = Frontier.from_bytes(size, packed), tree.copy()
    for one in (again, tree):
        one.extend(LEAVES[size:])
        assert one.root() == mth(0, len(LEAVES))
    assert (twin.size, twin.to_bytes(), twin.root()) == (size, packed, mth(0, size))


@pytest.mark.parametrize(("size", "length"), [(3, 32), (3, 96), (0, 32), (4, 31), (4, 33), (-1, 0), (-2, 32)])
def test_a_frontier_of_another_size_is_refused(size: int, length: int) -> None:
    with pytest.raises(TamperError, match="does not fit"):
        Frontier.from_bytes(size, bytes(length))


# Tiles


class Kept:
    """Leaves and tiles of a tree, and how many of each were asked for."""

    def __init__(self, size: int, *, without: frozenset[tuple[int, int]] = frozenset()) -> None:
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.hashes = [leaf_hash(b"%d" % number) for number in range(size)]
        self.tree = Frontier.empty()
        self.tree.extend(self.hashes, completed=self.keep)
        for one in without:
            del self.tiles[one]
        self.read = [0, 0]

    def keep(self, level: int, index: int, node: bytes) -> None:
        assert (level, index) not in self.tiles
        self.tiles[level, index] = node

    def leaves(self, low: int, high: int) -> list[bytes]:
        assert high - low <= 256
        self.read[0] += high - low
        return self.hashes[low:high]

    def tile(self, level: int, index: int) -> bytes | None:
        self.read[1] += 1
        return self.tiles.get((level, index))

    def row(self, level: int, low: int, high: int) -> list[bytes | None]:
        return [self.tile(level, index) for index in range(low, high)]


@pytest.fixture(scope="module")
def kept() -> Kept:
    return Kept(70_000)


def test_tiles_are_the_roots_of_256_and_65536_leaves(kept: Kept) -> None:
    assert set(kept.tiles) == {(1, index) for index in range(70_000 // 256)} | {(2, 0)}
    for index in (0, 1, 272):
        assert kept.tiles[1, index] == mth(index * 256, index * 256 + 256)
    assert kept.tiles[2, 0] == mth(0, 65536)


def test_appending_tells_of_the_same_tiles_as_extending() -> None:
    told: dict[tuple[int, int], bytes] = {}
    tree, kept = Frontier.empty(), Kept(66_000)
    for leaf in kept.hashes:
        tree.append(leaf, completed=lambda level, index, node: told.__setitem__((level, index), node))
    assert told == kept.tiles
    told.clear()
    tree = Frontier.empty()
    for low in range(0, 66_000, 777):
        tree.extend(
            kept.hashes[low : low + 777], completed=lambda level, index, node: told.__setitem__((level, index), node)
        )
    assert told == kept.tiles


@pytest.mark.parametrize("neighbours", [False, True])
@pytest.mark.parametrize(("index", "size"), [(0, 70_000), (69_999, 70_000), (65_535, 65_537), (300, 301), (255, 256)])
def test_proofs_from_tiles_hold_and_read_little(kept: Kept, index: int, size: int, neighbours: bool) -> None:
    kept.read = [0, 0]
    node = TiledTree(kept.leaves, kept.tile, tiles=kept.row if neighbours else None)
    proof = inclusion_proof(index, size, node)
    assert verify_inclusion(index, size, kept.hashes[index], proof, mth(0, size))
    assert consistency_proof(index + 1, size, node) == subproof(index + 1, 0, size, True)
    assert kept.read[0] <= 4 * 256
    assert kept.read[1] <= 4 * 256


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_proofs_from_tiles_are_those_of_the_rfc(kept: Kept, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 1100) | st.integers(65_000, 70_000))
    index = data.draw(st.integers(0, size - 1))
    node = TiledTree(kept.leaves, kept.tile)
    assert inclusion_proof(index, size, node) == path(index, 0, size)
    assert consistency_proof(index + 1, size, node) == subproof(index + 1, 0, size, True)


@pytest.mark.parametrize("size", [10_000_000, 10_012_345, (1 << 24) - 1, (1 << 24) + 1, (1 << 32) + 255])
def test_a_proof_in_a_large_tree_reads_few_leaves_and_tiles(size: int) -> None:
    read = [0, 0]

    def leaves(low: int, high: int) -> list[bytes]:
        assert 0 <= low < high <= size
        read[0] += high - low
        return [EMPTY_ROOT] * (high - low)

    def tile(level: int, index: int) -> bytes:
        assert 0 <= index << 8 * level < size
        read[1] += 1
        return EMPTY_ROOT

    node = TiledTree(leaves, tile)
    for index in (0, 1, size // 3, size // 2, size - 256, size - 2, size - 1):
        for proof in (
            lambda at=index: inclusion_proof(at, size, node),
            lambda at=index: consistency_proof(at + 1, size, node),
        ):
            read[:] = [0, 0]
            assert len(proof()) <= size.bit_length() + 1
            assert read[0] < 2 * 256
            assert read[1] < (size.bit_length() // 8 + 1) * 256


def test_a_tile_that_is_not_kept_is_computed() -> None:
    kept = Kept(66_000, without=frozenset({(1, 3), (2, 0)}))
    node = TiledTree(kept.leaves, kept.tile)
    assert node(0, 65_536) == mth(0, 65_536)
    assert node(512, 1024) == mth(512, 1024)


def test_missing_leaves_are_not_passed_over(kept: Kept) -> None:
    node = TiledTree(lambda low, high: kept.leaves(low, high)[1:], lambda _level, _index: None)
    with pytest.raises(TamperError, match="only 3 are there"):
        node(0, 4)
