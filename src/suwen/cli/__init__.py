"""The command line door."""

from suwen.cli.app import main

__all__ = ["main"]
