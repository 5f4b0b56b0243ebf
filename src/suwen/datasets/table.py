"""The table of reference data: one row for each data set, with its address, version, digest and licence.

Adding a data set is adding a row to one of the three tuples below; nothing is scanned.

Digests. `File.sha256` is set only where the official bytes were seen when the row was written. Where it is None the
first download is trusted: its digest is written into `digests.json` in the data folder, shown to the person, and every
later download from the same address must match it. Addresses name a release or a commit wherever the source has one,
so the bytes behind them do not move.

A row without files is one Suwen cannot fetch by itself: its source wants an account or a form, has no stable address,
or holds raw material that needs more than unpacking. `home` says where it is to be had, `where` where it belongs.
"""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches
from types import MappingProxyType

from suwen.datasets.diagnosis_rows import DIAGNOSIS
from suwen.datasets.molecule_rows import MOLECULE
from suwen.datasets.nouns import RELEASE, Dataset
from suwen.datasets.patient_rows import PATIENT
from suwen.errors import NotFoundError

__all__ = ["TABLE", "named"]

TABLE: tuple[Dataset, ...] = (*DIAGNOSIS, *PATIENT, *MOLECULE)

_BY_NAME = MappingProxyType({row.name: row for row in TABLE})
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def named(name: str) -> Dataset:
    """Return the row called `name`; `hpo@2025-10-22` gives the row of that official release.

    Raises:
        NotFoundError: there is no such row; the message names the nearest ones.

    """
    row = _BY_NAME.get(name)
    if row is not None and RELEASE not in row.version:
        return row
    stem, _, release = name.partition("@")
    template = _BY_NAME.get(f"{stem}@{RELEASE}")
    if template is None:
        near = get_close_matches(name, _BY_NAME, n=3) or sorted(_BY_NAME)
        raise NotFoundError(
            f"no data set is called {name!r}; did you mean: {', '.join(near)}?",
            zh=f"没有名为 {name!r} 的数据集；是否指：{'、'.join(near)}？",
        )
    if not _DATE.fullmatch(release):
        raise NotFoundError(
            f"{name!r} names no release; give its date, for example {stem}@2025-10-22",
            zh=f"{name!r} 未指明版本；请给出日期，例如 {stem}@2025-10-22",
        )
    return _at_release(template, release)


def _at_release(template: Dataset, release: str) -> Dataset:
    return replace(
        template,
        name=template.name.replace(RELEASE, release),
        where=template.where.replace(RELEASE, release),
        version=release,
        files=tuple(
            replace(file, path=file.path.replace(RELEASE, release), url=file.url.replace(RELEASE, release))
            for file in template.files
        ),
    )
