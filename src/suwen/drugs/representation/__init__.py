"""Molecules as rows of numbers that a learner can read: counted fragments, descriptors, vectors of a language model."""
