"""The case files of security incidents, and of how a unit is prepared for them."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from marketplace.console.sections import Row, Section, day, evidence, lines, link, of, table
from marketplace.supervision.incidents import Incident
from marketplace.supervision.preparedness import EmergencyPlan
from marketplace.supervision.queries import copies_of

MOST = 20  # grants, and deliveries, that are named on the page


def incident(case: Incident, user: Any, at: datetime) -> list[Section]:
    """What happened, the dated facts, whom it reaches, who was told, what was written."""
    return [
        Section(_("What happened"), (
            (_("Version"), link(case.version)), (_("Seller"), case.version.product.seller),
            *of(case, "kind", "title", "facts", "reporter", "authority", "noticed_at", "may_identify", "lessons"),
            *_chosen(case),
        )),
        Section(_("Dated facts"), tuple((name, day(when) if when else _("not yet")) for name, when in case.dated)),
        table(_("Acknowledgements"), (_("Body"), _("Acknowledged"), _("By")), [
            Row((row.party, day(row.acknowledged_at) if row.acknowledged_at else _("not yet"), row.acknowledged_by))
            for row in case.acknowledgements.select_related("party", "acknowledged_by").order_by("pk")
        ]),
        Section(_("Whom it reaches"), (
            (_("People in the data, as far as known"), case.people_known), *of(case, "open_downloads", "counted_at"),
        )),
        _copies(case, at),
        table(_("Derived products"), (_("Derived product"), _("Developer")),
              [Row((link(row), row.party)) for row in case.derived.select_related("party").order_by("pk")]),
        _notices(case),
        table(_("Reports and supplements"), (_("Kind"), _("Who"), _("Time"), _("Text")), [
            Row((row.get_kind_display(), row.by, day(row.at), row.text))
            for row in case.notes.select_related("by").order_by("pk")
        ]),
    ]  # fmt: skip


def _chosen(case: Incident) -> tuple[tuple[Any, Any], ...]:
    """The grants and deliveries that alone are concerned, where it is not the version itself."""
    grants = case.only_under.select_related("product", "buyer").order_by("pk")
    chosen = case.only_deliveries.select_related("grant").order_by("obtained_at", "pk")
    return (
        (_("Only copies obtained under"), _first([link(grant) for grant in grants[:MOST]], grants.count())),
        (_("Only these deliveries"), _first(
            [link(row.grant, f"{row.grant.number} {day(row.obtained_at)}") for row in chosen[:MOST] if row.grant],
            chosen.count(),
        )),
    )  # fmt: skip


def _first(shown: list[Any], found: int) -> Any:
    """One below the other, and how many more there are; nothing where there is none."""
    more = [_("and %(number)s more") % {"number": found - len(shown)}] if found > len(shown) else []
    return lines([*shown, *more]) if shown else None


def _copies(case: Incident, at: datetime) -> Section:
    head = (
        _("Holder"),
        _("Grant"),
        _("Version"),
        _("Deliveries"),
        _("Rows"),
        _("First"),
        _("Last"),
        _("Paused for it"),
    )
    return table(_("Copies"), head, [
        Row((
            row.grant.buyer, link(row.grant), link(row.version), row.deliveries, row.rows,
            day(row.first_at), day(row.last_at), _("yes") if row.is_paused else _("no"),
        ))
        for row in copies_of(case, at)
    ])  # fmt: skip


def _notices(case: Incident) -> Section:
    rows = case.notices.select_related("party").order_by("pk")
    return table(_("Notices to holders"), (_("Holder"), _("Sent"), _("Confirmed")),
                 [Row((row.party, day(row.sent_at), day(row.confirmed_at))) for row in rows])  # fmt: skip


def plan(case: EmergencyPlan, user: Any, at: datetime) -> list[Section]:
    """What it covers, its document, and what was done under it."""
    rows = case.exercises.select_related("by").order_by("-day", "-pk")
    head = (
        _("Kind"),
        _("Day"),
        _("People who took part"),
        _("What was tried or looked at"),
        _("What was found, and what changes"),
        _("Who"),
    )
    return [
        Section(_("Emergency plan"), of(case, "unit", "authority", "contact", "covers", "adopted_on")),
        evidence(case),
        table(_("Drills, evaluations, assessments"), head, [
            Row((row.get_kind_display(), row.day, row.people, row.scenario, row.lessons, row.by)) for row in rows
        ]),
    ]  # fmt: skip
