"""The protocol between nodes tried from outside: a suite that acts as a partner, and a partner to try a node with."""
