"""`suwen bench`: runs one benchmark, prints its table, writes its JSON."""

from __future__ import annotations

from pathlib import Path

import click

from suwen import datasets

__all__ = ["bench"]

# Tests hold this against bench.BENCHMARKS; importing that loads numpy.
_NAMES = (
    "activity-cliffs",
    "admet",
    "adrenal",
    "chest",
    "chest-lesions",
    "chinese-text",
    "constraints",
    "fhir",
    "heart-disease",
    "heat-maps",
    "hippocampus",
    "image-reading",
    "label-noise",
    "lesion-measures",
    "notes",
    "phenotype-text",
    "pneumonia",
    "qrs",
    "rare-disease",
    "records",
    "rhythm",
    "risk-equations",
    "screen",
    "similar-cases",
    "surrogate",
    "workstation",
)


@click.command()
@click.argument("name", type=click.Choice(_NAMES))
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder laid out like the reference data [default: the data folder].",
)
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures to this file."
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    help="At most so many cases of each set; for records, patients; for fhir, resources.",
)
@click.option("--seed", default=0, show_default=True, help="Chooses the cases when there is a limit.")
def bench(name: str, data: Path | None, json_file: Path | None, limit: int | None, seed: int) -> None:
    """Run a benchmark beside its baselines and published anchors.

    Exit status 0 when it ran, whatever the figures; 2 when its data are missing or unreadable.
    """
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    from suwen.bench import BENCHMARKS, Options, summary, write_result  # noqa: PLC0415

    options = Options(data or datasets.folder(), limit, seed)
    errors = Console(stderr=True)
    with Progress(console=errors, disable=not errors.is_terminal, transient=True) as progress:
        task = progress.add_task(name, total=None)
        result = BENCHMARKS[name](options, lambda done, every: progress.update(task, completed=done, total=every))
    header, *rows = summary(result)
    table = Table(*header, title=f"{name}: {result.n} cases, {result.seconds:.0f} s", box=None, header_style="bold")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
    for anchor, figures in result.anchors.items():
        click.echo(f"{anchor}: {figures.get('source', '')}")
    if json_file:
        write_result(result, json_file)
