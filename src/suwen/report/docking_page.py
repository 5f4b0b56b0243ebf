"""A docking as one HTML file: ligands with scores, errors apart, best poses with their contacts, both languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from suwen.drugs.docking.interactions import Contact, contacts
from suwen.drugs.docking.notices import docking_text
from suwen.drugs.docking.nouns import Box, Docked, Receptor, Redocked, Settings
from suwen.formats.molecules import Refused
from suwen.report.docking_strings import say
from suwen.report.docking_view import best_views, keys_of, ligand_views, matrix, redocked_text
from suwen.report.html import environment
from suwen.report.strings import Language

__all__ = ["MOST_DRAWN", "MOST_LIGANDS", "DockingPage", "render_docking"]

MOST_LIGANDS = 300
"""So many ligands are listed at most, the best; the exported table holds all."""
MOST_DRAWN = 12
"""So many of the best get their poses drawn and their contacts listed."""

_MOST_REFUSED = 200


@dataclass(frozen=True, slots=True, eq=False)
class DockingPage:
    """What the page shows: where and how it was docked, the molecules in any order, those refused."""

    receptor: Receptor
    box: Box
    settings: Settings
    docked: Sequence[Docked]
    refused: Sequence[Refused] = ()
    redocked: Redocked | None = None


def render_docking(page: DockingPage, *, lang: Language = "en", created: datetime) -> str:
    """Return a docking as one self-contained HTML document in English or Chinese; nothing is loaded.

    The same input gives the same text; everything is escaped. Raises InputError for a language that the report does not
    speak and where a pose cannot be read, MissingExtraError without RDKit.
    """
    ordered = sorted(page.docked, key=lambda one: (one.score, one.row))
    best = ordered[:MOST_DRAWN]
    touched: list[tuple[Contact, ...]] = [contacts(page.receptor, one.poses[0]) for one in best]
    return (
        environment()
        .get_template("docking.html")
        .render(
            say=partial(say, lang=lang),
            when=f"{created:%Y-%m-%d %H:%M %Z}".strip(),
            title=page.receptor.name or say("dock_title", lang),
            facts=_facts(page, lang),
            noticed=[docking_text(one, lang) for one in page.receptor.noticed],
            redocked=None if page.redocked is None else _redocked(page.redocked, lang),
            docked=len(ordered),
            unfit=sum(one.score >= 0.0 for one in ordered),
            ligands=ligand_views(ordered[:MOST_LIGANDS], lang),
            best=best_views(best, touched, lang),
            matrix=matrix(touched, lang),
            keys=keys_of(touched, lang),
            refused=[(one.row, one.written, docking_text(one.problem, lang)) for one in page.refused[:_MOST_REFUSED]],
            refusals=len(page.refused),
        )
    )


def _facts(page: DockingPage, lang: Language) -> list[tuple[str, str]]:
    receptor, box, settings = page.receptor, page.box, page.settings
    return [
        (say("dock_receptor", lang), receptor.name),
        (say("dock_atoms", lang), f"{len(receptor.names):,} / {len(set(receptor.residues)):,}"),
        (say("dock_centre", lang), _three(box.centre)),
        (say("dock_size", lang), _three(box.size)),
        (say("dock_exhaustiveness", lang), str(settings.exhaustiveness)),
        (say("dock_seed", lang), str(settings.seed)),
        (say("dock_digest", lang), receptor.digest[:16]),
    ]


def _three(numbers: tuple[float, float, float]) -> str:
    return ", ".join(f"{one:.1f}".replace("-", "−") for one in numbers)


def _redocked(found: Redocked, lang: Language) -> tuple[str, bool, list[tuple[int, str, str]]]:
    text, good = redocked_text(found, lang)
    rows = [
        (pose.rank, f"{pose.score:.2f}".replace("-", "−"), f"{rmsd:.2f}")
        for pose, rmsd in zip(found.docked.poses, found.deviations, strict=True)
    ]
    return text, good, rows
