"""Whom an alarm tells and when, what a conflict's state may become, and the page of an alarm's way."""
