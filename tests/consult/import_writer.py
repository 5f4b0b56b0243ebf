"""Imports lines in a process of its own that dies at a given call, told by one JSON object on its input."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from suwen.consult.fhir import lines as fhir_lines
from suwen.govern.hospital import Opening, open_records
from suwen.records.identity.sessions import Lifetime
from suwen.records.people import Actor


def main() -> None:
    job = json.load(sys.stdin)
    keep, calls = fhir_lines.keep_resources, [0]

    def dying(*args: Any, **more: Any) -> Any:
        calls[0] += 1
        if calls[0] == job["after"]:
            os._exit(9)  # within a transaction, some of whose patients are written already
        return keep(*args, **more)

    fhir_lines._BATCH = job["batch"]
    fhir_lines.keep_resources = dying
    opening = Opening(secret=lambda _: job["passphrase"], clock=time.time)
    with open_records(Path(job["store"]), opening, lifetime=Lifetime(idle=1e7, longest=1e7)) as records:
        files = [Path(one) for one in job["files"]]
        fhir_lines.import_lines(
            Actor(*job["actor"]), records, files, progress=lambda _now, _whole: None, problems=lambda *_: None
        )


if __name__ == "__main__":
    main()
