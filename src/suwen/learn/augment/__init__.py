"""Augmentation of whole batches in PyTorch: one kind of change a file, label-safe defaults for each modality."""
