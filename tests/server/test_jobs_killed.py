"""A server that is killed in the midst of its jobs loses none of them, and leaves no process behind."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from jobs_for_tests import GATE, SEEN, until
from ward import CHEAP, Clock, open_ward, opening

from suwen.govern import Role, open_records
from suwen.server.house import House, Science
from suwen.server.jobs import Jobs, JobState
from suwen.server.settings import Settings

OVER = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


def test_a_killed_server_loses_no_job_and_leaves_no_process(tmp_path: Path) -> None:
    with open_ward(tmp_path / "store") as ward:
        ward.hire("researcher", Role.RESEARCHER)
    script, pid = Path(__file__).with_name("killed_server.py"), tmp_path / "pid"
    killed = subprocess.run(
        [sys.executable, script, tmp_path / "store", pid], capture_output=True, text=True, timeout=60, check=False
    )
    assert killed.returncode == 9, killed.stderr
    child = int(pid.read_text())
    end = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert not Path(f"/proc/{child}").exists()
    GATE.set()
    SEEN.clear()
    with open_records(tmp_path / "store", opening(Clock(1_800_001_000.0)), policy=CHEAP) as records:
        desk = Jobs(House(records, Settings(store=tmp_path), Science(lambda: None)), threads=2).begin()
        assert until(desk, killed.stdout.strip(), *OVER) is JobState.DONE
        assert SEEN == [5]
        desk.stop()
