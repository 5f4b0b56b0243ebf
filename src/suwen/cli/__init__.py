"""The command line door."""

from suwen.cli.main import main

__all__ = ["main"]
