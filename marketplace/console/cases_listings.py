"""What the files of what is on offer show: entries, versions, sources, rules."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from listings import recipe_words, workbench
from listings import verbs as listings
from listings.difference import differences
from listings.in_house import told_of
from listings.models import Assessment, Objection, Product, Version, VersionSource
from listings.permissions import check_can_read_source_evidence
from listings.queries import pseudonym_columns
from marketplace.console import cases_closeout
from marketplace.console.sections import Row, Section, day, evidence, link, of, table
from marketplace.errors import is_allowed


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
        *assessments(case),
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
        *cases_closeout.cautions(case, user, at),
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
        *cases_closeout.cautions(case, user, at),
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


def assessments(case: Version) -> list[Section]:
    """All of them where there are several, the newest first."""
    rows = list(case.assessments.order_by("-at", "-pk"))
    return [
        Section(_("Assessments so far"), template="listings/assessments_table.html", context={"assessments": rows})
    ] if len(rows) > 1 else []  # fmt: skip


def _in_house(case: Version) -> list[Section]:
    told = told_of(case)
    return [Section(_("Assessed in house"), template="listings/in_house.html", context={"told": told})] if told else []
