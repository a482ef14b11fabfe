"""A typed client of a node's JSON API, with nothing but the standard library.

    node = Client("https://vigil.example.gov", token)
    made = node.register({"operation_type": "search_warrant", "sites": [{"place": "38.9784, -76.4922"}], ...})
    made.determination          # "checking", "conflict", "no_known_conflict" or "incomplete"

Promise: a submission carries an Idempotency-Key, so that a retry after a lost answer registers nothing twice; an edit
carries the revision that was read as If-Match, so that no newer edit is lost. Everything that goes wrong is an
`ApiError` of a class of its own, with the node's sentence. Bodies are those of docs/api/openapi.json; fields that this
client does not know are left out.
"""

from __future__ import annotations

import json
import ssl
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import quote, urlencode, urlsplit

BASE = "/api/v1/deconfliction"
TRIES = 3
"""A submission whose answer is lost is sent again so often, under the same key."""
NOT_MODIFIED = 304
TIMEOUT_S = 30.0
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")

T = TypeVar("T")


# --- what comes back -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Contact:
    """Who is telephoned."""

    name: str
    phone: str
    relay: bool


@dataclass(frozen=True, slots=True)
class Subject:
    """An identifier of a target; `canonical` is None where it is not compared, and `hint` says why."""

    kind: str
    value: str
    canonical: str | None
    hint: str


@dataclass(frozen=True, slots=True)
class Site:
    """One place. Lengths in metres, buffers in minutes; times carry the offset of `zone`."""

    geometry_wkt: str
    radius_m: float
    uncertainty_m: float
    starts_at: datetime
    ends_at: datetime
    zone: str
    buffer_before_min: float
    buffer_after_min: float
    label: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether one partner answered for this revision, and whom to telephone where it did not."""

    name: str
    state: str
    answered_at: datetime | None
    desk_phone: str


@dataclass(frozen=True, slots=True)
class ConflictLine:
    """One conflict as the reader's side may see it."""

    id: str
    reference: str
    own_operation_id: str | None
    own_reference: str
    other_agency: str
    basis: str
    band: str
    overlap_start: datetime
    overlap_end: datetime
    tentative: bool
    standing: str
    state: str
    acknowledged: bool
    other_acknowledged: bool


@dataclass(frozen=True, slots=True)
class OperationLine:
    """One operation of a list."""

    id: str
    reference: str
    external_id: str
    revision: int
    agency: str
    operation_type: str
    mode: str
    status: str
    determination: str
    tentative: bool
    starts_at: datetime
    ends_at: datetime
    zone: str
    site_count: int
    submitter: str
    conflicts: int
    band: str


@dataclass(frozen=True, slots=True)
class Operation(OperationLine):
    """One operation in full, with the determination of its current revision and the receipt that proves it.

    `etag` names this very answer: it changes with every revision and with everything that is said of it meanwhile.
    """

    etag: str
    determined_at: datetime | None
    coverage: tuple[Coverage, ...]
    notes: tuple[str, ...]
    receipt_number: int | None
    open_conflicts: tuple[ConflictLine, ...]
    sites: tuple[Site, ...]
    subjects: tuple[Subject, ...]
    lead_contact: Contact
    case_number: str
    objective: str
    flags: tuple[str, ...]
    watch_desk_name: str
    watch_desk_phone: str


@dataclass(frozen=True, slots=True)
class Split:
    """Both parts of an operation that was split; `operation(part.id)` reads one in full."""

    left: OperationLine
    taken: OperationLine


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft, NOT REGISTERED; `page` is the address, on the node, of the form that holds it."""

    draft_id: str
    page: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A day of a series that is not registered: to come, or refused with its reason."""

    days: int
    problem: str


@dataclass(frozen=True, slots=True)
class Series:
    """Operations made of one by repeating it, each with its own determination."""

    id: str
    pattern: str
    created_at: datetime
    created_by: str
    operations: tuple[OperationLine, ...]
    waiting: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class SeriesDone(Series):
    """A series after an act on several: how many were changed, and of which it could not be done, with the reason."""

    changed: int
    refused: tuple[str, ...]


# --- what goes wrong -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with what was sent: where (RFC 6901), what, and the values taken where there are few."""

    pointer: str
    detail: str
    choices: tuple[str, ...] = ()


