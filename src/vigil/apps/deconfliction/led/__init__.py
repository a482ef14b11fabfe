"""The led exercise of the watch desk: planned with injects, run by a controller, rated by evaluators, reported on."""
