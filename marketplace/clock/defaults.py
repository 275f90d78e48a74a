"""Every deadline of the site, its default and where it comes from. The law states no number of days.

A row of `ClockSetting` overrides the number; the source of a default is printed beside it.
"""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

REGISTRATION = _("Fujian public-data registration measures 2025")
CITY_RULE = _("a city's sharing rule, the nearest precedent")
OWN = _("own choice")
REGULARLY = _("Art. 34: regularly")
INCIDENT_RULE = _("own choice, after the national measures on incident reports of 2025")
RECONSIDERATION = _("Administrative Reconsideration Law Art. 20 (unverified)")


class Kind(models.TextChoices):
    ACCEPTANCE = "acceptance", _("accept, return or refuse a submission")
    PRECHECK = "precheck", _("authority's check before consulting")
    CONSULTATION = "consultation", _("providing unit's answer")
    DECISION = "decision", _("decision")
    PUBLICITY = "publicity", _("publicity of a listing")
    OBJECTION = "objection", _("answer to an objection against a listing")
    OFFER = "offer", _("accept the terms offered")
    CHANGE = "change", _("decide on a change of a grant")
    REPORT = "report", _("usage report after its period")
    REPORT_GRACE = "report_grace", _("report late: pause by the grant's terms")
    REPORT_CHECK = "report_check", _("accept or return a usage report")
    CORRECTION = "correction", _("correct what an order names")
    TAKE_DOWN = "take_down", _("carry out a take-down that the province requires")
    SERVICE = "service", _("an order counts as served, though nobody has opened it")
    HEARING = "hearing", _("be heard before termination")
    HEARD = "heard", _("decide what follows, once the party was heard")
    JUDGEMENT = "judgement", _("decide what follows from evidence filed, or from a refusal that was found")
    FINDING = "finding", _("answer to a finding")
    CONCERN = "concern", _("answer to a report of misuse")
    FAULT = "fault", _("answer to a report of faulty data")
    INQUIRY = "inquiry", _("report to the level above on a case")
    REPAIR = "repair", _("correct data that was found faulty")
    PRECAUTION = "precaution", _("precaution ends by itself")
    WHEREABOUTS = "whereabouts", _("say where copies are, on suspension")
    DESTRUCTION = "destruction", _("destroy copies, at the end")
    CERTIFICATE = "certificate", _("check a certificate of destruction")
    REASSESSMENT = "reassessment", _("assess again what is on offer")
    MENDING = "mending", _("mend a file that failed, before it is destroyed")
    INCIDENT_AUTHORITY = "incident_authority", _("first report of an incident to the authority")
    INCIDENT_CYBERSPACE = "incident_cyberspace", _("first report of an incident to the cyberspace office")
    REVIEW_TERM = "review_term", _("ask for a review of a refusal or an order")
    CONTEST = "contest", _("contest a decision: what can be contested is not published as final")
    REVIEW = "review", _("decision on a review")
    DRILL = "drill", _("emergency drill")
    EVALUATION = "evaluation", _("security evaluation")
    RISK = "risk", _("risk assessment")
    INSPECTION_NOTICE = "inspection_notice", _("notice before an inspection begins")
    INSPECTION_REPORT = "inspection_report", _("report on an inspection that has begun")
    INSPECTION_ANSWER = "inspection_answer", _("answer to an inspection report")
    INSPECTION_OUTCOME = "inspection_outcome", _("close an inspection whose report was answered")


# Every other deadline is in working days.
IN_DAYS = frozenset({Kind.CONTEST})  # of the calendar
IN_MONTHS = frozenset({Kind.REASSESSMENT, Kind.DRILL, Kind.EVALUATION, Kind.RISK})
IN_HOURS = frozenset({Kind.INCIDENT_AUTHORITY, Kind.INCIDENT_CYBERSPACE})

# kind -> (working days, or days, months or hours: `unit`; source)
DEFAULTS: dict[str, tuple[int, Any]] = {
    Kind.ACCEPTANCE: (3, REGISTRATION),
    Kind.PRECHECK: (2, CITY_RULE),
    Kind.CONSULTATION: (5, CITY_RULE),
    Kind.DECISION: (20, REGISTRATION),
    Kind.PUBLICITY: (10, REGISTRATION),
    Kind.OBJECTION: (5, OWN),
    Kind.OFFER: (20, OWN),
    Kind.CHANGE: (10, OWN),
    Kind.REPORT: (10, OWN),
    Kind.REPORT_GRACE: (5, OWN),
    Kind.REPORT_CHECK: (10, OWN),
    Kind.CORRECTION: (15, OWN),
    Kind.TAKE_DOWN: (3, OWN),
    Kind.SERVICE: (3, OWN),
    Kind.HEARING: (5, OWN),
    Kind.HEARD: (3, OWN),
    Kind.JUDGEMENT: (10, OWN),
    Kind.FINDING: (3, OWN),
    Kind.CONCERN: (3, OWN),
    Kind.FAULT: (5, OWN),
    Kind.INQUIRY: (5, OWN),
    Kind.REPAIR: (15, OWN),
    Kind.PRECAUTION: (10, OWN),
    Kind.WHEREABOUTS: (3, OWN),
    Kind.DESTRUCTION: (10, OWN),
    Kind.CERTIFICATE: (10, OWN),
    Kind.REASSESSMENT: (12, _("Art. 35: periodically")),
    Kind.MENDING: (3, OWN),
    Kind.INCIDENT_AUTHORITY: (1, INCIDENT_RULE),
    Kind.INCIDENT_CYBERSPACE: (1, INCIDENT_RULE),
    Kind.REVIEW_TERM: (10, OWN),
    Kind.CONTEST: (60, RECONSIDERATION),
    Kind.REVIEW: (15, OWN),
    Kind.DRILL: (12, REGULARLY),
    Kind.EVALUATION: (12, REGULARLY),
    Kind.RISK: (12, REGULARLY),
    Kind.INSPECTION_NOTICE: (3, OWN),
    Kind.INSPECTION_REPORT: (15, OWN),
    Kind.INSPECTION_ANSWER: (10, OWN),
    Kind.INSPECTION_OUTCOME: (10, OWN),
}
# A time of waiting: whoever must act may do so when it is over, and has these working days for it (decision 360).
ALLOWED_AFTER: dict[str, int] = {Kind.PUBLICITY: 3, Kind.INSPECTION_NOTICE: 3, Kind.CORRECTION: 3, Kind.HEARING: 3}
# Of these the party's own time, whatever it does with it: no measure of how fast officers work.
OF_THE_PARTY = frozenset({Kind.CORRECTION, Kind.HEARING})
# What the law gives a party may be longer here, never shorter.
AT_LEAST: dict[str, int] = {Kind.CONTEST: 60}
REPORT_REMINDERS = (10, 3, 1)  # working days before a report is due
REASSESSMENT_REMINDER = 14  # days before an assessment lapses
RECUSAL_MONTHS = 12  # a membership that ended less than this ago still makes it one's own case


def unit(kind: str) -> Any:
    """In what a deadline is counted, in words."""
    if kind in IN_HOURS:
        return _("hours")
    if kind in IN_MONTHS:
        return _("months")
    return _("calendar days") if kind in IN_DAYS else _("working days")
