"""Pages of what comes after the decision: grants, reports, derived products, findings, orders."""

from datetime import datetime
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.evidence import pages
from accounts.models import CapabilityKind, EvidenceFile, Party
from accounts.queries import parties_as, parties_of
from listings.models import is_provincial_officer
from marketplace import keyset
from marketplace.applications import verbs as application_verbs
from marketplace.applications.models import Application, Grant, GrantEdition, open_holds
from marketplace.applications.states import EditionState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import local_date
from marketplace.delivery.gate import SERVED
from marketplace.delivery.models import AccessRecord, Delivery
from marketplace.ledger.entries import reference
from marketplace.pages import HistoryRow, history_rows
from marketplace.supervision import operations, queries, verbs
from marketplace.supervision.closeout import Certificate, Whereabouts, built_from, is_over
from marketplace.supervision.concern import Concern
from marketplace.supervision.deadlines import decide_by
from marketplace.supervision.evidence_time import keeping
from marketplace.supervision.models import DerivedProduct, Finding, Measure, UsageReport
from marketplace.supervision.operations.order import is_outdated
from marketplace.supervision.review import is_stayed
from marketplace.supervision.second_pair import waiting_signature
from marketplace.supervision.states import DerivedState, MeasureState, ReportState

RECENT = 20
TO_THE_BUYER = ("Art. 33", "Art. 34")  # orders, terminations and precautions


@require_safe
def grant_list(request: HttpRequest) -> HttpResponse:
    grants = Grant.objects.visible_to(request.user).with_effect(timezone.now()).select_related("buyer", "product")
    return render(request, "supervision/grant_list.html", {"page": keyset.paged(request, grants)})


@require_safe
def grant(request: HttpRequest, pk: int) -> HttpResponse:
    """A grant: in effect or why not, terms, downloads, duties, orders, history."""
    at = timezone.now()
    visible = Grant.objects.visible_to(request.user).with_effect(at)
    item = get_object_or_404(
        visible.select_related(
            "buyer", "product__seller", "authority", "item__application", "from_version", "disclosure"
        ),
        pk=pk,
    )
    mine = item.buyer in parties_of(request.user, at)
    versions = item.versions.filter(state__in=SERVED, is_taken_down=False, product__taken_down_by="")
    may_see_reasons = mine or _oversees(request.user, item.authority, at)
    holds = list(item.holds.order_by("pk"))
    editions = list(item.editions.select_related("grant__buyer", "grant__authority", "by").order_by("pk"))
    pending = next((edition for edition in editions if edition.state == EditionState.REQUESTED), None)
    context = {
        "grant": item,
        "is_mine": mine,
        "may_see_reasons": may_see_reasons,
        "open_holds": list(open_holds(at, grant=item).order_by("pk")),
        "today": local_date(at),
        "buyer_stands": item.buyer.is_in_good_standing(at),
        "may_see_application": Application.objects.visible_to(request.user).filter(items=item.item_id).exists(),
        "versions": versions.order_by("-number") if mine else [],
        "deliveries": Delivery.objects.filter(grant=item)
        .select_related("version__product", "principal")
        .order_by("-pk")[:RECENT],
        "access": AccessRecord.objects.filter(grant_ref=reference(item)).order_by("-pk")[:RECENT],
        "reports": item.reports.order_by("start"),
        "owed": (ReportState.OPEN, ReportState.RETURNED),
        "now": at,
        "measures": Measure.objects.visible_to(request.user).filter(held__grant=item).order_by("pk"),
        "clocks": clock.of(item).open(),
        "verbs": application_verbs.GRANT.available(item, request.user, at),
        "officer_verbs": verbs.GRANT.available(item, request.user, at),
        **_copies(item, request.user, at),
        **_built(item, request.user),
        "named": item.users.filter(removed_at=None).select_related("user").order_by("pk"),
        "named_systems": item.systems.filter(removed_at=None).select_related("credential").order_by("pk"),
        "editions": editions,
        "pending": pending,
        **_of_change(pending, request.user, at),
        "history": [row if may_see_reasons else _without_order(row) for row in history_rows([item, *holds, *editions])],
    }
    return render(request, "supervision/grant.html", context)


def _of_change(pending: GrantEdition | None, user: Any, at: datetime) -> dict[str, Any]:
    """What the person can do with the change that is asked for."""
    if pending is None:
        return {}
    return {
        "edition_verbs": application_verbs.EDITION.available(pending, user, at),
        "step_back_verbs": verbs.EDITION.available(pending, user, at),
    }


def _copies(grant: Grant, user: Any, at: datetime) -> dict[str, Any]:
    """Where the copies are and whether they are destroyed, as far as the person may know."""
    said = Whereabouts.objects.visible_to(user).filter(grant=grant)
    return {
        "whereabouts": said.select_related("by").order_by("-pk"),
        "certificate": Certificate.objects.visible_to(user).filter(grant=grant).first(),
        "evidence_for": keeping(grant) if is_over(grant, at) else [],
    }


def _built(grant: Grant, user: Any) -> dict[str, Any]:
    """What was built from it, and whether it is itself of a built product that is flagged."""
    flagged = DerivedProduct.objects.filter(listed_as=grant.product_id, state=DerivedState.FLAGGED)
    return {"built": built_from(grant, user), "is_of_flagged": flagged.exists()}


