"""The verb by which the level above takes a case over (Art. 45): the same row for every kind of case."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from marketplace.supervision.permissions_above import check_can_take
from marketplace.verbs import ReasonForm, Verb


def take(states: tuple[str, ...], operation: Callable[..., Any]) -> Verb:
    label = _("Take the case over from the authority below")
    return Verb("take_case", label, states, check_can_take, operation, ReasonForm, "Art. 45", aside=True)
