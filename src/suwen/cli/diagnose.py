"""`suwen diagnose`, `explain`, `similar` and `next`: from a case file to findings, for one case or many."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suwen.cli.engine import Setup, engine_options, open_engine, read_prior
from suwen.cli.notes import corrections_option, prose_reader
from suwen.errors import DataError, InputError, SuwenError

if TYPE_CHECKING:
    from rich.console import Console

    from suwen.diagnosis import Assessment, Engine, Prior
    from suwen.report import DifferentialPage
    from suwen.subject import Patient

__all__ = ["diagnose", "explain", "next_", "similar"]

_PHENOPACKET = ".phenopacket.json"
_MANY = 40  # from this many cases on, a second process pays for its start
_CASES = click.argument("cases", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
_CASE = click.argument("case", type=click.Path(path_type=Path, allow_dash=True))


@click.command()
@_CASES
@click.option("--top", default=10, show_default=True, type=click.IntRange(1, 200), help="How many diseases to list.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a file: .html, .json, .jsonl, .csv, .phenopacket.json.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one line per case.")
@click.option(
    "--prior", type=click.Path(path_type=Path, exists=True), help="Prevalences: lines of disease code, prevalence."
)
@click.option(
    "--setting",
    type=click.Choice(["rare", "common"]),
    default="rare",
    show_default=True,
    help="Rare-disease clinic, or general practice.",
)
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes for many cases.")
@corrections_option
@engine_options
def diagnose(cases: tuple[Path, ...], **options: Any) -> None:
    """Rank the diseases that may explain each case, with evidence for and against.

    A case is a phenopacket, a FHIR bundle or a list of HPO terms; a folder stands for all cases in it, - for standard
    input.
    """
    from suwen.formats import iter_cases  # noqa: PLC0415

    _refuse_unknown(options["out"])
    prose = prose_reader(options["hpo"], options["corrections"], options["lang"])
    found = _stdin(prose) if cases == (Path("-"),) else iter_cases(_there(cases), prose=prose)
    first = list(islice(found, 2))
    if not first:
        raise InputError("there is no case in what was given")
    if len(first) == 1:
        _one(first[0], options)
    else:
        _many(first, found, options)


@click.command()
@_CASE
@click.argument("disease")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@corrections_option
@engine_options
def explain(case: Path, disease: str, **options: Any) -> None:
    """Say why a disease (code or name) stands where it stands for a case."""
    from suwen.diagnosis import explain as explained  # noqa: PLC0415
    from suwen.report import finding_json, print_finding  # noqa: PLC0415

    patient, engine = _patient(case, options), _engine(options)
    finding, rank = explained(patient, disease, knowledge=engine, lang=options["lang"])
    if options["as_json"]:
        click.echo(
            json.dumps({"rank": None if rank == float("inf") else rank, **finding_json(finding)}, ensure_ascii=False)
        )
        return
    print_finding(finding, rank, _console(), options["lang"])


@click.command()
@_CASE
@click.option("--most", default=10, show_default=True, type=click.IntRange(1, 100), help="How many cases to list.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@corrections_option
@engine_options
def similar(case: Path, most: int, **options: Any) -> None:
    """List solved cases that resemble a case, with shared and different features and their publication."""
    from suwen.diagnosis import assess  # noqa: PLC0415
    from suwen.diagnosis import similar as nearest  # noqa: PLC0415
    from suwen.report import print_similar, similar_json  # noqa: PLC0415

    patient, engine = _patient(case, options), _engine(options)
    if engine.library is None:
        raise DataError("there is no library of solved cases; run: suwen data fetch cases, or give --library")
    found = nearest(assess(patient, knowledge=engine), most=most, lang=options["lang"])
    if options["as_json"]:
        click.echo(json.dumps([similar_json(one) for one in found], ensure_ascii=False))
        return
    print_similar(found, _console(), options["lang"])


@click.command("next")
@_CASE
@click.option("--most", default=10, show_default=True, type=click.IntRange(1, 100), help="How many questions to list.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@corrections_option
@engine_options
def next_(case: Path, most: int, **options: Any) -> None:
    """List what to ask, examine or test next: the features that would change the ranking most."""
    from suwen.diagnosis import assess, distinguish  # noqa: PLC0415
    from suwen.report import print_questions, question_json  # noqa: PLC0415

    patient, engine = _patient(case, options), _engine(options)
    found = distinguish(assess(patient, knowledge=engine), most=most, lang=options["lang"])
    if options["as_json"]:
        click.echo(json.dumps([question_json(one) for one in found], ensure_ascii=False))
        return
    print_questions(found, _console(), options["lang"])


def _one(named: tuple[str, Patient | SuwenError], options: dict[str, Any]) -> None:
    from suwen.diagnosis import assess  # noqa: PLC0415
    from suwen.report import differential_json, differential_page, print_differential  # noqa: PLC0415

    _, patient = named
    if isinstance(patient, SuwenError):
        raise patient
    engine = _engine(options)
    assessment = assess(patient, knowledge=engine, prior=read_prior(options["prior"], options["setting"]))
    page = differential_page(assessment, top=options["top"], lang=options["lang"])
    if options["as_json"]:
        click.echo(json.dumps(differential_json(page), ensure_ascii=False))
    else:
        print_differential(page, _console(), options["lang"])
    if options["out"]:
        _write(options["out"], [_rendered(options["out"], page, assessment, options["lang"])])
        click.echo(
            f"{'报告已写入' if options['lang'] == 'zh' else 'Report written to'} {options['out'].resolve()}", err=True
        )


def _many(
    first: list[tuple[str, Patient | SuwenError]],
    rest: Iterator[tuple[str, Patient | SuwenError]],
    options: dict[str, Any],
) -> None:
    """Weigh many cases; one that cannot be used is reported and the others go on. Exit status 1 when any failed."""
    named = [*first, *rest]
    out = options["out"]
    if out and (out.suffix not in (".json", ".jsonl", ".csv") or out.name.endswith(_PHENOPACKET)):
        raise InputError(f"{options['out'].name}: several cases are written as .jsonl, .json or .csv")
    job = _Job(_setup(options), options["prior"], options["setting"], options["top"], options["lang"])
    results = _progress(job.run(named, options["jobs"]), len(named))
    failed = dict[str, str]()
    kept = _noting(results, failed)
    if out:
        _write(out, _table(kept) if out.suffix == ".csv" else _lines(kept))
        click.echo(f"{len(named)} cases written to {out.resolve()}", err=True)
    elif options["as_json"]:
        for line in _lines(kept):
            click.echo(line, nl=False)
    else:
        _summary(kept)
    for case, error in failed.items():
        click.echo(f"{case}: {error}", err=True)
    if failed:
        click.echo(f"{len(failed)} of {len(named)} cases could not be used", err=True)
        raise SystemExit(1)


def _noting(results: Iterable[dict[str, Any]], failed: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Pass results on one by one, so that ten thousand are never held at once, and note those that failed."""
    for result in results:
        if "error" in result:
            failed[result["case"]] = result["error"]
        yield result


