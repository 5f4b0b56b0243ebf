"""The consult: an actor reaches own patients, opens one, and files findings."""
