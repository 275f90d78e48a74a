"""A verb is declared once: what a person can do with an object, from which states, by which operation.

From the declarations come the buttons of the pages, the form pages, the state diagrams in `docs/` and the matrix
tests. `Verbs` binds the table of one model; operations take the object under `param` and the form's fields by name.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from marketplace.errors import is_allowed
from marketplace.remedies import Decider, remedy_against
from marketplace.workflow import check_in


class VerbForm(forms.Form):
    """Input of a verb on every face. Knows its object, the person and the time, for choices and defaults."""

    def __init__(self, *args: Any, target: Any, actor: Any, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.target, self.actor, self.at = target, actor, at
        self.prepare()

    def prepare(self) -> None:
        """Narrow choices and set initial values from `target`, `actor` and `at`."""


class ReasonForm(VerbForm):
    reason = forms.CharField(
        label=_("Reason"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}), strip=True,
        help_text=_("Recorded and told to those concerned."),
    )  # fmt: skip


class RefusalForm(ReasonForm):
    """Every refusal, order and termination names its remedy (Art. 45); proposed is what fits who decides."""

    remedy = forms.CharField(label=_("Remedy"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))

    def prepare(self) -> None:
        self.initial["remedy"] = remedy_against(self.decider() if self.target and self.target.pk else Decider.AUTHORITY)

    def decider(self) -> Decider:
        """In whose name the case in hand is decided; without one (documents, several orders at once) an authority's."""
        found: Decider = self.target.decider
        return found


class RowsField(forms.ModelMultipleChoiceField):
    """Several rows of a queryset. A key longer than any number of the database is an unknown choice, not an error.

    A single row is looked up by equality, where Django sees to it itself; `IN` hands the number to SQLite as it is.
    """

    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)
        except OverflowError as error:
            raise forms.ValidationError(
                self.error_messages["invalid_choice"], code="invalid_choice", params={"value": ", ".join(value)}
            ) from error


class YesNoField(forms.BooleanField):
    """A question that has to be answered: unlike a tick box, saying nothing is not “no”."""

    widget = forms.RadioSelect(choices=(("true", _("yes")), ("false", _("no"))))

    def prepare_value(self, value: Any) -> Any:
        return {True: "true", False: "false"}.get(value, value)

    def to_python(self, value: Any) -> Any:
        return None if value in (None, "") else super().to_python(value)

    def validate(self, value: Any) -> None:
        if value is None:
            raise forms.ValidationError(self.error_messages["required"], code="required")


def show_no_choice(form: forms.Form, *names: str) -> None:
    """There is nothing to choose from in these fields. Where something is chosen all the same, it is refused by its
    field, where one can see it."""
    if not any(form.data.get(name) for name in names):
        for name in names:
            form.fields[name].widget = form.fields[name].hidden_widget()


def model_fields(model: type[models.Model], names: Iterable[str], target: Any = None) -> dict[str, forms.Field]:
    """A model's columns as form fields, dates as date inputs, filled from `target`."""

    def field_of(column: "models.Field[Any, Any]", **kwargs: Any) -> forms.Field | None:
        if isinstance(column, models.DateField):
            kwargs["widget"] = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        if isinstance(column, models.URLField):
            kwargs["assume_scheme"] = "https"
        if isinstance(column, models.TextField):
            kwargs["widget"] = forms.Textarea(attrs={"rows": 3})
        return column.formfield(**kwargs)

    fields = forms.models.fields_for_model(model, list(names), formfield_callback=field_of)
    for name, field in fields.items():
        if target is not None:
            field.initial = getattr(target, name)
    return fields


@dataclass(frozen=True)
class ByCase:
    """An article that depends on the case. Documents, where there is no case, print `general`."""

    general: str
    of: Callable[[Any], str]

    def __str__(self) -> str:
        return self.general


@dataclass(frozen=True)
class Verb:
    """One row of the table. `check` raises NotAllowed for the wrong person; `sources` are the states it starts from.

    With `leads_on` the person goes to what the operation made, else back to the object.
    `aside` is never the main button of a page, however few others there are.
    `facts` is a template of what has to be read before one signs, shown above the form.
    With `apart` the operation keeps its own transactions, as it reads a file or keeps a refusal.
    `said` is what a person is told after it, where it is not simply done; None where it is.
    `when` only hides a button that would lead nowhere (the state of a parent, say), and `open_to` one that would lead
    this person nowhere (nobody else is there, say); the operation decides for itself.
    """

    name: str
    label: Any
    sources: tuple[str, ...]
    check: Callable[[Any, Any, datetime], None]
    operation: Callable[..., Any]
    form: type[VerbForm] = VerbForm
    article: str | ByCase = ""
    danger: bool = False
    leads_on: bool = False
    aside: bool = False
    facts: str = ""
    apart: bool = False
    when: Callable[[Any], bool] = lambda obj: True
    open_to: Callable[[Any, Any, datetime], bool] = lambda obj, actor, at: True
    said: Callable[[Any], Any] = lambda obj: None

    def cites(self, obj: Any) -> str:
        """The article that the act rests on, in the case of this object."""
        return self.article.of(obj) if isinstance(self.article, ByCase) else self.article


@dataclass(frozen=True)
class Verbs:
    """The verbs of one model."""

    model: type[models.Model]
    param: str
    verbs: tuple[Verb, ...]

    def get(self, name: str) -> Verb | None:
        return next((verb for verb in self.verbs if verb.name == name), None)

    def available(self, obj: Any, actor: Any, at: datetime) -> list[Verb]:
        """What this person could do with the object in its present state. A check that verbs share is asked once."""
        fitting = [verb for verb in self.verbs if obj.state in verb.sources and verb.when(obj)]
        allowed = {check: is_allowed(check, actor, obj, at) for check in {verb.check for verb in fitting}}
        return [verb for verb in fitting if allowed[verb.check] and verb.open_to(obj, actor, at)]

    def check(self, verb: Verb, obj: Any, actor: Any, at: datetime) -> None:
        """NotAllowed for the wrong person, InvalidState for the wrong state: before a form is shown."""
        verb.check(actor, obj, at)
        check_in(obj, *verb.sources)

    def perform(self, verb: Verb, obj: Any, actor: Any, at: datetime, **fields: Any) -> Any:
        """The one call that every face makes."""
        return verb.operation(**{self.param: obj}, actor=actor, at=at, **fields)
