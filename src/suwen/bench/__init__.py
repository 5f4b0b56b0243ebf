"""Benchmarks: one file each, run as `suwen bench NAME`."""

from suwen.bench import rare_disease, similar_cases
from suwen.bench.result import Result, summary, write_result
from suwen.bench.setting import Options

__all__ = ["BENCHMARKS", "Options", "Result", "summary", "write_result"]

BENCHMARKS = {
    "rare-disease": rare_disease.run,
    "similar-cases": similar_cases.run,
}
