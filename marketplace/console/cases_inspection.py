"""What the file of a plan of inspections shows, and that of an inspection."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from marketplace.console.sections import Row, Section, day, evidence, link, of, table
from marketplace.errors import is_allowed
from marketplace.supervision.inspections import AT_WORK, Inspection, InspectionPlan
from marketplace.supervision.permissions_inspection import check_can_read_inspection_evidence, check_on_no_side


def plan(case: InspectionPlan, user: Any, at: datetime) -> list[Section]:
    """What it draws from, the seed, and each grant drawn with the figures of its weight, but for the reader's own."""
    drawn = Inspection.objects.visible_to(user).filter(plan=case).select_related("party").order_by("pk")
    drawn = drawn.exclude(pk__in=Inspection.objects.of_sides(user, at).values("pk"))
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
    """What is inspected and why, what was found on each question, what the party answers.

    Why it was drawn is for whoever is on no side; what was found, the files and who takes part for whoever reads them.
    """
    on_no_side = is_allowed(check_on_no_side, user, case, at)
    reads = is_allowed(check_can_read_inspection_evidence, user, case, at)
    return [
        Section(_("Inspection"), (
            *of(case, "grant", "party", *(["plan"] if on_no_side else ()), "reason"),
            *(case.why if on_no_side else ()),
            (_("Announced"), day(case.announced_at)), *of(case, "announcement", "unannounced"),
            (_("Begun"), day(case.begun_at)),
        )),
        *(found(case) if reads else ()),
        Section(_("Inspection report"), (
            (_("Inspected by"), "; ".join(", ".join(one) for one in case.inspectors)),
            *of(case, "report", "answer", "outcome", "closing"),
        )),
    ]  # fmt: skip


def found(case: Inspection) -> list[Section]:
    """Verdict and words on each question, the files, and who takes part beside the authority."""
    return [
        table(_("Checklist"), (_("Question"), _("Verdict"), _("What was found")), [
            Row((question.text, point.get_verdict_display() if point else "–", point.words if point else ""))
            for question, point in case.asked
        ]),
        evidence(case),
        table(_("Joint inspectors"), (_("Name"), _("Department"), _("Role in the inspection")), [
            Row((one.user.name, one.department, one.role)) for one in case.taking_part
        ]),
    ]  # fmt: skip


def kept_back(case: Inspection, user: Any, at: datetime) -> tuple[str, ...]:
    """The acts of inspectors, for whoever learns of them by the report."""
    return () if is_allowed(check_can_read_inspection_evidence, user, case, at) else AT_WORK
