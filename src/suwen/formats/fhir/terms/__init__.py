"""Terminologies by address and version, maps between them, and units."""
