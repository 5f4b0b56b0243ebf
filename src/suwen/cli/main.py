"""Assembles the commands of `suwen`."""

from __future__ import annotations

import click

__all__ = ["main"]


@click.group()
def main() -> None:
    """Suwen: findings with their evidence."""
