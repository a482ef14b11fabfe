"""One node of a world: its process, which dies and starts again, its clock, and its open connections."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vigil.protocol.exchange import Exchange, Letter
from vigil.protocol.messages import Asked
from vigil.protocol.node import Node
from vigil.protocol.store import Partner, Revision, Seen, Verdict
from vigil.simulator.crashing import CrashingStore
from vigil.simulator.stand_ins import Crypto

if TYPE_CHECKING:
    from vigil.simulator.world import World


@dataclass(frozen=True)
class Cast:
    """The classes that the nodes of a world are made of; a mutant replaces one of them."""

    node: type[Node] = Node
    exchange: type[Exchange] = Exchange
    store: type[CrashingStore] = CrashingStore
    before_commit: Callable[[World, Station, Revision], None] = lambda world, station, revision: None
    """What a node does with an operation that it has not committed: nothing."""


@dataclass(slots=True)
class Call:
    """An open connection to a partner, with what was asked or told on it. `late`: its deadline has passed."""

    partner: str
    about: Asked | Letter
    asked_at: int
    seen: Seen | None = None
    """What this node had seen from the partner when it asked."""
    late: bool = False


@dataclass
class Station:
    """One node. Everything but the store is lost when its process dies."""

    node_id: str
    name: str
    cast: Cast
    crypto: Crypto
    new_id: Callable[[], str]
    time: Callable[[], int]
    """The world's time, microseconds UTC."""
    epochs: int = 1
    skew: int = 0
    up: bool = True
    deaths: int = 0
    calls: dict[int, Call] = field(default_factory=dict)
    backups: list[Any] = field(default_factory=list)
    snapshot: Any = None
    """What a stale replica of this node answers from; None where the node itself answers."""
    was_stale: bool = False
    """A stale replica has answered for this node."""
    needs_epoch: bool = False
    """An older backup was put back, and the new epoch is not stored yet."""
    is_lying: bool = False
    is_from_the_future: bool = False
    is_of_the_version_before: bool = False
    drafts: list[Revision] = field(default_factory=list)
    """What people of this node have filled in and not yet sent."""
    unsearched: list[str] = field(default_factory=list)
    """Operations whose page has registered and not yet searched."""
    together: set[tuple[int, str]] = field(default_factory=set)
    """(number of a roster, a partner on it)."""

    def __post_init__(self) -> None:
        self.desk_phone = f"+1202555{ord(self.name[0]):04d}"
        self.signer = self.crypto.signer(self.node_id)
        self.blinder = self.crypto.blinder(self.node_id)
        self.store = self.cast.store(self.node_id, self.epoch, self.desk_phone)
        self.start()

    @property
    def clock(self) -> int:
        """What this node takes the time to be."""
        return self.time() + self.skew

    @property
    def epoch(self) -> int:
        """No two nodes, and no two restores, draw the same."""
        return ord(self.name[0]) * 1000 + self.epochs

    @property
    def partner(self) -> Partner:
        return Partner(self.node_id, self.name, self.desk_phone, frozenset({"p1"}), self.signer.public_key)

    def verdict_on(self, name: str) -> Verdict | None:
        """What is stored of the current revision, read without a transaction."""
        rows = self.store.rows
        return rows.verdicts.get((name, rows.newest.get(name, 0)))

    def start(self) -> None:
        """A fresh process over the same store."""
        self.node = self.cast.node(self.store, self.signer)
        self.exchange = self.cast.exchange(self.node, self.signer, self.blinder, self.new_id)
        self.up = True

    def die(self) -> None:
        self.deaths += 1
        self.up = False
        self.calls.clear()
        self.drafts.clear()
        self.unsearched.clear()
