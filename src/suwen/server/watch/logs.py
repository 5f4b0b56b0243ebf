"""The log of requests and of the server itself, as lines of JSON; none of them can name a patient or a person."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

from suwen.server.watch.seen import Seen

__all__ = ["REQUESTS", "Lines", "begin_logs", "log_request"]

REQUESTS = logging.getLogger("suwen.server.requests")
_OURS = "_suwen_lines"


def log_request(seen: Seen) -> None:
    """Tell of one request: when, what, how it ended, how long it took, its number."""
    if REQUESTS.isEnabledFor(logging.INFO):
        said = {
            "method": seen.method,
            "route": seen.route,
            "status": seen.status,
            "milliseconds": round(seen.seconds * 1000, 1),
            "bytes": seen.size,
            "request": seen.number,
        }
        REQUESTS.info("request", extra={"said": said})


class Lines(logging.Formatter):
    """A record as one line of JSON: a line break that somebody smuggles in cannot forge a second one (CWE-117)."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        said = getattr(record, "said", None)
        line |= said if isinstance(said, dict) else {"message": record.getMessage()}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def begin_logs(file: Path | None = None, *, level: int = logging.INFO) -> None:
    """Have what the server logs written to a file, or to standard error, where the system's journal takes it up.

    Calling it again exchanges the file. Nothing else's loggers are touched.
    """
    handler: logging.Handler
    handler = logging.FileHandler(file, encoding="utf-8", delay=True) if file else logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    handler.set_name(_OURS)
    for name in ("suwen.server", "uvicorn.error"):
        logger = logging.getLogger(name)
        for old in [one for one in logger.handlers if one.get_name() == _OURS]:
            logger.removeHandler(old)
            old.close()
        logger.addHandler(handler)
        logger.setLevel(level)
