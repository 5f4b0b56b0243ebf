"""A small catalogue of networks, each built from plain settings that a card can hold."""
