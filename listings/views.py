"""Pages of single products, versions and entries: public, for sellers, for units, for officers."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.decorators import login_not_required
from django.db.models import Prefetch
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.evidence import pages
from accounts.models import CapabilityKind, EvidenceFile
from accounts.queries import parties_as, parties_of
from listings import forms, operations, queries, verbs, workbench
from listings.models import (
    CatalogueEntry,
    Objection,
    Product,
    ProductStop,
    ReleaseCheck,
    SourceFile,
    Upload,
    Version,
)
from listings.operations.versions import what_is_missing
from listings.permissions import check_can_read_source_evidence
from listings.states import (
    LIVING_RULE,
    ON_OFFER,
    OPEN_CHANGE,
    REVIEWED,
    WITH_SELLER,
    ChangeState,
    ObjectionState,
    VersionState,
)
from marketplace import keyset
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import last_day
from marketplace.errors import is_allowed
from marketplace.faces import form_page, submit
from marketplace.pages import history_rows
from marketplace.verbs import Verb


@login_not_required
@require_safe
def product(request: HttpRequest, pk: int) -> HttpResponse:
    """A product with its versions, lawful sources and what it may be used for."""
    visible = Product.objects.visible_to(request.user).select_related("seller__region", "entry__unit", "declared_by")
    versions = Version.objects.visible_to(request.user).order_by("-number")
    item = get_object_or_404(
        visible.prefetch_related(
            Prefetch("source_files", queryset=SourceFile.objects.select_related("product__seller").order_by("pk")),
            Prefetch("versions", queryset=versions, to_attr="shown"),
        ),
        pk=pk,
    )
    current = queries.version_page(request.user).published().filter(product=item).order_by("-number").first()
    at = timezone.now()
    available = verbs.PRODUCT.available(item, request.user, at)
    sources = list(item.source_files.all())
    context = {
        "product": item,
        "sources": _source_rows(sources, request.user, at),
        "invited": item.invitations.select_related("party").order_by("pk") if available else [],
        "current": current,
        "upstream": item.upstream.select_related("version__product").order_by("pk") if item.is_built else [],
        "conditions": queries.upstream_conditions(item) if item.is_built else [],
        "stopped": item.is_built and ProductStop.objects.standing(timezone.now()).filter(product=item).exists(),
        "over": [operations.why_over(one) for one in operations.grants_over(item, at)],
        "verbs": available,
        "changes": item.description_changes.filter(state=ChangeState.ACCEPTED).order_by("-decided_at"),
        "open_changes": item.description_changes.filter(state__in=OPEN_CHANGE) if available else [],
        "rules": item.release_rules.filter(state__in=LIVING_RULE) if available else [],
        "history": history_rows([item, *sources, *_documents(sources, request.user, at), *item.shown])
        if available
        else [],
        "may_see_history": bool(available),
    }
    return render(request, "listings/product.html", context)


@login_not_required
@require_safe
def version(request: HttpRequest, pk: int) -> HttpResponse:
    """A version: its file, columns, sources, steps, assessment, review."""
    item = get_object_or_404(queries.version_page(request.user), pk=pk)
    insider = queries.concerns(request.user, item)
    at = timezone.now()
    objections = list(item.objections.order_by("pk"))
    readable = set(Objection.objects.visible_to(request.user).filter(version=item).values_list("pk", flat=True))
    context = {
        "version": item,
        "sources": _source_rows(item.product.source_files.all(), request.user, at) if insider else [],
        "faulty": queries.faulty_sources(item, at) if insider and item.state == VersionState.SUBMITTED else [],
        "has_other": item.product.is_built and queries.rests_on_other_data([item.product_id]),
        "objections": [one for one in objections if one.pk in readable],
        "objections_raised": len(objections),
        "objections_open": sum(one.state == ObjectionState.OPEN for one in objections),
        "is_open_to_objections": item.state == VersionState.IN_PUBLICITY
        and not clock.has_run_out(item, Kind.PUBLICITY, at),
        "assessment": queries.shown_assessment(item, insider),
        "assessments": item.assessments.all() if insider and item.state in REVIEWED else [],
        "lapses": _lapses(item),
        "has_file": any(file.destroyed_at is None for file in item.files.all()),
        "missing": _missing(item) if insider else [],
        "job": next(iter(item.jobs.all()), None) if insider else None,
        "upload": _upload(item) if insider else None,
        "clocks": clock.of(item).open().order_by("due_at"),
        "verbs": verbs.VERSION.available(item, request.user, timezone.now()),
        "insider": insider,
        "workbench": workbench.of(item) if insider else None,
        "opinions": item.opinions.select_related("by").order_by("pk") if insider else [],
        "check": ReleaseCheck.objects.filter(version=item).select_related("rule").first() if insider else None,
        "history": history_rows([item]) if insider else [],
    }
    return render(request, "listings/version.html", context)


def _lapses(version: Version) -> Any:
    newest = next(iter(version.assessments.all()), None)
    return last_day(operations.lapses_at(newest)) if newest and version.state in ON_OFFER else None


def _upload(version: Version) -> Upload | None:
    """The newest upload of a draft, unless the file has come another way since."""
    if version.state != VersionState.DRAFT:
        return None
    return version.uploads.order_by("-pk").first()


class SourceRow(NamedTuple):
    """An item of the lawful-source file, what the person can do with it, and its documents where they may read them."""

    item: SourceFile
    verbs: list[Verb]
    files: list[pages.Listed] | None


def _source_rows(sources: Iterable[SourceFile], user: Any, at: datetime) -> list[SourceRow]:
    """What a person can do depends on the product, on state and lapse, and on whether a document is theirs: it is asked
    once for each of these."""
    offered: dict[Any, list[Verb]] = {}
    items, rows = list(sources), []
    files = pages.listed_each(items, "listings:source-file-evidence") if _reads_documents(items, user, at) else {}
    for item in items:
        listed = files.get(item.pk)
        key = item.state, item.has_lapsed(at), any(one.file.is_by(user) for one in listed or ())
        if key not in offered:
            offered[key] = verbs.SOURCE.available(item, user, at)
        rows.append(SourceRow(item, offered[key], listed))
    return rows


def _documents(items: list[SourceFile], user: Any, at: datetime) -> Iterable[EvidenceFile]:
    """What is behind the items or was, for the history: who added it, and who has opened it."""
    return EvidenceFile.objects.ever_of(*items) if _reads_documents(items, user, at) else ()


def _reads_documents(items: list[SourceFile], user: Any, at: datetime) -> bool:
    """Of all the items of a product alike."""
    return bool(items) and is_allowed(check_can_read_source_evidence, user, items[0], at)


@require_safe
def source_evidence(request: HttpRequest, pk: int, file: int) -> FileResponse:
    """A document of the lawful-source file, to the seller's people and whoever checks it."""
    visible = SourceFile.objects.visible_to(request.user).select_related("product__seller")
    item = get_object_or_404(visible, pk=pk)
    check_can_read_source_evidence(request.user, item, timezone.now())
    return pages.download(request, item, file)


