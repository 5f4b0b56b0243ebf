"""The process beside in which Vina works: it is told a receptor and a box once, then docks molecule after molecule.

It speaks JSON, one object a line, on the standard input and output it was given; whatever Vina or RDKit print goes to
nowhere. A hang or crash here is seen by the parent and costs the one molecule that was at work.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from suwen.drugs.docking.engine import Engine, docked_forms
from suwen.drugs.docking.notices import notice
from suwen.drugs.docking.nouns import Box, Settings
from suwen.errors import InputError, MissingExtraError, Problem
from suwen.formats.molecules.nouns import Molecule

__all__ = ["main"]


def main() -> None:
    """Read the receptor, the box and the settings from the first line, then a molecule from each further one."""
    answers = _private_output()
    asked = iter(io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8"))
    first = next(asked, "")
    if not first.endswith("\n"):  # the parent is gone, perhaps within this line
        return
    told = json.loads(first)
    settings = Settings(**told["settings"])
    try:
        engine = _engine(told, settings)
    except MissingExtraError as absent:
        _say(answers, {"absent": str(absent)})
        return
    except (RuntimeError, ValueError, TypeError, OSError) as failed:
        _say(answers, {"broken": _short(failed)})
        return
    _say(answers, {"ready": True})
    for line in asked:
        _say(answers, _answer(engine, line, settings))


def _private_output() -> IO[str]:
    """A copy of standard output for answers; what C++ prints on 1 and 2 then disturbs nobody."""
    own = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return os.fdopen(own, "w", encoding="utf-8")


def _engine(told: dict[str, Any], settings: Settings) -> Engine:
    """Vina reads a receptor from a file only; it lies in a folder of its own, which is gone before the first molecule.

    Whoever ends this process takes the folder away as well, as it knows its name.
    """
    box = Box(tuple(told["box"]["centre"]), tuple(told["box"]["size"]))
    folder = Path(told["folder"])
    folder.mkdir(mode=0o700)
    try:
        file = folder / "receptor.pdbqt"
        file.write_text(told["receptor"], "utf-8")
        return Engine(file, box, settings, threads=told["threads"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answer(engine: Engine, line: str, settings: Settings) -> dict[str, Any]:
    asked = json.loads(line)
    begun = time.monotonic()
    try:
        found = docked_forms(engine, Molecule(asked["smiles"], ""), settings)
    except InputError as refused:
        return {"problems": [_plain(one) for one in refused.problems] or [{"where": "", "what": str(refused)}]}
    except (RuntimeError, ValueError, TypeError, OverflowError, MemoryError) as failed:
        return {"problems": [_plain(notice("engine", reason=_short(failed)))]}
    return {**found, "seconds": round(time.monotonic() - begun, 2)}


def _plain(problem: Problem) -> dict[str, str]:
    return asdict(problem)


def _short(failed: BaseException) -> str:
    return " ".join(str(failed).split())[:200] or type(failed).__name__


def _say(answers: IO[str], answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer, allow_nan=False) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
