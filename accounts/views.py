"""Pages of the parties: their own people see their party, the operator sees all. And the switch of the language."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import i18n
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import identity, operations
from accounts.credential_views import may_keep_credentials
from accounts.evidence import pages
from accounts.forms import FORM_OF
from accounts.models import CapabilityKind, EvidenceFile, Invitation, Party, PartyKind, User
from accounts.operations.invitation import check_can_accept
from accounts.permissions import check_can_read_evidence
from accounts.queries import parties_as
from accounts.states import InvitationState, PartyState
from accounts.verbs import PARTY, check_can_keep_party
from marketplace import keyset
from marketplace.errors import is_allowed
from marketplace.faces import form_page, submit
from marketplace.notices.operations import speak
from marketplace.pages import history_rows


@require_safe
def party_list(request: HttpRequest) -> HttpResponse:
    visible = Party.objects.visible_to(request.user).select_related("region").prefetch_related("capabilities")
    state = request.GET.get("state", "")
    if state in PartyState.values:
        visible = visible.filter(state=state)
    context = {"page": keyset.paged(request, visible), "chosen": state, "states": PartyState.choices}
    return render(request, "accounts/party_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("id_number")
def register(request: HttpRequest, kind: str) -> HttpResponse:
    """Register oneself as a person, or one's organisation; the operator's queue has it next."""
    form = FORM_OF[PartyKind(kind)](request.POST if request.method == "POST" else None)
    made = form.is_bound and submit(
        request,
        form,
        lambda **fields: operations.register_party(actor=request.user, at=timezone.now(), kind=kind, **fields),
    )
    if made:
        messages.success(request, _("Registered. The platform operator verifies it next; you will be told."))
        return redirect(made)
    return form_page(request, form, "accounts/register.html", kind=kind)


@require_safe
def party(request: HttpRequest, pk: int) -> HttpResponse:
    """A party: who it is, what it may be, who belongs to it, how it was verified."""
    item = get_object_or_404(Party.objects.visible_to(request.user).select_related("region"), pk=pk)
    people = list(item.memberships.select_related("user", "party", "deputy_for__user").order_by("pk"))
    files = pages.listed(item, "accounts:party-evidence") if may_read(request, item) else None
    context = {
        "party": item,
        "document": identity.mask(item.id_encrypted) if item.id_encrypted else "",
        "in_good_standing": item.is_in_good_standing(timezone.now()),
        "capabilities": item.capabilities.select_related("region").order_by("pk"),
        "memberships": people,
        "invitations": item.invitations.filter(state=InvitationState.OPEN).order_by("pk"),
        "now": timezone.now(),
        "verifications": item.verifications.select_related("by").order_by("-pk"),
        "verbs": PARTY.available(item, request.user, timezone.now()),
        "may_end": item.state in (PartyState.VERIFIED, PartyState.BARRED) and may_keep(request, item),
        "hands_over": parties_as(request.user, CapabilityKind.AUTHORITY, timezone.now()).filter(pk=item.pk).exists(),
        "history": history_rows([item, *people, *(EvidenceFile.objects.ever_of(item) if files is not None else ())]),
        "files": files,
        "may_keep_credentials": may_keep_credentials(request, item),
    }
    return render(request, "accounts/party.html", context)


def may_read(request: HttpRequest, item: Party) -> bool:
    """Whether the proofs of who a party is are for this reader."""
    return is_allowed(check_can_read_evidence, request.user, item, timezone.now())


@require_safe
def party_evidence(request: HttpRequest, pk: int, file: int) -> FileResponse:
    """A proof of who a party is, to those who keep it and those who verify."""
    item = get_object_or_404(Party.objects.visible_to(request.user), pk=pk)
    check_can_read_evidence(request.user, item, timezone.now())
    return pages.download(request, item, file)


def may_keep(request: HttpRequest, item: Party) -> bool:
    """Whether it is the operator who looks, at a party that is not its own."""
    return is_allowed(check_can_keep_party, request.user, item, timezone.now())


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What one is invited to, for the owner of the address alone; POST accepts it."""
    item = get_object_or_404(Invitation.objects.select_related("party", "by"), token=token)
    at = timezone.now()
    check_can_accept(request.user, item, at)
    if request.method != "POST":
        return render(request, "accounts/invitation.html", {"invitation": item})
    operations.accept_invitation(invitation=item, actor=request.user, at=at)
    messages.success(request, _("You belong to %(party)s now.") % {"party": item.party})
    return redirect(item.party)


@login_not_required
def set_language(request: HttpRequest) -> HttpResponse:
    """Django's switch; of a person who is logged in it is kept, for the mails and the next browser."""
    chosen = request.POST.get("language")
    if isinstance(request.user, User) and chosen in dict(settings.LANGUAGES):
        User.objects.filter(pk=request.user.pk).update(language=chosen)
        speak(recipient_ref=request.user.ledger_ref, language=chosen)
    return i18n.set_language(request)
