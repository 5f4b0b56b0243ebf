"""The OpenAPI document of the interfaces: what each takes, who may ask, what it may answer, examples that work."""
