"""Whether a page offers its reader to report a security incident."""

from typing import Any

from django import template
from django.utils import timezone

from marketplace.supervision.incidents import REPORTABLE
from marketplace.supervision.permissions_incident import reporters

register = template.Library()


@register.filter
def may_be_reported_by(version: Any, user: Any) -> bool:
    """One of the person's parties offers, provides, obtained or supervises what is or was on offer, or is in review."""
    if not version or version.state not in REPORTABLE or not user.is_authenticated:
        return False
    return reporters(user, version, timezone.now()).exists()
