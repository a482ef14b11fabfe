"""A small API over the toolkit, as an app would write one: agencies, renamed and founded."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from ninja import Query, Router, Schema

from vigil.api import errors
from vigil.api.conditions import etag, idempotent, if_match
from vigil.api.paging import PageQuery, page
from vigil.api.routes import actor_of, needs
from vigil.api.server import Bearer, DeclaredApi
from vigil.core.errors import Conflict, Invalid, NotFound
from vigil.platform.agencies.actions import NewAgency, create_agency
from vigil.platform.agencies.models import Agency

router = Router()
calls: list[str] = []


class Site(Schema):
    """A part of the body, to see pointers into lists."""

    latitude: float


class Wanted(Schema):
    """The body of a new agency."""

    ori: str
    name: str
    sites: tuple[Site, ...] = ()


def shown(request: HttpRequest, object_ids: Any) -> HttpResponse:
    agency = Agency.objects.get(pk=object_ids["agency"])
    return JsonResponse({"id": str(agency.pk)}, status=201)


@router.post("/agencies")
@needs("agencies.agency.create")
@idempotent(shown)
def create(request: HttpRequest, body: Wanted) -> HttpResponse:
    calls.append(body.ori)
    agency = create_agency(actor_of(request), NewAgency(body.ori, body.name))
    if body.name == "Lost answer":
        raise RuntimeError("the process dies between commit and answer")
    return shown(request, {"agency": agency.pk})


@router.get("/agencies")
@needs("agencies.agency.read")
def agencies(request: HttpRequest, asked: Query[PageQuery]) -> dict[str, Any]:
    rows, after = page(Agency.objects.all(), ("name", "id"), asked)
    return {"items": [agency.name for agency in rows], "next": after}


@router.get("/agencies/{agency_id}")
@needs("agencies.agency.read")
def agency(request: HttpRequest, agency_id: UUID) -> HttpResponse:
    if not Agency.objects.filter(pk=agency_id).exists():
        raise NotFound
    return HttpResponse("", headers={"ETag": etag(b"", 3)})


@router.put("/agencies/{agency_id}")
@needs("agencies.agency.edit")
def rename(request: HttpRequest, agency_id: UUID) -> HttpResponse:
    if if_match(request) != 3:
        raise Conflict
    return HttpResponse("")


@router.get("/broken")
@needs("agencies.agency.read")
def broken(request: HttpRequest) -> HttpResponse:
    raise ValueError("12 Elm Street")


@router.get("/choice")
@needs("agencies.agency.read")
def choice(request: HttpRequest) -> HttpResponse:
    raise Invalid.at("sites", 0, "starts_at", sentence="This time occurs twice.", choices=("-04:00", "-05:00"))


api = DeclaredApi(auth=Bearer(), urls_namespace="toolkit", docs_url=None)
errors.install(api)
api.add_router("", router)

urlpatterns = [path("", api.urls)]
