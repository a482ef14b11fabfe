"""FED-0xx: signed messages, their frame, replay, clock, versions, keys."""

from __future__ import annotations

from dataclasses import replace

from vigil.conformance import forging
from vigil.conformance.requirements import requires
from vigil.conformance.suite import MINUTE, Suite
from vigil.conformance.wire import Response, token_of
from vigil.protocol.envelope import LIFE_US, seal
from vigil.protocol.nodes import Capabilities, key_news
from vigil.protocol.pairing import news
from vigil.protocol.signing import Signer

STRANGER = Signer.from_seed(b"a key that nobody has ever seen.")


@requires("001", "A message of a partner is answered with status 200, `application/jose` and one signed message.")
def answered(suite: Suite) -> None:
    message = suite.message("health", {})
    response = suite.post("health", seal(message, suite.identity.signer))
    suite.expect(response.status == 200, "HTTP status 200", response.status)
    kind = response.content_type.partition(";")[0]
    suite.expect(kind == "application/jose", "application/jose", kind)
    suite.read(response.body, message.id)


@requires("002", "An answer is signed by the partner key, which `kid` names, and bound by `in_reply_to`, `from`, `to`.")
def bound(suite: Suite) -> None:
    message = suite.message("health", {})
    token = token_of(suite.post("health", seal(message, suite.identity.signer)))
    header = forging.header_of(token)
    suite.expect(header.get("alg") == "EdDSA", "alg EdDSA", header.get("alg"))
    known = suite.identity.partner.fingerprint
    suite.expect(header.get("kid") == known, f"kid {known}", header.get("kid"))
    suite.read(token, message.id)


@requires("003", "An answer is written now: `issued_at` by the writer's clock, `expires_at` at most 10 minutes later.")
def fresh(suite: Suite) -> None:
    before = suite.now() + suite.skew
    answer = suite.send(suite.message("health", {}))
    off = abs(answer.issued_at - before)
    suite.expect(off < 2 * MINUTE, "issued within two minutes of its clock", f"{off // 1_000_000} s off")
    lives = answer.expires_at - answer.issued_at
    suite.expect(0 < lives <= LIFE_US, "a life of at most 10 minutes", f"{lives // 1_000_000} s")


@requires("004", "A message whose signature does not hold is refused, unsigned or by `error`, and changes nothing.")
def unsigned(suite: Suite) -> None:
    operation = suite.operation()
    mine = suite.operation(shape=operation.sites[0].geometry)
    suite.register(operation)
    token = seal(suite.message("query", suite.query(mine).content()), suite.identity.signer)
    altered = forging.altered(token, lambda payload: payload.update(sequence=payload["sequence"] + 1))
    suite.refused(altered, "query", "a query altered after it was signed")
    came = suite.conflicts(operation.operation_id, mine.operation_id)
    suite.expect(not came, "no conflict from a query that nobody signed", f"{len(came)} conflict")


@requires("005", "A message signed by a key that is not the partner's is answered like one of an unknown node.")
def strangers(suite: Suite) -> None:
    answers: list[Response] = []
    for sender, said in ((suite.node_id, "signed by a strange key"), (suite.new_id(), "from an unknown node")):
        token = seal(suite.message("health", {}, sender=sender), STRANGER)
        answers.append(suite.post("health", token, said))
        suite.expect(400 <= answers[-1].status < 500, "an unsigned refusal", f"HTTP status {answers[-1].status}")
    same = (answers[0].status, answers[0].body) == (answers[1].status, answers[1].body)
    suite.expect(same, "the same refusal for both", f"{answers[0].status} and {answers[1].status}, or other bodies")


@requires("006", "No signature algorithm but `EdDSA` is taken, whatever the header says.")
def algorithms(suite: Suite) -> None:
    for name in ("none", "HS256", "ES256"):
        payload = forging.payload_of(seal(suite.message("health", {}), suite.identity.signer))
        suite.refused(forging.signed(payload, suite.identity.signer, alg=name), said=f"alg {name}")
    head, body, _ = seal(suite.message("health", {}), suite.identity.signer).split(b".")
    suite.refused(head + b"." + body + b".", said="no signature at all")


