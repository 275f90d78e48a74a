"""What the files of applications, consents and grants show."""

from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.models import Assignment, AssignmentRole
from listings.models import Assessment, Version
from listings.queries import smallest_k
from marketplace.applications import verbs
from marketplace.applications.models import Application, Grant, GrantEdition, Item, Route
from marketplace.applications.queries import newest_linkages
from marketplace.applications.states import EditionState
from marketplace.console import cases_closeout
from marketplace.console.sections import Row, Section, day, lines, link, of, papers, recusals, table
from marketplace.supervision import verbs as supervision
from marketplace.supervision.models import Measure
from marketplace.supervision.states import MeasureState
from marketplace.verbs import Verb

DRAFTS = (MeasureState.PROPOSED, MeasureState.DROPPED)


def application(case: Application, user: Any, at: datetime) -> list[Section]:
    """Scenario, items with versions and assessment, consultations, opinions, dialogue, the buyer's other grants."""
    items = list(
        Item.objects.filter(application=case)
        .select_related("product__seller", "application__buyer", "application__authority", "decision__by", "grant")
        .order_by("pk")
    )
    return [
        _scenario(case),
        *cases_closeout.cautions(case, user, at),
        _items(items, user, at),
        papers(*(item for item in items if hasattr(item, "decision"))),
        _versions(items, user),
        _consultations(case, user, at),
        table(
            _("Expert opinions (Art. 35)"), (_("Who"), _("Time"), _("Opinion"), _("Measures")),
            [Row((row.by, day(row.at), row.opinion, row.measures)) for row in case.opinions.select_related("by").order_by("pk")],
        ),
        table(
            _("Dialogue"), (_("Who"), _("Time"), _("Message")),
            [Row((f"{row.party} · {row.by}", day(row.at), row.text)) for row in case.messages.select_related("by", "party").order_by("pk")],
        ),
        _other_grants(case, user, at),
        *(
            Section(product, template="applications/linkage.html", context={"rows": rows})
            for product, rows in newest_linkages(case, user)
        ),
    ]  # fmt: skip


def _scenario(case: Application) -> Section:
    given = Assignment.objects.filter(
        object_type=case._meta.label_lower, object_id=str(case.pk), role=AssignmentRole.OFFICER_IN_CHARGE, ended_at=None
    )
    in_charge = given.select_related("user").first()
    facts = (
        *of(case, "buyer", "title", "beneficiaries", "what_is_built", "purposes", "why_these_fields", "period_from", "period_until",
            "security", "people_with_access"),
        (_("Applied by"), case.applicant),
        (_("Submitted"), day(case.submitted_at)),
        (_("Competent authority"), case.authority),
        (_("Officer in charge"), in_charge and in_charge.user),
        (_("Round"), case.round),
    )  # fmt: skip
    return Section(_("Scenario"), facts)


def _items(items: list[Item], user: Any, at: datetime) -> Section:
    # Who may do what depends on the case and the item's state alone: asked once per state, not per item.
    offered = {state: verbs.ITEM.available(item, user, at) for state, item in {i.state: i for i in items}.items()}
    rows = [
        Row(
            (item.product, item.product.seller, ", ".join(item.fields), item.get_route_display(),
             item.get_state_display(), _decided(item)),
            item,
            tuple(v for v in offered[item.state] if v.name != "split_off" or item.route == Route.ON_APPLICATION),
        )
        for item in items
    ]  # fmt: skip
    head = (_("Data product"), _("Seller"), _("Fields"), _("Route"), _("State"), _("Decision"))
    return table(_("What is asked for"), head, rows, items)


def _decided(item: Item) -> Any:
    if not hasattr(item, "decision"):
        return ""
    made = item.decision
    text = "\n".join(filter(None, (f"{day(made.at)} {made.by}", made.reason, made.remedy)))
    return format_html("{}\n{}", text, link(item.grant, item.grant.number)) if hasattr(item, "grant") else text


def _versions(items: list[Item], user: Any) -> Section:
    """Of the products asked for: each version with its newest assessment."""
    newest = Prefetch("assessments", queryset=Assessment.objects.order_by("-at", "-pk"))
    found = Version.objects.visible_to(user).filter(product__in=[item.product_id for item in items])
    rows = [
        Row((link(version), version.get_state_display(), version.rows, *_measured(version)))
        for version in found.select_related("product").prefetch_related(newest).order_by("product", "-number")
    ]
    return table(
        _("Versions and assessment"), (_("Version"), _("State"), _("Rows"), _("Assessed"), _("Result"), "k"), rows
    )


