"""Who calls: a credential's system, for a person of its party."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS
from rest_framework.throttling import SimpleRateThrottle

from accounts import queries
from accounts.models import Credential, Scope, User
from accounts.states import PartyState
from marketplace.api.problems import Problem

# A barred or lapsed party still reads, reports and corrects, as on the pages; each operation checks the rest.
OPEN_TO_SYSTEMS = (PartyState.VERIFIED, PartyState.BARRED)


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`, and who is responsible: the person named, else for reading the credential's."""

    def authenticate(self, request: Any) -> tuple[User, Credential] | None:
        kind, _space, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if not kind:
            return None
        credential = queries.credential_of(key.strip(), timezone.now()) if kind.lower() == "bearer" else None
        if credential is None:
            raise AuthenticationFailed(_("This key opens nothing: it is unknown, expired or revoked."))
        if credential.party.state not in OPEN_TO_SYSTEMS:
            raise Problem(403, "party_not_in_standing", _("The organisation is not on the marketplace any more."))
        return queries.acting(credential, _person(request, credential)), credential

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"


def _person(request: Any, credential: Credential) -> User:
    """Every write names its person, who must be somebody of the organisation today."""
    email = request.META.get("HTTP_RESPONSIBLE_PERSON", "").strip()
    people = queries.people_of(credential.party, timezone.now())
    if not email and request.method not in SAFE_METHODS:
        raise Problem(400, "responsible_person_missing", _("Name who is responsible: Responsible-Person: <e-mail>."))
    found = people.filter(email__iexact=email) if email else people.filter(pk=credential.responsible_id)
    person = found.first()
    if person is None:
        raise Problem(
            403, "responsible_person_refused", _("The responsible person does not act for this organisation today.")
        )
    if request.method not in SAFE_METHODS and not queries.has_agreed(credential, person):
        raise Problem(
            403, "responsible_person_not_agreed",
            _("The responsible person has not agreed to be named by this system: My account → Systems that name you."),
        )  # fmt: skip
    return person


def check_scope(request: Any, scope: str) -> None:
    """Raises Problem unless the credential has the scope."""
    if scope not in request.auth.scopes:
        raise Problem(
            403, "scope_missing", _("This takes the scope “%(scope)s”.") % {"scope": f"{scope}: {Scope(scope).label}"}
        )


class PerCredential(SimpleRateThrottle):
    """So many requests a minute for each credential; for each address where none is needed."""

    scope = "api"

    def get_rate(self) -> str:
        return settings.API_RATE

    def get_cache_key(self, request: Any, view: Any) -> str:
        anonymous = isinstance(request.user, AnonymousUser)
        ident = self.get_ident(request) if anonymous else f"credential-{request.auth.pk}"
        return self.cache_format % {"scope": self.scope, "ident": ident}
