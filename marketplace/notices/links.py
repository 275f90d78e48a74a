"""The signed address under which a reader ends the mails of some groups, without a login and nothing else."""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

SALT, VALID = "notices.mail-off", timedelta(days=90)


def address(recipient_ref: str, groups: Sequence[str]) -> str:
    token = signing.dumps({"to": recipient_ref, "groups": sorted(set(groups))}, salt=SALT, compress=True)
    return settings.SITE_URL + reverse("accounts:notices-off", args=[token])


def read(token: str) -> tuple[str, list[str]]:
    """Whose mails, and of which groups. Raises signing.BadSignature for what the site did not sign, or long ago."""
    said = signing.loads(token, salt=SALT, max_age=VALID)
    return said["to"], said["groups"]


def headers(recipient_ref: str, groups: Sequence[str]) -> dict[str, str]:
    """For the mail program's own button (RFC 2369, RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{address(recipient_ref, groups)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