class _Job:
    """What a worker needs to weigh cases; the engine is opened once per process."""

    def __init__(self, setup: Setup, prior: Path | None, setting: str, top: int, lang: str) -> None:
        self.setup, self.table, self.setting, self.top, self.lang = setup, prior, setting, top, lang
        self._engine: Engine | None = None
        self._prior: Prior | None = None

    def run(self, named: list[tuple[str, Patient | SuwenError]], jobs: int) -> Iterator[dict[str, Any]]:
        """Results in the order of the cases, over `jobs` processes when there are many."""
        if len(named) < _MANY or jobs == 1:
            yield from map(self, named)
            return
        open_engine(self.setup, _say)  # compiled once here, so that the workers only load
        with ProcessPoolExecutor(jobs, initializer=_adopt, initargs=(self,)) as pool:
            yield from pool.map(_work, named, chunksize=50)

    def __call__(self, named: tuple[str, Patient | SuwenError]) -> dict[str, Any]:
        from suwen.diagnosis import Explainer, assess  # noqa: PLC0415
        from suwen.report import finding_json  # noqa: PLC0415

        name, patient = named
        if isinstance(patient, SuwenError):
            return {"case": name, "error": patient.said(self.lang)}
        if self._engine is None:
            self._engine, self._prior = open_engine(self.setup, _say), read_prior(self.table, self.setting)
        try:
            assessment = assess(patient, knowledge=self._engine, prior=self._prior)
        except SuwenError as error:
            return {"case": name, "error": error.said(self.lang)}
        findings = Explainer(assessment, self.lang).findings(self.top)
        return {
            "case": name,
            "id": patient.id,
            "set_size": assessment.shortlist,
            "notes": list(assessment.features.notes),
            "findings": [finding_json(finding) for finding in findings],
        }


_worker: _Job | None = None


def _adopt(job: _Job) -> None:
    global _worker  # noqa: PLW0603  # one per worker process, set by its initialiser
    _worker = job


def _work(named: tuple[str, Patient | SuwenError]) -> dict[str, Any]:
    if _worker is None:
        raise RuntimeError("the worker was not initialised")
    return _worker(named)


def _there(cases: Iterable[Path]) -> list[Path]:
    found = list(cases)
    missing = [str(case) for case in found if not case.exists()]
    if missing:
        raise InputError(f"no such file or folder: {', '.join(missing)}")
    return found


