"""Results written so that they open anywhere at the right place and size: DICOM, NIfTI, PNG."""
