"""Benchmarks: one file each, run as `suwen bench NAME`."""

from suwen.bench import (
    chinese_text,
    constraints,
    fhir,
    heat_maps,
    label_noise,
    note_cases,
    phenotype_text,
    rare_disease,
    records,
    shipped_models,
    similar_cases,
    surrogate,
)
from suwen.bench.result import Result, summary, write_result
from suwen.bench.setting import Options

__all__ = ["BENCHMARKS", "Options", "Result", "summary", "write_result"]

BENCHMARKS = {
    "adrenal": shipped_models.adrenal,
    "chinese-text": chinese_text.run,
    "constraints": constraints.run,
    "fhir": fhir.run,
    "heat-maps": heat_maps.run,
    "hippocampus": shipped_models.hippocampus,
    "label-noise": label_noise.run,
    "notes": note_cases.run,
    "phenotype-text": phenotype_text.run,
    "pneumonia": shipped_models.pneumonia,
    "rare-disease": rare_disease.run,
    "records": records.run,
    "similar-cases": similar_cases.run,
    "surrogate": surrogate.run,
}
