"""The permitted purposes that products and applications choose from, and the column that holds a choice of them."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

SEPARATORS = re.compile(r"[、,，;；。\n]+")


def split_purposes(text: str) -> list[str]:
    """`规划、研究` → `["规划", "研究"]`: each purpose once, in its order."""
    return list(dict.fromkeys(one.strip() for one in SEPARATORS.split(text) if one.strip()))


class PurposeQuerySet(models.QuerySet["Purpose"]):
    def offered(self) -> "PurposeQuerySet":
        return self.filter(retired_at=None)


class Purpose(models.Model):
    """A purpose by its code. What was ever chosen is kept: it is retired, never deleted; whoever has it keeps it."""

    code = models.SlugField(_("code"), max_length=40, primary_key=True)
    name = models.CharField(_("name"), max_length=60, unique=True)
    name_en = models.CharField(_("name in English"), max_length=100)
    is_used = models.BooleanField(default=False)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = PurposeQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name if (get_language() or "zh").startswith("zh") else self.name_en


class PurposeBoxes(forms.CheckboxSelectMultiple):
    """Boxes for a text of names. What was chosen before and is offered no more stays among them."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        values = data.getlist(name) if hasattr(data, "getlist") else [data.get(name) or ""]
        return "、".join(values)

    def format_value(self, value: Any) -> list[str]:  # type: ignore[override]
        return value if isinstance(value, list) else split_purposes(value or "")

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> list[Any]:
        known = {key for key, _label in self.choices}
        offered, self.choices = self.choices, [*self.choices, *((key, key) for key in value if key not in known)]
        groups = super().optgroups(name, value, attrs)
        self.choices = offered
        return groups


def _choices() -> Iterator[tuple[str, str]]:
    for purpose in Purpose.objects.offered().order_by("code"):
        yield purpose.name, str(purpose)


class PurposesField(models.TextField):
    """Names of purposes, as they were when they were chosen, with 、 between. A form offers those of the table."""

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{**kwargs, "widget": PurposeBoxes(choices=_choices)})
