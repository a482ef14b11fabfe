"""Emergency access ("breaking the glass"): an administrator reads operations for a while, and others are told."""
