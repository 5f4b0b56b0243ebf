"""Borders: documents of the outside world parsed into nouns, and nouns written out again."""
