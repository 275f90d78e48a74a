"""What the files of reports, findings, measures and what follows from them show."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from marketplace.applications.models import Grant
from marketplace.clock.working_days import last_day
from marketplace.console import cases_closeout
from marketplace.console.cases_listings import assessments
from marketplace.console.sections import Row, Section, day, evidence, link, of, papers, table
from marketplace.errors import is_allowed
from marketplace.supervision import operations
from marketplace.supervision.concern import Concern
from marketplace.supervision.deadlines import decide_by
from marketplace.supervision.models import Measure
from marketplace.supervision.permissions_concern import check_can_triage_concern, may_know_reporter
from marketplace.supervision.queries import has_other_sources, known_to, with_deadline
from marketplace.supervision.review import Review


def report(case: Any, user: Any, at: datetime) -> list[Section]:
    """What was filed, round by round, beside what the delivery records say."""
    filings = case.filings.select_related("by").order_by("-round")
    return [
        Section(_("Usage report"), (
            (_("Grant"), link(case.grant)), (_("Buyer"), case.grant.buyer),
            (_("Period"), f"{case.start} – {case.end}"), (_("Due"), day(case.due_at)),
        )),
        *(
            Section(
                _("Filing %(n)s of %(day)s, by %(name)s") % {"n": row.round, "day": day(row.at), "name": row.by},
                of(row, "is_nil", "purposes", "other_purpose", "use", "results", "security"),
                template="supervision/metered.html", context={"rows": row.metered},
            )
            for row in filings
        ),
    ]  # fmt: skip


def concern(case: Concern, user: Any, at: datetime) -> list[Section]:
    """What was reported, by whom as far as they said, and what was said after it."""
    person = case.person() if is_allowed(check_can_triage_concern, user, case, at) else {}
    knows, notes = may_know_reporter(user, case, at), case.notes.order_by("pk")
    return [
        Section(_("What was reported"), (
            (_("Kind"), case.get_kind_display()), (_("About"), link(case.subject) if case.grant_id else case.subject or "–"),
            *of(case, "place", "text", "wish", "party", "responder"), *(((_("Article"), _(case.article)),) if case.article else ()), (_("Received"), day(case.created_at)),
            *(((_("Reported by"), case.reporter or ("–" if case.by_id is None else _("somebody with an account"))),) if knows else ()),
            *((_("Name"), person[name]) if name == "name" else (_("Contact"), person[name]) for name in person),
        )),
        table(_("Messages"), (_("Who"), _("Time"), _("Text")), [
            Row((_("who reported") if row.is_reporter else _("who answers"), day(row.at), row.text)) for row in notes
        ]),
        *([evidence(case)] if knows else []),
        Section(_("Answer"), (
            *of(case, "answer", "outcome"), (_("Finding"), case.finding and link(case.finding)),
        )),
    ]  # fmt: skip


def reporter_kept_back(case: Concern, user: Any, at: datetime) -> tuple[str, ...]:
    """The acts of who reported, for whoever may not know them."""
    return () if may_know_reporter(user, case, at) else ("report_concern", "file_finding", "write")


def _concerns(case: Any, user: Any) -> Section:
    """The reports that a finding came of."""
    rows = Concern.objects.visible_to(user).filter(finding=case).order_by("pk")
    return table(_("Reports behind it"), (_("Number"), _("Received"), _("Facts")), [
        Row((link(row, row.number), day(row.created_at), row.text)) for row in rows
    ])  # fmt: skip


def finding(case: Any, user: Any, at: datetime) -> list[Section]:
    return [
        Section(_("What was noticed"), (
            (_("Rule"), case.rule_label), (_("Severity"), case.severity.label), (_("Noticed"), day(case.created_at)),
            (_("Grant"), case.grant and link(case.grant)), (_("Version"), case.version and link(case.version)),
            (_("Party"), case.party),
            *([(_("Seen"), case.said)] if case.said else []),
            *((_(name.capitalize()), text) for name, text in case.text.items() if name in ("report", "due")),
        )),
        _concerns(case, user),
        evidence(case),
        *(assessments(case.version) if case.version else []),
        table(_("Orders that came of it"), (_("Order"), _("State")),
              [Row((link(row), row.get_state_display())) for row in case.measures.order_by("pk")]),
    ]  # fmt: skip


def note_measure_seen(case: Any, user: Any, at: datetime) -> None:
    operations.note_seen(measure=case, actor=user, at=at)


def measure(case: Any, user: Any, at: datetime) -> list[Section]:
    """Facts, demand, what it holds, evidence and statements."""
    by = decide_by(with_deadline(Measure.objects.filter(pk=case.pk)).get())
    return [
        Section(_("Order"), (
            (_("Kind"), case.rules.title),
            *of(case, "number", "party", "authority", "issuer"), (_("What is taken down"), case.taken_down),
            *of(case, "required_by", "clause", "facts", "demand", "remedy", "referred_to", "referral"),
            (_("Issued"), day(case.issued_at)), (_("By"), case.issued_by),
            (_("First opened by the party"), day(case.seen_at)), (_("Deemed served"), day(case.deemed_served_at)),
            (_("Hearing opened"), day(case.hearing_opened_at)), (_("What follows is decided by"), by and last_day(by)),
            (_("Finding"), case.finding and link(case.finding)),
        )),
        table(_("What is suspended"), (_("Grant"), _("Outcome")), [
            Row((link(row.grant), row.get_outcome_display() if row.outcome else "–"))
            for row in case.held.select_related("grant__product").order_by("pk")
        ]),
        cases_closeout.built(case.held.values_list("grant", flat=True), user),
        table(_("Evidence and hearing"), (_("Kind"), _("Who"), _("Time"), _("Text")), [
            Row((row.get_kind_display(), row.by, day(row.at), row.text))
            for row in case.evidence.select_related("by").order_by("pk")
        ]),
        *_signatures(case),
        evidence(case),
        papers(case),
    ]  # fmt: skip


def _signatures(case: Any) -> list[Section]:
    """Where the authority wants two officers: who signed first, and what the second did."""
    rows = list(case.signatures.select_related("by", "acting_for", "ended_by", "ended_for", "measure").order_by("pk"))
    head = (_("Act"), _("Signed first"), _("Time"), _("Second officer"), _("Outcome"))
    lines = [
        Row(
            (one.get_what_display(), one.first, day(one.at), one.second or "–", one.get_outcome_display() or _("waits"))
        )
        for one in rows
    ]
    return [table(_("Two officers"), head, lines, rows)] if rows else []


def review(case: Review, user: Any, at: datetime) -> list[Section]:
    """What is asked, against what, who is out of it, what was decided."""
    said, visible = case.against, type(case.subject).objects.visible_to(user).filter(pk=case.subject.pk)
    return [
        Section(_("Review"), (
            *of(case, "party", "text"), (_("Lodged"), day(case.created_at)), *of(case, "authority", "above", "reviewer"),
            (_("Stayed"), _("yes") if case.is_staying else _("no")),
        )),
        *cases_closeout.cautions(case, user, at),
        Section(_("What it is asked against"), (
            (_("Decision"), link(case.subject) if visible.exists() else case.subject), (_("Article"), _(said["article"])),
            (_("Facts"), said.get("facts")), (_("What has to be corrected"), said.get("demand")),
            (_("Reason"), said.get("reason")), (_("Remedy"), said.get("remedy")),
        )),
        evidence(case),
        Section(_("Answer"), (
            *of(case, "reason", "remedy"), (_("Who"), case.decided_by), (_("Time"), day(case.decided_at)),
        )),
        papers(case),
    ]  # fmt: skip


def derived(case: Any, user: Any, at: datetime) -> list[Section]:
    """What it is and from what it was built; of a deal in non-public data that the reader may not see, that there is
    one."""
    sources = case.built_from.filter(known_to(user)).select_related("grant__product", "version__product").order_by("pk")
    seen = set(Grant.objects.visible_to(user).filter(derived_uses__derived=case).values_list("pk", flat=True))
    rows = [Row((link(row.version), link(row.grant) if row.grant_id in seen else "–")) for row in sources]
    if has_other_sources(case, user):
        rows.append(Row((_("a source that is not public data"), "–")))
    return [
        Section(_("Derived product"), ((_("Number"), case.number), (_("Party"), case.party), *of(case, "title", "description", "url"))),
        table(_("Built from"), (_("Version"), _("Grant")), rows),
    ]  # fmt: skip
