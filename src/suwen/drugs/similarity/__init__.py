"""Likeness of molecules: fingerprints, libraries on disk, exact search and ranks fused from several of them."""
