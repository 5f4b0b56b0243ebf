"""Reference data: which sets there are, where they lie on this machine, and how they are fetched."""

from suwen.datasets.nouns import Dataset, Fetched, File, Progress
from suwen.datasets.store import fetch, folder, path, present
from suwen.datasets.table import TABLE, named

__all__ = ["TABLE", "Dataset", "Fetched", "File", "Progress", "fetch", "folder", "named", "path", "present"]
