"""Counting in slices: how many bits a query shares with 64 molecules at once, a plane of the binary number at a time.

A library keeps one column a bit of the fingerprint: the column of bit i has one bit a molecule. What a query shares
with each molecule is then the sum of the columns of its own bits alone, 45 or so of 2,048, and carry-save adders (three
words in, a sum and a carry out) add the columns for 64 molecules a word with five Boolean operations.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["SPAN", "Bench", "at_least", "columns_of", "picked", "shared_bits"]

Words = NDArray[np.uint64]
SPAN = 64  # words of a column that are gathered together
_MOST_KEPT = 4_000_000  # words
_KEPT = threading.local()
_ONES = np.uint64(0xFFFFFFFFFFFFFFFF)


class Bench:
    """Room for the adders of one thread; a thread keeps its room, since asking for memory takes longer than adding."""

    def __init__(self, bits: int, words: int) -> None:
        sizes = [bits, max(1, bits // 3)]  # the columns; half sums
        while (bits := bits // 2) > 0:  # n columns leave n // 2 carries at most
            sizes.append(bits)
        room, parts, at = _room(sum(sizes) * words), [], 0
        for size in sizes:
            parts.append(room[at : at + size * words])
            at += size * words
        self.gathered = parts[0]
        self.spare, *self.stacks = [part.reshape(-1, words) for part in parts[1:]]


def _room(words: int) -> Words:
    room: Words | None = getattr(_KEPT, "room", None)
    if room is None or len(room) < words:
        room = np.empty(words, np.uint64)
        if words <= _MOST_KEPT:
            _KEPT.room = room
    return room


def columns_of(rows: Words) -> Words:
    """Fingerprints (molecules, words) -> columns (64 words, molecules / 64); molecules are a multiple of 64."""
    bits = np.unpackbits(np.ascontiguousarray(rows.astype("<u8", copy=False)).view(np.uint8), axis=1, bitorder="little")
    packed = np.packbits(np.ascontiguousarray(bits.T), axis=1, bitorder="little")
    return packed.view("<u8").astype(np.uint64, copy=False)


def shared_bits(columns: Words, query: NDArray[np.intp], low: int, high: int, bench: Bench) -> list[Words]:
    """Planes (words,), least first, of the number of bits of `query` set in each molecule of the words low to high.

    Both ends, and the words of `columns`, are multiples of SPAN. Planes are views into `bench`: they hold until its
    next use.
    """
    width, spans = high - low, columns.shape[1] // SPAN
    stack = bench.gathered[: len(query) * width]
    rows = (query[:, None] * spans + np.arange(low // SPAN, high // SPAN)).ravel()
    # one gathering call instead of a copy a column: short calls make the threads wait for the lock of Python
    np.take(columns.reshape(-1, SPAN), rows, axis=0, out=stack.reshape(-1, SPAN), mode="clip")
    stack = stack.reshape(len(query), width)
    planes: list[Words] = []
    while len(stack):
        above = bench.stacks[len(planes)][:, :width] if len(stack) > 1 else stack[:0]
        plane, carries = _add(stack, above, bench.spare[:, :width])
        planes.append(plane)
        stack = above[:carries]
    return planes


def _add(stack: Words, above: Words, spare: Words) -> tuple[Words, int]:
    """Add rows of equal weight in place: their sum's own plane, and how many carries now stand in `above`."""
    carries = 0
    while (third := len(stack) // 3) > 0:
        one, two, three, half = stack[:third], stack[third : 2 * third], stack[2 * third : 3 * third], spare[:third]
        np.bitwise_xor(one, two, out=half)
        np.bitwise_and(one, two, out=one)
        np.bitwise_and(half, three, out=two)
        np.bitwise_or(one, two, out=above[carries : carries + third])
        np.bitwise_xor(half, three, out=three)
        stack, carries = stack[2 * third :], carries + third
    if len(stack) == 2:
        np.bitwise_and(stack[0], stack[1], out=above[carries])
        np.bitwise_xor(stack[0], stack[1], out=stack[0])
        carries += 1
    return stack[0], carries


def at_least(planes: Sequence[Words], needed: NDArray[np.int64], which: NDArray[np.intp]) -> Words:
    """A bit a molecule: its number in `planes` (words,) is at least `needed` (groups,) of its word's group `which`."""
    whole = 1 << len(planes)
    rest = np.clip(whole - needed, 0, whole)  # number + (whole - needed) carries out of the highest plane, or does not
    carry = np.zeros(len(which), np.uint64)
    spare = np.empty_like(carry)
    for weight, plane in enumerate(planes):
        ones = ((rest >> weight) & 1).astype(np.bool_)
        if not ones.any():
            np.bitwise_and(carry, plane, out=carry)
        elif ones.all():
            np.bitwise_or(carry, plane, out=carry)
        else:
            mask = np.where(ones, _ONES, np.uint64(0))[which]
            np.bitwise_or(carry, mask, out=spare)
            np.bitwise_and(carry, mask, out=carry)
            np.bitwise_and(spare, plane, out=spare)
            np.bitwise_or(carry, spare, out=carry)
    if (needed <= 0).any():
        carry |= np.where(needed <= 0, _ONES, np.uint64(0))[which]
    return carry


def picked(chosen: Words, planes: Sequence[Words]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of the molecules whose bit is set in `chosen` (words,), counted from its start, and their numbers."""
    filled = np.flatnonzero(chosen)
    bits = np.unpackbits(chosen[filled].astype("<u8", copy=False).view(np.uint8), bitorder="little")
    found = np.flatnonzero(bits.view(np.bool_))
    word, bit = filled[found >> 6], found & 63
    shift, numbers = bit.astype(np.uint64), np.zeros(len(word), np.uint64)
    for weight, plane in enumerate(planes):
        numbers |= ((plane[word] >> shift) & np.uint64(1)) << np.uint64(weight)
    return word * 64 + bit, numbers.astype(np.int64)
