"""The schemas of docs/protocol and the readers of this project take the same messages, and refuse the same."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import jsonschema_rs
import pytest

from conformance.trial import Trial
from vigil.config.folders import BASE_DIR
from vigil.conformance.forging import payload_of, signed
from vigil.conformance.wire import PATHS, PREFIX, Loop, Response
from vigil.engine.operation import Mode
from vigil.protocol.canonical import canonical_bytes
from vigil.protocol.envelope import LIFE_US, MOST_BYTES, Malformed, opened
from vigil.protocol.exchange import FIRST_RETRY_US
from vigil.protocol.messages import Acknowledgement, Query, Reply, Tidings, Trouble, Withdrawal
from vigil.protocol.nodes import Capabilities, key_news, read_key_news
from vigil.protocol.pairing import Pairing, news, read_news
from vigil.protocol.signing import Signer
from vigil.protocol.store import LONGEST_RETRY_US
from vigil.protocol.testing import TestOrder, TestState

FOLDER = BASE_DIR / "docs" / "protocol"
SCHEMAS = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in (FOLDER / "schemas").glob("*.json")}
EMPTY = ("taken", "keys-answer", "health", "capabilities")
"""Kinds whose content is empty."""
OPTIONAL = {"publication": "publications"}
"""Kinds that the suite does not ask for (federation.md, Publications)."""
NODE = "01900000-0000-7000-8000-00000000000a"
SIGNER = Signer.from_seed(b"n" * 32)
OWN_NEWS = {
    "keys": key_news(SIGNER, NODE),
    "pairing": news(Pairing(NODE, "North", "https://north.example", SIGNER.public_key), SIGNER),
}
READERS: dict[str, Callable[[Any], Any]] = {
    "query": Query.read,
    "reply": Reply.read,
    "match": Tidings.read,
    "withdrawal": Withdrawal.read,
    "acknowledgement": Acknowledgement.read,
    "error": Trouble.read,
    "capabilities-answer": Capabilities.read,
    "keys": lambda content: read_key_news(content, NODE),
    "pairing": lambda content: read_news(content, NODE, (SIGNER.public_key,)),
    "test-operations": TestOrder.from_content,
    "test-operations-answer": TestState.from_content,
}
BEYOND_SCHEMAS = (
    "overlap",
    "span",
    "sites",
    "geometry",
    "starts_at",
    "ends_at",
    "key",
    "proof",
    "operation_id",
    "file",
)
"""Members whose values must also fit one another, or be a shape, or be signed: of a schema no matter."""
VALUES: tuple[Any, ...] = (
    *(None, True, 0, 1, -1, 1.5, 2**31, 2**62, 2**63, "", "x", "é", "a b", "\0", "0" * 64, "0" * 65, "y" * 501, "1.50"),
    *([], {}, ["x"], [1], [-1], ["0" * 64], [1, 2], [2, 1, 0]),
)


@functools.cache
def validator(name: str) -> Any:
    resources = [(f"json-schema:///{stem}.json", schema) for stem, schema in SCHEMAS.items()]
    registry = jsonschema_rs.Registry(resources)
    return jsonschema_rs.Draft202012Validator({"$ref": f"json-schema:///{name}.json"}, registry=registry)


def schema_of(kind: str) -> str:
    return "empty" if kind in EMPTY else kind


@functools.cache
def written() -> dict[str, list[dict[str, Any]]]:
    """Every message of a whole run of the suite against a partner, by kind."""
    trial, payloads = Trial(), []

    def noting(receive: Callable[[str, bytes], Response]) -> Callable[[str, bytes], Response]:
        def noted(path: str, body: bytes) -> Response:
            response = receive(path, body)
            payloads.extend((body, response.body))
            return response

        return noted

    trial.partner.wire = Loop(noting(trial.suite.receive))
    trial.suite.wire = Loop(noting(trial.partner.receive))
    trial.run([f"FED-{number}" for number in (104, 107, 111, 114, 115, 202, 204, 230, 241, 243, 250, 252, 253)])
    trial.run(["FED-009", "FED-015", "FED-016", "FED-020", "FED-023"])
    kinds: dict[str, list[dict[str, Any]]] = {}
    for body in payloads:
        payload = payload_of(body)
        kinds.setdefault(payload["kind"], []).append(payload)
    return kinds


def test_whatever_is_written_the_schemas_take() -> None:
    kinds = written()
    assert set(kinds) >= {*PATHS, *READERS, "taken", "health-answer", "keys-answer", "pairing-answer"}
    for kind, payloads in kinds.items():
        for payload in payloads:
            validator("envelope").validate(payload)
            validator(schema_of(kind)).validate(payload["content"])


def mutants(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Callable[[Any], Any]]]:
    """Everywhere in a value: other values, a member less, a member more."""
    for other in VALUES:
        yield path, lambda whole, other=other: _at(whole, path, other)
    if isinstance(value, dict):
        yield path, lambda whole: _at(whole, path, {**value, "surplus": 1})
        for name in value:
            yield path, lambda whole, name=name: _at(whole, path, {k: v for k, v in value.items() if k != name})
            yield from mutants(value[name], (*path, name))
    elif isinstance(value, list) and value:
        yield from mutants(value[0], (*path, 0))


def _at(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    whole = deepcopy(whole)
    place = whole
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return whole


def richest(kind: str) -> Any:
    """The written content that says most."""
    return max((payload["content"] for payload in written()[kind]), key=lambda content: len(canonical_bytes(content)))


def is_read(read: Callable[[Any], Any], content: Any) -> bool:
    try:
        read(content)
    except Malformed:
        return False
    return True


@pytest.mark.parametrize("kind", READERS)
def test_schema_and_reader_refuse_the_same(kind: str) -> None:
    content, schema, apart = richest(kind), validator(kind), []
    content = OWN_NEWS[kind] if kind in OWN_NEWS else _short(content)
    assert schema.is_valid(content)
    assert is_read(READERS[kind], content)
    for path, mutate in mutants(content):
        mutant = mutate(content)
        valid, read = schema.is_valid(mutant), is_read(READERS[kind], mutant)
        beyond = any(step in BEYOND_SCHEMAS for step in path) or path[-2:] == ("operation", "operation")
        if read > valid or (valid > read and not beyond):
            apart.append((path, canonical_text(mutant, path), valid, read))
    assert apart == []


def _short(content: Any) -> Any:
    """With one point a list: they are all alike."""
    for name in ("points", "raised"):
        if name in content:
            content = {**content, name: {kind: points[:1] for kind, points in content[name].items()}}
    return content


def canonical_text(mutant: Any, path: tuple[Any, ...]) -> str:
    for step in path:
        mutant = mutant[step]
    return repr(mutant)[:80]


def test_schema_and_reader_refuse_the_same_frames() -> None:
    payload = {**written()["health"][0], "from": NODE}
    for path, mutate in mutants(payload):
        mutant = mutate(payload)
        if path[:1] == ("from",) or not isinstance(mutant, dict):
            continue
        try:
            token = signed(mutant, SIGNER)
        except TypeError:  # a float has no canonical form
            continue
        read = is_read(lambda token: opened(token, lambda sender: (SIGNER.public_key,)), token)
        assert read == validator("envelope").is_valid(mutant), (path, mutant)


def test_numbers_of_the_documents_are_those_of_the_code() -> None:
    said = (FOLDER / "federation.md").read_text(encoding="utf-8")
    assert f"{MOST_BYTES:,} bytes" in said
    assert f"at most {LIFE_US // 60_000_000} minutes" in said
    first, most = FIRST_RETRY_US // 1_000_000, LONGEST_RETRY_US // 60_000_000
    assert f"asked again after {first} s, {2 * first} s, {4 * first} s … at most every {most} minutes" in said
    assert {mode.value for mode in Mode} == set(SCHEMAS["common"]["$defs"]["mode"]["enum"])


def test_the_openapi_document_names_every_path_and_kind() -> None:
    document = json.loads((FOLDER / "openapi.json").read_text(encoding="utf-8"))
    posts = {path: item["post"] for path, item in document["paths"].items()}
    assert {post["operationId"]: path for path, post in posts.items()} == {
        kind: f"{PREFIX}{path}" for kind, path in {**PATHS, **OPTIONAL}.items()
    }
    named = set()
    for schema in document["components"]["schemas"].values():
        for part in schema.get("x-payload", {}).get("allOf", [])[1:]:
            members = part["properties"]
            named.add(members["kind"]["const"])
            assert members["content"]["$ref"] == f"schemas/{schema_of(members['kind']['const'])}.json"
    assert named == {*written(), *OPTIONAL, *(f"{kind}-answer" for kind in OPTIONAL)}
