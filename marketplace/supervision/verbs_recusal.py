"""The verb by which whoever decides on a case steps back from it (Art. 45): the same row for every kind of case."""

from collections.abc import Callable
from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.supervision import forms
from marketplace.supervision.operations.recusal import ROWS, Case, could_pass_on, recuse_from
from marketplace.verbs import Verb


def may_be_passed_on(case: Case) -> bool:
    return could_pass_on(case, timezone.now())


def recuse(kind: type[Model], param: str, when: Callable[[Any], bool] = may_be_passed_on) -> Verb:
    """`param`: what a case of this kind is called in its table."""
    row, label = ROWS[kind], _("Step back and pass the case on")

    def step_back(**said: Any) -> None:
        recuse_from(case=said.pop(param), **said)

    return Verb(
        "recuse", label, row.states, row.check, step_back, forms.RecuseForm, "Art. 45", aside=True, when=when
    )  # fmt: skip
