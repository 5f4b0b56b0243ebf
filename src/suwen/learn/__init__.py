"""Training, measuring and keeping models: clean data, honest splits, one trainer, safe weights."""
