"""Verifying the audit log in one pass, with or without its key: what was changed, is missing, or was cut off.

What each part proves, and against whom:

- With the key every entry is opened. Who has no key cannot change, move or forge one without its number being named.
- Without it an entry must still hash to its stored leaf. Who changes both is found by the next signed checkpoint.
- A checkpoint that fits proves every entry before it. One that does not fit names the entries since the last that did.
- Stored tiles narrow that to 256 entries. They are believed only where a checkpoint proves them; from there on the scan
  goes on with the proved hashes, so that one changed entry does not hide what comes after it.
- Fewer entries than a checkpoint has signed is a log cut off at its end, or rolled back to an old copy.

Entries after the last checkpoint are proved by nothing but their key: a cut there is not seen. How many they are stands
in the report: `size` less `proved`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from suwen.errors import TamperError
from suwen.records.audit.checkpoint import Checkpoint
from suwen.records.audit.entry import EntrySealer, SealedEntry, leaf_bytes
from suwen.records.audit.fault import Fault, FaultKind, Faults
from suwen.records.audit.merkle import HASH_SIZE, TILE_WIDTH, Frontier, leaf_hash

__all__ = ["Fault", "FaultKind", "Scan", "ScanReport"]

_UNKNOWN = bytes(HASH_SIZE)  # stands for the leaf of a missing entry; nothing hashes to it
_CHUNK = 1 << 16
_1970 = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a scan found.

    `entries` were read; the log reaches to `size`, of which `proved` are proved by the last of `checkpoints` that fit;
    `root` is the tree's root over `size` entries, None when missing entries leave it unknown. `faults` are in the order
    of the entries; `omitted` counts those beyond the first 100,000.
    """

    entries: int
    size: int
    proved: int
    checkpoints: int
    root: bytes | None
    faults: tuple[Fault, ...]
    omitted: int

    @property
    def whole(self) -> bool:
        """Whether nothing at all is wrong."""
        return not self.faults


