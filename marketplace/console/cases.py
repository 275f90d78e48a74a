"""What a case file shows, section by section. Only reading: what one may do stands at its top, as verbs.

What belongs to another case is shown as far as the person may see that case (`visible_to`), whoever reads.
"""

from datetime import datetime
from typing import Any

from django.db.models import Prefetch
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.models import Assignment, AssignmentRole, CapabilityKind
from accounts.permissions import check_can_read_evidence
from listings import recipe_words, workbench
from listings import verbs as listings
from listings.difference import differences
from listings.in_house import told_of
from listings.models import Assessment, Objection, Product, Version, VersionSource
from listings.permissions import check_can_read_source_evidence
from listings.queries import pseudonym_columns, smallest_k
from marketplace.applications import verbs
from marketplace.applications.models import Application, Grant, GrantEdition, Item, Route
from marketplace.applications.queries import newest_linkages
from marketplace.applications.states import EditionState
from marketplace.clock.working_days import last_day
from marketplace.console import cases_closeout
from marketplace.console.sections import Row, Section, day, evidence, lines, link, of, recusals, table
from marketplace.documents.models import Document
from marketplace.errors import is_allowed
from marketplace.supervision import operations
from marketplace.supervision import verbs as supervision
from marketplace.supervision.concern import Concern
from marketplace.supervision.deadlines import decide_by
from marketplace.supervision.models import Measure
from marketplace.supervision.permissions_concern import check_can_triage_concern, may_know_reporter
from marketplace.supervision.queries import has_other_sources, known_to, with_deadline
from marketplace.supervision.review import Review
from marketplace.verbs import Verb

# --- applications ----------------------------------------------------------------------------------------------------


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
        _papers(*(item for item in items if hasattr(item, "decision"))),
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


def _papers(*cases: Any) -> Section:
    """The numbered documents of a case, as downloads; of those of a measure, when each was served."""
    rows = [one for case in cases for one in Document.objects.of(case).defer("pdf", "content")]
    head = (_("Number"), _("Date"), _("First opened by the party"), _("Deemed served"), "SHA-256")
    return table(_("Numbered documents"), head, [
        Row((format_html('<a href="{}" download>{}</a>', one.get_absolute_url(), one), day(one.issued_at),
             day(one.seen_at), day(one.deemed_served_at),
             format_html('<span class="hash">{}</span>', one.sha256 or "–")))
        for one in rows
    ])  # fmt: skip


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


# --- what is on offer ------------------------------------------------------------------------------------------------


def entry(case: Any, user: Any, at: datetime) -> list[Section]:
    products = case.products.visible_to(user).order_by("pk")
    return [
        Section(_("What it is"), of(case, "unit", "title", "description", "sharing", "withheld_basis", "opening", "frequency", "contact")),
        table(_("Products made from it"), (_("Data product"), _("Seller")),
              [Row((link(row), row.seller)) for row in products.select_related("seller")]),
    ]  # fmt: skip


def version(case: Version, user: Any, at: datetime) -> list[Section]:
    """The version, its sources, its lawful-source file, what was measured, its steps and files."""
    product = case.product
    newest = case.assessments.order_by("-at", "-pk").first()
    sources = VersionSource.objects.filter(version=case).select_related("unit", "entry").order_by("pk")
    return [
        Section(_("This version"), (
            *of(product, "seller", "title", "nature", "acquisition", "category", "grade", "summary", "purposes"),
            *of(case, "about", "data_from", "data_until", "collected_from", "collected_until", "deidentification_tool",
                "tool_version", "key_is_kept", "key_kept_by", "key_kept_where"),
            (_("Columns of digests or tokens"), ", ".join(pseudonym_columns(case))), *of(case, "pseudonyms"),
            (_("Rows"), case.rows), (_("Competent authority"), case.authority),
            (_("Declared under Art. 31"), day(product.declared_at)),
        )),
        *cases_closeout.cautions(case, user, at),
        table(_("Whose data"), (_("Unit"), _("Catalogue entry")), [Row((row.unit, link(row.entry))) for row in sources]),
        _sources(product, user, at),
        _objections(case, user, at),
        *_assessment(newest),
        *_assessments(case),
        *_in_house(case),
        *_recipes(case),
        Section(_("Columns"), template="listings/columns.html", context={"version": case}),
        table(_("Processing steps (Art. 32)"), (_("Step"), _("Tool"), _("By"), _("Time")), [
            Row((recipe_words.of_step(row) or _(row.step), row.tool, row.operator, day(row.at))) for row in case.steps.order_by("number")
        ]),
        table(_("Files"), (_("Kind"), _("Name"), "SHA-256", _("Destroyed")), [
            Row((row.get_kind_display(), row.name, row.sha256, day(row.destroyed_at))) for row in case.files.order_by("pk")
        ]),
    ]  # fmt: skip


def _sources(product: Product, user: Any, at: datetime) -> Section:
    rows = list(product.source_files.select_related("product__seller").order_by("pk"))
    offered = {(row.state, row.has_lapsed(at)): row for row in rows}  # what may be done depends on these alone
    may = {key: tuple(listings.SOURCE.available(row, user, at)) for key, row in offered.items()}
    head = (_("Kind"), _("Document"), _("Number"), _("Summary"), _("Valid until"), _("State"))
    return table(_("Lawful-source file"), head, [
        Row((row.get_kind_display(), row.title, row.reference, row.summary, day(row.valid_until), row.get_state_display()),
            row, may[row.state, row.has_lapsed(at)])
        for row in rows
    ], rows)  # fmt: skip


