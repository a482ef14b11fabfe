"""Vigil, the open officer safety toolkit."""
