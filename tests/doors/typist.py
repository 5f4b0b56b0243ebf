"""Somebody at a desk for the tests: runs `suwen records` in this process, or at a terminal of its own."""

from __future__ import annotations

import os
import pty
import select
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result

from suwen.cli import main

CHEAP = tuple(
    part
    for setting in ("time=2", "memory_kib=19456", "lanes=1")  # the least that is accepted
    for part in ("--key-setting", setting)
)
PASSPHRASE = "seven quiet herons"  # noqa: S105 (made up)
PASSWORD = "a phrase long enough 7"  # noqa: S105 (made up)
Answer = str | Callable[[str], str]  # what is typed, or how it follows from what was shown
_PATIENCE_S = 60


@dataclass(frozen=True)
class Desk:
    """A store and the sessions kept for it, both under `home`."""

    home: Path

    @property
    def store(self) -> Path:
        return self.home / "store"

    @property
    def state(self) -> Path:
        return self.home / "state"

    def result(self, *arguments: str, by: str = "", command: str = "records", **environment: str) -> Result:
        """Run `suwen records` or another command, as `by`; an exception that is no message of Suwen's fails."""
        chosen = ("--as", by) if by else ()
        said = {
            "SUWEN_RECORDS": str(self.store),
            "XDG_STATE_HOME": str(self.state),
            "SUWEN_PASSPHRASE": PASSPHRASE,
            **environment,
        }
        result = CliRunner().invoke(main, [command, *chosen, *arguments], env=said)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def run(self, *arguments: str, by: str = "", stderr: bool = False, **environment: str) -> str:
        """What the command printed; it must succeed."""
        result = self.result(*arguments, by=by, **environment)
        assert result.exit_code == 0, result.output
        return result.output if stderr else result.stdout

    def fails(self, *arguments: str, by: str = "", **environment: str) -> str:
        """The one message of a command that must fail with status 2 and print nothing else."""
        result = self.result(*arguments, by=by, **environment)
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        return result.stderr

    def first_login(self, login: str, first: str) -> None:
        """Log in with a first password and choose PASSWORD."""
        self.run("login", login, SUWEN_PASSWORD=first, SUWEN_NEW_PASSWORD=PASSWORD)


def at_a_terminal(desk: Desk, *arguments: str, answers: list[tuple[str, Answer]]) -> tuple[int, str]:
    """Run `suwen records` at a terminal; each answer is typed once its prompt is the last thing shown."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SUWEN_")}
    environment |= {"SUWEN_RECORDS": str(desk.store), "XDG_STATE_HOME": str(desk.state), "COLUMNS": "200"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads; the child only executes
        child, terminal = pty.fork()
    if child == 0:
        command = [sys.executable, "-c", "import sys; from suwen.cli import main; sys.exit(main())"]
        os.execve(command[0], [*command, "records", *arguments], environment)  # noqa: S606 (that is the point)
    try:
        shown = _converse(terminal, answers)
    finally:
        os.close(terminal)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), shown


def _converse(terminal: int, answers: list[tuple[str, Answer]]) -> str:
    shown, waiting = b"", list(answers)
    while select.select([terminal], [], [], _PATIENCE_S)[0]:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
        if waiting and shown.rstrip(b" ").endswith(waiting[0][0].encode()):
            answer = waiting.pop(0)[1]
            typed = answer if isinstance(answer, str) else answer(shown.decode())
            os.write(terminal, typed.encode() + b"\n")
    assert not waiting, f"never asked for {waiting[0][0]}: {shown.decode()}"
    return shown.decode()
