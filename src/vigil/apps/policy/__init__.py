"""The agency's deconfliction policy: filled from the node's own settings, adopted, read, compared with the settings."""
