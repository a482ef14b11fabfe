"""Fishing: what registrations ask, budgets of it, what looks like looking for others' operations, and its review."""