def _oversees(user: Any, authority: Party, at: datetime) -> bool:
    return authority in parties_as(user, CapabilityKind.AUTHORITY, at) or is_provincial_officer(user)


def _without_order(row: HistoryRow) -> HistoryRow:
    """For seller and units: that the grant is paused or ended, not what the authority wrote to the buyer about it."""
    told = row.entry.object_type == Grant._meta.label_lower and row.entry.article not in TO_THE_BUYER
    return row if told else row._replace(text="")


@require_safe
def report(request: HttpRequest, pk: int) -> HttpResponse:
    visible = UsageReport.objects.visible_to(request.user)
    item = get_object_or_404(
        visible.select_related("grant__buyer", "grant__product__seller", "grant__authority"), pk=pk
    )
    offered = verbs.REPORT.available(item, request.user, timezone.now())
    context = {
        "report": item,
        "filings": item.filings.select_related("by").order_by("-round"),
        "metered": queries.metered_use(item),
        "refused_requests": queries.refused_requests(item),
        "nil_verb": next((verb for verb in offered if verb.name == "file_nil"), None),
        "verbs": [verb for verb in offered if verb.name != "file_nil"],
        "history": history_rows([item]),
    }
    return render(request, "supervision/report.html", context)


@require_safe
def measure_list(request: HttpRequest) -> HttpResponse:
    """Orders and notices that the person may see; an officer begins one here that holds no grant."""
    at = timezone.now()
    measures = Measure.objects.visible_to(request.user).select_related("party", "authority", "issuer")
    authorities = parties_as(request.user, CapabilityKind.AUTHORITY, at).order_by("pk")
    begins = [(one, verbs.AUTHORITY.available(one, request.user, at)) for one in authorities]
    context = {"page": keyset.paged(request, measures), "begins": begins}
    return render(request, "supervision/measure_list.html", context)


@require_safe
def measure(request: HttpRequest, pk: int) -> HttpResponse:
    """An order: facts, demand, deadline, what it holds, evidence, hearing, outcome."""
    visible = queries.with_deadline(Measure.objects.visible_to(request.user)).select_related(
        "party", "authority", "issuer", "finding", "issued_by", "version__product", "required_by", "seen_by"
    )
    item = get_object_or_404(visible, pk=pk)
    if request.method == "GET":
        operations.note_seen(measure=item, actor=request.user, at=timezone.now())
    may_supervise = _oversees(request.user, item.authority, timezone.now())
    correction = clock.newest(item, Kind.CORRECTION)
    context = {
        "measure": item,
        "now": timezone.now(),
        "signature": waiting_signature(item) if may_supervise else None,
        "correction": correction,
        "correction_still": correction.paused_at if correction and correction.ended_at is None else None,
        "may_see_finding": Finding.objects.visible_to(request.user).filter(measures=item).exists(),
        "held": item.held.select_related("grant__product").order_by("pk"),
        "evidence": item.evidence.select_related("by").order_by("pk"),
        "clocks": clock.of(item).open().order_by("due_at"),
        "verbs": verbs.MEASURE.available(item, request.user, timezone.now()),
        "is_outdated": item.state == MeasureState.PROPOSED and is_outdated(item),
        "hearing_until": item.hearing_by,
        "decide_by": decide_by(item),
        "decider": item.closer if item.state == MeasureState.REFUSED_TO_CORRECT else item.answering,
        "is_stayed": is_stayed(item),
        "is_standing": item.state not in (MeasureState.PROPOSED, MeasureState.DROPPED),
        "history": history_rows([item, *EvidenceFile.objects.ever_of(item)]),
    }
    return render(request, "supervision/measure.html", context)


@require_safe
def measure_evidence(request: HttpRequest, pk: int, file: int) -> FileResponse:
    """A file behind an order, to whom the order is visible."""
    return pages.download(request, get_object_or_404(Measure.objects.visible_to(request.user), pk=pk), file)


@require_safe
def finding_evidence(request: HttpRequest, pk: int, file: int) -> FileResponse:
    """A file behind a finding, to whom the finding is visible."""
    return pages.download(request, get_object_or_404(Finding.objects.visible_to(request.user), pk=pk), file)


@require_safe
def finding_list(request: HttpRequest) -> HttpResponse:
    findings = Finding.objects.visible_to(request.user).select_related("grant__product", "version__product", "party")
    return render(request, "supervision/finding_list.html", {"page": keyset.paged(request, findings)})


@require_safe
def finding(request: HttpRequest, pk: int) -> HttpResponse:
    item = get_object_or_404(
        Finding.objects.visible_to(request.user).select_related(
            "grant__product__seller", "version__product__seller", "version__reviewer", "party", "merged_into"
        ),
        pk=pk,
    )
    context = {
        "finding": item,
        "measures": item.measures.order_by("pk"),
        "concerns": Concern.objects.visible_to(request.user).filter(finding=item).order_by("pk"),
        "may_see_grant": Grant.objects.visible_to(request.user).filter(pk=item.grant_id).exists(),
        "assessments": item.version.assessments.order_by("-at", "-pk") if item.version else [],
        "clocks": clock.of(item).open(),
        "verbs": verbs.FINDING.available(item, request.user, timezone.now()),
        "history": history_rows([item, *EvidenceFile.objects.ever_of(item)]),
    }
    return render(request, "supervision/finding.html", context)
