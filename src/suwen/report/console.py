"""The door to the terminal report; rich is loaded only when something is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.report.nouns import DifferentialPage
from suwen.report.strings import Language

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["print_differential"]


def print_differential(page: DifferentialPage, console: Console, lang: Language = "en") -> None:
    """Print the differential, its evidence, questions and similar cases to a rich console.

    Made for 80 columns and more. Colour follows the console (none when it is not a terminal); the signs of the
    weights and the bar at the left of the set say the same without it. Raises InputError for an unknown language.
    """
    from suwen.report.terminal import draw  # noqa: PLC0415  # rich costs 50 ms that importing this room should not

    draw(page, console, lang)
