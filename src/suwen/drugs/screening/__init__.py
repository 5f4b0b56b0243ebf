"""Screening: goals stated in a file, a funnel from cheap tests to dear ones, overlays in space, a ranked list."""
