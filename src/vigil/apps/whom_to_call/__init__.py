"""Whom to call: the systems and desks that serve a place, as editable data with the date each was last checked."""
