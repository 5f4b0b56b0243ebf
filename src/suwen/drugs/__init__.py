"""Molecules as medicines: what a structure tells by itself, and what models learned from others add to it."""
