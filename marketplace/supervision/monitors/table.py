"""The table of rules that watch. A rule that is new needs a row here, and one in `ACTIONS` (`standing.py`)."""

from operator import attrgetter

from django.utils.translation import gettext_lazy as _

from marketplace.supervision.monitors import (
    attempts,
    clocks,
    copies,
    grants,
    lapsing,
    prepared,
    reports,
    usage,
    versions,
)
from marketplace.supervision.monitors.base import (
    Monitor,
    Severity,
    answerers,
    answerers_and_party,
    answerers_and_seller,
    reminder,
    watch,
)
from marketplace.supervision.monitors.closing import cause_gone

DUTY, BREACH = Severity.DUTY, Severity.BREACH
OWN, OF_VERSION = attrgetter("authority_id"), attrgetter("version.authority_id")

MONITORS: tuple[Monitor, ...] = (
    # before what this sweep pauses is asked about anew, and what is over is dropped
    watch("whereabouts_unsaid", _("suspended grants whose holder has not said where the copies are"), "Art. 16", copies.unsaid, answerers),
    Monitor("report_schedule", _("report periods that have begun"), "Art. 16", reports.unscheduled, reports.schedule, OWN, together=reports.schedule_each),
    reminder("report_due_soon", _("reports due soon"), "Art. 16", reports.due_soon, reports.owing_told),
    watch("report_overdue", _("reports overdue"), "Art. 16", reports.overdue, reports.overdue_told),
    Monitor("report_late", _("reports so late that the grant pauses"), "Art. 33", reports.too_late, reports.pause_and_propose, severity=BREACH, together=reports.pause_and_propose_each),
    watch("report_thin", _("reports that say nothing new"), "Art. 16", reports.thin, answerers),
    Monitor("unit_silent", _("units that have not answered in time"), "Art. 15", clocks.unanswered, clocks.escalate, attrgetter("application.authority_id"), DUTY),
    Monitor("objectors", _("names of objectors, no longer needed"), "Art. 31", clocks.known_objectors, clocks.erase_objectors, OF_VERSION),
    Monitor("reporters", _("names of who reported, no longer needed"), "Art. 31", clocks.known_reporters, clocks.erase_reporter, OWN),
    Monitor("version_recalled", _("holders of recalled versions"), "Art. 17", versions.holders, versions.notice_recall, severity=BREACH),
    Monitor("reassessment", _("versions to be assessed again"), "Art. 35", versions.due_again, versions.assess_again, OWN),
    Monitor("assessment_lapses", _("assessments about to lapse"), "Art. 35", versions.lapsing, versions.remind_of_lapse, OWN),
    Monitor("assessment_failed", _("failed re-assessments"), "Art. 35", versions.failing, versions.notice_failing, OWN, BREACH),
    Monitor("assessment_mended", _("versions that pass again"), "Art. 35", versions.mended, versions.notice_mended, OF_VERSION),
    Monitor("version_held", _("holders of versions held for it"), "Art. 35", versions.held_from, versions.tell_held),
    Monitor("seller_lapsed", _("sellers whose verification has lapsed"), "Art. 45", lapsing.lapsed_sellers, lapsing.notice_lapsed, OWN, DUTY),
    Monitor("seller_renewed", _("sellers verified again"), "Art. 45", lapsing.renewed_sellers, lapsing.notice_renewed, OF_VERSION),
    reminder("verification_lapses", _("verifications about to lapse, or lapsed"), "Art. 49", lapsing.verifications, lapsing.lapse_told),
    reminder("mandate_lapses", _("mandates of primary developers about to end, or over"), "Art. 16", lapsing.mandates, lapsing.lapse_told),
    watch("buyer_lapsed", _("parties whose verification has lapsed and whose grants run"), "Art. 49", lapsing.lapsed_buyers, answerers),
    watch("mandate_lapsed", _("primary developers whose mandate is over and whose data is on offer"), "Art. 16", lapsing.lapsed_mandates, answerers),
    reminder("source_lapses", _("documents of lawful-source files about to lapse"), "Art. 17", lapsing.sources, lapsing.source_told),
    watch("source_lapsed", _("documents of lawful-source files that have lapsed"), "Art. 17", lapsing.lapsed_sources, answerers_and_party),
    Monitor("product_described", _("holders of products described anew"), "Art. 32", versions.described_anew, versions.tell_described, OWN),
    watch("data_stale", _("data that is not updated as often as it says"), "Art. 13", versions.stale, answerers_and_party),
    reminder("quota_used", _("grants whose downloads of the month are used up by 80 % or 100 %"), "Art. 16", grants.quotas, grants.buyer_told("quota_used")),
    reminder("grant_ending", _("grants about to end"), "Art. 16", grants.ending, grants.buyer_told("grant_ending")),
    reminder("grant_over", _("grants that are over and not closed"), "Art. 16", grants.over, grants.over_told, DUTY),
    reminder("hold_ending", _("precautions that end by themselves today or tomorrow"), "Art. 34", grants.precautions_ending, grants.deciders_told, DUTY),
    reminder("hold_over", _("precautions that have ended by themselves"), "Art. 34", grants.precautions_over, grants.both_told),
    reminder("person_left", _("people with access who left the buyer"), "Art. 36", grants.people_left, grants.buyer_told("person_left"), DUTY),
    reminder("plan_missing", _("units whose data is on offer without an emergency plan"), "Art. 34", prepared.without_plan, prepared.missing_told, DUTY),
    reminder("exercise_due", _("drills, evaluations and assessments due soon"), "Art. 34", prepared.due, prepared.due_told),
    reminder("exercise_overdue", _("drills, evaluations and assessments overdue"), "Art. 34", prepared.overdue, prepared.overdue_told, DUTY),
    Monitor("whereabouts_dropped", _("suspensions that ended by themselves before it was said where the copies are"), "Art. 16", copies.unasked, copies.drop, OWN),
    reminder("whereabouts_due", _("suspended grants whose holder must soon say where the copies are"), "Art. 16", copies.unsaid_tomorrow, grants.buyer_told("whereabouts_due"), DUTY),
    Monitor("certificate_asked", _("grants whose period is over and whose copies are to be destroyed"), "Art. 16", copies.over_unasked, copies.ask_certificate, OWN, together=copies.ask_certificates),
    Monitor("kept_as_evidence", _("copies that are kept as evidence: the time to destroy them stands still"), "Art. 33", copies.evidence_changed, copies.keep_or_go_on, OWN),
    watch("not_closed_out", _("grants that are over and not closed out"), "Art. 16", copies.not_closed_out, answerers),
    watch("outside_grant", _("deliveries outside what was granted"), "Art. 16", usage.outside, answerers_and_seller),
    watch("outside_purpose", _("reports that state a use beyond the grant's purposes, or none of these"), "Art. 16", reports.beyond, answerers),
    watch("outside_access", _("days of attempts outside the hours or networks of a grant"), "Art. 33", attempts.outside, answerers_and_seller),
    watch("sudden_change", _("sudden changes against a grant's own past"), "Art. 33", usage.sudden, answerers_and_seller),
    watch("attribution", _("derived products whose sources are not shown, or not as delivered"), "Art. 16", usage.unattributed, answerers_and_party),
    reminder("derived_unpublished", _("derived products registered long ago and not public"), "Art. 16", usage.unpublished, usage.keeper_told),
    cause_gone("cause_gone", _("findings whose cause has gone"), "Art. 45", {
        "report_thin": reports.thin, "buyer_lapsed": lapsing.lapsed_buyers,
        "mandate_lapsed": lapsing.lapsed_mandates, "source_lapsed": lapsing.lapsed_sources, "data_stale": versions.stale,
        "attribution": usage.unattributed, "whereabouts_unsaid": copies.still_unsaid,
        "not_closed_out": copies.not_closed_out,
    }),
    reminder("clock_overdue", _("deadlines that have run out"), "Art. 45", clocks.overdue, clocks.owner_told, DUTY),
    reminder("officer_overdue", _("deadlines of an authority that ran out days ago, for the level above"), "Art. 45", clocks.gone_up, clocks.above_told, DUTY),
)  # fmt: skip
