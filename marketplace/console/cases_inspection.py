"""What the file of a plan of inspections shows, and that of an inspection."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from marketplace.console.sections import Row, Section, day, evidence, link, of, table
from marketplace.supervision.inspections import Inspection, InspectionPlan


def plan(case: InspectionPlan, user: Any, at: datetime) -> list[Section]:
    """What it draws from, the seed, and each grant drawn with the figures of its weight."""
    drawn = Inspection.objects.visible_to(user).filter(plan=case).select_related("party").order_by("pk")
    again = _("the same grants") if case.frame_hash and case.drawn_again() else None
    return [
        Section(_("Inspection plan"), (
            *of(case, "authority", "first", "last", "method", "strata", "size", "region", "purpose"),
            *of(case, "buyer_kind", "seller_kind"),
            *of(case, "seed", "frame_count", "frame_hash"), (_("Drawn again"), again),
        )),
        table(_("Grants drawn"), (_("Inspection"), _("Party"), _("Weight"), _("Why"), _("State")), [
            Row((
                link(row, row.number), row.party, row.weight,
                "; ".join(f"{label}: {value}" for label, value in row.why), row.get_state_display(),
            )) for row in drawn
        ]),
    ]  # fmt: skip


def inspection(case: Inspection, user: Any, at: datetime) -> list[Section]:
    """What is inspected and why, what was found on each question, what the party answers."""
    return [
        Section(_("Inspection"), (
            *of(case, "grant", "party", "plan", "reason"),
            *((label, value) for label, value in case.why),
            (_("Announced"), day(case.announced_at)), *of(case, "announcement", "unannounced"),
            (_("Begun"), day(case.begun_at)),
        )),
        table(_("Checklist"), (_("Question"), _("Verdict"), _("What was found")), [
            Row((question.text, point.get_verdict_display() if point else "–", point.words if point else ""))
            for question, point in case.asked
        ]),
        evidence(case),
        table(_("Joint inspectors"), (_("Name"), _("Department"), _("Role in the inspection")), [
            Row((one.user.name, one.department, one.role)) for one in case.taking_part
        ]),
        Section(_("Inspection report"), (
            (_("Inspected by"), "; ".join(", ".join(one) for one in case.inspectors)),
            *of(case, "report", "answer", "outcome", "closing"),
        )),
    ]  # fmt: skip
