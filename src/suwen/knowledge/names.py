"""Reads names and equivalences of diseases and terms: Chinese labels, and MONDO exact matches."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from suwen.errors import FormatError
from suwen.knowledge.source import readable

__all__ = ["equivalents_by_name", "read_babelon", "read_disease_names", "read_sssom"]

_SPLIT = re.compile(r"[；;]")


def read_babelon(path: Path) -> dict[str, str]:
    """Map HPO term to its translated label from a Babelon table (hp-zh.babelon.tsv)."""
    with readable(path), path.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        if not {"subject_id", "predicate_id", "translation_value"} <= set(rows.fieldnames or ()):
            raise FormatError(
                f"{path.name} is not a Babelon table: it lacks subject_id or translation_value",
                zh=f"{path.name} 不是 Babelon 表：缺少 subject_id 或 translation_value",
            )
        return {
            row["subject_id"]: row["translation_value"].strip()
            for row in rows
            if row["predicate_id"] == "rdfs:label" and row["translation_value"]
        }


def read_disease_names(paths: Iterable[Path]) -> dict[str, str]:
    """Map OMIM and ORPHA codes to a Chinese disease name (the first of several) from gzipped JSON objects."""
    names: dict[str, str] = {}
    for path in paths:
        with readable(path):
            table = json.loads(gzip.decompress(path.read_bytes()).decode("utf-8"))
            found = {code: _SPLIT.split(entry.get("CNS_NAME") or "")[0].strip() for code, entry in table.items()}
            names |= {code: name for code, name in found.items() if name}
    return names


def read_sssom(path: Path) -> list[tuple[str, str]]:
    """Return (MONDO id, disease code) pairs of exact matches; `Orphanet:` is written as the HPO files do, `ORPHA:`."""
    with readable(path):
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        lines = (line for line in io.StringIO(text.decode("utf-8")) if not line.startswith("#"))
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        if not {"subject_id", "predicate_id", "object_id"} <= set(rows.fieldnames or ()):
            raise FormatError(
                f"{path.name} is not an SSSOM table: it lacks subject_id, predicate_id or object_id",
                zh=f"{path.name} 不是 SSSOM 表：缺少 subject_id、predicate_id 或 object_id",
            )
        return [
            (row["subject_id"], row["object_id"].replace("Orphanet:", "ORPHA:"))
            for row in rows
            if row["predicate_id"] == "skos:exactMatch"
        ]


def equivalents_by_name(names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Pair OMIM and ORPHA diseases whose normalised names are identical and unique in each; used where MONDO is absent.

    Returns pairs (group name, disease code) in the shape of `read_sssom`.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for code, name in names.items():
        groups[re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()].append(code)
    pairs = []
    for name, codes in groups.items():
        prefixes = [code.partition(":")[0] for code in codes]
        if len(codes) > 1 and len(set(prefixes)) == len(prefixes):
            pairs += [(f"name:{name}", code) for code in codes]
    return pairs
