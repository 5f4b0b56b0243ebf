"""Watching the server without watching anybody: health, readiness, metrics and a log of requests, free of patients."""

from suwen.server.watch.logs import begin_logs
from suwen.server.watch.pages import router
from suwen.server.watch.watching import watched

__all__ = ["begin_logs", "router", "watched"]
