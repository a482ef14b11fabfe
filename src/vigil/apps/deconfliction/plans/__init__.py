"""What is done with a plan once it stands: moved, split, copied, repeated, renewed, reminded of, seen in time."""
