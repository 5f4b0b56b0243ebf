"""Benchmarks: one file each, run as `suwen bench NAME`."""

from suwen.bench import (
    activity_cliffs,
    admet,
    chest,
    chest_lesions,
    chinese_text,
    constraints,
    fhir,
    heart_disease,
    heat_maps,
    image_reading,
    label_noise,
    lesion_measures,
    note_cases,
    phenotype_text,
    qrs,
    rare_disease,
    records,
    rhythm,
    risk_equations,
    screen,
    shipped_models,
    similar_cases,
    surrogate,
)
from suwen.bench.result import Result, summary, write_result
from suwen.bench.setting import Options

__all__ = ["BENCHMARKS", "Options", "Result", "summary", "write_result"]

BENCHMARKS = {
    "activity-cliffs": activity_cliffs.run,
    "admet": admet.run,
    "adrenal": shipped_models.adrenal,
    "chest": chest.run,
    "chest-lesions": chest_lesions.run,
    "chinese-text": chinese_text.run,
    "constraints": constraints.run,
    "fhir": fhir.run,
    "heart-disease": heart_disease.run,
    "heat-maps": heat_maps.run,
    "hippocampus": shipped_models.hippocampus,
    "image-reading": image_reading.run,
    "label-noise": label_noise.run,
    "lesion-measures": lesion_measures.run,
    "notes": note_cases.run,
    "phenotype-text": phenotype_text.run,
    "pneumonia": shipped_models.pneumonia,
    "qrs": qrs.run,
    "rare-disease": rare_disease.run,
    "records": records.run,
    "rhythm": rhythm.run,
    "risk-equations": risk_equations.run,
    "screen": screen.run,
    "similar-cases": similar_cases.run,
    "surrogate": surrogate.run,
}
