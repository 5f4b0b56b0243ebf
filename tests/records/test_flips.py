"""One bit changed in any file of a store is refused or reported, and never read as true.

SUWEN_FLIPS=1000 for the long run. A damage counts as detected when opening raises a SuwenError or `verify` reports a
fault; what ordinary reading then gives is the truth or a SuwenError, never anything else.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import string
import sys
from collections import Counter
from pathlib import Path

import pytest
from damage import MANY, Seen, Written, copied, faults, look
from sqlalchemy import delete, update
from ward import CHEAP, PASSPHRASE, open_ward, opening

from suwen.consult.chart import open_patient
from suwen.errors import SuwenError
from suwen.govern.hospital import open_records
from suwen.records.access import Role
from suwen.records.store.tables import TILE
from suwen.records.store.whole import verify

FULL = int(os.environ.get("SUWEN_FLIPS", "0"))
FLIPS = FULL or 60
FLIPS_WAL = FULL // 2 or 40
SEED = int(os.environ.get("SUWEN_SEED", "20260"))


def flip(file: Path, rng: random.Random) -> int:
    """Change one random bit of a file; which."""
    raw = bytearray(file.read_bytes())
    bit = rng.randrange(len(raw) * 8)
    raw[bit // 8] ^= 1 << bit % 8
    file.write_bytes(raw)
    return bit


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    home = tmp_path_factory.mktemp("flips") / "store"
    with open_ward(home) as ward:
        one = Written(home, ward[Role.PHYSICIAN])
        one.fill(ward, first=0, patients=4, rng=random.Random(SEED))  # noqa: S311 - made-up images
        patient = next(iter(one.records))
        while ward.records.store.witness.newest().size < MANY:
            open_patient(one.actor, ward.records, patient)
    return one


def test_an_undamaged_store_is_whole(written: Written) -> None:
    with copied(written.home) as home:
        assert look(written, home) == Seen()


def test_any_bit_flipped_in_any_file_is_detected(written: Written) -> None:
    """Half of the flips by size, half file by file, so that the small files have their share."""
    rng, how = random.Random(SEED), Counter[str]()  # noqa: S311 - a seeded test
    files = [one.relative_to(written.home) for one in sorted(written.home.rglob("*")) if one.is_file()]
    files = [one for one in files if (written.home / one).stat().st_size]
    assert {one.parts[0] for one in files} == {"store.json", "keys.json", "checkpoints", "records.db", "blobs"}
    tops = sorted({one.parts[0] for one in files})
    for number in range(FLIPS):
        if number % 2:
            sizes = [(written.home / one).stat().st_size for one in files]
            file = rng.choices(files, sizes)[0]
        else:
            top = tops[number // 2 % len(tops)]
            file = rng.choice([one for one in files if one.parts[0] == top])
        with copied(written.home) as home:
            bit = flip(home / file, rng)
            seen = look(written, home)
        assert seen.detected, f"bit {bit} of {file}"
        how[f"{file.parts[0]}: {'opening' if seen.opening else 'verify'}{', reading' if seen.reading else ''}"] += 1
    if FULL:
        sys.stderr.write(f"\n{FLIPS} flips, each detected: {dict(how)}\n")


def test_every_bit_of_the_small_files_is_detected(written: Written) -> None:
    """One bit of every byte of store.json and checkpoints, without opening the database each time."""
    rng, home = random.Random(SEED), written.home  # noqa: S311 - a seeded test
    with copied(home) as copy:
        for name in ("store.json", "keys.json", "checkpoints"):
            raw = (home / name).read_bytes()
            for place in range(0, len(raw), 1 if FULL else 23):
                changed = bytearray(raw)
                changed[place] ^= 1 << rng.randrange(8)
                (copy / name).write_bytes(changed)
                seen = look(written, copy) if name != "checkpoints" else _witness(copy)
                assert seen.detected, f"byte {place} of {name}"
            (copy / name).write_bytes(raw)


def _witness(home: Path) -> Seen:
    with open_records(home, opening(), policy=CHEAP) as records:
        return Seen(faults=[one for one in records.store.witness.slots() if isinstance(one, str)])


def test_another_spelling_of_the_same_base64_is_a_change_too(written: Written) -> None:
    """40 bytes leave four spare bits before "==": sixteen texts of the wrapped root key would mean the same."""
    with copied(written.home) as home:
        text = (home / "store.json").read_text()
        place = text.index('=="]]') - 1
        signs = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
        other = signs[signs.index(text[place]) ^ 1]
        (home / "store.json").write_text(text[:place] + other + text[place + 1 :])
        assert look(written, home).opening.startswith("TamperError")


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory: pytest.TempPathFactory) -> tuple[Written, Written]:
    """A store as a killed process leaves it: the last writes stand in the write-ahead log, behind them stale frames.

    What SIGKILL leaves is what is in the files at that moment, so a copy made while the store is open is the same.
    Second: the same without what stands in the write-ahead log.
    """
    folder = tmp_path_factory.mktemp("wal")
    rng = random.Random(SEED)  # noqa: S311 - made-up images
    with open_ward(folder / "store") as ward:
        live = Written(folder / "store", ward[Role.PHYSICIAN])
        live.fill(ward, first=0, patients=3, rng=rng)
        early = Written(folder / "early", live.actor, dict(live.records), dict(live.images))
        with contextlib.closing(ward.records.store.engine.raw_connection()) as raw:
            raw.cursor().execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        live.fill(ward, first=3, patients=2, rng=rng)
        shutil.copytree(live.home, folder / "killed")
    return Written(folder / "killed", live.actor, live.records, live.images), early


def test_a_write_ahead_log_left_by_a_killed_process_is_read(left_behind: tuple[Written, Written]) -> None:
    killed, early = left_behind
    assert len(killed.records) > len(early.records)
    assert (killed.home / "records.db-wal").stat().st_size > 50_000
    with copied(killed.home) as home:
        assert look(killed, home) == Seen()


def test_a_bit_flipped_in_a_write_ahead_log_hides_nothing(left_behind: tuple[Written, Written]) -> None:
    """Either detected, or in a stale frame: then what is read is exactly what was written."""
    killed, _ = left_behind
    rng, how = random.Random(SEED), Counter[str]()  # noqa: S311 - a seeded test
    for number in range(FLIPS_WAL):
        with copied(killed.home) as home:
            bit = flip(home / ("records.db-wal" if number % 8 else "records.db-shm"), rng)
            seen = look(killed, home)
        assert seen.detected or not seen.reading, f"bit {bit} of the write-ahead log: {seen.reading}"
        how["detected" if seen.detected else "harmless"] += 1
    assert how["detected"] > FLIPS_WAL // 10
    if FULL:
        sys.stderr.write(f"\n{FLIPS_WAL} flips in the write-ahead log: {dict(how)}\n")


@pytest.mark.parametrize("left", [0.0, 0.5, 0.9])
def test_a_write_ahead_log_cut_off_or_taken_away_is_refused(left_behind: tuple[Written, Written], left: float) -> None:
    killed, _ = left_behind
    with copied(killed.home) as home:
        wal = home / "records.db-wal"
        with wal.open("rb+") as handle:
            end = _last_frame(wal.read_bytes())
            handle.truncate(int(end * left))
        assert look(killed, home).opening.startswith("TamperError: the audit log holds")


def _last_frame(raw: bytes) -> int:
    """Where the frames of the log in use end: those with the salts of its header (sqlite.org/fileformat2, 4.1)."""
    size, salts, at = int.from_bytes(raw[8:12], "big"), raw[16:24], 32
    while raw[at + 8 : at + 16] == salts:
        at += 24 + size
    return at


def test_a_database_set_back_to_an_older_copy_is_refused(tmp_path: Path) -> None:
    with open_ward(tmp_path / "store") as ward:
        written = Written(ward.home, ward[Role.PHYSICIAN])
        written.fill(ward, first=0, patients=1, rng=random.Random(SEED))  # noqa: S311 - made-up images
        ward.records.store.settle()
        older = (ward.home / "records.db").read_bytes()
        size = ward.records.store.witness.newest().size
        written.fill(ward, first=1, patients=1, rng=random.Random(SEED))  # noqa: S311 - made-up images
    (ward.home / "records.db").write_bytes(older)
    assert f"the audit log holds {size} entries" in look(written, ward.home).opening
    with open_records(ward.home, opening(), policy=CHEAP, trusting=True) as records:
        found = faults(verify(records.store))
    assert any(f"entries {size} to" in one and "truncated" in one for one in found), found


def test_a_tile_of_the_log_lost_or_moved(written: Written) -> None:
    """A proof would miss it; the entries alone would not."""
    for statement in (delete(TILE), update(TILE).values(position=7), update(TILE).values(level=2)):
        with copied(written.home) as home, open_records(home, opening(), policy=CHEAP) as records:
            with records.store.engine.begin() as connection:
                assert connection.execute(statement).rowcount == 1
            assert [one for one in faults(verify(records.store)) if "tiles" in one]


def test_the_passphrase_of_another_store_opens_nothing(written: Written) -> None:
    with (
        pytest.raises(SuwenError),
        open_records(written.home, opening(passphrase=PASSPHRASE + "."), policy=CHEAP),
    ):
        pass
