"""FHIR R4 REST over the sealed records."""
