"""What is over: history, and the purge of what has been kept long enough."""