@requires("007", "A message for another node is refused.")
def for_others(suite: Suite) -> None:
    suite.refused(seal(suite.message("health", {}, to=suite.new_id()), suite.identity.signer), said="for another node")


@requires("008", "A message is taken once: one of the same sender and `id` is answered by `error` `replayed`.")
def replayed(suite: Suite) -> None:
    message = suite.message("health", {})
    suite.send(message, "health")
    trouble = suite.trouble(message, "the same message again")
    suite.expect(trouble.code == "replayed", "replayed", trouble.code)


@requires("009", "A message that has expired, or is more than 10 minutes off, gets `error` `clock` with the own time.")
def clocks(suite: Suite) -> None:
    now = suite.now() + suite.skew
    for off in (-11 * MINUTE, 11 * MINUTE):
        trouble = suite.trouble(suite.message("health", {}, issued_at=now + off), f"issued {off // MINUTE} minutes off")
        suite.expect(trouble.code == "clock", "clock", trouble.code)
        suite.expect(abs(trouble.now - now) < 2 * MINUTE, "the reader's time", f"{trouble.now - now} µs off")
    expired = suite.message("health", {}, issued_at=now - MINUTE, expires_at=now - MINUTE // 2)
    trouble = suite.trouble(expired, "expired half a minute ago")
    suite.expect(trouble.code == "clock", "clock", trouble.code)


@requires("010", "A message of a newer version gets `error` `version` with the versions that the reader speaks.")
def newer(suite: Suite) -> None:
    trouble = suite.trouble(suite.message("health", {}, version=99), "version 99")
    suite.expect(trouble.code == "version", "version", trouble.code)
    suite.expect(2 in trouble.speaks, "version 2 among those spoken", trouble.speaks)


@requires("011", "The version before is spoken: a message of version 1 is answered in version 1.")
def older(suite: Suite) -> None:
    mine = suite.operation()
    answer = suite.send(suite.message("query", suite.query(mine).content(), version=1), "a query of version 1")
    suite.expect(answer.kind == "reply", "a reply", suite.described(answer))
    suite.expect(answer.version == 1, "version 1", answer.version)


@requires("012", "A member that is not known, or that is missing, makes a message malformed: it is refused.")
def members(suite: Suite) -> None:
    signer = suite.identity.signer
    content = suite.query(suite.operation()).content()
    frames = seal(suite.message("health", {}), signer)
    suite.refused(forging.edited(frames, signer, lambda payload: payload.update(urgent=True)), said="urgent: true")
    frames = seal(suite.message("health", {}), signer)
    suite.refused(forging.edited(frames, signer, lambda payload: payload.pop("sequence")), said="no sequence")
    for said, changed in (
        ("a query with a member more", {**content, "height_m": 3}),
        ("a query without its mode", {name: value for name, value in content.items() if name != "mode"}),
        ("a site with a member more", _with_site(content, floor=3)),
        ("a site whose radius is a number", _with_site(content, radius_m=300)),
        ("a site that ends before it starts", _with_site(content, ends_at=1)),
        ("a site with a shape that is none", _with_site(content, geometry="POLYGON((0 0,1 1,1 0,0 1,0 0))")),
        ("a point that is none", {**content, "points": {"subjects": ["f" * 64], "cells": []}}),
    ):
        trouble = suite.trouble(suite.message("query", changed), said)
        suite.expect(trouble.code == "malformed", "malformed", trouble.code)


def _with_site(content: dict[str, object], **changes: object) -> dict[str, object]:
    plain = content["plain"]
    assert isinstance(plain, dict)
    return {**content, "plain": {**plain, "sites": [{**plain["sites"][0], **changes}]}}


@requires("013", "A kind that the reader does not know gets `error` `unknown_kind`.")
def kinds(suite: Suite) -> None:
    token = seal(suite.message("gossip", {}), suite.identity.signer)
    answer = suite.read(token_of(suite.post("health", token, "gossip")), forging.payload_of(token)["id"])
    came = answer.content.get("code") if answer.kind == "error" else answer.kind
    suite.expect(came == "unknown_kind", "error unknown_kind", came)


@requires("014", "Bytes that are no message get an unsigned refusal, never a failure of the node.")
def rubbish(suite: Suite) -> None:
    signer = suite.identity.signer
    whole = seal(suite.message("health", {}), signer)
    for said, token in (
        ("an empty body", b""),
        ("no JWS", b"\xff\xfe\x00"),
        ("half a message", whole[: len(whole) // 2]),
        ("no JSON", forging.signed(b"here", signer)),
        ("a JSON text", forging.signed(b'"here"', signer)),
        ("JSON a thousand deep", forging.signed(b"[" * 1000 + b"]" * 1000, signer)),
        ("a member twice", forging.signed(b'{"kind":"health","kind":"health"}', signer)),
        ("padded base64", whole + b"="),
    ):
        response = suite.post("health", token, said)
        suite.expect(400 <= response.status < 500, f"a refusal of {said}", f"HTTP status {response.status}")
    suite.send(suite.message("health", {}), "health")


@requires("015", "`capabilities` names the versions, predicates and modes that the node takes from this partner.")
def capabilities(suite: Suite) -> None:
    answer = suite.send(suite.message("capabilities", {}))
    suite.expect(answer.kind == "capabilities-answer", "capabilities-answer", suite.described(answer))
    told = Capabilities.read(answer.content)
    whole = {1, 2} <= set(told.versions) and "p1" in told.predicates and "test" in told.modes
    suite.expect(whole, "versions 1 and 2, predicate p1, mode test", answer.content)


@requires("016", "`health` tells the time of the node's clock.")
def health(suite: Suite) -> None:
    answer = suite.send(suite.message("health", {}))
    suite.expect(answer.kind == "health-answer", "health-answer", suite.described(answer))
    told = answer.content.get("now")
    suite.expect(type(told) is int, "its time as a whole number of microseconds", told)


@requires(
    "020", "The next partner key, signed by itself and by the one before, is taken: it counts from then on.", True
)
def rotation(suite: Suite) -> None:
    old, new = suite.identity.signer, STRANGER
    suite.send(suite.message("keys", key_news(new, suite.node_id)), "the next key", old)
    try:
        answer = suite.send(suite.message("health", {}), "signed by the next key", new)
        suite.expect(answer.kind == "health-answer", "health-answer", suite.described(answer))
    finally:
        back = suite.message("keys", key_news(old, suite.node_id))
        suite.post("keys", seal(back, new), "back to the key before")
    suite.send(suite.message("health", {}), "signed by the key before again", old)


@requires("021", "A next key that has not signed for itself is not taken.", True)
def unproved(suite: Suite) -> None:
    said = key_news(STRANGER, suite.new_id())
    trouble = suite.trouble(suite.message("keys", said), "a next key with the proof of another node")
    suite.expect(trouble.code == "malformed", "malformed", trouble.code)
    response = suite.post("health", seal(suite.message("health", {}), STRANGER), "signed by that key")
    suite.expect(400 <= response.status < 500, "an unsigned refusal", f"HTTP status {response.status}")


@requires("023", "A partner's newest pairing file, signed by its key, is taken by `pairing`; another one is malformed.")
def newest_file(suite: Suite) -> None:
    own = replace(suite.identity.own, made_at=suite.now())
    answer = suite.send(suite.message("pairing", news(own, suite.identity.signer)), "the newest pairing file")
    suite.expect(answer.kind == "pairing-answer", "pairing-answer", suite.described(answer))
    suite.expect(answer.content.get("taken") is True, "taken: true", answer.content)
    strange = replace(own, key=STRANGER.public_key)
    trouble = suite.trouble(suite.message("pairing", news(strange, STRANGER)), "a file of another key")
    suite.expect(trouble.code == "malformed", "malformed", trouble.code)


@requires("022", "The epoch stays the same from answer to answer, and the sequence never falls.")
def sequences(suite: Suite) -> None:
    first = suite.send(suite.message("health", {}))
    suite.register(suite.operation())
    second = suite.send(suite.message("health", {}))
    suite.expect(first.epoch == second.epoch, "the same epoch", "another one")
    suite.expect(second.sequence > first.sequence, "a sequence that a stored revision has raised", "none")