def _missing(version: Version) -> list[tuple[str, str]]:
    """What still keeps the seller from submitting: sentence, and the page that mends it."""
    if version.state not in WITH_SELLER:
        return []
    about = {"describe": ("listings:version-describe", version.pk)}
    missing = what_is_missing(version, timezone.now())
    return [
        (text, reverse(name, args=[pk]))
        for verb, text in missing.items()
        for name, pk in [about.get(verb, (f"listings:product-{verb}", version.product_id))]
    ]


@login_not_required
@require_safe
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    item = get_object_or_404(
        CatalogueEntry.objects.visible_to(request.user).select_related("unit__region", "authority"), pk=pk
    )
    available = verbs.ENTRY.available(item, request.user, timezone.now())
    products = Product.objects.listed().filter(entry=item).order_by("title")
    return render(
        request,
        "listings/entry.html",
        {"entry": item, "verbs": available, "products": products, "history": history_rows([item]) if available else []},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def propose_entry(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    units = parties_as(request.user, CapabilityKind.UNIT, at).order_by("name")
    form = forms.ProposeEntryForm(request.POST or None, units=units)
    if request.method == "POST":
        made = submit(request, form, lambda **fields: operations.propose_entry(actor=request.user, at=at, **fields))
        if made:
            return redirect(made.get_absolute_url())
    return form_page(request, form, "listings/propose_entry.html", units=units)


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """A seller's products with their versions in work."""
    at = timezone.now()
    newest = Version.objects.order_by("-number")
    products = (
        Product.objects.filter(seller__in=parties_of(request.user, at))
        .select_related("entry__unit", "seller")
        .prefetch_related(Prefetch("versions", queryset=newest, to_attr="shown"))
    )
    page = keyset.paged(request, products)
    return render(
        request, "listings/mine.html", {"page": page, "may_create": forms.sellers_of(request.user, at).exists()}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def create_product(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    form = forms.CreateProductForm(request.POST or None, sellers=forms.sellers_of(request.user, at))
    if request.method == "POST":
        made = submit(request, form, lambda **fields: operations.create_product(actor=request.user, at=at, **fields))
        if made:
            return redirect(made.get_absolute_url())
    return form_page(request, form, "listings/create_product.html")
