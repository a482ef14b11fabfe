"""What meets what: pure, importable from a notebook, a command, a server and a simulator alike."""
