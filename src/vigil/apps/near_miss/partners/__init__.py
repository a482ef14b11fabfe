"""Lessons and alerts between partner nodes."""
