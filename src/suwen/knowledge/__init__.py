"""What medicine knows, compiled: the phenotype ontology, disease annotations and their names."""
