"""Opening models: a prediction turned into Evidence, and a test of whether the explanation can be believed."""
