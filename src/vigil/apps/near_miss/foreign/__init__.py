"""Near misses of other services, taken from their exports: never counted among law enforcement's own lessons."""
