"""The OpenAPI document as people read it: calls in groups, each with its fields, answers and an example. Pure.

What is not in the document is not in the reference: a route that is added stands in both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
PROBLEMS_FROM = 400
PLACES = {"path": "address", "query": "query", "header": "header"}
SAMPLES: Mapping[str, Any] = {
    "string": "…",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "array": [],
    "object": {},
    "date-time": "2026-11-25T04:30:00-05:00",
    "uuid": "019a0000-0000-7000-8000-000000000000",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text: plain, or `code`; `link` names the schema that it is about."""

    text: str
    code: bool = False
    link: str = ""


Text = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a field of a body. `default` is JSON, empty where there is none."""

    name: str
    kind: Text
    required: bool
    default: str
    example: str
    about: Text


@dataclass(frozen=True, slots=True)
class Answer:
    """One status that a call may answer with."""

    status: str
    meaning: str
    kind: Text


@dataclass(frozen=True, slots=True)
class Call:
    """One method on one path."""

    anchor: str
    method: str
    path: str
    summary: str
    about: Text
    parameters: tuple[Field, ...]
    body: Text
    answers: tuple[Answer, ...]
    problems: tuple[str, ...]
    """The statuses of its refusals, each a problem."""
    curl: str


@dataclass(frozen=True, slots=True)
class Group:
    """Calls on one noun."""

    title: str
    anchor: str
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """One schema: an object with fields, or some words to choose from."""

    name: str
    about: Text
    fields: tuple[Field, ...]
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """The whole of it."""

    groups: tuple[Group, ...]
    shapes: tuple[Shape, ...]


def reference(document: Mapping[str, Any], base: str) -> Reference:
    """The reference of an OpenAPI 3.1 document; `base` is the node's address in the examples."""
    schemas = document["components"]["schemas"]
    groups: dict[str, list[Call]] = {}
    for path, methods in sorted(document["paths"].items()):
        for method in METHODS:
            if method in methods:
                groups.setdefault(_noun(path), []).append(_call(method, path, methods[method], schemas, base))
    shapes = tuple(_shape(name, schema) for name, schema in sorted(schemas.items()))
    return Reference(tuple(_group(noun, calls) for noun, calls in groups.items()), shapes)


def _group(noun: str, calls: list[Call]) -> Group:
    return Group(noun.replace("-", " ").capitalize(), f"group-{noun}", tuple(calls))


def _noun(path: str) -> str:
    """`operations` of `/api/v1/deconfliction/operations/{operation_id}`."""
    return path.split("/")[4]


def _call(method: str, path: str, call: Mapping[str, Any], schemas: Mapping[str, Any], base: str) -> Call:
    sent = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    about, answers = call.get("description", ""), sorted(call["responses"].items())
    return Call(
        anchor=re.sub("[^a-z0-9]+", "-", f"{method} {path.split('/', 4)[4]}").strip("-"),
        method=method.upper(),
        path=path,
        summary=call.get("summary", ""),
        about=text_of(about),
        parameters=tuple(
            _field(
                one["name"],
                one["schema"] | {key: one[key] for key in ("description", "example") if key in one},
                required=one.get("required", False),
                note=f"In the {PLACES.get(one['in'], one['in'])}.",
            )
            for one in call.get("parameters", ())
        ),
        body=kind_of(sent) if sent else (),
        answers=tuple(_answer(*one) for one in answers if int(one[0]) < PROBLEMS_FROM),
        problems=tuple(status for status, _ in answers if int(status) >= PROBLEMS_FROM),
        curl=_curl(method, path, sent, schemas, base, _headers(call)),
    )


def _answer(status: str, answer: Mapping[str, Any]) -> Answer:
    schema = answer.get("content", {}).get("application/json", {}).get("schema")
    return Answer(status, HTTPStatus(int(status)).phrase, kind_of(schema) if schema else ())


