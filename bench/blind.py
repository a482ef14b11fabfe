"""What blind mode costs and how well its cover tells apart: `python -m bench.blind [--patches N] [--seed N]`.

First the cost of one submission to one partner by number of tokens, at the owner (hashing and raising), once more for
the next partner (the hashes are known), and at the partner (reading and raising). Beside it, in the same run: a plain
query of the same operation made, signed, verified and read; and as many X25519 exchanges, for scale.

Then the cover: patches of 40 km and 36 hours in which two nodes have operations spread evenly. Printed are tokens an
operation, the share of token hits that p1 confirms, and the pairs of p1 that share no token: there must be none. A
quarter of the patches lies at a pole or across the antimeridian.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from vigil.engine.geometry import geod
from vigil.engine.index import Index
from vigil.engine.operation import MICROSECONDS_PER_MINUTE, Geometry, Line, Operation, Point, Polygon, Site, Vertex
from vigil.protocol.blinding import PartnerBlinder, hashed
from vigil.protocol.canonical import canonical_bytes, operation_content, operation_from_content
from vigil.protocol.cover import padded, place_tokens
from vigil.protocol.signing import Signer, verify

COUNTS = (32, 128, 256, 1024)
REPEATS = 9
HOUR = 60 * MICROSECONDS_PER_MINUTE
FIRST_START = 1_798_761_600_000_000
"""2027-01-01T00:00:00Z."""
PATCH_M = 40_000.0
PATCH_HOURS = 36
A_PATCH = 160
"""Operations in a patch, half of them each node's."""
TOWNS: tuple[Vertex, ...] = (
    (-77.03, 38.9),
    (-93.26, 44.98),
    (-118.24, 34.05),
    (-149.9, 61.2),
    (-66.1, 18.4),
    (-95.4, 29.8),
)
EDGES: tuple[Vertex, ...] = ((0.0, 90.0), (0.0, -90.0), (180.0, 51.9), (-180.0, 0.0))


# --- cost ------------------------------------------------------------------------------------------------------------


def milliseconds(work: Callable[[], object], before: Callable[[], object] = lambda: None) -> float:
    """Processor time, the median of several runs: others' work on the machine does not count."""
    taken = []
    for _ in range(REPEATS):
        before()
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return statistics.median(taken) * 1000


def print_cost() -> None:
    print("tokens  owner ms  next partner ms  at the partner ms  X25519 ms  request KiB")
    for count in COUNTS:
        print_exchange(count)
    operation, signer = next(operations(random.Random(1), TOWNS[0], "300 m")), Signer.from_seed(bytes(32))
    body = canonical_bytes(operation_content(operation))
    signature = signer.sign(body)
    made = milliseconds(lambda: signer.sign(canonical_bytes(operation_content(operation))))
    read = milliseconds(lambda: verify(signer.public_key, body, signature) and operation_from_content(json.loads(body)))
    covered = milliseconds(lambda: place_tokens(operation, first=True))
    print(f"plain query: made and signed {made:.2f} ms, verified and read {read:.2f} ms, {len(body) / 1024:.1f} KiB")
    print(f"cover of that operation: {covered:.1f} ms, {len(place_tokens(operation, first=True))} tokens")


