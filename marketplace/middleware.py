"""What holds for every request, whatever its address."""

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_header_parameters

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def only_utf8(application: Application) -> Application:
    """WSGI: a request whose content type cannot be read, or names another charset than UTF-8, is answered 400.

    A content type may name any codec of Python (`rot13`, `idna`, `undefined`). Django reads the address with it while
    it makes its request object, before any middleware of its own; our pages are UTF-8, so no browser sends another.
    """

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            _kind, parameters = parse_header_parameters(environ.get("CONTENT_TYPE", ""))
        except ValueError:
            parameters = {"charset": "unreadable"}
        if parameters.get("charset", "utf-8").lower() in ("utf-8", "utf8"):
            return application(environ, start_response)
        start_response("400 Bad Request", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"Only UTF-8 is understood here.\n"]

    return answer


class KeepPrivate:
    """What a person sees when logged in is kept by no cache, unless the page says something itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control") and request.user.is_authenticated:
            response["Cache-Control"] = "private, no-store"
        return response
