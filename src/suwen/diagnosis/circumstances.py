"""Age and sex as evidence: how often they fit the stated onset and inheritance of the disease, measured on solved
cases.

Measured on the open cases of phenopacket-store (7,768; each publication counting by the square root of its cases):

- Age. Of 3,476 cases with an age and a disease of stated onset, 32 (1.2 % weighted) were younger than the earliest
  stated onset; a disease drawn at random would begin later than the patient's age in 13.3 %.
- Sex. Of 145 cases of X-linked or X-linked recessive disease with stated sex, 11 were female (6.6 % weighted), against
  46.4 % of all 7,178 cases with stated sex.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suwen.knowledge import Diseases
from suwen.subject import Patient, Sex

__all__ = ["AGE_SOURCE", "SEX_SOURCE", "Circumstance", "circumstances"]

AGE_SOURCE = "3,476 solved cases with age and stated onset (phenopacket-store); onset from HPO annotations"
SEX_SOURCE = "7,178 solved cases with stated sex (phenopacket-store); inheritance from HPO annotations"
_YOUNGER = (0.0116, 0.133)  # share younger than the onset: in the true disease, in a random one
_FEMALE = (0.066, 0.464)  # share female: among X-linked, among all


@dataclass(frozen=True, slots=True)
class Circumstance:
    """`kind` is "age" or "sex"; `weight` holds the natural logarithm of the likelihood ratio for every disease."""

    kind: str
    weight: NDArray[np.float64]


def circumstances(patient: Patient, diseases: Diseases) -> tuple[Circumstance, ...]:
    """What the patient's age and sex say about each disease; nothing where either is unknown."""
    found = []
    if patient.age_years is not None:
        stated = ~np.isnan(diseases.onset_years)
        younger = stated & (patient.age_years < np.nan_to_num(diseases.onset_years))
        against, fitting = np.log(_YOUNGER[0] / _YOUNGER[1]), np.log((1 - _YOUNGER[0]) / (1 - _YOUNGER[1]))
        found.append(Circumstance("age", np.where(younger, against, np.where(stated, fitting, 0.0))))
    if patient.sex in (Sex.FEMALE, Sex.MALE):
        female = patient.sex is Sex.FEMALE
        ratio = _FEMALE[0] / _FEMALE[1] if female else (1 - _FEMALE[0]) / (1 - _FEMALE[1])
        found.append(Circumstance("sex", np.where(diseases.x_linked, np.log(ratio), 0.0)))
    return tuple(found)
