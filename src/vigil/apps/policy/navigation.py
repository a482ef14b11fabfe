"""The policy in the menu."""

from vigil.web.navigation import Entry, register

register(
    Entry("Policy", "Policy", "policy:policy", "verified", 57, "policy.adoption.read", ("/policy/",), on_phone=False)
)
