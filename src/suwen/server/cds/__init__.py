"""CDS Hooks 2.0: other systems ask at the point of care, and are answered with cards from what Suwen found."""
