"""The attribution of a derived product in forms that travel, and the check that it is genuine (Art. 16)."""

import base64
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import PartyKind
from listings.models import Version
from marketplace.supervision.models import DerivedProduct
from marketplace.supervision.queries import Attribution
from marketplace.supervision.states import DerivedState

NUMBER = re.compile(r"D(\d{1,9})", re.IGNORECASE)
TOKEN = re.compile(r"(?:.*/derived/)?([\w-]{16})/?", re.DOTALL)
CODE_LENGTH = 10  # of 32 signs each: 50 bits
CONTEXT = {
    "schema": "https://schema.org/",
    "prov": "http://www.w3.org/ns/prov#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
OTHER = {"@type": ["schema:Dataset", "prov:Entity"], "schema:name": "a source that is not public data"}


def address(derived: DerivedProduct) -> str:
    """The public page, as it is printed."""
    return f"{settings.SITE_URL}{derived.get_absolute_url()}"


def linked_data(derived: DerivedProduct, lines: Sequence[Attribution], has_other: bool) -> dict[str, Any]:
    """JSON-LD: a schema.org work that is a PROV entity derived from versions, each used from first to last delivery.
    Non-public data has neither address nor dates in it (`has_other`)."""
    return {
        "@context": CONTEXT,
        "@id": address(derived),
        "@type": ["schema:CreativeWork", "prov:Entity"],
        "schema:name": derived.title,
        "schema:identifier": derived.number,
        "schema:creator": _creator(derived),
        "prov:wasDerivedFrom": [*map(_source, lines), *([OTHER] if has_other else [])],
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "prov:qualifiedUsage": [
                {"@type": "prov:Usage", "prov:entity": {"@id": _version_address(line)}, "prov:atTime": _day(day)}
                for line in lines
                for day in dict.fromkeys((line.obtained_first, line.obtained_last))
            ],
        },
    }


def _creator(derived: DerivedProduct) -> dict[str, str]:
    """A natural person without their name, unless they agreed to be named."""
    is_person = derived.party.kind == PartyKind.PERSON
    name = {"schema:name": derived.party.name} if derived.is_named else {}
    return {"@type": "schema:Person" if is_person else "schema:Organization", **name}


def notice_code(derived: DerivedProduct, day: date, key: str | None = None) -> str:
    """What a printed notice of that day shows beside its number: only this site can have made it, with the secret `key`
    that it has now or had before."""
    said = f"{derived.number} {day:%F}"
    digest = salted_hmac("minshu.attribution.notice", said, secret=key, algorithm="sha256").digest()
    return base64.b32encode(digest)[:CODE_LENGTH].decode()


def is_code_of(typed: str, derived: DerivedProduct, day: date) -> bool:
    """Whether a code is the one of that product's notice of that day, however it is spaced; also where the site's key
    has been changed since."""
    plain = re.sub(r"[\s-]", "", typed).upper()
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(constant_time_compare(plain, notice_code(derived, day, key)) for key in keys)


def find(typed: str) -> DerivedProduct | None:
    """The derived product of a number, a token or an address; None where this site knows none that was ever public."""
    typed = typed.strip()
    known = DerivedProduct.objects.exclude(published_at=None).with_developer()
    if number := NUMBER.fullmatch(typed):
        return known.filter(pk=int(number[1])).first()
    token = TOKEN.fullmatch(typed)
    return known.filter(token=token[1]).first() if token else None


def verdict(found: DerivedProduct | None) -> str:
    """`genuine`, `withdrawn` or `unknown`."""
    if found is None:
        return "unknown"
    return "withdrawn" if found.state == DerivedState.WITHDRAWN else "genuine"


def _source(line: Attribution) -> dict[str, Any]:
    version = line.version
    return {
        "@id": _version_address(line),
        "@type": ["schema:Dataset", "prov:Entity"],
        "schema:name": line.product,
        "schema:version": str(version.number),
        "schema:temporalCoverage": f"{version.data_from}/{version.data_until}",
        "schema:creator": [{"@type": "schema:GovernmentOrganization", "schema:name": unit} for unit in line.units],
        **({"prov:wasDerivedFrom": [_origin(one) for one in line.origins]} if line.origins else {}),
    }


def _origin(version: Version) -> dict[str, Any]:
    """A version further up, that what was obtained was itself built from."""
    return {
        "@id": f"{settings.SITE_URL}{version.get_absolute_url()}",
        "@type": ["schema:Dataset", "prov:Entity"],
        "schema:name": version.product.title,
        "schema:version": str(version.number),
    }


def _version_address(line: Attribution) -> str:
    return f"{settings.SITE_URL}{reverse('listings:version', args=[line.version.pk])}"


def _day(day: Any) -> dict[str, str]:
    return {"@type": "xsd:date", "@value": day.isoformat()}
