"""The verb by which whoever decides on a case steps back from it (Art. 45): the same row for every kind of case."""

from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from marketplace.supervision import forms
from marketplace.supervision.operations.recusal import ROWS, could_pass_on, recuse_from
from marketplace.verbs import Verb


def recuse(kind: type[Model], param: str) -> Verb:
    """`param`: what a case of this kind is called in its table. Shown to nobody who is the only one."""
    row, label = ROWS[kind], _("Step back and pass the case on")

    def step_back(**said: Any) -> None:
        recuse_from(case=said.pop(param), **said)

    return Verb(
        "recuse", label, row.states, row.check, step_back, forms.RecuseForm, "Art. 45", aside=True,
        open_to=could_pass_on,
    )  # fmt: skip
