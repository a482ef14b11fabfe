"""What a mock partner can do wrong, by name, and the requirement that sees it. One thing each.

Each is a small subclass of the mock partner. What must change inside of a message is changed in its payload, before it
is signed or after it was read: a lie needs no state machine of its own.
"""

from __future__ import annotations

from vigil.conformance import bad_answers, bad_askers, bad_readers
from vigil.conformance.misbehaving import MISBEHAVIOURS, Misbehaviour

__all__ = ["KINDS", "MISBEHAVIOURS", "Misbehaviour"]
KINDS = (bad_answers, bad_readers, bad_askers)
"""The modules that put them down."""