def _shape(name: str, schema: Mapping[str, Any]) -> Shape:
    required = schema.get("required", ())
    fields = schema.get("properties", {})
    return Shape(
        name,
        text_of(schema.get("description", "")),
        tuple(_field(key, value, required=key in required) for key, value in fields.items()),
        tuple(str(value) for value in schema.get("enum", ())),
    )


def _field(name: str, schema: Mapping[str, Any], *, required: bool, note: str = "") -> Field:
    default = schema.get("default")
    examples = schema.get("examples") or ([schema["example"]] if "example" in schema else [])
    about = " ".join(filter(None, (note, schema.get("description", ""))))
    return Field(
        name,
        kind_of(schema),
        required,
        "" if default in (None, "", [], {}) else json.dumps(default, ensure_ascii=False),
        ", ".join(json.dumps(one, ensure_ascii=False) for one in examples),
        text_of(about),
    )


def text_of(text: str) -> Text:
    """A text of the document with its `code` set apart."""
    pieces = " ".join(text.split()).split("`")
    return tuple(Piece(piece, code=index % 2 == 1) for index, piece in enumerate(pieces) if piece)


def kind_of(schema: Mapping[str, Any]) -> Text:
    """A schema in words: `list of `, `SubjectIn`, ` or text`."""
    return tuple(_kind(schema))


def _kind(schema: Mapping[str, Any]) -> Iterator[Piece]:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        yield Piece(name, link=name)
    elif "enum" in schema:
        yield Piece("one of " + ", ".join(map(str, schema["enum"])))
    elif any(key in schema for key in ("anyOf", "allOf", "oneOf")):
        kinds = next(schema[key] for key in ("anyOf", "allOf", "oneOf") if key in schema)
        for index, one in enumerate(kinds):
            if index:
                yield Piece(" or ")
            yield from _kind(one)
    elif schema.get("type") == "array":
        yield Piece("list of ")
        yield from _kind(schema.get("items", {}))
    else:
        kind = schema.get("format") or schema.get("type") or "anything"
        yield Piece({"string": "text", "null": "nothing", "boolean": "true or false"}.get(kind, kind))


def _headers(call: Mapping[str, Any]) -> dict[str, str]:
    """The headers of a call that changes something, with an example each."""
    return {one["name"]: one["example"] for one in call.get("parameters", ()) if one["in"] == "header"}


def _curl(
    method: str,
    path: str,
    sent: Mapping[str, Any] | None,
    schemas: Mapping[str, Any],
    base: str,
    headers: Mapping[str, str],
) -> str:
    lines = ['curl -H "Authorization: Bearer $VIGIL_TOKEN"']
    lines += [f"-H '{name}: {value}'" for name, value in headers.items() if name != "If-None-Match"]
    if sent:
        body = json.dumps(sample(sent, schemas), ensure_ascii=False, indent=2)
        lines.append(f"-H \"Content-Type: application/json\" -d '{body}'")
    elif method != "get":
        lines.append(f"-X {method.upper()}")
    if sent and method == "put":
        lines.append("-X PUT")
    return " \\\n  ".join((*lines, f"'{base}{path}'"))


def sample(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int = 0) -> Any:
    """A value of the schema: its own example where it has one, else its required fields, or those with examples."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[-1]]
    if "example" in schema or schema.get("examples"):
        return schema["example"] if "example" in schema else schema["examples"][0]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "allOf", "oneOf"):
        if key in schema:
            return sample(schema[key][0], schemas, depth)
    if "properties" in schema and depth < 3:
        wanted = schema.get("required") or list(schema["properties"])[:1]
        named = {name: value for name, value in schema["properties"].items() if name in wanted or value.get("examples")}
        return {name: sample(value, schemas, depth + 1) for name, value in named.items()}
    if schema.get("type") == "array":
        return [sample(schema.get("items", {}), schemas, depth + 1)]
    return SAMPLES.get(schema.get("format", ""), SAMPLES.get(schema.get("type", ""), "…"))
