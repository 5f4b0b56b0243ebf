"""A small medicine written by hand: an ontology and annotations as files, for tests that count on their fingers."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from suwen.knowledge import Sources

__all__ = ["OBO", "ROWS", "hpoa_line", "obo", "write_sources"]

Row = tuple[str, str, str, str, str]  # disease, qualifier, term, references, frequency

# Root 118 with branches A (1, its forms 11 and 12) and B (2, its form 21); 31 hangs under 11 and 21.
OBO = {
    "HP:0000001": (),
    "HP:0000005": ("HP:0000001",),
    "HP:0000006": ("HP:0000005",),
    "HP:0000118": ("HP:0000001",),
    "HP:0001000": ("HP:0000118",),
    "HP:0001100": ("HP:0001000",),
    "HP:0001200": ("HP:0001000",),
    "HP:0002000": ("HP:0000118",),
    "HP:0002100": ("HP:0002000",),
    "HP:0003100": ("HP:0001100", "HP:0002100"),
}
ROWS: tuple[Row, ...] = (
    ("OMIM:1", "", "HP:0001100", "PMID:1", "3/4"),
    ("OMIM:1", "", "HP:0001100", "PMID:2", "1/6"),
    ("OMIM:1", "", "HP:0002100", "PMID:1;PMID:2", "50%"),
    ("OMIM:1", "NOT", "HP:0001200", "PMID:1", ""),
    ("OMIM:2", "", "HP:0003100", "PMID:2", "HP:0040281"),
    ("OMIM:3", "", "HP:0001200", "PMID:1", ""),
    ("OMIM:3", "", "HP:0002100", "OMIM:3", "2/2"),
    ("ORPHA:1", "", "HP:0001200", "ORPHA:1", "HP:0040283"),
    ("OMIM:4", "", "HP:0003100", "PMID:3", "1/1"),
)
_GENES = "ncbi\tgene\thpo_id\thpo_name\tfrequency\tdisease_id\n"


def obo(parents: Mapping[str, Sequence[str]], *stanzas: str) -> str:
    """An OBO file with these terms, each named "Feature <number>", and further stanzas as they are."""
    terms = [
        "\n".join(["[Term]", f"id: {term}", f"name: Feature {int(term[3:])}", *(f"is_a: {one} ! x" for one in above)])
        for term, above in parents.items()
    ]
    return "\n\n".join(["format-version: 1.2\ndata-version: hp/releases/2020-02-02", *terms, *stanzas]) + "\n"


def hpoa_line(
    disease: str, qualifier: str, term: str, references: str, frequency: str, *, aspect: str = "P", name: str = ""
) -> str:
    name = name or f"Disease {disease.partition(':')[2]}"
    return "\t".join([disease, name, qualifier, term, references, "PCS", "", frequency, "", "", aspect, "HPO:x[2020]"])


def write_sources(
    folder: Path,
    *,
    parents: Mapping[str, Sequence[str]] = OBO,
    rows: Sequence[Row] = ROWS,
    lines: Sequence[str] = (),
    genes: Mapping[str, Sequence[str]] | None = None,
    names_zh: Mapping[str, str] | None = None,
    stanzas: Sequence[str] = (),
) -> Sources:
    """Write hp.obo, phenotype.hpoa and genes_to_phenotype.txt (and Chinese names, if any) and point at them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hp.obo").write_text(obo(parents, *stanzas), "utf-8")
    head = "#description: test\n#version: 2020-02-03\ndatabase_id\tdisease_name\tqualifier\thpo_id\n"
    body = [*(hpoa_line(*row) for row in rows), *lines]
    (folder / "phenotype.hpoa").write_text(head + "\n".join(body) + "\n", "utf-8")
    found = {"OMIM:1": ["GEN1"], "OMIM:2": ["GEN1", "GEN2"], "OMIM:3": ["GEN2"]} if genes is None else genes
    table = [f"1\t{gene}\tHP:0001100\tx\t-\t{disease}\n" for disease, symbols in found.items() for gene in symbols]
    (folder / "genes_to_phenotype.txt").write_text(_GENES + "".join(table), "utf-8")
    chinese = ()
    if names_zh:
        chinese = (folder / "names.json.gz",)
        entries = {code: {"CNS_NAME": name} for code, name in names_zh.items()}
        chinese[0].write_bytes(gzip.compress(json.dumps(entries).encode()))
    return Sources(
        folder / "hp.obo", folder / "phenotype.hpoa", folder / "genes_to_phenotype.txt", names_zh=chinese, mondo=()
    )
