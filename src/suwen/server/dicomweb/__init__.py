"""DICOMweb (PS3.18): images in, searched and out again, over the sealed records; each request a decision of theirs."""
