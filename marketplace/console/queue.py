"""A changelist that is a queue by clock, and behind each row a case file that nobody can write into."""

from collections.abc import Callable
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import F, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.evidence import pages
from accounts.models import CapabilityKind
from accounts.operations import open_evidence
from accounts.queries import parties_as, recent_parties
from accounts.reach import stepped_back
from accounts.states import PartyState
from marketplace.clock import operations as clock
from marketplace.clock.working_days import last_day
from marketplace.console import operations, queries
from marketplace.console.forms import StatedReasonForm
from marketplace.console.sections import Section, noun_of, recusals
from marketplace.console.site import address, console
from marketplace.faces import form_page, submit, verb_page
from marketplace.pages import history_rows
from marketplace.supervision.inquiry import NAME_OF
from marketplace.supervision.models import RULES, Severity, severity_of
from marketplace.supervision.permissions_above import may_ask_report
from marketplace.verbs import Verb, Verbs

OFFICER, OVERSEER, REVIEWER = CapabilityKind.AUTHORITY, CapabilityKind.OVERSIGHT, CapabilityKind.REVIEWER


class Waiting(admin.SimpleListFilter):
    """What waits for this person, what of it is overdue, or everything the person may open."""

    title, parameter_name = gettext_lazy("urgency"), "show"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        self.waiting = model_admin.waits_for(request, timezone.now())
        first = [("", _("waits for you"))] if self.waiting is not None else []
        return [*first, ("overdue", _("overdue")), ("all", _("all"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "overdue":
            return queryset.filter(due__lte=timezone.now())
        if self.value() == "all" or self.waiting is None:
            return queryset
        return queryset.filter(self.waiting)

    def choices(self, changelist: Any) -> Any:
        chosen = self.value() or ("" if self.waiting is not None else "all")
        for value, label in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: value} if value else {}, [self.parameter_name])
            yield {"selected": value == chosen, "query_string": query, "display": label}


class State(admin.SimpleListFilter):
    """By a state of the machine; another word is ignored."""

    title, parameter_name = gettext_lazy("state"), "state"

    def lookups(self, request: Any, model_admin: Any) -> Any:
        return model_admin.model.machine.states.choices

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        known = {value for value, _label in self.lookup_choices}
        return queryset.filter(state=self.value()) if self.value() in known else queryset


class Gravity(admin.SimpleListFilter):
    """By what the rule of a finding weighs; another word is ignored."""

    title, parameter_name = gettext_lazy("severity"), "severity"

    def lookups(self, request: Any, model_admin: Any) -> Any:
        return [(one.value, one.label) for one in (Severity.BREACH, Severity.DUTY)]

    def queryset(self, request: Any, queryset: Any) -> Any:
        wanted = [rule for rule in RULES if severity_of(rule) == self.value()]
        return queryset.filter(rule__in=wanted) if wanted else queryset


class QueueList(ChangeList):
    def url_for_result(self, result: Any) -> str:
        return address(result)


class Queue(admin.ModelAdmin):
    """One kind of case. A subclass says who works on it, what waits for an officer, and what the file shows.

    `authority` is the path to the competent authority, `own` the path to the party whose people never decide;
    `reviewer` that to the compliance reviewer, `instead` that to whoever decides on non-public data in its place;
    `is_public`: everybody sees such objects on the site, but the file is for their authority.
    `parent`: it is part of another case, whose file shows it and its verbs.
    `may_read_files`: what is asked, beside the file being open to the person, before its evidence is handed out.
    `watched_only`: of the cases in its regions, which an overseer may open for a stated reason.
    `kept_back`: the acts in its history that the person does not read.
    `seen` notes that a person has opened a case of it.
    `beside`: words and name of a page on which officers act on several of its rows.
    """

    label: Any = ""
    roles: tuple[str, ...] = (OFFICER,)
    tables: tuple[Verbs, ...] = ()
    authority = "authority"
    reviewer = ""
    instead = ""
    own = ""
    waiting: tuple[str, ...] = ()
    watched_only = Q()
    is_public = False
    parent = ""
    beside: tuple[Any, str] | None = None
    sections: Callable[[Any, Any, datetime], list[Section]] | None = None
    may_read_files: Callable[[Any, Any, datetime], None] | None = None
    kept_back: Callable[[Any, Any, datetime], tuple[str, ...]] | None = None
    seen: Callable[..., None] | None = None

    actions = None
    list_filter: Any = (Waiting, State)
    list_per_page = 20
    show_full_result_count = False
    preserve_filters = False
    change_list_template = "console/queue.html"

    # Nobody adds, changes or deletes anything here, whoever they are; `has_permission` has seen to the rest.

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return bool(request.kinds & set(self.roles))

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """By the filters, and by no column: else a queue could be asked for what it does not show."""
        return lookup in {known.parameter_name for known in self.list_filter}

    def get_urls(self) -> list[Any]:
        name, view = f"{self.opts.app_label}_{self.opts.model_name}", self.admin_site.admin_view
        return [
            path("", view(require_safe(self.changelist_view)), name=f"{name}_changelist"),
            path("<int:pk>/", view(require_safe(self.case_view)), name=f"{name}_change"),
            path("<int:pk>/read/", view(self.reading_view), name=f"{name}_read"),
            *(
                [path("<int:pk>/evidence/<int:file>/", view(require_safe(self.evidence_view)), name=f"{name}_evidence")]
                if self.may_read_files
                else []
            ),
            *(
                path(
                    f"<int:pk>/{verb.name.replace('_', '-')}/",
                    view(_verb_view(table, verb)),
                    name=f"{name}-{verb.name}",
                )
                for table in self.tables
                for verb in table.verbs
            ),
        ]

    @property
    def address(self) -> str:
        return reverse(f"console:{self.opts.app_label}_{self.opts.model_name}_changelist")

    # The queue

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return QueueList

    def get_queryset(self, request: Any) -> Any:
        user, at = request.user, timezone.now()
        shown = Q(pk__in=self._entrusted(user, at).values("pk"))
        if self._watches(request):
            shown |= Q(pk__in=self._watched(user, at).values("pk"))
        return self.model.objects.filter(shown).annotate(due=queries.nearest_deadline(self.model))

    def get_ordering(self, request: HttpRequest) -> Any:
        return (F("due").asc(nulls_last=True), "pk")

    def waits_for(self, request: Any, at: datetime) -> Q | None:
        """The rows on which this person is to act; None where nothing of this kind ever waits for them."""
        turns = self._turns(request, at) if self.waiting else []
        if not turns:
            return None
        rows = self.model.objects.filter(reduce(or_, turns), state__in=self.waiting)
        rows = rows.exclude(stepped_back([request.user.pk], self.model))
        if self.own:
            rows = rows.exclude(**{f"{self.own}__in": recent_parties(request.user, at)})
        return Q(pk__in=rows.values("pk"))

    def _turns(self, request: Any, at: datetime) -> list[Q]:
        """What is to be decided by the person's authorities, and by their compliance review."""
        turns = []
        if OFFICER in request.kinds:
            mine = Q(**{f"{self.authority}__in": parties_as(request.user, OFFICER, at)})
            if self.instead:
                mine &= Q(**{self.instead: None}) | Q(**{f"{self.instead}__state": PartyState.ENDED})
            turns.append(mine)
        if self.reviewer and REVIEWER in request.kinds:
            turns.append(Q(**{f"{self.reviewer}__in": parties_as(request.user, REVIEWER, at)}))
        return turns

    def theirs(self, user: Any, at: datetime) -> Q:
        """Of what is public to everybody: the cases of the person's authorities and of their compliance review."""
        found = Q(**{f"{self.authority}__in": parties_as(user, OFFICER, at)})
        if self.reviewer:
            found |= Q(**{f"{self.reviewer}__in": parties_as(user, REVIEWER, at)})
        return found

    def _entrusted(self, user: Any, at: datetime) -> Any:
        return queries.entrusted(self.model, self.theirs(user, at) if self.is_public else None, user)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        beside = self.beside if OFFICER in getattr(request, "kinds", ()) else None
        answer: Any = super().changelist_view(request, {"label": self.label, "beside": beside})
        if cl := getattr(answer, "context_data", {}).get("cl"):
            answer.context_data["page"] = cl.paginator.get_page(cl.page_num)
            answer.context_data["query"] = cl.get_query_string(remove=["p"])
        return answer

    @admin.display(description=gettext_lazy("case"))
    def case(self, obj: Any) -> str:
        return str(obj)

    @admin.display(description=gettext_lazy("state"))
    def state_now(self, obj: Any) -> str:
        return obj.get_state_display()

    @admin.display(description=gettext_lazy("due"), ordering="due")
    def due_on(self, obj: Any) -> Any:
        if obj.due is None:
            return "–"
        day = f"{last_day(obj.due):%Y-%m-%d}"
        if obj.due > timezone.now():
            return format_html('<time datetime="{}">{}</time>', day, day)
        return format_html(
            '<time datetime="{}">{}</time> <span class="state state-bad">{}</span>', day, day, _("overdue")
        )

    # The case file

    def case_view(self, request: Any, pk: int) -> HttpResponse:
        user, at = request.user, timezone.now()
        obj, is_open = self._opened(request, pk, at)
        if not is_open:
            return redirect(f"console:{self.opts.app_label}_{self.opts.model_name}_read", pk)
        if self.parent:
            return redirect(address(obj))
        if self.sections is None:
            raise Http404
        if self.seen is not None and request.method == "GET":
            type(self).seen(obj, user, at)  # type: ignore[misc]
        sections = [*type(self).sections(obj, user, at), *recusals(obj)]  # type: ignore[misc]
        kept_back = type(self).kept_back(obj, user, at) if self.kept_back else ()  # type: ignore[misc]
        parts = [obj, *(part for section in sections for part in section.parts)]
        context = {
            "object": obj, "label": self.label, "queue": self.address, "sections": sections,
            "clocks": clock.of(obj).open().order_by("due_at"),
            "verbs": [verb for table in self.tables for verb in table.available(obj, user, at)] if self.tables else [],
            "noun": noun_of(obj),
            "asks": NAME_OF[type(obj)] if may_ask_report(user, obj, at) else "",
            "history": [row for row in history_rows(parts) if row.entry.verb not in kept_back],
        }  # fmt: skip
        return render(request, "console/case.html", context)

    def _opened(self, request: Any, pk: int, at: datetime) -> tuple[Any, bool]:
        """The case, and whether it is open to the person: to an overseer once they have said why, that day."""
        found = self._entrusted(request.user, at).filter(pk=pk)
        obj: Any = found.select_related(*(self.list_select_related or ())).first()
        if obj is not None:
            return obj, True
        obj = self._watched_or_404(request, pk, at)
        return obj, bool(self.parent) or queries.has_stated_reason(obj, request.user, at)

    def evidence_view(self, request: Any, pk: int, file: int) -> HttpResponseBase:
        """A file of the case, to whom the case is open."""
        at = timezone.now()
        obj, is_open = self._opened(request, pk, at)
        if not is_open:
            return redirect(f"console:{self.opts.app_label}_{self.opts.model_name}_read", pk)
        assert self.may_read_files is not None
        type(self).may_read_files(request.user, obj, at)  # type: ignore[misc]
        is_watched = not self._entrusted(request.user, at).filter(pk=pk).exists()
        return pages.download(request, obj, file, operations.note_opened if is_watched else open_evidence)

    def reading_view(self, request: Any, pk: int) -> HttpResponse:
        """An overseer says why; then the file is open to them for the day."""
        return require_http_methods(["GET", "HEAD", "POST"])(self._reading)(request, pk)

    def _reading(self, request: Any, pk: int) -> HttpResponse:
        at = timezone.now()
        obj = self._watched_or_404(request, pk, at)
        form = StatedReasonForm(request.POST if request.method == "POST" else None)
        made = form.is_bound and submit(
            request, form, lambda **fields: operations.state_reason(case=obj, actor=request.user, at=at, **fields)
        )
        if made:
            return redirect(address(obj))
        return form_page(request, form, "console/reading.html", object=obj, label=self.label, queue=self.address)

    def _watches(self, request: Any) -> bool:
        return bool(self.authority) and OVERSEER in request.kinds and OVERSEER in self.roles

    def _watched(self, user: Any, at: datetime) -> Any:
        return queries.watched(self.model, self.authority, user, at).filter(self.watched_only)

    def _watched_or_404(self, request: Any, pk: int, at: datetime) -> Any:
        rows = self.model.objects.none()
        if self._watches(request):
            rows = self.model.objects.filter(pk__in=self._watched(request.user, at).values("pk"))
        return get_object_or_404(rows.select_related(*(self.list_select_related or ())), pk=pk)


def _verb_view(table: Verbs, verb: Verb) -> Callable[..., HttpResponse]:
    @require_http_methods(["GET", "HEAD", "POST"])
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        return verb_page(request, table, pk, verb.name, address=address, layout="console/base.html")

    return view


def column(label: Any, name: str) -> Callable[[Any], Any]:
    """A column whose name on the model is none for people."""

    @admin.display(description=label)
    def value(obj: Any) -> Any:
        found = getattr(obj, name)
        return found() if callable(found) else found

    return value


def register(model: Any) -> Callable[[type[Queue]], type[Queue]]:
    return admin.register(model, site=console)
