"""The watch desk: one screen for a shift, who sits at it, and what happens when nobody does."""
