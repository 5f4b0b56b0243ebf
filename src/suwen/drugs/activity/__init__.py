"""Activity models: a user's own assay becomes a model that says how sure it is and where two alike molecules differ."""
