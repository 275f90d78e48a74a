"""What the platform operator can do with a party."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import operations, permissions
from accounts.models import Party
from accounts.states import PartyState
from marketplace.verbs import ReasonForm, Verb, VerbForm, Verbs


class VerifyForm(VerbForm):
    evidence = forms.CharField(
        label=_("Evidence"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What was checked, and how."),
    )
    valid_until = forms.DateField(label=_("Valid until"), widget=forms.DateInput(attrs={"type": "date"}))


def check_can_keep_party(actor: Any, party: Party, at: datetime) -> None:
    """The operator, who does not belong to the party."""
    permissions.check_operator(actor, at)
    permissions.check_not_own_case(actor, [party], at)


PARTY = Verbs(
    Party,
    "party",
    (
        Verb("verify", _("Verify"), (PartyState.APPLIED, PartyState.BARRED), check_can_keep_party, operations.verify_party, VerifyForm),
        Verb("bar", _("Bar"), (PartyState.VERIFIED,), check_can_keep_party, operations.bar_party, ReasonForm, danger=True),
        Verb("end", _("End"), (PartyState.VERIFIED, PartyState.BARRED), check_can_keep_party, operations.end_party, ReasonForm, danger=True),
    ),
)  # fmt: skip
