"""Deadly Mix case studies: an assault on an officer in three panels, from its agency, published after review."""