class ApiError(Exception):
    """The node refused. `status` is the HTTP status (0: no answer at all), `reference` what to quote for help."""

    def __init__(self, sentence: str, status: int = 0, reference: str = "", faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(sentence)
        self.sentence, self.status, self.reference, self.faults = sentence, status, reference, faults


class NotAuthenticated(ApiError):
    """401: the token is not valid any more, or never was."""


class NotAllowed(ApiError):
    """403: the token's person may not do this."""


class NotFound(ApiError):
    """404: there is no such thing, or it may not be seen; both look alike."""


class Stale(ApiError):
    """409 or 412: changed meanwhile, or an Idempotency-Key was used for another request."""


class Invalid(ApiError):
    """400, 422 or 428: what was sent breaks a rule; `faults` says where."""


class Unavailable(ApiError):
    """No answer, 429 or 5xx: it may work later. `retry_after` in seconds where the node told it."""

    retry_after: int | None = None


ERRORS: Mapping[int, type[ApiError]] = {
    400: Invalid, 401: NotAuthenticated, 403: NotAllowed, 404: NotFound, 409: Stale, 412: Stale, 422: Invalid,
    428: Invalid,
}  # fmt: skip


# --- the client ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Send = Callable[[str, str, Mapping[str, str], bytes], Answer]
"""`send(method, path, headers, body)`; raises `OSError` or `HTTPException` where no whole answer came."""


class Client:
    """One node, one token. `url` must be https, except on this machine. `send` replaces the connection, for tests.

    Raises:
        ValueError: the address is none, or would carry the token in the open.
    """

    def __init__(self, url: str, token: str, send: Send | None = None) -> None:
        self._token = token
        self._send = send or _connection(url)

    def operations(self, **query: str | int | bool) -> Iterator[OperationLine]:
        """The agency's operations by start time, page by page; `query` as in the API, e.g. `mine=True`."""
        after: str | None = ""
        while after is not None:
            asked = {**query, **({"after": after} if after else {})}
            body = self._call("GET", f"/operations?{urlencode({k: _plain(v) for k, v in asked.items()})}")
            yield from (_read(OperationLine, item) for item in body["items"])
            after = body["next"]

    def operation(self, operation_id: str, known: Operation | None = None) -> Operation:
        """One operation in full; `known` itself where nothing of it, answer and conflicts included, has changed."""
        more = {"If-None-Match": known.etag} if known is not None and known.id == operation_id else {}
        body = self._call("GET", _path(operation_id), more=more)
        return known if body is None and known is not None else _read(Operation, body)

    def register(self, plan: Mapping[str, Any], key: str | None = None) -> Operation:
        """Register a plan (OperationIn of the API) and have it searched. `key` repeats an earlier submission."""
        return self._submit("POST", "/operations", plan, key=key)

    def revise(self, operation: OperationLine, plan: Mapping[str, Any], key: str | None = None) -> Operation:
        """Replace the whole plan of an operation as it was read; `Stale` where somebody changed it since."""
        return self._submit("PUT", _path(operation.id), plan, operation.revision, key)

    def cancel(self, operation: OperationLine) -> Operation:
        """Cancel it; whoever was alarmed is told."""
        return self._submit("POST", _path(operation.id, "/cancel"), None, operation.revision)

    def undo_cancel(self, operation: OperationLine) -> Operation:
        """Take the cancellation back, which asks again."""
        return self._submit("POST", _path(operation.id, "/undo-cancel"), None, operation.revision)

    def end(self, operation: OperationLine) -> Operation:
        """Ended, everyone has left."""
        return self._submit("POST", _path(operation.id, "/end"), None, operation.revision)

    def move(self, operation: OperationLine, days: int = 0, minutes: int = 0) -> Operation:
        """Move it: by days at the same local time of each site, by minutes of elapsed time; earlier is negative."""
        body = {"days": days, "minutes": minutes}
        return self._submit("POST", _path(operation.id, "/move"), body, operation.revision)

    def fix_time(self, operation: OperationLine, starts_at: str, ends_at: str) -> Operation:
        """Give a tentative operation its time; it is tentative no more."""
        body = {"starts_at": starts_at, "ends_at": ends_at}
        return self._submit("POST", _path(operation.id, "/fix-time"), body, operation.revision)

    def renew(self, operation: OperationLine) -> Operation:
        """Let a long surveillance that has begun go on."""
        return self._submit("POST", _path(operation.id, "/renew"), None, operation.revision)

    def split(self, operation: OperationLine, sites: Sequence[int]) -> Split:
        """Put the sites (counted from 0) into an operation of their own."""
        body = {"sites": list(sites)}
        return _read(Split, self._send_once("POST", _path(operation.id, "/split"), body, operation.revision))

    def copy(self, operation: OperationLine) -> Draft:
        """A draft that says the same, without times."""
        return _read(Draft, self._send_once("POST", _path(operation.id, "/copy")))

    def repeat(self, operation: OperationLine, pattern: Mapping[str, Any], key: str | None = None) -> Series:
        """Make a series of it; `pattern` is RepeatIn of the API, e.g. `{"how": "nightly", "count": 12}`."""
        return _read(Series, self._send_once("POST", _path(operation.id, "/repeat"), pattern, operation.revision, key))

    def series(self, series_id: str) -> Series:
        """One series as it stands."""
        return _read(Series, self._call("GET", _series_path(series_id)))

    def register_waiting(self, series: Series) -> Series:
        """Register what of a series is not registered yet."""
        return _read(Series, self._send_once("POST", _series_path(series.id, "/register")))

    def move_series(
        self, series: Series, first: OperationLine | None = None, days: int = 0, minutes: int = 0
    ) -> SeriesDone:
        """Move `first` and the following, or all that have not begun."""
        body = {"first": first.id if first else None, "days": days, "minutes": minutes}
        return _read(SeriesDone, self._send_once("POST", _series_path(series.id, "/move"), body))

    def cancel_series(self, series: Series, first: OperationLine | None = None) -> SeriesDone:
        """Cancel `first` and the following, or all that are not over."""
        body = {"first": first.id if first else None}
        return _read(SeriesDone, self._send_once("POST", _series_path(series.id, "/cancel"), body))

    def _submit(
        self, method: str, path: str, body: Any, revision: int | None = None, key: str | None = None
    ) -> Operation:
        return _read(Operation, self._send_once(method, path, body, revision, key))

    def _send_once(
        self, method: str, path: str, body: Any = None, revision: int | None = None, key: str | None = None
    ) -> Any:
        """Send until an answer comes, under one key: done once."""
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        if revision is not None:
            headers["If-Match"] = f'"{revision}"'
        return self._call(method, path, body, headers, TRIES)

    def _call(
        self, method: str, path: str, body: Any = None, more: Mapping[str, str] | None = None, tries: int = 1
    ) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json", **(more or {})}
        content = b"" if body is None else json.dumps(body).encode()
        if content:
            headers["Content-Type"] = "application/json"
        for left in reversed(range(tries)):
            try:
                answer = self._send(method, BASE + path, headers, content)
            except (OSError, HTTPException) as error:
                if not left:
                    raise Unavailable(f"The node did not answer: {error}. Nothing is known of the outcome.") from None
            else:
                return None if answer.status == NOT_MODIFIED and "If-None-Match" in headers else _body(answer)
        raise AssertionError("a call is tried at least once")


def _connection(url: str) -> Send:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.path not in ("", "/"):
        raise ValueError(f"{url!r} is no address of a node: write it as https://vigil.example.gov")
    if parts.scheme == "http" and host not in LOCAL_HOSTS:
        raise ValueError("The token would travel in the open: use https.")

    def send(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        connection = (
            HTTPSConnection(host, parts.port, timeout=TIMEOUT_S, context=ssl.create_default_context())
            if parts.scheme == "https"
            else HTTPConnection(host, parts.port, timeout=TIMEOUT_S)
        )
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    return send


def _path(operation_id: str, act: str = "") -> str:
    return f"/operations/{quote(operation_id, safe='')}{act}"


def _series_path(series_id: str, act: str = "") -> str:
    return f"/series/{quote(series_id, safe='')}{act}"


def _plain(value: str | int | bool) -> str | int:
    return str(value).lower() if isinstance(value, bool) else value


def _body(answer: Answer) -> Any:
    try:
        body = json.loads(answer.body)
    except ValueError:
        body = None
    if 200 <= answer.status < 300 and isinstance(body, dict):
        return {**body, "etag": _header(answer, "ETag")}
    told = body if isinstance(body, dict) else {}
    faults = tuple(
        Fault(one["pointer"], one["detail"], tuple(one.get("choices", ()))) for one in told.get("errors", ())
    )
    sentence = told.get("detail") or f"The answer ({answer.status}) is not one of a Vigil node."
    error = ERRORS.get(answer.status, Unavailable)(sentence, answer.status, told.get("reference", ""), faults)
    wait = _header(answer, "Retry-After")
    if isinstance(error, Unavailable) and wait.isdecimal():
        error.retry_after = int(wait)
    raise error


def _header(answer: Answer, name: str) -> str:
    # Servers and proxies write the names of headers as they like.
    return next((value for key, value in answer.headers.items() if key.lower() == name.lower()), "")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: type[T], value: Mapping[str, Any]) -> T:
    hints = _hints(kind)  # type: ignore[arg-type]
    return kind(**{one.name: _value(hints[one.name], value[one.name]) for one in fields(kind)})  # type: ignore[arg-type]


def _value(hint: Any, value: Any) -> Any:
    if get_origin(hint) is UnionType:
        if value is None:
            return None
        hint = next(part for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], one) for one in value)
    if is_dataclass(hint):
        return _read(hint, value)  # type: ignore[arg-type]
    return datetime.fromisoformat(value) if hint is datetime else value
