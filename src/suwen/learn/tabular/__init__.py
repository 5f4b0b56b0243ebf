"""Classifiers of tables that keep scikit-learn's contract: networks, and gradient boosting kept as plain arrays."""
