"""Subjects beside operations: read while typing, registered interests, possible matches, who looked."""
