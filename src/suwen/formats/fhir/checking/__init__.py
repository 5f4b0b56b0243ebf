"""What a resource must be by FHIR R4: structure, values, required codes, invariants."""
