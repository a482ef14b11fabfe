"""To the tools that officers carry and that desks run: CAP messages, zones for TAK. Never the only way of an alarm."""
