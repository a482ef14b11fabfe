"""Bringing a fixed sentence to an address over a channel, again and again until it is handed over.

Knows nothing of what it tells of: an app writes deliveries in the transaction of what happened (`outbox.send`), ends
them (`outbox.stop`), and hears of a reply through a handler that it registered (`kinds.on_reply`).
"""
