"""Records given out one by one, cut off until no few of them stand alone.

Promise: what a record still says is said, word for word, by at least k records, or it says nothing. Source:
k-anonymity by generalisation and suppression (Sweeney 2002), in the order of the columns: the last is given up first.

It does not protect a text that tells who it is about, nor against who knows what was given out before one record came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from vigil.core.privacy.suppression import K

Record = tuple[str, ...]


def generalised(records: Sequence[Record], k: int = K) -> list[Record]:
    """The records in their order, each with its last columns emptied as far as needed; all are equally long."""
    width = len(records[0]) if records else 0
    found: dict[int, Record] = {}
    for kept in range(width, -1, -1):
        cut = {at: record[:kept] + ("",) * (width - kept) for at, record in enumerate(records) if at not in found}
        counts = Counter(cut.values())
        found |= {at: record for at, record in cut.items() if counts[record] >= k or not any(record)}
    return [found[at] for at in range(len(records))]
