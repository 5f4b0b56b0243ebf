"""Heat maps of images and volumes: which places speak for a class, how good that answer is, and whether to trust it."""

from suwen.errors import MissingExtraError

try:
    import torch  # noqa: F401
except ImportError as error:
    raise MissingExtraError("torch", "learn") from error

from suwen.explain.maps.baseline import Baseline, replacement
from suwen.explain.maps.card import card_lines
from suwen.explain.maps.consensus import consensus
from suwen.explain.maps.evidence import evidence
from suwen.explain.maps.geometry import Box, Geometry, Outside, place
from suwen.explain.maps.grad_cam import grad_cam
from suwen.explain.maps.grad_cam_plus_plus import grad_cam_plus_plus
from suwen.explain.maps.integrated_gradients import integrated_gradients
from suwen.explain.maps.layer_cam import layer_cam
from suwen.explain.maps.layers import Layer, spatial_layers, stages, target_layer
from suwen.explain.maps.methods import BEST, METHODS, heat_map
from suwen.explain.maps.network import Score
from suwen.explain.maps.nouns import HeatMap, Verdict
from suwen.explain.maps.occlusion import multi_scale_occlusion, occlusion
from suwen.explain.maps.overlay import overlay
from suwen.explain.maps.regions import Area, areas
from suwen.explain.maps.rise import rise
from suwen.explain.maps.sanity import label_randomisation, parameter_randomisation, sanity_checks, similarity
from suwen.explain.maps.scores import Curve, best_overlap, deletion, energy_inside, insertion, overlap, pointing

__all__ = [
    "BEST",
    "METHODS",
    "Area",
    "Baseline",
    "Box",
    "Curve",
    "Geometry",
    "HeatMap",
    "Layer",
    "Outside",
    "Score",
    "Verdict",
    "areas",
    "best_overlap",
    "card_lines",
    "consensus",
    "deletion",
    "energy_inside",
    "evidence",
    "grad_cam",
    "grad_cam_plus_plus",
    "heat_map",
    "insertion",
    "integrated_gradients",
    "label_randomisation",
    "layer_cam",
    "multi_scale_occlusion",
    "occlusion",
    "overlap",
    "overlay",
    "parameter_randomisation",
    "place",
    "pointing",
    "replacement",
    "rise",
    "sanity_checks",
    "similarity",
    "spatial_layers",
    "stages",
    "target_layer",
]