def _objections(case: Version, user: Any, at: datetime) -> Section:
    """As far as the person may see them: an objector is protected from the seller."""
    rows = list(
        Objection.objects.visible_to(user).filter(version=case).select_related("version__product").order_by("pk")
    )
    may = {row.state: tuple(listings.OBJECTION.available(row, user, at)) for row in rows if row.by_id != user.pk}
    return table(_("Objections"), (_("Number"), _("Received"), _("Objection"), _("State"), _("Answer")), [
        Row((row.number, day(row.created_at), row.text, row.get_state_display(), row.answer), row,
            () if row.by_id == user.pk else may.get(row.state, ()))
        for row in rows
    ], rows)  # fmt: skip


def source(case: Any, user: Any, at: datetime) -> list[Section]:
    return [
        Section(_("What it is"), (
            (_("Data product"), link(case.product)), *of(case, "kind", "title", "reference", "summary", "valid_until"),
        )),
        *([evidence(case)] if is_allowed(check_can_read_source_evidence, user, case, at) else []),
        Section(_("What the check found"), ((_("Checked"), day(case.checked_at)), (_("By"), case.checked_by), *of(case, "check_words"))),
    ]  # fmt: skip


def rule(case: Any, user: Any, at: datetime) -> list[Section]:
    """The bounds, and each version that was held against them."""
    checks = case.checks.select_related("version__product").order_by("-pk")
    return [
        Section(_("Bounds"), (
            (_("Version reviewed"), link(case.basis)), (_("Seller"), case.product.seller),
            *of(case, "min_rows", "max_rows", "min_k", "max_drift", "valid_until"),
        )),
        table(_("Versions held against it"), (_("Version"), _("Time"), _("Inside every bound")),
              [Row((link(row.version), day(row.at), _("yes") if row.holds else _("no"))) for row in checks]),
    ]  # fmt: skip


def description(case: Any, user: Any, at: datetime) -> list[Section]:
    """Both texts side by side."""
    return [
        Section(_("What it is"), (
            (_("Data product"), link(case.product)), (_("Seller"), case.product.seller), (_("By"), case.by),
            *of(case, "reason"), (_("Version reviewed"), link(case.basis)),
        )),
        Section(_("Both texts"), template="listings/difference.html",
                context={"rows": differences(case.before, case.after)}),
    ]  # fmt: skip


def _assessment(newest: Assessment | None) -> list[Section]:
    if newest is None:
        return []
    return [
        Section(_("Assessment (Art. 17)"), template="console/assessment.html",
                context={"assessment": newest, "report": newest.report})
    ]  # fmt: skip


def _recipes(case: Version) -> list[Section]:
    """How a file that failed was mended: the recipes tried, before and after. To be read only."""
    found = workbench.of(case)
    title = _("Recipes for the file that failed")
    return [Section(title, template="listings/recipes.html", context={"rows": found})] if found else []


def _assessments(case: Version) -> list[Section]:
    """All of them where there are several, the newest first."""
    rows = list(case.assessments.order_by("-at", "-pk"))
    return [
        Section(_("Assessments so far"), template="listings/assessments_table.html", context={"assessments": rows})
    ] if len(rows) > 1 else []  # fmt: skip


def _in_house(case: Version) -> list[Section]:
    told = told_of(case)
    return [Section(_("Assessed in house"), template="listings/in_house.html", context={"told": told})] if told else []


# --- what comes after the decision -----------------------------------------------------------------------------------


def _on_change(edition: GrantEdition, user: Any, at: datetime) -> tuple[Verb, ...]:
    if edition.state != EditionState.REQUESTED:
        return ()
    tables = (verbs.EDITION, supervision.EDITION)
    return tuple(verb for table in tables for verb in table.available(edition, user, at))


def grant(case: Grant, user: Any, at: datetime) -> list[Section]:
    """Terms, holds, where copies are, editions, deliveries' reports, orders."""
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
            for row in case.measures.select_related("measure").order_by("pk")
        ]),
        cases_closeout.built([case.pk], user),
        *cases_closeout.cautions(case, user, at),
    ]  # fmt: skip


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
            (_("Rule"), case.rule_label), (_("Noticed"), day(case.created_at)),
            (_("Grant"), case.grant and link(case.grant)), (_("Version"), case.version and link(case.version)),
            (_("Party"), case.party),
            *([(_("Seen"), case.said)] if case.said else []),
            *((_(name.capitalize()), text) for name, text in case.text.items() if name in ("report", "due")),
        )),
        _concerns(case, user),
        evidence(case),
        *(_assessments(case.version) if case.version else []),
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
            (_("Hearing opened"), day(case.hearing_opened_at)), (_("To be decided after it by"), by and last_day(by)),
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
        _papers(case),
    ]  # fmt: skip


def _signatures(case: Any) -> list[Section]:
    """Where the authority wants two officers: who signed first, and what the second did."""
    rows = list(case.signatures.select_related("by", "ended_by", "measure").order_by("pk"))
    head = (_("Act"), _("Signed first"), _("Time"), _("Second officer"), _("Outcome"))
    lines = [
        Row((one.get_what_display(), one.by, day(one.at), one.ended_by or "–", one.get_outcome_display() or _("waits")))
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
        Section(_("What it is asked against"), (
            (_("Decision"), link(case.subject) if visible.exists() else case.subject), (_("Article"), _(said["article"])),
            (_("Facts"), said.get("facts")), (_("What has to be corrected"), said.get("demand")),
            (_("Reason"), said.get("reason")), (_("Remedy"), said.get("remedy")),
        )),
        evidence(case),
        Section(_("Answer"), (
            *of(case, "reason", "remedy"), (_("Who"), case.decided_by), (_("Time"), day(case.decided_at)),
        )),
        _papers(case),
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
