"""The verb by which whoever decides on a case steps back from it (Art. 45): the same row for every kind of case."""

from collections.abc import Callable
from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.supervision import forms
from marketplace.supervision.operations.recusal import ROWS, Case, could_pass_on
from marketplace.verbs import Verb


def may_be_passed_on(case: Case) -> bool:
    return could_pass_on(case, timezone.now())


def recuse(kind: type[Model], operation: Callable[..., Any], when: Callable[[Any], bool] = may_be_passed_on) -> Verb:
    row, label = ROWS[kind], _("Step back and pass the case on")
    return Verb(
        "recuse", label, row.states, row.check, operation, forms.RecuseForm, "Art. 45", aside=True, when=when
    )  # fmt: skip
