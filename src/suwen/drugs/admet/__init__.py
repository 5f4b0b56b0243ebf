"""What a body does with a molecule and what it does to a body: endpoints learned from measured molecules."""
