"""Exercises: what a person of the watch desk practises alone, in mode exercise, through the ordinary actions."""
