"""De-identification of DICOM by PS3.15 Annex E: elements, dates, texts, pixels."""
