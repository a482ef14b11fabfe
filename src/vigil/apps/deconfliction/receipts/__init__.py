"""Receipts in people's hands: on paper, as a file, checked by anybody; and the node's own chain of them."""
