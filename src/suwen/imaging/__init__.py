"""Imaging: a study goes in; measured, located, explained findings come out."""
