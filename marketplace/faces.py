"""The pages' adapter: a verb becomes a form page, a refusal becomes an answer."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from marketplace.errors import Refused, TooLarge
from marketplace.verbs import VerbForm, Verbs


class ErrorPages:
    """Middleware: an operation's refusal, what is not there, or a wrong method is a page with its status and words."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and not response.content:
            page = render(request, "405.html", status=405)
            page["Allow"] = response["Allow"]
            return page
        if response.status_code == 404 and request.resolver_match is None:  # in development Django's own page
            return render(request, "404.html", status=404)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, Http404):  # ours in development too: nobody but a developer reads Django's
            return render(request, "404.html", status=404)
        if not isinstance(error, Refused):
            return None
        return render(
            request, "refused.html", {"error": error, "back": getattr(request, "back", "")}, status=error.status
        )


def submit(request: HttpRequest, form: Any, write: Callable[..., Any]) -> Any:
    """Call `write` with the form's fields if the form is valid. Returns its result, or None with errors on the form.

    A ValidationError of the operation (a fact about a field) lands on its field; a Refused goes on to `ErrorPages`.
    """
    if not form.is_valid():
        return None
    try:
        return write(**form.cleaned_data) or True
    except ValidationError as error:
        if hasattr(error, "error_dict"):
            for field, errors in error.error_dict.items():
                form.add_error(field if field in form.fields else None, errors)
        else:
            form.add_error(None, error)
        return None


def form_page(request: HttpRequest, form: Any, template: str = "form.html", **context: Any) -> HttpResponse:
    """A page with a form; 422 when it was sent and is wrong."""
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, template, {"form": form, **context}, status=status)


def own_page(obj: Any) -> str:
    return obj.get_absolute_url()


def _is_seen(made: Any, user: Any) -> bool:
    """What goes to somebody else is not shown to who sent it there."""
    rows = type(made)._default_manager
    return not hasattr(rows, "visible_to") or rows.visible_to(user).filter(pk=made.pk).exists()


def verb_page(
    request: HttpRequest,
    verbs: Verbs,
    pk: int,
    name: str,
    *,
    address: Callable[[Any], str] = own_page,
    layout: str = "base.html",
) -> HttpResponse:
    """GET shows the verb's form, POST performs it and goes back to the object's page, which is at `address(object)`."""
    verb = verbs.get(name)
    if verb is None:
        raise Http404
    if getattr(request, "upload_too_large", False):
        raise TooLarge(_("The file is larger than 100 MiB."))
    at = timezone.now()
    obj: Any = get_object_or_404(verbs.model.objects.visible_to(request.user), pk=pk)  # type: ignore[attr-defined]
    request.back = back = address(obj)  # type: ignore[attr-defined]  # for `ErrorPages`
    verbs.check(verb, obj, request.user, at)
    sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form: VerbForm = verb.form(*sent, target=obj, actor=request.user, at=at)
    made = form.is_bound and submit(
        request, form, lambda **fields: verbs.perform(verb, obj, request.user, at, **fields)
    )
    if made:
        messages.success(request, verb.said(obj) or _("Done: %(verb)s.") % {"verb": verb.label})
        return redirect(address(made) if verb.leads_on and _is_seen(made, request.user) else back)
    return form_page(
        request, form, "verb.html", verb=verb, article=verb.cites(obj), object=obj, back=back, layout=layout
    )


def verb_urls(verbs: Verbs, noun: str) -> list[URLPattern]:
    """`<noun>/<pk>/<verb>/` for every verb of a table, named `<noun>-<verb>`."""

    def view_of(name: str) -> Callable[..., HttpResponse]:
        @require_http_methods(["GET", "HEAD", "POST"])
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            return verb_page(request, verbs, pk, name)

        return view

    return [
        path(f"{noun}/<int:pk>/{verb.name.replace('_', '-')}/", view_of(verb.name), name=f"{noun}-{verb.name}")
        for verb in verbs.verbs
    ]
