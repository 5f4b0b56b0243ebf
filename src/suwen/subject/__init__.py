"""Nouns: frozen, without I/O, known to every room above."""

from suwen.subject.code import Code
from suwen.subject.grid import Grid, Scale
from suwen.subject.patient import Diagnosis, Feature, Patient, Sex
from suwen.subject.reference import Kind, Reference
from suwen.subject.saying import Saying
from suwen.subject.seen import Atoms, Measurement, Region, Span, Stretch

__all__ = [
    "Atoms",
    "Code",
    "Diagnosis",
    "Feature",
    "Grid",
    "Kind",
    "Measurement",
    "Patient",
    "Reference",
    "Region",
    "Saying",
    "Scale",
    "Sex",
    "Span",
    "Stretch",
]
