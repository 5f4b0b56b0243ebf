"""The second door: pages for people and interfaces for systems, over TLS; every request a decision of the records."""

from suwen.server.application import application
from suwen.server.house import House, Science
from suwen.server.serving import serve
from suwen.server.settings import Settings
from suwen.server.settings_file import read_settings

__all__ = ["House", "Science", "Settings", "application", "read_settings", "serve"]
