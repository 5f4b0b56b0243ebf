"""Patients for the tests: textbook cases, and random ones drawn from what is annotated in HPO."""

from __future__ import annotations

import numpy as np

from suwen.knowledge import Knowledge
from suwen.subject import Code, Diagnosis, Feature, Patient, Sex

__all__ = ["TEXTBOOK", "patient", "random_patient", "solved"]

# Features as clinicians' textbooks list them (not copied from the annotations the engine reads).
TEXTBOOK: dict[str, tuple[str, ...]] = {
    "OMIM:154700": ("HP:0001083", "HP:0002616", "HP:0001166", "HP:0000768", "HP:0001519"),  # Marfan
    "OMIM:219700": ("HP:0002110", "HP:0001738", "HP:0002024", "HP:0006528", "HP:0012236"),  # cystic fibrosis
    "OMIM:230800": ("HP:0001744", "HP:0002240", "HP:0001873", "HP:0002653", "HP:0001903"),  # Gaucher type 1
    "OMIM:162200": ("HP:0000957", "HP:0009732", "HP:0009737", "HP:0000997"),  # neurofibromatosis 1
    "OMIM:143100": ("HP:0002072", "HP:0000726", "HP:0002340", "HP:0000716"),  # Huntington
    "OMIM:100800": ("HP:0008905", "HP:0002007", "HP:0004060", "HP:0002938", "HP:0011800"),  # achondroplasia
}


def patient(*present: str, absent: tuple[str, ...] = (), id_: str = "p", **more) -> Patient:
    features = [Feature(Code(value)) for value in present]
    return Patient(id_, (*features, *(Feature(Code(value), excluded=True) for value in absent)), **more)


def solved(id_: str, diagnosis: str, *present: str, publication: str, absent: tuple[str, ...] = ()) -> Patient:
    found = (Diagnosis(Code(diagnosis, f"disease {diagnosis}")),)
    return patient(*present, absent=absent, id_=id_, diagnoses=found, publication=publication)


def random_patient(knowledge: Knowledge, rng: np.random.Generator) -> Patient:
    """One to seven present and up to four excluded annotated terms without contradiction; age and sex at random."""
    terms = np.unique(knowledge.rows.term)
    present = rng.choice(terms, rng.integers(1, 8), replace=False)
    implied = {int(one) for term in present for one in knowledge.ontology.ancestors(int(term))}
    absent = [int(term) for term in rng.choice(terms, rng.integers(0, 5), replace=False) if int(term) not in implied]
    codes = [[knowledge.ontology.ids[int(term)] for term in group] for group in (present, absent)]
    age = (None, 0.0, 0.5, 4.0, 30.0, 75.0)[rng.integers(6)]
    return patient(*codes[0], absent=tuple(codes[1]), sex=list(Sex)[rng.integers(4)], age_years=age)
