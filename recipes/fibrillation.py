"""Learns to tell atrial fibrillation from the measures of beats; writes the few weights that the package ships.

Data in: made rhythms of every kind that is uneven, and the records of CPSC2021 in heart/ecg of SUWEN_DATA, each patient
weighing alike. The honest figures, each patient judged by weights that never saw him, are those of the benchmark
`rhythm`. Out: src/suwen/diagnosis/rhythm/fibrillation.json. One minute on one core.
"""

from __future__ import annotations

from pathlib import Path

from suwen import datasets
from suwen.bench.rhythm import lessons, prepared
from suwen.bench.rhythm_fit import fitted, write_weights
from suwen.bench.rhythm_traces import holters

OUT = Path(__file__).parents[1] / "src/suwen/diagnosis/rhythm/fibrillation.json"


def main() -> None:
    """Learn from all patients and write."""
    ready = [prepared(one) for one in holters(datasets.folder())]
    weights = fitted(lessons(ready))
    write_weights(weights, OUT)
    print(f"{len(ready)} records of patients {', '.join(weights.patients)}")


if __name__ == "__main__":
    main()