class Scan:
    """One pass over the log: feed it all entries in chunks, in order of their numbers, then `finish`.

    `sealer` opens entries, None scans without the key. `checkpoints` are verified ones of this log, in any order.
    `tile(level, index)` gives a stored tile or None. `start` begins after entries that were proved before; give the
    checkpoint of that size too, so that a stored frontier is not simply believed.
    """

    def __init__(
        self,
        sealer: EntrySealer | None,
        checkpoints: Iterable[Checkpoint],
        *,
        tile: Callable[[int, int], bytes | None] | None = None,
        start: Frontier | None = None,
    ) -> None:
        self._sealer = sealer
        self._tile = tile
        self._tree = start.copy() if start else Frontier.empty()
        self._blocks = _blocks_of(self._tree)  # the same tree from tiles: what is gone on with where entries lie
        self._next = self._proved = self._tree.size
        self._entries = self._fitting = 0
        self._lost = False  # a gap beyond every checkpoint: the tree has no use any more
        self._doubtful: list[int] = []  # blocks that differ from their tile, since the last fitting checkpoint
        self._pending: list[Checkpoint] = []  # that did not fit, likewise
        self._unsure: list[tuple[int, int]] = []  # entries whose true leaf is not known, likewise
        self._missing: list[tuple[int, int]] = []
        self._faults = Faults()
        ordered = sorted(checkpoints, key=lambda one: (one.size, one.at))
        self._due = deque(one for one in ordered if one.size >= self._tree.size)
        self._signed = ordered[-1].size if ordered else 0
        self._meet_due()

    def feed(self, entries: Sequence[SealedEntry], leaves: Sequence[bytes]) -> None:
        """Take the next entries and the leaf hashes stored beside them, as many as there are entries."""
        self._entries += len(entries)
        low = 0
        while low < len(entries):
            high = _run_end(entries, low)
            first = entries[low].seq
            checked = [self._checked(*one) for one in zip(entries[low:high], leaves[low:high], strict=True)]
            late = min(max(self._next - first, 0), len(checked))
            for seq in range(first, first + late):
                self._late(seq)
            if late < len(checked):
                self._reach(first + late)
                self._grow(checked[late:])
            low = high

    def finish(self) -> ScanReport:
        """Return what was found, once everything has been fed."""
        self._end_of_checkpoints()
        for index in self._doubtful:
            one = "differs from its stored tile, and no checkpoint says which of the two was changed"
            self._faults.say(FaultKind.TILE, *_block(index), one, one.replace("differs from its", "differ from their"))
        for low, high in self._missing:
            self._faults.say(FaultKind.MISSING, low, high, "is missing", "are missing")
        unknown = self._lost or bool(self._unsure)
        return ScanReport(
            entries=self._entries,
            size=self._next,
            proved=self._proved,
            checkpoints=self._fitting,
            root=None if unknown else self._tree.root(),
            faults=self._faults.told(),
            omitted=self._faults.omitted,
        )

    # One entry

    def _checked(self, entry: SealedEntry, stored: bytes) -> bytes:
        """Return the leaf that goes into the tree: the entry's own where it opens or agrees, else the stored one."""
        try:
            packed = leaf_bytes(entry)
            leaf = leaf_hash(packed)
            if self._sealer is not None:
                self._sealer.unseal(entry, packed)
        except TamperError:
            one, many = "was changed: it does not open with the key", "were changed: they do not open with the key"
            return self._changed(entry.seq, stored, one, many)
        if leaf == stored:
            return leaf
        if self._sealer is None:
            one, many = "was changed: it differs from its stored leaf", "were changed: they differ from their leaves"
            return self._changed(entry.seq, stored, one, many)
        one, many = "opens, but the leaf stored beside it was changed", "open, but the leaves beside them were changed"
        self._faults.say(FaultKind.LEAF, entry.seq, entry.seq + 1, one, many)
        return leaf

    def _changed(self, seq: int, stored: bytes, one: str, many: str) -> bytes:
        self._faults.say(FaultKind.CHANGED, seq, seq + 1, one, many)
        if self._unsure and self._unsure[-1][1] == seq:
            self._unsure[-1] = (self._unsure[-1][0], seq + 1)
        else:
            self._unsure.append((seq, seq + 1))
        # The stored leaf may be the true one: then the tree stays whole, and only the entry is at fault.
        return stored if isinstance(stored, bytes) and len(stored) == HASH_SIZE else _UNKNOWN

    # The order of entries

    def _reach(self, seq: int) -> None:
        """Bring the tree to `seq`; what lies between is missing."""
        if seq == self._next:
            return
        self._missing.append((self._next, seq))
        self._unsure.append((self._next, seq))
        # Beyond the last checkpoint nothing needs the tree, and a forged number must not cost the time of its size.
        until = min(seq, self._signed)
        while self._next < until and not self._lost:
            self._grow([_UNKNOWN] * min(_CHUNK, until - self._next))
        self._lost = self._lost or self._next < seq
        self._next = seq

    def _late(self, seq: int) -> None:
        for place, (low, high) in enumerate(self._missing):
            if low <= seq < high:
                parts = [(low, seq), (seq + 1, high)]
                self._missing[place : place + 1] = [(a, b) for a, b in parts if a < b]
                one, many = "stands out of order, after later ones", "stand out of order, after later ones"
                self._faults.say(FaultKind.ORDER, seq, seq + 1, one, many)
                return
        self._faults.say(FaultKind.ORDER, seq, seq + 1, "stands there more than once", "stand there more than once")

    # The tree

    def _grow(self, leaves: Sequence[bytes]) -> None:
        done = 0
        while done < len(leaves) and not self._lost:
            upto = min(len(leaves), done + self._due[0].size - self._tree.size) if self._due else len(leaves)
            self._tree.extend(leaves[done:upto], completed=self._completed)
            done = upto
            self._meet_due()
        self._next += len(leaves)

    def _completed(self, level: int, index: int, node: bytes) -> None:
        if level != 1:
            return
        tile = self._tile(1, index) if self._tile else None
        if tile is not None and len(tile) != HASH_SIZE:
            one, many = "has a damaged stored tile over it", "have a damaged stored tile over them"
            self._faults.say(FaultKind.TILE, *_block(index), one, many)
            tile = None
        if tile is not None and tile != node:
            self._doubtful.append(index)
        self._blocks.append(tile or node)

    def _meet_due(self) -> None:
        while self._due and self._due[0].size == self._tree.size:
            self._meet(self._due.popleft())

    def _meet(self, checkpoint: Checkpoint) -> None:
        if checkpoint.root == self._tree.root():
            self._proved_by_entries()
        elif self._doubtful and checkpoint.root == self._from_tiles().root():
            self._proved_by_tiles(checkpoint)
        elif self._fitting and checkpoint.size == self._proved:
            self._say_forks([checkpoint])
            return
        else:
            self._pending.append(checkpoint)
            return
        self._fitting += 1
        self._proved = checkpoint.size
        self._doubtful, self._pending = [], []
        self._unsure = [one for one in self._unsure if one[1] > checkpoint.size]

    def _from_tiles(self) -> Frontier:
        tail = self._tree.hashes[self._blocks.size.bit_count() :]
        return Frontier.of(self._tree.size, [*self._blocks.hashes, *tail])

    def _proved_by_entries(self) -> None:
        for index in self._doubtful:
            one = "is proved by a checkpoint, but the stored tile over it was changed"
            many = "are proved by a checkpoint, but the stored tile over them was changed"
            self._faults.say(FaultKind.TILE, *_block(index), one, many)
        self._say_forks(self._pending)
        self._blocks = _blocks_of(self._tree)

    def _proved_by_tiles(self, checkpoint: Checkpoint) -> None:
        first = self._doubtful[0] * TILE_WIDTH
        self._say_forks([one for one in self._pending if one.size <= first])
        # In the first block at fault, the first checkpoint that did not fit bounds the entry.
        bound = next((one.size for one in self._pending if one.size > first), checkpoint.size)
        for index in self._doubtful:
            low, high = _block(index)
            self._say_among(max(low, self._proved), min(high, bound))
            bound = checkpoint.size
        self._tree = self._from_tiles()

    # What checkpoints say

    def _known(self, low: int, high: int) -> bool:
        return any(a < high and low < b for a, b in self._unsure)

    def _say_among(self, low: int, high: int) -> None:
        """Say that an entry of low..high-1 was changed, unless what is known already explains it in full."""
        known = self._known(low, high)
        if known and self._sealer is not None:
            return  # every entry that is there was opened, so those named are all there are
        said = "others than those named may have been changed" if known else "one of them was changed"
        one = "was changed: it does not fit the checkpoint after it"
        self._faults.say(FaultKind.CHANGED, low, high, one, f"do not fit the checkpoint after them: {said}")

    def _say_forks(self, checkpoints: Iterable[Checkpoint]) -> None:
        for one in checkpoints:
            said = f"of another history were signed at {_when(one)}: other checkpoints fit, that one does not"
            self._faults.say(FaultKind.FORK, 0, max(one.size, 1), said)

    def _end_of_checkpoints(self) -> None:
        if self._pending:
            first, later = self._pending[0], len(self._pending) - 1
            low, high = min(self._proved, max(first.size - 1, 0)), max(first.size, 1)
            said = f"not fit the checkpoint of {_when(first)} over {first.size} entries"
            why = "entries among them are missing or changed" if self._known(low, high) else "one of them was changed"
            also = f"; nor do the entries before {later} later checkpoints fit these" if later else ""
            self._faults.say(FaultKind.CHECKPOINT, low, high, f"does {said}{also}", f"do {said}: {why}{also}")
        if self._due:
            last = self._due[-1]
            said = (
                f"cut off: the log ends after {self._next} entries, "
                f"but the checkpoint of {_when(last)} signed {last.size}: truncated"
            )
            self._faults.say(FaultKind.TRUNCATED, self._next, last.size, f"was {said}", f"were {said}")


def _block(index: int) -> tuple[int, int]:
    return index * TILE_WIDTH, (index + 1) * TILE_WIDTH


def _blocks_of(tree: Frontier) -> Frontier:
    """Return the tree of whole 256-leaf blocks in `tree`, each block one leaf."""
    size = tree.size // TILE_WIDTH
    return Frontier.of(size, tree.hashes[: size.bit_count()])


def _run_end(entries: Sequence[SealedEntry], low: int) -> int:
    """Where the run of consecutive numbers that begins at place `low` ends."""
    seq = entries[low].seq
    for place in range(low, len(entries)):
        if entries[place].seq != seq + place - low:
            return place
    return len(entries)


def _when(checkpoint: Checkpoint) -> str:
    try:
        return (_1970 + timedelta(microseconds=checkpoint.at)).isoformat(timespec="seconds")
    except OverflowError:
        return f"{checkpoint.at} microseconds since 1970"
