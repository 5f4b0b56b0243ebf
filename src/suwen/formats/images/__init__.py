"""Images: DICOM, NIfTI, PNG and JPEG in, with their place in millimetres; segmentations, reports and overlays out."""

from suwen.formats.images.budget import LIMIT
from suwen.formats.images.mask import Mask, laid_on, mask_on, read_labels, read_mask
from suwen.formats.images.notices import notice_in, notice_key, notice_text
from suwen.formats.images.nouns import Image, Source, Study, View, Window
from suwen.formats.images.read import read_studies, read_study

__all__ = [
    "LIMIT",
    "Image",
    "Mask",
    "Source",
    "Study",
    "View",
    "Window",
    "laid_on",
    "mask_on",
    "notice_in",
    "notice_key",
    "notice_text",
    "read_labels",
    "read_mask",
    "read_studies",
    "read_study",
]
