"""A process that begins jobs on a store and dies in the midst of them, as when the power fails."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "records"), str(Path(__file__).parent)]
import jobs_for_tests as made  # noqa: E402
from ward import CHEAP, PASSWORD, Clock, opening  # noqa: E402

from suwen.govern import log_in, open_records  # noqa: E402
from suwen.server.house import House, Science  # noqa: E402
from suwen.server.jobs import Jobs, context  # noqa: E402
from suwen.server.settings import Settings  # noqa: E402
from suwen.subject import Saying  # noqa: E402

TITLE = Saying("A count", "计数")


def main(store: Path, pid: Path) -> None:
    context._STORE_EVERY = 0.0
    with open_records(store, opening(Clock(1_800_000_500.0)), policy=CHEAP) as records:
        actor = log_in(records, "researcher", PASSWORD)
        desk = Jobs(House(records, Settings(store=store), Science(lambda: None)), threads=2).begin()
        count = desk.submit(actor, "test-counting", {"to": 9, "stop_at": 5}, TITLE)
        desk.submit(actor, "test-elsewhere", {"for_ever": True, "pid": str(pid)}, TITLE)
        while not ((one := desk.board.get(count)) and one.done == 5 and pid.exists()):
            time.sleep(0.01)
        assert not made.GATE.is_set()
        sys.stdout.write(count)
        sys.stdout.flush()
        os._exit(9)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
