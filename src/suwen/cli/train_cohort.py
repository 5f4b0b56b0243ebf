"""A sealed cohort as what `suwen train` learns from: opened into memory, and its model noted before it is written."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from suwen.cli.records.opening import Where, current_session, opened, opening
from suwen.cli.records.showing import progress, say
from suwen.errors import ConflictError, InputError

if TYPE_CHECKING:
    from torch import nn

    from suwen.cohort import Cohort, Manifest
    from suwen.govern import Opening
    from suwen.knowledge import Knowledge
    from suwen.learn.card import Card
    from suwen.learn.config import Data
    from suwen.learn.config_examples import Parts
    from suwen.learn.nouns import Examples

__all__ = ["Sealed", "note_model", "open_sealed", "parts_of_sealed", "without_digests"]


@dataclass(frozen=True)
class Sealed:
    """A cohort opened for training: its rows in memory, and what the store is opened with again at the end.

    `digest` is that of the manifest, `table` that of the table (SHA-256, hex); `left` columns were left out.
    """

    where: Where
    using: Opening = field(repr=False)
    id: str
    digest: str
    table: str
    left: int
    examples: Examples = field(repr=False)


def open_sealed(where: Where, cohort: str) -> Sealed:
    """Open a cohort as whoever has logged in, if models may be trained on it and nobody in it has withdrawn.

    Raises:
        AccessError, LoginError, NotFoundError, ConflictError: as `suwen.cohort.open_cohort`.
        InputError: it is for research only, somebody has withdrawn, or there is nothing in it to learn.

    """
    from suwen.cohort import open_cohort, show_cohort  # noqa: PLC0415

    session = current_session(where)
    where, asked = replace(where, login=session.login), opening(where)
    # Asked for once: when the model is noted, hours later, nobody sits there to type it again.
    using = replace(asked, secret=functools.cache(asked.secret))
    with opened(where, using=using) as records, progress("patients") as told:
        manifest, _, _ = show_cohort(session.actor(), records, cohort)
        knowledge = _knowledge(manifest)
        found = open_cohort(session.actor(), records, cohort, knowledge=knowledge, progress=told)
    examples, left = _common(found)
    return Sealed(where, using, found.id, manifest.digest, manifest.table, left, examples)


def _knowledge(manifest: Manifest) -> Knowledge | None:
    """What the criteria need, once it is known that models may be trained: nothing is opened where they may not."""
    from suwen.cohort import Use, parse_criteria  # noqa: PLC0415
    from suwen.knowledge import load_knowledge  # noqa: PLC0415

    if manifest.use is not Use.TRAINING:
        raise InputError("this cohort was selected for research, not for training; select one with --purpose training")
    return load_knowledge(None, notify=say) if parse_criteria(manifest.criteria).needs_knowledge else None


def _common(cohort: Cohort) -> tuple[Examples, int]:
    """The examples without columns of words that few patients have, for names of columns stand in the card; how many.

    Threat: of 20 patients or fewer each date or rare word would be a column, and so tell of one patient.
    """
    from suwen.cohort import examples_of  # noqa: PLC0415
    from suwen.cohort.nouns import SMALLEST  # noqa: PLC0415

    examples, header = examples_of(cohort), set(cohort.table.header)
    common = (examples.inputs == 1).sum(0) >= SMALLEST
    kept = [at for at, name in enumerate(examples.features) if name in header or common[at]]
    if not kept:
        raise InputError(f"no column holds numbers, or words that {SMALLEST} patients share; name other features")
    names = tuple(examples.features[at] for at in kept)
    found = replace(examples, inputs=examples.inputs[:, kept], features=names)
    return found, len(examples.features) - len(kept)


def parts_of_sealed(sealed: Sealed, data: Data) -> Parts:
    """The cohort parted as the config says, each part of 5 patients or more; from here on nothing knows a pseudonym.

    Raises:
        InputError: it cannot be parted so.

    """
    from suwen.cohort.nouns import SMALLEST  # noqa: PLC0415
    from suwen.learn.config_examples import Parts, parted  # noqa: PLC0415

    parts = parted(sealed.examples, data)
    every = [one for one in (parts.training, parts.validation, parts.test) if one is not None]
    if min(map(len, every)) < SMALLEST:  # threat: figures of one patient are that patient's label
        raise InputError(
            f"{len(sealed.examples)} patients with a known label are too few: a part of the split would hold fewer "
            f"than {SMALLEST}; give other shares (data.split.parts) or select more"
        )
    nameless = [replace(one, names=(), groups=()) for one in every]  # a patient is one row, so no group is lost
    return Parts(nameless[0], nameless[1], nameless[2] if parts.test is not None else None)


def without_digests(card: Card, sealed: Sealed) -> Card:
    """The card with the digest of the whole table for each part of it.

    Threat: rows of a small part could be guessed until their digest fits; that of the table covers the pseudonyms too.
    """
    return replace(card, data=tuple(replace(one, digest=sealed.table) for one in card.data), cohort=sealed.digest)


def note_model(sealed: Sealed, network: nn.Module, card: Card, keep: Path) -> None:
    """Note in the store that this model saw the cohort, before it is written: what is not noted no withdrawal finds.

    Raises:
        AccessError, LoginError, NotFoundError: it may not be noted, or no longer.
        ConflictError: somebody has withdrawn since the training began.

    """
    from suwen.cohort import register_model, show_cohort  # noqa: PLC0415
    from suwen.learn.weights import save_model  # noqa: PLC0415

    with tempfile.TemporaryDirectory(dir=keep, prefix="noting-") as folder:  # for the digest of the weights
        named = save_model(network, card, Path(folder))
    actor = current_session(sealed.where).actor()
    with opened(sealed.where, using=sealed.using) as records:
        register_model(actor, records, named, sealed.digest)
        # After it was noted: whoever withdraws later is told of it.
        _, _, willing = show_cohort(actor, records, sealed.id)
    if not willing:
        raise ConflictError(
            "somebody in this cohort has withdrawn since the training began, so the model was not written; "
            f"delete {keep} and select again"
        )
