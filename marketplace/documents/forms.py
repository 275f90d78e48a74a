from django import forms
from django.utils.translation import gettext_lazy as _


class CheckForm(forms.Form):
    code = forms.CharField(label=_("Code at the end of the address beside the QR code"), max_length=24, strip=True)
