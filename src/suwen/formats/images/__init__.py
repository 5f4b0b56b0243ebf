"""Images: DICOM, NIfTI, PNG and JPEG in, with their place in millimetres; segmentations, reports and overlays out."""
