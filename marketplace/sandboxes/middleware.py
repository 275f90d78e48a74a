"""A sandbox's key leads into its sandbox, before anything has looked at the request; every other request stays out."""

import json
import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import standing
from marketplace import elsewhere
from marketplace.api.problems import CONTENT_TYPE, problem
from marketplace.sandboxes.models import Sandbox

KEY = re.compile(r"bearer +minshu_sandbox_(\d{1,9})_", re.IGNORECASE)
API = "/api/v1/"


class Sandboxes:
    """Decides by the key alone. A key whose sandbox is closed, or whose organisation may not, opens nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        named = KEY.match(request.META.get("HTTP_AUTHORIZATION", ""))
        if not named or not request.path_info.startswith(API):
            return self.get_response(request)
        open_ones = Sandbox.objects.filter(standing(timezone.now(), "party__"), closed_at=None)
        sandbox = open_ones.filter(pk=int(named[1])).first()
        if sandbox is None:
            return _refuse(401, "credential_invalid", _("This key opens nothing: it is unknown, expired or revoked."))
        if not sandbox.is_ready:
            return _refuse(409, "sandbox_not_ready", _("The sandbox is being prepared: ask again in a minute."))
        with elsewhere.inside(sandbox.place):
            response = self.get_response(request)
        response["Minshu-Sandbox"] = "true"
        return response


def _refuse(status: int, code: str, detail: str) -> HttpResponse:
    answer = HttpResponse(json.dumps(problem(status, code, detail).data), status=status, content_type=CONTENT_TYPE)
    answer["Minshu-Sandbox"] = "true"
    if status == 401:
        answer["WWW-Authenticate"] = "Bearer"
    return answer
