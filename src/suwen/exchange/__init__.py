"""The outside: images sent, fetched and received over DICOM and DICOMweb."""
