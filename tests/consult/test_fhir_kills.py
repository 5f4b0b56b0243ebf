"""A process killed while it imports leaves a whole store, and the next run comes to the same as one without a kill."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bulk import WHOLE, Told, state, written
from ward import CHEAP, PASSPHRASE, Ward, open_ward

from suwen.consult.fhir import lines as fhir_lines
from suwen.govern.hospital import Opening, open_records
from suwen.govern.upkeep import verify_store
from suwen.records.access import Role
from suwen.records.gate import Records
from suwen.records.identity.sessions import Lifetime

LONG = Lifetime(idle=1e7, longest=1e7)


def test_killed_at_any_batch_and_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves that a process that dies between or within batches leaves a whole store, and that the next goes on."""
    monkeypatch.setattr(fhir_lines, "_BATCH", 3)
    files = written(tmp_path / "in", WHOLE)
    with open_ward(tmp_path / "unkilled") as calm:
        Told().into(calm[Role.PHYSICIAN], calm.records, *files)
        expected = state(calm)
    rng = random.Random(4)  # noqa: S311 - a seeded test
    with open_ward(tmp_path / "store", clock=time.time) as ward:
        ward[Role.PHYSICIAN]
        ward.records.store.close()
        deaths = [_killed(ward, files, after) for after in rng.sample(range(1, 40), 4)]
        assert deaths.count(9) >= 3  # or it was not the import that was killed
        with _opened(ward) as records:
            assert verify_store(ward[Role.ADMINISTRATOR], records).faults == []
            done = Told().into(ward[Role.PHYSICIAN], records, *files)
            assert done.unchanged > 0
            assert state(ward, records) == expected
            assert verify_store(ward[Role.ADMINISTRATOR], records).faults == []


def _opened(ward: Ward) -> Records:
    return open_records(ward.home, Opening(secret=lambda _: PASSPHRASE, clock=time.time), policy=CHEAP, lifetime=LONG)


def _killed(ward: Ward, files: list[Path], after: int) -> int:
    """A process imports and dies at the call of `keep_resources` so numbered; how it ended."""
    actor = ward.people[Role.PHYSICIAN]
    job = {
        "store": str(ward.home),
        "passphrase": PASSPHRASE,
        "actor": [actor.id, actor.token],
        "files": [str(one) for one in files],
        "batch": 3,
        "after": after,
    }
    script = Path(__file__).parent / "import_writer.py"
    return subprocess.run([sys.executable, str(script)], input=json.dumps(job).encode(), check=False).returncode
