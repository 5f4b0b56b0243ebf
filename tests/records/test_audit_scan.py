"""Verifying the log: every kind of tampering is found and named, and nothing is said of a log that is whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.records.audit.checkpoint import Checkpoint
from suwen.records.audit.entry import EntrySealer, Event, EventKind, SealedEntry, leaf_bytes
from suwen.records.audit.merkle import Frontier, leaf_hash
from suwen.records.audit.scan import FaultKind, Scan, ScanReport

SEALER = EntrySealer(bytes(range(32)))
SIZE = 1500
SIGNED = (1, 100, 256, 700, 1000, 1400)  # the last 100 entries are signed by nothing
NOON = 1_764_072_000_000_000
KEYED = pytest.mark.parametrize("keyed", [True, False], ids=["with key", "without key"])
TILED = pytest.mark.parametrize("tiled", [True, False], ids=["tiles", "no tiles"])


def sealed(seq: int, word: str = "view") -> SealedEntry:
    return SEALER.seal(seq, Event(EventKind.OPEN, NOON + seq, f"dr-{seq % 7}", word, "TREAT", f"patient-{seq % 50}"))


def leaf_of(entry: SealedEntry) -> bytes:
    return leaf_hash(leaf_bytes(entry))


@dataclass
class Log:
    """A log as it is stored, to be tampered with: rows of entry and leaf, tiles, and the checkpoints kept outside."""

    rows: list[tuple[SealedEntry, bytes]]
    tiles: dict[tuple[int, int], bytes] = field(default_factory=dict)
    checkpoints: list[Checkpoint] = field(default_factory=list)

    def write(self) -> Log:
        """Compute the tiles and checkpoints anew, as only the store itself with the signing key could."""
        tree = Frontier.empty()
        for at, upto in zip((0, *SIGNED), (*SIGNED, len(self.rows)), strict=True):
            leaves = [leaf for _, leaf in self.rows[at:upto]]
            tree.extend(leaves, completed=lambda level, index, node: self.tiles.__setitem__((level, index), node))
            self.checkpoints.append(Checkpoint("clinic", upto, tree.root(), NOON + upto))
        self.checkpoints.pop()
        return self

    def copy(self) -> Log:
        return Log(list(self.rows), dict(self.tiles), list(self.checkpoints))

    def forge(self, seq: int) -> None:
        """Replace an entry together with its leaf, as somebody without the key could: any bytes for a body."""
        entry = replace(self.rows[seq][0], body=bytes(60))
        self.rows[seq] = (entry, leaf_of(entry))

    def scan(self, *, keyed: bool = True, tiled: bool = True, chunk: int = 97) -> ScanReport:
        tile = (lambda level, index: self.tiles.get((level, index))) if tiled else None
        scan = Scan(SEALER if keyed else None, self.checkpoints, tile=tile)
        for at in range(0, len(self.rows), chunk):
            part = self.rows[at : at + chunk]
            scan.feed([entry for entry, _ in part], [leaf for _, leaf in part])
        return scan.finish()


@cache
def whole() -> Log:
    return Log([(entry, leaf_of(entry)) for entry in map(sealed, range(SIZE))]).write()


@pytest.fixture
def log() -> Log:
    return whole().copy()


def kinds(report: ScanReport) -> list[FaultKind]:
    return [fault.kind for fault in report.faults]


def places(report: ScanReport, kind: FaultKind) -> list[tuple[int, int]]:
    return [(fault.seq, fault.last) for fault in report.faults if fault.kind is kind]


# A log that is whole


@KEYED
@TILED
@pytest.mark.parametrize("chunk", [1, 7, 256, 5000])
def test_a_whole_log_has_no_fault(log: Log, keyed: bool, tiled: bool, chunk: int) -> None:
    report = log.scan(keyed=keyed, tiled=tiled, chunk=chunk)
    assert report.faults == ()
    assert report.whole
    assert (report.entries, report.size, report.proved, report.checkpoints) == (SIZE, SIZE, 1400, len(SIGNED))
    tree = Frontier.empty()
    tree.extend([leaf for _, leaf in log.rows])
    assert report.root == tree.root()


def test_the_empty_log_is_whole() -> None:
    report = Scan(None, []).finish()
    assert (report.whole, report.size, report.root) == (True, 0, Frontier.empty().root())
    empty = Checkpoint("clinic", 0, Frontier.empty().root(), NOON)
    assert Scan(None, [empty]).finish().checkpoints == 1


@pytest.mark.parametrize("at", [0, 5, 256, 700, 1001])
def test_a_scan_may_go_on_where_the_last_one_ended(log: Log, at: int) -> None:
    start = Frontier.empty()
    start.extend([leaf for _, leaf in log.rows[:at]])
    before = start.to_bytes()
    for changed in (False, True):
        if changed:
            log.forge(1200)
        scan = Scan(SEALER, log.checkpoints, tile=lambda level, index: log.tiles.get((level, index)), start=start)
        scan.feed([entry for entry, _ in log.rows[at:]], [leaf for _, leaf in log.rows[at:]])
        report = scan.finish()
        assert report.whole is not changed
        assert (report.entries, report.size) == (SIZE - at, SIZE)
    assert start.to_bytes() == before


def test_a_start_that_the_checkpoint_of_its_size_does_not_prove_is_not_believed(log: Log) -> None:
    start = Frontier.empty()
    start.extend([bytes(32)] * 700)
    report = Scan(SEALER, log.checkpoints, start=start).finish()
    assert FaultKind.CHECKPOINT in kinds(report)


# Entries that were changed


@KEYED
@TILED
@pytest.mark.parametrize("seq", [0, 255, 256, 699, 1399, 1450, 1499])
def test_a_changed_entry_is_named(log: Log, keyed: bool, tiled: bool, seq: int) -> None:
    entry, leaf = log.rows[seq]
    for other in (
        replace(entry, body=bytes([entry.body[0] ^ 1]) + entry.body[1:]),
        replace(entry, at=entry.at + 1),
        replace(entry, subject_tag=bytes(16)),
        replace(entry, actor_tag=b""),
        replace(entry, at=-1),
    ):
        log.rows[seq] = (other, leaf)
        report = log.scan(keyed=keyed, tiled=tiled)
        assert [(one.seq, one.last, one.kind) for one in report.faults] == [(seq, seq, FaultKind.CHANGED)]
        assert report.faults[0].what.startswith(f"entry {seq} was changed")
        # The leaf is the true one, so all checkpoints fit.
        assert (report.proved, report.checkpoints) == (1400, len(SIGNED))


@TILED
def test_a_forged_entry_is_named_with_the_key(log: Log, tiled: bool) -> None:
    log.forge(300)
    report = log.scan(tiled=tiled)
    assert places(report, FaultKind.CHANGED) == [(300, 300)]
    assert report.proved == (1400 if tiled else 256)
    assert places(report, FaultKind.CHECKPOINT) == ([] if tiled else [(256, 699)])


def test_a_forged_entry_is_found_without_the_key(log: Log) -> None:
    log.forge(300)
    (fault,) = log.scan(keyed=False, tiled=False).faults
    assert (fault.kind, fault.seq, fault.last) == (FaultKind.CHECKPOINT, 256, 699)
    assert fault.what == (
        "entries 256 to 699 do not fit the checkpoint of 2025-11-25T12:00:00+00:00 over 700 entries: "
        "one of them was changed; nor do the entries before 2 later checkpoints fit these"
    )
    (fault,) = log.scan(keyed=False).faults
    assert (fault.kind, fault.seq, fault.last) == (FaultKind.CHANGED, 256, 511)


def test_tiles_narrow_to_the_block_and_checkpoints_within_it(log: Log) -> None:
    log.forge(720)  # block 512..767, with a checkpoint at 700 before it
    assert places(log.scan(keyed=False), FaultKind.CHANGED) == [(700, 767)]
    log.forge(5)  # block 0..255, checkpoints at 1 and 100: the first that does not fit is at 100
    assert places(log.scan(keyed=False), FaultKind.CHANGED) == [(1, 99), (700, 767)]


def test_what_comes_after_a_forged_entry_is_still_proved(log: Log) -> None:
    for seq in (50, 650, 900):
        log.forge(seq)
    report = log.scan(keyed=False)
    assert places(report, FaultKind.CHANGED) == [(1, 99), (512, 699), (768, 1023)]
    assert report.proved == 1400
    assert places(log.scan(), FaultKind.CHANGED) == [(50, 50), (650, 650), (900, 900)]


def test_neighbouring_blocks_at_fault_stay_two_faults(log: Log) -> None:
    log.forge(300)
    log.forge(600)
    assert places(log.scan(keyed=False), FaultKind.CHANGED) == [(256, 511), (512, 767)]


def test_faults_come_in_the_order_of_the_entries(log: Log) -> None:
    tamper_body(log, 1200)
    del log.rows[1210]
    del log.rows[20]
    report = log.scan()
    assert [(one.seq, one.kind) for one in report.faults] == [
        (20, FaultKind.MISSING),
        (1200, FaultKind.CHANGED),
        (1210, FaultKind.MISSING),
    ]


def test_who_holds_the_key_but_not_the_signing_key_is_found(log: Log) -> None:
    entry = sealed(800, "export")
    log.rows[800] = (entry, leaf_of(entry))
    assert places(log.scan(), FaultKind.CHANGED) == [(768, 999)]
    report = log.scan(tiled=False)
    assert (kinds(report), report.proved) == ([FaultKind.CHECKPOINT], 700)


def test_who_changes_the_tiles_too_is_found(log: Log) -> None:
    log.forge(800)
    true = list(log.checkpoints)
    log.write()
    log.checkpoints = true
    report = log.scan(keyed=False)
    assert [(one.kind, one.seq, one.last) for one in report.faults] == [(FaultKind.CHECKPOINT, 700, 999)]


def test_a_changed_leaf_is_told_from_a_changed_entry(log: Log) -> None:
    entry, _ = log.rows[40]
    for leaf in (bytes(32), b"", bytes(40)):
        log.rows[40] = (entry, leaf)
        report = log.scan()
        assert [(one.kind, one.seq, one.last) for one in report.faults] == [(FaultKind.LEAF, 40, 40)]
        assert report.proved == 1400
        without = log.scan(keyed=False)
        assert places(without, FaultKind.CHANGED)[0] in {(40, 40), (1, 99)}
        assert (40, 40) in places(without, FaultKind.CHANGED)


def test_swapped_entries_are_both_named(log: Log) -> None:
    (one, leaf1), (two, leaf2) = log.rows[10], log.rows[11]
    log.rows[10], log.rows[11] = (replace(two, seq=10), leaf1), (replace(one, seq=11), leaf2)
    for keyed in (True, False):
        (fault,) = log.scan(keyed=keyed).faults
        assert (fault.kind, fault.seq, fault.last) == (FaultKind.CHANGED, 10, 11)
        assert fault.what.startswith("entries 10 to 11 were changed: they")


def test_another_key_opens_nothing_but_the_tree_still_fits(log: Log) -> None:
    scan = Scan(EntrySealer(bytes(32)), log.checkpoints)
    scan.feed([entry for entry, _ in log.rows], [leaf for _, leaf in log.rows])
    report = scan.finish()
    assert [(one.kind, one.seq, one.last) for one in report.faults] == [(FaultKind.CHANGED, 0, SIZE - 1)]
    assert report.proved == 1400


# Entries that are missing, late or cut off


@KEYED
@pytest.mark.parametrize(("low", "high"), [(0, 1), (300, 301), (300, 900), (1399, 1400), (1410, 1420)])
def test_missing_entries_are_named(log: Log, keyed: bool, low: int, high: int) -> None:
    del log.rows[low:high]
    report = log.scan(keyed=keyed)
    assert places(report, FaultKind.MISSING) == [(low, high - 1)]
    assert report.size == SIZE
    # With tiles the checkpoints after the gap still fit, once its block has ended.
    assert report.proved == (1000 if low == 1399 else 1400)
    if keyed and low != 1399:
        assert kinds(report) == [FaultKind.MISSING]
    sentence = f"entry {low} is missing" if high - low == 1 else f"entries {low} to {high - 1} are missing"
    assert sentence in [fault.what for fault in report.faults]


def test_without_tiles_a_gap_leaves_later_checkpoints_unproved(log: Log) -> None:
    del log.rows[300:310]
    report = log.scan(tiled=False)
    assert kinds(report) == [FaultKind.CHECKPOINT, FaultKind.MISSING]
    assert "are missing or changed" in report.faults[0].what
    assert (report.proved, report.root) == (256, None)


def test_without_the_key_neighbours_of_a_gap_are_not_vouched_for(log: Log) -> None:
    del log.rows[300]
    report = log.scan(keyed=False)
    (fault,) = [one for one in report.faults if one.kind is FaultKind.CHANGED]
    assert (fault.seq, fault.last) == (256, 511)
    assert "others than those named may have been changed" in fault.what


@KEYED
@TILED
@pytest.mark.parametrize("size", [0, 1, 256, 700, 1001, 1399])
def test_a_log_cut_off_is_truncated(log: Log, keyed: bool, tiled: bool, size: int) -> None:
    del log.rows[size:]
    report = log.scan(keyed=keyed, tiled=tiled)
    (fault,) = report.faults
    assert (fault.kind, fault.seq, fault.last) == (FaultKind.TRUNCATED, size, 1399)
    assert f"the log ends after {size} entries" in fault.what
    assert "signed 1400: truncated" in fault.what
    assert report.proved == max([0, *(one for one in SIGNED if one <= size)])


def test_a_cut_after_the_last_checkpoint_is_not_seen_but_told(log: Log) -> None:
    del log.rows[1450:]
    report = log.scan()
    assert report.whole
    assert report.size - report.proved == 50


def test_late_and_doubled_entries_are_named(log: Log) -> None:
    doubled, late = log.rows[600], log.rows.pop(20)
    log.rows[30:30] = [late]
    log.rows.append(doubled)
    report = log.scan()
    assert places(report, FaultKind.ORDER) == [(20, 20), (600, 600)]
    assert places(report, FaultKind.MISSING) == []
    assert report.faults[0].what == "entry 20 stands out of order, after later ones"
    assert report.faults[-1].what == "entry 600 stands there more than once"


def test_late_entries_are_opened_too(log: Log) -> None:
    late, leaf = log.rows.pop(20)
    log.rows[30:30] = [(replace(late, body=bytes(60)), leaf)]
    report = log.scan()
    assert places(report, FaultKind.CHANGED) == [(20, 20)]


@pytest.mark.parametrize("seq", [SIZE + 5, 1 << 40, (1 << 63) - 1])
def test_a_forged_number_costs_no_time(log: Log, seq: int) -> None:
    log.rows.append((replace(log.rows[-1][0], seq=seq), log.rows[-1][1]))
    report = log.scan()
    assert places(report, FaultKind.MISSING) == [(SIZE, seq - 1)]
    assert places(report, FaultKind.CHANGED) == [(seq, seq)]
    assert (report.proved, report.size, report.root) == (1400, seq + 1, None)


def test_a_negative_number_is_out_of_order(log: Log) -> None:
    log.rows[0:0] = [(replace(log.rows[0][0], seq=-1), log.rows[0][1])]
    report = log.scan()
    assert {FaultKind.ORDER, FaultKind.CHANGED} == set(kinds(report))
    assert report.proved == 1400


# Checkpoints and tiles that are wrong


@KEYED
@TILED
def test_a_checkpoint_of_another_history_is_told_from_a_changed_entry(log: Log, keyed: bool, tiled: bool) -> None:
    log.checkpoints[2] = replace(log.checkpoints[2], root=bytes(32))
    (fault,) = log.scan(keyed=keyed, tiled=tiled).faults
    assert (fault.kind, fault.seq, fault.last) == (FaultKind.FORK, 0, SIGNED[2] - 1)


@pytest.mark.parametrize("before", [-1, 1])
def test_two_checkpoints_of_one_size_with_two_roots_are_a_fork(log: Log, before: int) -> None:
    other = replace(log.checkpoints[3], root=bytes(32), at=log.checkpoints[3].at + before)
    log.checkpoints.append(other)
    assert kinds(log.scan()) == [FaultKind.FORK]


def test_the_last_checkpoint_too_may_be_of_another_history(log: Log) -> None:
    log.checkpoints.append(replace(log.checkpoints[-1], root=bytes(32), at=NOON + 9999))
    (fault,) = log.scan().faults
    assert (fault.kind, fault.seq, fault.last) == (FaultKind.FORK, 0, 1399)


def test_another_history_and_a_forged_entry_are_told_apart(log: Log) -> None:
    log.checkpoints[2] = replace(log.checkpoints[2], root=bytes(32))  # over 256 entries
    log.forge(300)
    report = log.scan(keyed=False)
    assert [(one.kind, one.seq, one.last) for one in report.faults] == [
        (FaultKind.FORK, 0, 255),
        (FaultKind.CHANGED, 256, 511),
    ]


@pytest.mark.parametrize("wrong", [bytes(32), b"", bytes(31)])
def test_a_changed_tile_and_a_forged_entry_are_told_apart(log: Log, wrong: bytes) -> None:
    log.tiles[1, 0] = wrong
    log.forge(600)
    report = log.scan(keyed=False)
    assert [(one.kind, one.seq, one.last) for one in report.faults] == [
        (FaultKind.TILE, 0, 255),
        (FaultKind.CHANGED, 512, 699),
    ]
    log.checkpoints = log.checkpoints[3:]  # nothing signed between the two: they cannot be told apart, nor hidden
    report = log.scan(keyed=False)
    if wrong == bytes(32):
        assert report.proved == 0
        assert {(0, 255), (512, 767)} <= set(places(report, FaultKind.TILE))
    else:
        assert (places(report, FaultKind.TILE), places(report, FaultKind.CHANGED)) == ([(0, 255)], [(512, 699)])


def test_fields_of_another_type_break_nothing(log: Log) -> None:
    # SQLite keeps whatever it is given.
    for seq, wrong in enumerate([{"body": None}, {"body": "text"}, {"at": "noon"}, {"subject_tag": None}], 300):
        log.rows[seq] = (replace(log.rows[seq][0], **wrong), None)  # type: ignore[arg-type]
    assert places(log.scan(), FaultKind.CHANGED) == [(300, 303)]


def test_a_leaf_of_another_length_breaks_nothing(log: Log) -> None:
    tree = Frontier.empty()
    tree.extend([leaf for _, leaf in log.rows[:513]])
    log.checkpoints = [Checkpoint("clinic", 513, tree.root(), NOON)]
    log.forge(300)
    log.rows[512] = (replace(log.rows[512][0], body=bytes(60)), b"")
    report = log.scan()
    assert {(300, 300), (512, 512)} <= set(places(report, FaultKind.CHANGED))
    assert report.proved == 0


@KEYED
def test_a_changed_tile_is_told_from_changed_entries(log: Log, keyed: bool) -> None:
    for wrong in (bytes(32), b"", bytes(31)):
        log.tiles[1, 2] = wrong
        report = log.scan(keyed=keyed)
        assert [(one.kind, one.seq, one.last) for one in report.faults] == [(FaultKind.TILE, 512, 767)]
        assert report.proved == 1400


def test_a_tile_that_no_checkpoint_decides_about_is_said_to_differ(log: Log) -> None:
    log.checkpoints = log.checkpoints[:3]
    log.tiles[1, 2] = bytes(32)
    (fault,) = log.scan(keyed=False).faults
    assert (fault.kind, fault.seq, fault.last) == (FaultKind.TILE, 512, 767)
    assert "no checkpoint says which" in fault.what


def test_tiles_that_were_never_kept_do_no_harm(log: Log) -> None:
    log.tiles.clear()
    assert log.scan().whole
    log.forge(300)
    assert places(log.scan(), FaultKind.CHANGED) == [(300, 300)]


# Nothing passes


def tamper_body(log: Log, seq: int) -> None:
    entry, leaf = log.rows[seq]
    log.rows[seq] = (replace(entry, body=entry.body[:-1] + bytes([entry.body[-1] ^ 1])), leaf)


def tamper_leaf(log: Log, seq: int) -> None:
    log.rows[seq] = (log.rows[seq][0], bytes(32))


def tamper_missing(log: Log, seq: int) -> None:
    del log.rows[seq]


def tamper_twice(log: Log, seq: int) -> None:
    log.rows[seq:seq] = [log.rows[seq]]


def tamper_forge(log: Log, seq: int) -> None:
    log.forge(seq)


TAMPERINGS: Sequence[Callable[[Log, int], None]] = (
    tamper_body,
    tamper_leaf,
    tamper_missing,
    tamper_twice,
    tamper_forge,
)


@given(st.sampled_from(TAMPERINGS), st.integers(0, 1399), st.booleans(), st.booleans(), st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_no_tampering_passes(
    tampering: Callable[[Log, int], None], seq: int, keyed: bool, tiled: bool, chunk: int
) -> None:
    log = whole().copy()
    tampering(log, seq)
    report = log.scan(keyed=keyed, tiled=tiled, chunk=chunk)
    assert any(fault.seq <= seq <= fault.last for fault in report.faults)
    assert report.faults == log.scan(keyed=keyed, tiled=tiled, chunk=5000).faults
    if keyed:
        exact = {FaultKind.CHANGED, FaultKind.LEAF, FaultKind.MISSING, FaultKind.ORDER}
        assert (seq, seq) in [(one.seq, one.last) for one in report.faults if one.kind in exact]


def test_faults_say_nothing_of_what_entries_hold(log: Log) -> None:
    tamper_body(log, 5)
    log.forge(300)
    del log.rows[900]
    said = " ".join(fault.what for fault in log.scan().faults)
    assert "patient" not in said
    assert "dr-" not in said
