"""Pages of applications, for buyers, officers and units."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Assignment, AssignmentRole, CapabilityKind
from accounts.permissions import MANAGERS
from accounts.queries import memberships, parties_as
from listings.models import Product
from marketplace import keyset
from marketplace.applications import forms, operations, queries, verbs
from marketplace.applications.models import Application, Consultation, Grant, Item, Route
from marketplace.applications.states import UNANSWERED
from marketplace.clock import operations as clock
from marketplace.clock.models import Clock
from marketplace.faces import form_page, submit
from marketplace.pages import history_rows
from marketplace.verbs import Verb


@require_safe
def application_list(request: HttpRequest) -> HttpResponse:
    visible = Application.objects.visible_to(request.user).select_related("buyer", "authority")
    page = keyset.paged(request, visible.prefetch_related("items__product"))
    at = timezone.now()
    mine = memberships(request.user, at).filter(role__in=MANAGERS).values("party")
    managed = parties_as(request.user, CapabilityKind.BUYER, at).filter(pk__in=mine).order_by("name")
    return render(request, "applications/application_list.html", {"page": page, "managed": managed})


@require_safe
def application(request: HttpRequest, pk: int) -> HttpResponse:
    """The case: scenario, items with their decisions, consultations, clocks, history."""
    at, user = timezone.now(), request.user
    visible = Application.objects.visible_to(user)
    case = get_object_or_404(visible.select_related("buyer", "authority", "seller", "applicant", "prepared_by"), pk=pk)
    items = _items_with_verbs(case, user, at)
    consultations = _consultations_with_verbs(case, {str(item.pk): item.product.title for item, *_ in items}, user, at)
    in_charge = Assignment.objects.filter(
        object_type=case._meta.label_lower, object_id=str(case.pk), role=AssignmentRole.OFFICER_IN_CHARGE, ended_at=None
    )
    offered = verbs.APPLICATION.available(case, user, at)
    may_write = any(verb.name == "write" for verb in offered)
    context = {
        "application": case,
        "dialogue": case.messages.select_related("by", "party").order_by("pk"),
        "message_form": forms.MessageForm(target=case, actor=user, at=at) if may_write else None,
        "items": items,
        "origin": visible.filter(items__split_into=case).first(),
        "linkages": queries.newest_linkages(case, user),
        "opinions": case.opinions.select_related("by").order_by("pk"),
        "consultations": consultations,
        "clocks": clock.of(case).open().order_by("due_at"),
        "in_charge": in_charge.select_related("user").first(),
        "verbs": [verb for verb in offered if verb.name != "write"],
        "history": history_rows([case, *(item for item, *_ in items), *(row for row, *_ in consultations)]),
    }
    return render(request, "applications/application.html", context)


def _items_with_verbs(case: Application, user: Any, at: datetime) -> list[tuple[Item, list[Verb], Application | None]]:
    """Each item with what the person can do and the application that it was split off into."""
    items = list(
        Item.objects.filter(application=case)
        .select_related(
            "product__seller", "product__entry", "application__buyer", "application__authority", "application__seller",
            "decision__by",
        )
        .prefetch_related(Prefetch("grant", queryset=Grant.objects.all()))
        .order_by("pk")
    )  # fmt: skip
    parts = {part.split_from_id: part for part in Application.objects.visible_to(user).filter(split_from__in=items)}
    # Who may do what with an item depends on the case and the item's state alone: asked once, not per item; `_fitting`
    # hides what does not fit its route.
    of_state = {item.state: item for item in items}
    offered = {state: verbs.ITEM.available(item, user, at) for state, item in of_state.items()}
    return [(item, _fitting(offered[item.state], item), parts.get(item.pk)) for item in items]


def _consultations_with_verbs(
    case: Application, titles: dict[str, str], user: Any, at: datetime
) -> list[tuple[Consultation, list[Verb], Any]]:
    """Each consultation with what the person can do and its clock; `titles` are those of the items by key."""
    rows = list(
        Consultation.objects.filter(application=case)
        .select_related("unit", "application__buyer", "application__authority", "answered_by", "standing")
        .order_by("round", "pk")
    )
    asked = [str(row.pk) for row in rows if row.state in UNANSWERED]
    running = Clock.objects.open().filter(object_type=Consultation._meta.label_lower, object_id__in=asked)
    due = {used.clock.object_id: used for used in clock.days_used(running, at)}
    for row in rows:
        row.narrowed = [(titles[key], names) for key, names in (row.fields or {}).items() if key in titles]  # type: ignore[attr-defined]
    return [(row, verbs.CONSULTATION.available(row, user, at), due.get(str(row.pk))) for row in rows]


@require_POST
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """What the scenario's form sends while somebody types."""
    case = get_object_or_404(Application.objects.visible_to(request.user), pk=pk)
    at = timezone.now()
    sent = {name: "、".join(values) for name, values in request.POST.lists()}
    texts = {name: text for name, text in sent.items() if "\0" not in text}
    try:
        operations.keep_draft(application=case, actor=request.user, at=at, texts=texts)  # type: ignore[arg-type]
    except ValidationError as error:
        return JsonResponse({"errors": error.messages}, status=422)
    return JsonResponse({"time": f"{timezone.localtime(at):%H:%M:%S}"})


def _fitting(offered: list[Verb], item: Item) -> list[Verb]:
    return [verb for verb in offered if verb.name != "split_off" or item.route == Route.ON_APPLICATION]


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """From a product's page into a new application."""
    at = timezone.now()
    product = get_object_or_404(Product.objects.visible_to(request.user).listed(), pk=pk)
    version = product.versions.published().order_by("-number").first()
    if version is None or product.is_openly_available:
        raise Http404
    columns = list(version.columns.order_by("position").values_list("name", flat=True))
    form = forms.StartForm(request.POST or None, user=request.user, at=at, columns=columns)
    if request.method == "POST":
        made = submit(
            request,
            form,
            lambda **fields: operations.start_application(product=product, actor=request.user, at=at, **fields),
        )
        if made:
            return redirect("applications:application-describe", made.pk)
    return form_page(request, form, "applications/start.html", product=product, version=version)
