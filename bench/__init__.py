"""One file a claim; each prints the peer beside us, measured in the same run."""
