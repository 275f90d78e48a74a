"""Forms of the account itself; those of a party are beside its verbs."""

from typing import Any

from allauth.account.forms import SignupForm
from django import forms
from django.urls import reverse_lazy
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

format_html_lazy = lazy(format_html, str)


class SignUpForm(SignupForm):
    """E-mail, name, password, and that the privacy notice was read. Identity numbers are asked for much later."""

    name = forms.CharField(
        label=_("Your name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text=_("It stands beside what you do for a party."),
    )  # fmt: skip
    privacy = forms.BooleanField(
        label=format_html_lazy(_('I have read the <a href="{}">privacy notice</a>.'), reverse_lazy("accounts:privacy"))
    )
    field_order = ("email", "name", "password1", "password2", "privacy")

    def clean_name(self) -> Any:
        return " ".join(self.cleaned_data["name"].split())