def _measured(version: Version) -> tuple[Any, Any, Any]:
    newest = next(iter(version.assessments.all()), None)
    if newest is None:
        return "–", "–", "–"
    return day(newest.at), _("passed") if newest.passes else _("not passed"), smallest_k(newest.report) or "–"


def _consultations(case: Application, user: Any, at: datetime) -> Section:
    asked = list(
        case.consultations.select_related("unit", "application__buyer", "application__authority", "answered_by", "standing")
        .order_by("round", "pk")
    )  # fmt: skip
    rows = [
        Row(
            (row.round, row.unit, row.get_state_display(), day(row.answered_at), row.answered_by,
             "\n".join(filter(None, (row.reason, row.conditions, row.standing and row.standing.document)))),
            row,
            tuple(verbs.CONSULTATION.available(row, user, at)),
        )
        for row in asked
    ]  # fmt: skip
    head = (_("Round"), _("Unit"), _("State"), _("Answered"), _("Who"), _("What it said"))
    return table(_("Consultation of the providing units"), head, rows, asked)


def _other_grants(case: Application, user: Any, at: datetime) -> Section:
    """What the buyer has or had already: seen together, grants may reveal what each alone does not."""
    others = Grant.objects.visible_to(user).filter(buyer=case.buyer_id).exclude(item__application=case)
    rows = [
        Row((link(grant), grant.get_state_display(), _("yes") if grant.effective else _("no"),
             f"{grant.starts} – {grant.ends}", ", ".join(grant.fields)))
        for grant in others.with_effect(at).select_related("product").order_by("pk")
    ]  # fmt: skip
    head = (_("Grant"), _("State"), _("In effect"), _("Period"), _("Fields"))
    return table(_("The buyer's other grants"), head, rows)


def consent(case: Any, user: Any, at: datetime) -> list[Section]:
    uses = case.uses.select_related("application").order_by("pk")
    return [
        Section(_("Consent"), of(case, "unit", "entry", "document", "purposes", "fields", "conditions", "valid_from", "valid_until")),
        table(_("Answers that rest on it"), (_("Application"), _("Day"), _("Reason")),
              [Row((link(row.application), day(row.answered_at), row.reason)) for row in uses]),
    ]  # fmt: skip


def _on_change(edition: GrantEdition, user: Any, at: datetime) -> tuple[Verb, ...]:
    if edition.state != EditionState.REQUESTED:
        return ()
    tables = (verbs.EDITION, supervision.EDITION)
    return tuple(verb for table in tables for verb in table.available(edition, user, at))


def grant(case: Grant, user: Any, at: datetime) -> list[Section]:
    """Terms, holds, where copies are, editions, deliveries' reports, orders; drafts of these to nobody of the buyer."""
    shown = Q(measure__in=Measure.objects.visible_to(user)) | ~Q(measure__state__in=DRAFTS)
    editions, holds = (
        list(case.editions.select_related("by", "grant__buyer", "grant__authority").order_by("pk")),
        list(case.holds.order_by("pk")),
    )
    return [
        Section(_("Grant"), (
            *of(case, "buyer", "product", "authority", "starts", "ends", "fields"),
            (_("In effect"), _("yes") if case.is_in_effect(at) else _("no")),
            (_("Application"), link(case.item.application)),
        )),
        table(_("Holds"), (_("Why"), _("Since"), _("Ends"), _("Lifted")), [
            Row((row.get_code_display(), day(row.opened_at), day(row.ends_at), day(row.lifted_at))) for row in holds
        ], holds),
        *cases_closeout.copies(case, user),
        table(_("Editions"), (_("No."), _("Kind"), _("State"), _("Who"), _("Reason"), _("Change")), [
            Row((row.number or "–", row.get_kind_display(), row.get_state_display(), row.by, row.reason or "–", lines(
                    f"{term}: {before} → {after}" for term, before, after in row.changes())),
                row, _on_change(row, user, at))
            for row in editions
        ], editions),
        *(section for row in editions if row.state == EditionState.REQUESTED for section in recusals(row)),
        table(_("Usage reports"), (_("Period"), _("State"), _("Due")), [
            Row((link(row), row.get_state_display(), day(row.due_at)))
            for row in case.reports.select_related("grant").order_by("start")
        ]),
        table(_("Orders"), (_("Order"), _("State")), [
            Row((link(row.measure), row.measure.get_state_display()))
            for row in case.measures.filter(shown).select_related("measure").order_by("pk")
        ]),
        cases_closeout.built([case.pk], user),
        *cases_closeout.cautions(case, user, at),
    ]  # fmt: skip
