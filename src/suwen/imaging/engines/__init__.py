"""Segmentation engines behind one interface: our own networks, and those of others read from a folder."""

from suwen.imaging.engines.door import open_engine
from suwen.imaging.engines.nouns import Engine, Segmentation

__all__ = ["Engine", "Segmentation", "open_engine"]
