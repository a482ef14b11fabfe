"""Error pages: what is wrong, how to mend it, and a reference to find it in the log. Never details.

Named in `config/urls.py` as handler400 … handler500 and as `CSRF_FAILURE_VIEW`.
"""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vigil.core.errors import DomainError, TooMany, Unavailable
from vigil.web import held

PAGES: dict[int, tuple[Promise, Promise, Promise]] = {
    400: (
        _("We could not read that request"),
        _("Something in it was not what this page expects."),
        _("Go back and try again. If you typed the address by hand, check it."),
    ),
    403: (
        _("You may not do this"),
        _("Your role does not allow this. Ask your agency's administrator if you need it."),
        _("If you have been away for a while, log in again and repeat the step."),
    ),
    404: (
        _("There is nothing here that you may see"),
        _("The page or the record does not exist, or it belongs to someone else."),
        _("Check the address or the number."),
    ),
    409: (
        _("This was changed meanwhile"),
        _("Someone else changed it after you opened it."),
        _("Go back, reload the page and try again."),
    ),
    413: (
        _("That was too much at once"),
        _("What was sent is larger than this node takes."),
        _("Go back and send a smaller file, or split it in two."),
    ),
    429: (
        _("That was tried too often"),
        _("Too many attempts came from this address."),
        _("Wait a little, then try again."),
    ),
    500: (
        _("Something broke on our side"),
        _("What you did last may not have been stored."),
        _("Look whether it is there. If not, do it again. If it is urgent, call the watch desk."),
    ),
    503: (
        _("This does not work right now"),
        _("The node is busy or being looked after."),
        _("Try again in a minute. If it is urgent, call the watch desk."),
    ),
}


def page(request: HttpRequest, status: int, sentence: str = "") -> HttpResponse:
    """The error page of a status; a sentence replaces the general one."""
    title, general, mend = PAGES.get(status, PAGES[400])
    if sentence.startswith(str(title)):
        sentence = ""
    context = {
        "status": status,
        "title": title,
        "sentence": sentence or general,
        "mend": mend,
        "reference": getattr(request, "request_id", ""),
    }
    return HttpResponse(loader.render_to_string("web/error.html", context, request), status=status)


def domain(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The page of an expected failure that no form could show at its field."""
    response = page(request, error.status, error.sentence)
    if isinstance(error, TooMany | Unavailable) and error.retry_after:
        response["Retry-After"] = str(error.retry_after)
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400; Django's exception for a body beyond the limit has a page of its own."""
    return page(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    return page(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404."""
    return page(request, 404)


def broken(request: HttpRequest) -> HttpResponse:
    """handler500: needs nothing but the template, so that it works when the database does not."""
    title, sentence, mend = PAGES[500]
    context = {"status": 500, "title": title, "sentence": sentence, "mend": mend}
    context["reference"] = getattr(request, "request_id", "")
    return HttpResponse(loader.render_to_string("web/error.html", context), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: the form was open too long or came from elsewhere. One of ours can be sent again."""
    if request.method == "POST" and held.is_from_here(request) and not held.has_secrets(request):
        return held.send_again(request, held.held_of(request), request.get_full_path(), 403)
    sentence = gettext("This form was open too long, or came from another page. Reload it and send it again.")
    return page(request, 403, sentence)