def _stdin(prose: Callable[[str, str], Patient | None]) -> Iterator[tuple[str, Patient | SuwenError]]:
    from suwen.formats import read_bytes  # noqa: PLC0415

    data = sys.stdin.buffer.read()
    for patient in read_bytes(data, "standard input", prose=prose):
        yield "standard input", patient


def _patient(case: Path, options: dict[str, Any]) -> Patient:
    from suwen.formats import read  # noqa: PLC0415

    prose = prose_reader(options["hpo"], options["corrections"], options["lang"])
    found = [one for _, one in _stdin(prose)] if case == Path("-") else list(read(_there([case])[0], prose=prose))
    if len(found) != 1:
        raise InputError(f"{case} holds {len(found)} patients; this command takes one")
    if isinstance(found[0], SuwenError):
        raise found[0]
    return found[0]


def _setup(options: dict[str, Any]) -> Setup:
    return options["hpo"], options["library"], options["no_library"]


def _engine(options: dict[str, Any]) -> Engine:
    return open_engine(_setup(options), _say)


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)


def _console() -> Console:
    from rich.console import Console  # noqa: PLC0415

    return Console(highlight=False)


def _rendered(out: Path, page: DifferentialPage, assessment: Assessment, lang: str) -> str:
    """The file's content by its suffix."""
    from suwen.formats import write_phenopacket  # noqa: PLC0415
    from suwen.report import differential_html, differential_json  # noqa: PLC0415

    now = datetime.now(UTC)
    if out.suffix in (".html", ".htm"):
        return differential_html(page, lang=lang, created=now)  # type: ignore[arg-type]  # click has checked it
    if out.name.endswith(_PHENOPACKET):
        release = assessment.knowledge.sources["HPO"]
        document = write_phenopacket(
            page.patient, findings=page.findings, clock=lambda: now, created_by="suwen", versions={"HP": release}
        )
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    if out.suffix in (".json", ".jsonl"):
        return (
            json.dumps(differential_json(page), ensure_ascii=False, indent=None if out.suffix == ".jsonl" else 2) + "\n"
        )
    if out.suffix == ".csv":
        rows = [{"case": page.patient.id, "findings": differential_json(page)["findings"], "set_size": page.set_size}]
        return "".join(_table(rows))
    raise InputError(f"{out.name}: the suffix says what to write: .html, .json, .jsonl, .csv or .phenopacket.json")


def _refuse_unknown(out: Path | None) -> None:
    """Refuse a file whose suffix says nothing, before any work is done."""
    if out and out.suffix not in (".html", ".htm", ".json", ".jsonl", ".csv"):
        raise InputError(f"{out.name}: the suffix says what to write: .html, .json, .jsonl, .csv or {_PHENOPACKET}")


def _write(out: Path, parts: Iterable[str]) -> None:
    """Write whole or not at all."""
    part: str | None = None
    try:
        handle, part = tempfile.mkstemp(dir=out.resolve().parent, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(parts)
        mask = os.umask(0)
        os.umask(mask)
        Path(part).chmod(0o666 & ~mask)
        Path(part).replace(out)
    except OSError as reason:
        if part:
            with suppress(OSError):
                Path(part).unlink()
        raise DataError(
            f"cannot write {out}: {reason.strerror}; name a file in a folder that exists and is yours"
        ) from None


def _progress(results: Iterator[dict[str, Any]], total: int) -> Iterator[dict[str, Any]]:
    """Show a bar on standard error while results come, when somebody is watching."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import track  # noqa: PLC0415

    console = Console(stderr=True)
    yield from track(
        results, total=total, description="Weighing cases", console=console, disable=not console.is_terminal
    )


def _lines(results: Iterable[dict[str, Any]]) -> Iterator[str]:
    for result in results:
        yield json.dumps(result, ensure_ascii=False) + "\n"


def _table(results: Iterable[dict[str, Any]]) -> Iterator[str]:
    """One line per case and disease, without the evidence."""
    yield _row(["case", "rank", "code", "name", "probability", "set_size", "error"])
    for result in results:
        if "error" in result:
            yield _row([result["case"], "", "", "", "", "", result["error"]])
        for rank, finding in enumerate(result.get("findings", ()), start=1):
            row = [result["case"], rank, finding["code"], finding["label"], finding["probability"]]
            yield _row([*row, result["set_size"], ""])


def _row(cells: list[Any]) -> str:
    import csv  # noqa: PLC0415
    import io  # noqa: PLC0415

    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _summary(results: Iterable[dict[str, Any]]) -> None:
    from rich.table import Table  # noqa: PLC0415

    table = Table("case", "most probable", "probability", "set", box=None, pad_edge=False, header_style="bold")
    for result in results:
        if "error" not in result:
            best = result["findings"][0]
            name = f"{best['label']} ({best['code']})"
            table.add_row(result["case"], name, f"{100 * best['probability']:.1f} %", str(result["set_size"]))
    _console().print(table)
