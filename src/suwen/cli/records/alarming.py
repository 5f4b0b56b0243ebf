"""The alarm of broken glass in the system's log, where the hospital's monitoring looks."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

import click

__all__ = ["alarm_in_system_log"]

_LOG = Path("/dev/log")
_PRIORITY = 10 * 8 + 4  # facility authpriv, severity warning: RFC 5424, section 6.2.1
_PATIENCE_S = 1.0  # not SysLogHandler, which waits for ever while the log's daemon is stuck: here somebody is dying


class _SystemLog(logging.Handler):
    """Sends to the log's socket, and says so on standard error where it cannot: then call the security officer."""

    def __init__(self, place: Path) -> None:
        super().__init__()
        self._place = place

    def emit(self, record: logging.LogRecord) -> None:
        """Send one line."""
        import socket  # noqa: PLC0415 - needed in an emergency only

        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
                out.settimeout(_PATIENCE_S)
                out.connect(str(self._place))
                out.send(f"<{_PRIORITY}>suwen: {record.getMessage()}".encode())
        except OSError:
            click.echo(
                f"{record.getMessage()} (the system's log cannot be reached; tell the security officer)", err=True
            )


@contextlib.contextmanager
def alarm_in_system_log(place: Path = _LOG) -> Iterator[None]:
    """While this lasts, the log `suwen.alarm` also goes to the system's log, and is not shown to who caused it."""
    alarm, handler = logging.getLogger("suwen.alarm"), _SystemLog(place)
    alarm.addHandler(handler)
    try:
        yield
    finally:
        alarm.removeHandler(handler)
