"""Safety by simulation: worlds of real nodes over the store in memory, with every fault, checked at every commit.

`run.play(seed)` plays one schedule; `vigil simulate` many. See docs/protocol/simulation.md.
"""
