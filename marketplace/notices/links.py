"""The signed address under which a reader ends the mails of some groups, without a login and nothing else."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

SALT, VALID = "notices.mail-off", timedelta(days=90)


class _Signer(signing.TimestampSigner):
    """Signs as of a given time, so that a mail that is sent again says the same."""

    at: datetime

    def timestamp(self) -> str:
        return signing.b62_encode(int(self.at.timestamp()))


def address(recipient_ref: str, groups: Sequence[str], at: datetime) -> str:
    """`at`: from when on it is valid."""
    signer = _Signer(salt=SALT)
    signer.at = at
    token = signer.sign_object({"to": recipient_ref, "groups": sorted(set(groups))}, compress=True)
    return settings.SITE_URL + reverse("accounts:notices-off", args=[token])


def read(token: str) -> tuple[str, list[str]]:
    """Whose mails, and of which groups. Raises signing.BadSignature for what the site did not sign, or long ago."""
    said = signing.loads(token, salt=SALT, max_age=VALID)
    return said["to"], said["groups"]


def headers(recipient_ref: str, groups: Sequence[str], at: datetime) -> dict[str, str]:
    """For the mail program's own button (RFC 2369, RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{address(recipient_ref, groups, at)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
