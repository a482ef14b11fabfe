"""The network between the nodes: packets of bytes that are lost, doubled, late, out of order, cut off or garbled."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from vigil.protocol.canonical import base64url, canonical_bytes, from_base64url

SECOND = 1_000_000


@dataclass(slots=True)
class Packet:
    """Bytes on their way. `call` is the connection; an answer travels on that of its request."""

    sender: str
    receiver: str
    call: int
    body: bytes
    is_answer: bool
    arrives: int
    number: int
    deaths: int = 0
    """How often the receiver had died when this was sent: a later arrival is one after a crash."""
    copy: bool = False


@dataclass
class Weather:
    """What the network of one world does; drawn from its seed."""

    loss: float = 0.0
    doubling: float = 0.0
    delay: float = 0.0
    garbling: float = 0.0

    @classmethod
    def drawn(cls, draw: random.Random) -> Weather:
        return cls(
            loss=draw.choice((0.0, 0.05, 0.2, 0.4)),
            doubling=draw.choice((0.0, 0.1, 0.3)),
            delay=draw.choice((0.0, 0.2, 0.6)),
            garbling=draw.choice((0.0, 0.0, 0.1, 0.3)),
        )


@dataclass
class Wire:
    """All packets in flight and the links that are cut, each direction for itself."""

    draw: random.Random
    weather: Weather
    packets: list[Packet] = field(default_factory=list)
    cut: set[tuple[str, str]] = field(default_factory=set)
    faults: dict[str, int] = field(default_factory=dict)
    sent: int = 0
    _earlier: dict[tuple[str, str], list[bytes]] = field(default_factory=dict)

    def count(self, fault: str) -> None:
        self.faults[fault] = self.faults.get(fault, 0) + 1

    def send(self, packet: Packet, now: int) -> None:
        """Put a packet on its way, as the weather allows."""
        draw, weather = self.draw, self.weather
        self.sent += 1
        if weather.loss and draw.random() < weather.loss:
            self.count("lost")
            return
        packet.arrives = self._arrival(now)
        self.packets.append(packet)
        if weather.doubling and draw.random() < weather.doubling:
            self.count("doubled")
            self.sent += 1
            self.packets.append(
                Packet(
                    packet.sender,
                    packet.receiver,
                    packet.call,
                    packet.body,
                    packet.is_answer,
                    self._arrival(now),
                    self.sent,
                    packet.deaths,
                    copy=True,
                )
            )

    def _arrival(self, now: int) -> int:
        if self.weather.delay and self.draw.random() < self.weather.delay:
            self.count("delayed")
            return now + self.draw.choice((3, 20, 90, 400, 900)) * SECOND
        return now + self.draw.randrange(SECOND)

    def next(self, now: int) -> Packet | None:
        """Any packet that may arrive now, in any order; None where nothing has."""
        if not self.packets:
            return None
        ready = [position for position, packet in enumerate(self.packets) if packet.arrives <= now]
        if not ready:
            return None
        packet = self.packets.pop(self.draw.choice(ready))
        if any(other.number < packet.number and other.receiver == packet.receiver for other in self.packets):
            self.count("reordered")
        if (packet.sender, packet.receiver) in self.cut:
            self.count("cut off")
            return None
        return packet

    def garbled(self, sender: str, receiver: str, body: bytes) -> bytes:
        """What a broken partner, a proxy or an attacker on the way makes of a message."""
        self.count("garbled")
        draw = self.draw
        at = draw.randrange(len(body))
        earlier = self._earlier.setdefault((sender, receiver), [])
        earlier.append(body)
        return draw.choice(
            (
                body[:at],
                body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :],
                draw.choice((b"<html>please log in</html>", b"", b"{}")),
                body.replace(b".", b"", 1),
                body.rsplit(b".", 1)[0] + b".AAAA",
                draw.choice(earlier),
                _forged(body),
                _forged(body),
            )
        )


def _forged(body: bytes) -> bytes:
    """An answer that says "answered, no match" whatever it said, under the signature that it had."""
    head, _, signature = body.split(b".")
    said, _ = payload(body)
    if said["kind"] == "reply":
        said = {**said, "content": {**said["content"], "outcome": "answered", "sightings": []}}
    text = base64url(canonical_bytes(said))
    return head + b"." + text + b"." + signature


@lru_cache(maxsize=256)
def payload(body: bytes) -> tuple[dict[str, Any], bytes]:
    """What a message says, read without asking who signed it: for checks on the wire. The object and its bytes.

    A message is looked at when it leaves and again when it counts: the object is the same one, to be read only.
    """
    text = body.split(b".")[1]
    plain = from_base64url(text)
    fields: dict[str, Any] = json.loads(plain)
    return fields, plain
