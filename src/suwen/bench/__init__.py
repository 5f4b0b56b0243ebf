"""Benchmarks: one file each, run as `suwen bench NAME`."""

from suwen.bench import chinese_text, fhir, note_cases, phenotype_text, rare_disease, records, similar_cases
from suwen.bench.result import Result, summary, write_result
from suwen.bench.setting import Options

__all__ = ["BENCHMARKS", "Options", "Result", "summary", "write_result"]

BENCHMARKS = {
    "chinese-text": chinese_text.run,
    "fhir": fhir.run,
    "notes": note_cases.run,
    "phenotype-text": phenotype_text.run,
    "rare-disease": rare_disease.run,
    "records": records.run,
    "similar-cases": similar_cases.run,
}
