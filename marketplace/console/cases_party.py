"""What the file of a party shows."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import CapabilityKind
from accounts.permissions import check_can_read_evidence
from marketplace.console.sections import Row, Section, day, evidence, of, table
from marketplace.errors import is_allowed


def party(case: Any, user: Any, at: datetime) -> list[Section]:
    """Who it is, as what it is admitted, who belongs to it, how it was verified."""
    people = list(case.memberships.select_related("user", "party", "deputy_for__user").order_by("pk"))
    return [
        Section(_("Party"), (
            *of(case, "name", "uscc", "region"), (_("Verified until"), day(case.verified_until)),
            (_("Wants to be"), ", ".join(_wanted(case))),
        )),
        table(_("Admitted as"), (_("As"), _("Region"), _("From"), _("Until")), [
            Row((row.get_kind_display(), row.region, day(row.valid_from), day(row.valid_until)))
            for row in case.capabilities.select_related("region").order_by("pk")
        ]),
        table(_("People"), (_("Name"), _("Role"), _("From"), _("Until")), [
            Row((row.user, row.get_role_display(), day(row.valid_from), day(row.valid_until))) for row in people
        ], people),
        *([evidence(case)] if is_allowed(check_can_read_evidence, user, case, at) else []),
        table(_("Verifications"), (_("Who"), _("Time"), _("Evidence"), _("Valid until")), [
            Row((row.by, day(row.at), row.evidence, day(row.valid_until)))
            for row in case.verifications.select_related("by").order_by("-pk")
        ]),
    ]  # fmt: skip


def _wanted(case: Any) -> list[str]:
    return [str(CapabilityKind(kind).label) for kind in case.wanted]
