"""What each kind of notice is about, and which of them nobody can switch off."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Group(models.TextChoices):
    """What a person chooses for."""

    DUTIES = "duties", _("duties and deadlines")
    DECISIONS = "decisions", _("decisions about me")
    DIALOGUE = "dialogue", _("dialogue")
    SYSTEM = "system", _("system")


class Delivery(models.TextChoices):
    """When a mail follows the notice on the page."""

    AT_ONCE = "at_once", _("by mail at once")
    DAILY = "daily", _("one mail on the morning of each working day")
    WEEKLY = "weekly", _("one mail on the morning of the week's first working day")
    PAGE = "page", _("on the page only")


GROUPS: dict[str, tuple[str, ...]] = {
    Group.DUTIES: (
        "version_submitted", "application_submitted", "application_prepared", "consultation_asked",
        "consultation_overdue", "consultation_escalated", "expert_called", "case_passed_on", "recused",
        "cases_handed_over",
        "change_requested", "report_due", "report_overdue", "report_filed", "measure_proposed", "clock_overdue",
        "clock_extended", "party_applied", "party_asks_renewal", "objection_lodged", "application_to_seller",
        "version_expert_called", "rule_proposed", "developer_asked", "product_opened",
        "version_failing", "seller_lapsed", "concern_reported", "review_lodged", "assessment_lapses",
        "description_proposed",
        "finding_opened", "duty_undone", "verification_lapses", "mandate_lapses", "source_lapses", "quota_used",
        "grant_ending", "grant_over", "person_left", "officer_overdue", "overdue_explained", "case_taken",
        "inspection_announced", "inspection_reported", "inspection_answered", "inspector_named",
        "report_asked", "incident_opened", "incident_reported", "plan_adopted", "plan_missing", "exercise_due",
        "incident_report_missed", "incident_report_late",
        "exercise_overdue", "measure_signed", "measure_sent_back", "measure_overtaken", "second_pair_set",
        "whereabouts_asked", "whereabouts_due", "whereabouts_stated", "certificate_asked", "certificate_filed",
        "derived_to_decide", "derived_unpublished", "misuse_found", "terms_broken", "hold_ending",
    ),
    Group.DECISIONS: (
        "assessed", "assessment_failed", "assessment_mendable", "recipe_found", "recipe_none", "recipe_failed",
        "version_moved", "application_moved", "item_split_off",
        "item_decided", "grant_offered", "grant_moved", "change_decided", "hold_opened",
        "hold_opened_until", "hold_over", "hold_lifted", "report_moved",
        "measure_moved", "measure_extended", "measure_extended_stayed", "hearing_opened", "derived_flagged",
        "party_moved", "party_merged", "standing_consent_used",
        "source_rejected", "objection_answered", "product_offered", "version_released", "version_recalled",
        "rule_moved", "rule_not_met", "product_stopped", "product_resumed", "reassessment_failed",
        "reassessment_passed", "version_held", "data_held", "data_served_again",
        "description_moved", "product_described", "concern_moved",
        "incident_notice", "incident_ended", "review_moved", "certificate_moved", "source_flagged", "caution_issued",
        "caution_lifted", "derived_contract_ended", "source_contract_ended",
        "copies_flagged",
        "inspection_moved",
    ),
    Group.DIALOGUE: (
        "message_written", "question_asked", "question_answered", "consultation_answered", "expert_opinion",
        "version_opinion", "concern_written", "report_answered",
    ),
    Group.SYSTEM: ("grant_people", "grant_systems", "invited", "naming_asked", "second_factor_reset"),
}  # fmt: skip
GROUP_OF = {kind: group for group, kinds in GROUPS.items() for kind in kinds}

# With legal effect on the reader, or for somebody who has no account yet: by mail at once, whatever was chosen.
BINDING = frozenset({
    "version_moved", "application_moved", "item_split_off", "item_decided", "grant_offered", "grant_moved",
    "change_decided", "hold_opened", "hold_opened_until", "report_moved", "measure_moved", "measure_extended",
    "measure_extended_stayed", "hearing_opened", "derived_flagged", "party_moved", "party_merged", "source_rejected",
    "objection_answered", "invited",
    "second_factor_reset", "version_recalled", "version_released", "rule_moved", "rule_not_met", "product_stopped",
    "reassessment_failed", "version_held", "data_held", "data_served_again", "description_moved", "concern_moved",
    "incident_opened", "incident_report_missed", "incident_report_late", "incident_notice", "review_moved",
    "whereabouts_asked", "certificate_asked", "certificate_moved", "source_flagged", "derived_contract_ended",
    "source_contract_ended", "copies_flagged", "caution_issued", "caution_lifted",
    "inspection_announced", "inspection_reported",
    "inspection_moved",
})  # fmt: skip


def is_binding(kind: str) -> bool:
    """A kind that nobody has placed yet counts as binding: better a mail too many than a missed order."""
    return kind in BINDING or kind not in GROUP_OF


def choosable(group: str) -> list[str]:
    """The kinds of a group for which the person's choice counts."""
    return [kind for kind in GROUPS[group] if kind not in BINDING]
