"""From a patient's features to a ranked differential with its evidence."""
