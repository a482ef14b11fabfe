"""Near misses: reviewers read what the door took in, mask and code it, and publish lessons (ADR 12)."""
