"""To the tools that officers carry: CAP messages, zones on a TAK server. Never the only way of an alarm."""
