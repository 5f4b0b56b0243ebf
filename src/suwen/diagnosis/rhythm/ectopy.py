"""Premature beats and what they form."""

from __future__ import annotations

from collections.abc import Iterator

from suwen.diagnosis.rhythm.nouns import Seen, Sign

__all__ = ["premature"]


def premature(seen: Seen) -> Iterator[Sign]:
    """Premature beats of the ventricles and of the atria, each where it is."""
    for kind, key in (("V", "pvc"), ("S", "pac")):
        where = [at for at, one in enumerate(seen.kinds) if one == kind]
        if where:
            share = 100 * len(where) / len(seen.kinds)
            figures = {"count": float(len(where)), "percent": share}
            yield Sign(key, figures, tuple(seen.beat(at) for at in where), "premature by an eighth of RR; shape of QRS")
