"""A screening as a job: the library goes along packed, the funnel runs in a process of its own and tells its counts."""

from __future__ import annotations

import base64
import gzip
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from suwen.errors import DataError, InputError
from suwen.server.jobs import Context, Job, Kind, register
from suwen.server.pages.molecules_reading import on_disk
from suwen.server.pages.molecules_words import MOLECULE_WORDS
from suwen.subject import Saying

__all__ = ["LARGEST", "MOST_PACKED", "SCREENING", "pack"]

LARGEST = 24 * 2**20  # bytes of a library
MOST_PACKED = 2_800_000  # of it when packed: what goes along with a job is sealed in the store
_SHOWN = 200  # survivors that the page of a result shows
_MOST_FAILED, _MOST_COLUMNS = 50, 10
_ALWAYS = frozenset({"weight", "logp"})  # columns that a page shows even where nothing was asked of them
_OF_ONE = ("place", "row", "name", "smiles", "merit", "values")
_FILES = (
    ("survivors.csv", "text/csv"),
    ("survivors.sdf", "chemical/x-mdl-sdfile"),
    ("screening.en.html", "text/html"),
    ("screening.zh.html", "text/html"),
)
Tell = Callable[[int, int, Saying | None], None]


def pack(data: bytes) -> str:
    """A library as a text that goes along with a job. Raises InputError where it is too large."""
    if len(data) > LARGEST:
        raise InputError(
            f"the library is larger than {LARGEST // 2**20} MB; use `suwen screen` for it",
            zh=f"化合物库超过 {LARGEST // 2**20} MB；请使用 `suwen screen`",
        )
    packed = gzip.compress(data, 6, mtime=0)
    if len(packed) > MOST_PACKED:
        most = MOST_PACKED / 1e6
        raise InputError(
            f"the library is larger than {most:.1f} MB when packed; use `suwen screen` for it",
            zh=f"化合物库压缩后超过 {most:.1f} MB；请使用 `suwen screen`",
        )
    return base64.b64encode(packed).decode("ascii")


def _run(context: Context) -> Mapping[str, Any]:
    asked = context.parameters
    try:
        data = gzip.decompress(base64.b64decode(str(asked["library"])))
    except (ValueError, OSError, EOFError, zlib.error):
        raise DataError(
            "the library that was kept for this screening is damaged", zh="为本次筛选保存的化合物库已损坏"
        ) from None
    context.progress(0, 0, MOLECULE_WORDS["waiting"])
    result, files = context.apart(_screened, data, str(asked["suffix"]), str(asked["name"]), dict(asked["goals"]))
    for (name, kind), content in zip(_FILES, files, strict=True):
        context.keep_file(name, kind, [content])
    return dict(result)


def _screened(progress: Tell, data: bytes, suffix: str, name: str, tree: Mapping[str, Any]) -> Any:
    """In a process of its own: the result for the page in both languages, and the files."""
    from dataclasses import replace  # noqa: PLC0415

    from suwen.drugs.screening.funnel import screen  # noqa: PLC0415
    from suwen.drugs.screening.library import LibraryFile  # noqa: PLC0415
    from suwen.drugs.screening.reading import goals_of  # noqa: PLC0415
    from suwen.drugs.screening.table import write_survivors  # noqa: PLC0415
    from suwen.report.screening_page import render_screening  # noqa: PLC0415

    goals, counts = goals_of(tree), _Counts(progress)
    with on_disk(data, suffix) as file:
        found = replace(screen(LibraryFile(file), goals, processes=1, notify=counts), library=name)
        tables = [file.with_name(one) for one in ("survivors.csv", "survivors.sdf")]
        for one in tables:
            write_survivors(found, one)
        written = [one.read_bytes() for one in tables]
    now = datetime.now(UTC)
    langs: tuple[Literal["en", "zh"], ...] = ("en", "zh")
    pages = [render_screening(found, lang=lang, created=now).encode() for lang in langs]
    return {lang: _shown(found, lang) for lang in langs}, [*written, *pages]


def _shown(found: Any, lang: str) -> dict[str, Any]:
    """What the page of a result shows: the funnel, what was asked, the first survivors with the numbers they carry."""
    from suwen.drugs.screening.table import screened_tree  # noqa: PLC0415

    tree = screened_tree(found, lang)
    asked = {one["key"]: one["asked"] for one in tree["criteria"]}
    for stage in tree["stages"]:
        stage["dropped"] = [(asked.get(key, key), count) for key, count in stage["dropped"].items()]
    kept = tree["kept"]
    carried = {key for one in kept[:_SHOWN] for key in one["values"]}
    wanted = {*_ALWAYS, *asked, *(key for one in kept[:1] for key in one["parts"])}
    columns = [
        one
        for one in tree["columns"]
        if one["key"] in carried and (one["stage"] not in {"read", "filters"} or one["key"] in wanted)
    ]
    return {
        **{key: tree[key] for key in ("title", "library", "criteria", "stages", "limits")},
        "columns": columns[:_MOST_COLUMNS],
        "count": len(kept),
        "kept": [{key: one[key] for key in _OF_ONE} for one in kept[:_SHOWN]],
        "failed": tree["failed"][:_MOST_FAILED],
    }


class _Counts:
    """What the funnel tells while it runs, a line for each stage: what one stage keeps is what the next is given."""

    def __init__(self, progress: Tell) -> None:
        self.progress = progress
        self.stages: dict[str, tuple[int, int]] = {}

    def __call__(self, stage: str, done: int, every: int) -> None:
        from suwen.drugs.screening.nouns import STAGE_NAMES  # noqa: PLC0415

        self.stages[stage] = (done, every)
        names = {str(key): one for key, one in STAGE_NAMES.items()}
        said = [
            MOLECULE_WORDS["read_so_far" if whole else "read_open"].said(lang).format(
                stage=names[one].said(lang) if one in names else one, done=f"{so_far:,}", whole=f"{whole:,}"
            )
            for lang in ("en", "zh")
            for one, (so_far, whole) in self.stages.items()
        ]  # fmt: skip
        half = len(said) // 2
        self.progress(done, every, Saying("; ".join(said[:half]), "；".join(said[half:])))


def _page(job: Job) -> str:
    return f"/molecules/screening/{job.id}"


SCREENING = register(Kind("screening", _run, MOLECULE_WORDS["screening"], needs_records=False, page=_page))
