"""The door to the terminal reports; rich is loaded only when something is printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from suwen.diagnosis.nouns import Question, SimilarCase
from suwen.finding import Finding
from suwen.report.nouns import DifferentialPage
from suwen.report.strings import Language

if TYPE_CHECKING:
    from rich.console import Console

    from suwen.consult.nouns import Consultation

__all__ = ["print_consultation", "print_differential", "print_finding", "print_questions", "print_similar"]


def print_consultation(consultation: Consultation, console: Console, lang: Language = "en") -> None:
    """Print what matters, what each area did and what was not available to a rich console; times are in UTC.

    Raises InputError for an unknown language.
    """
    from suwen.report.patient_terminal import draw_consultation  # noqa: PLC0415

    draw_consultation(consultation, console, lang)


def print_differential(page: DifferentialPage, console: Console, lang: Language = "en") -> None:
    """Print the differential, its evidence, questions and similar cases to a rich console.

    Made for 80 columns and more. Colour follows the console (none when it is not a terminal); the signs of the
    weights and the bar at the left of the set say the same without it. Raises InputError for an unknown language.
    """
    from suwen.report.terminal import draw  # noqa: PLC0415  # rich costs 50 ms that importing this room should not

    draw(page, console, lang)


def print_finding(finding: Finding, rank: float, console: Console, lang: Language = "en") -> None:
    """Print one disease with all its evidence and its rank (infinite: not ranked)."""
    from suwen.report.terminal import draw_finding  # noqa: PLC0415

    draw_finding(finding, rank, console, lang)


def print_similar(cases: Sequence[SimilarCase], console: Console, lang: Language = "en") -> None:
    """Print similar solved cases, or that there are none."""
    from suwen.report.terminal import draw_similar  # noqa: PLC0415

    draw_similar(cases, console, lang)


def print_questions(questions: Sequence[Question], console: Console, lang: Language = "en") -> None:
    """Print what to ask, examine or test next."""
    from suwen.report.terminal import draw_questions  # noqa: PLC0415

    draw_questions(questions, console, lang)
