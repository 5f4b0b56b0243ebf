"""A model and one input opened: the answer, its grounds as evidence, and whether they can be believed."""