def print_exchange(count: int) -> None:
    owner, partner = PartnerBlinder(bytes(range(32)), "node-a"), PartnerBlinder(bytes(range(1, 33)), "node-b")
    own_key, other_key = X25519PrivateKey.generate(), X25519PrivateKey.generate().public_key()
    values = padded([f"place|p1|live|0=|9491|{number}|61560" for number in range(count * 3 // 4)], bytes(16))
    points = owner.blind("node-b", values)
    assert len(points) == count
    print(
        f"{count:6}"
        f"  {milliseconds(lambda: owner.blind('node-b', values), hashed.cache_clear):8.1f}"
        f"  {milliseconds(lambda: owner.blind('node-b', values)):15.1f}"
        f"  {milliseconds(lambda: partner.raised('node-a', points)):17.1f}"
        f"  {milliseconds(lambda: [own_key.exchange(other_key) for _ in range(count)]):9.1f}"
        f"  {len(json.dumps(points)) / 1024:11.1f}"
    )


# --- precision -------------------------------------------------------------------------------------------------------


class Kind(NamedTuple):
    """One sort of operation: its shape, radius, median span and buffers in hours."""

    shape: str
    radius_m: float
    median_h: float
    buffer_h: float
    share: int = 1


KINDS: dict[str, tuple[Kind, ...]] = {
    "300 m": (Kind("point", 300.0, 3.0, 1.0),),
    "500 m": (Kind("point", 500.0, 3.0, 1.0),),
    "800 m": (Kind("point", 800.0, 3.0, 1.0),),
    "1,600 m": (Kind("point", 1600.0, 3.0, 1.0),),
    "mixed": (
        Kind("point", 300.0, 3.0, 1.0, 12),
        Kind("point", 500.0, 3.0, 1.0, 5),
        Kind("point", 500.0, 140.0, 0.5),
        Kind("line", 800.0, 8.0, 0.5),
        Kind("area", 300.0, 12.0, 1.0),
    ),
}
"""`mixed`: types as in specification 3: mostly warrants and meets, then a week's surveillance, routes, areas."""


def operations(rng: random.Random, centre: Vertex, kind: str) -> Iterator[Operation]:
    """Operations spread evenly over a patch, without end."""
    kinds, number = KINDS[kind], 0
    while True:
        number += 1
        chosen = rng.choices(kinds, [one.share for one in kinds])[0]
        span = min(rng.lognormvariate(math.log(chosen.median_h), 0.7), 168.0)
        start = FIRST_START + round(rng.uniform(0, PATCH_HOURS) * HOUR)
        place = moved(centre, rng.uniform(0, 360), PATCH_M / 2 * math.sqrt(rng.random()))
        buffer = round(chosen.buffer_h * HOUR)
        site = Site(shape(rng, place, chosen.shape), chosen.radius_m, start, start + round(span * HOUR), buffer, buffer)
        yield Operation(f"{number:05}", (site,))


def shape(rng: random.Random, place: Vertex, kind: str) -> Geometry:
    """A point, a route of 12 km in three edges, or an area of five corners about 3 km across."""
    if kind == "point":
        return Point(*place)
    if kind == "line":
        chain, turn = [place], rng.uniform(0, 360)
        for _ in range(3):
            chain.append(moved(chain[-1], turn + rng.uniform(-40, 40), 4_000.0))
        return Line(tuple(chain))
    ring = [moved(place, 72.0 * corner, rng.uniform(1_000.0, 2_000.0)) for corner in range(5)]
    return Polygon((*ring, ring[0]))


def moved(place: Vertex, azimuth: float, metres: float) -> Vertex:
    longitude, latitude, _ = geod().fwd(place[0], place[1], azimuth, metres)
    return ((longitude + 180.0) % 360.0 - 180.0, latitude)


class Tally(NamedTuple):
    """Of one patch: pairs, those of p1, those that share a token, those of p1 that share none, tokens."""

    pairs: int
    true: int
    hits: int
    missed: int
    tokens: list[int]


def patch(rng: random.Random, centre: Vertex, kind: str) -> Tally:
    source = operations(rng, centre, kind)
    ours = [next(source) for _ in range(A_PATCH // 2)]
    theirs = [next(source) for _ in range(A_PATCH // 2)]
    index, held = Index(theirs), defaultdict[str, set[str]](set)
    for operation in theirs:
        for token in place_tokens(operation, first=False):
            held[token].add(operation.operation_id)
    true: set[tuple[str, str]] = set()
    hits: set[tuple[str, str]] = set()
    tokens = []
    for operation in ours:
        own = place_tokens(operation, first=True)
        tokens.append(len(own))
        hits.update((operation.operation_id, other) for token in own for other in held.get(token, ()))
        true.update((operation.operation_id, other) for other, _ in index.search(operation))
    return Tally(len(ours) * len(theirs), len(true), len(hits), len(true - hits), tokens)


def print_cover(patches: int, seed: int) -> int:
    """Returns how many pairs were missed."""
    print("\nkind      tokens mean  95 %   most  share of hits confirmed  missed")
    missed = 0
    for kind in KINDS:
        rng = random.Random(f"{kind}-{seed}")
        centres = [rng.choice(EDGES if number % 4 == 0 else TOWNS) for number in range(patches)]
        tallies = [patch(rng, centre, kind) for centre in centres]
        tokens = sorted(count for tally in tallies for count in tally.tokens)
        true, hits = sum(tally.true for tally in tallies), sum(tally.hits for tally in tallies)
        lost = sum(tally.missed for tally in tallies)
        pairs = sum(tally.pairs for tally in tallies)
        missed += lost
        print(
            f"{kind:8}  {statistics.mean(tokens):11.0f}  {tokens[len(tokens) * 95 // 100]:4}  {tokens[-1]:5}"
            f"  {(true / hits if hits else 1.0):23.2f}  {lost} of {true:,} in {pairs:,} pairs"
        )
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--patches", type=int, default=40, help="patches of each kind (default 40)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print_cost()
    return 1 if print_cover(options.patches, options.seed) else 0


if __name__ == "__main__":
    sys.exit(main())
