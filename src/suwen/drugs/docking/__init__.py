"""Structure-based docking: a receptor, a box and molecules in, poses with scores and their contacts out."""
