"""Input of the listing verbs, the same for every face."""

from pathlib import Path
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import CapabilityKind, User
from accounts.queries import parties_of, people_as
from listings.models import (
    Acquisition,
    CatalogueEntry,
    ColumnRole,
    Grade,
    Nature,
    Product,
    ReleaseRule,
    SourceFile,
    Version,
    VersionOpinion,
)
from listings.operations.release_rules import BOUNDS
from listings.permissions import SELLING
from marketplace.verbs import ReasonForm, RowsField, VerbForm, model_fields

ENTRY_FIELDS = ("title", "description", "sharing", "withheld_basis", "opening", "frequency", "contact")
DESCRIPTION_FIELDS = ("title", "summary", "description", "purposes", "terms", "price_text", "frequency")
PRODUCT_FIELDS = ("nature", "acquisition", "grade", *DESCRIPTION_FIELDS)
VERSION_FIELDS = (
    "about", "data_from", "data_until", "collected_from", "collected_until", "deidentification_tool", "key_is_kept",
)  # fmt: skip


class ReviseEntryForm(VerbForm):
    def prepare(self) -> None:
        self.fields.update(model_fields(CatalogueEntry, ENTRY_FIELDS, self.target))


class ProposeEntryForm(forms.Form):
    """A new catalogue entry; `unit` is one of the person's units."""

    unit = forms.ModelChoiceField(queryset=None, label=_("Providing unit"), empty_label=None)

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        self.fields.update(model_fields(CatalogueEntry, ENTRY_FIELDS))


class CreateProductForm(forms.Form):
    """A new product on a published entry; what cannot be listed is not among the choices."""

    seller = forms.ModelChoiceField(queryset=None, label=_("Seller"), empty_label=None)
    entry = forms.ModelChoiceField(queryset=None, label=_("Catalogue entry"))

    def __init__(self, *args: Any, sellers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seller"].queryset = sellers  # type: ignore[attr-defined]
        self.fields["entry"].queryset = (  # type: ignore[attr-defined]
            CatalogueEntry.objects.listable().order_by("title")
        )
        self.fields.update(model_fields(Product, PRODUCT_FIELDS))
        for name, never in (("acquisition", (Acquisition.SHARING, Acquisition.GRANT)), ("nature", (Nature.BUILT,))):
            choices = self.fields[name].choices  # type: ignore[attr-defined]
            self.fields[name].choices = [c for c in choices if c[0] not in never]  # type: ignore[attr-defined]
        self.fields["grade"].choices = [c for c in Grade.choices if c[0] == Grade.GENERAL]  # type: ignore[attr-defined]


class SourceFileForm(VerbForm):
    def prepare(self) -> None:
        self.fields.update(model_fields(SourceFile, ("kind", "title", "reference", "summary", "valid_until")))


class DeclareForm(VerbForm):
    declared = forms.BooleanField(
        label=_(
            "The data contains no state secrets, trade secrets or personal information, "
            "and nothing else that Art. 31 forbids."
        )
    )

    def clean(self) -> dict[str, Any]:
        return {}


class CreateVersionForm(VerbForm):
    sources = RowsField(
        queryset=CatalogueEntry.objects.none(), required=False, label=_("Further sources"),
        help_text=_("Catalogue entries whose data went in besides the product's own."),
    )  # fmt: skip
    steps = forms.CharField(
        label=_("Processing steps"), required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line, in order (Art. 32). What the site measures is added by itself."),
    )  # fmt: skip

    def prepare(self) -> None:
        self.fields.update(model_fields(Version, VERSION_FIELDS))
        if self.target.is_built:
            del self.fields["sources"]  # its grants' versions bring theirs
            return
        self.fields["sources"].queryset = (  # type: ignore[attr-defined]
            CatalogueEntry.objects.listable().exclude(pk=self.target.entry_id).order_by("title")
        )


class DescribeProductForm(VerbForm):
    def prepare(self) -> None:
        self.fields.update(model_fields(Product, DESCRIPTION_FIELDS, self.target))


class DescribeVersionForm(VerbForm):
    def prepare(self) -> None:
        self.fields.update(model_fields(Version, VERSION_FIELDS, self.target))


class ProposeRuleForm(VerbForm):
    """Bounds around the version reviewed; `target` is the product, or the rule that is revised."""

    def prepare(self) -> None:
        rule = self.target if isinstance(self.target, ReleaseRule) else None
        self.fields.update(model_fields(ReleaseRule, BOUNDS, rule))


class UploadForm(VerbForm):
    file = forms.FileField(label=_("File"), help_text=_("CSV (UTF-8 or GB 18030) or Parquet, at most 100 MiB."))

    def clean(self) -> dict[str, Any]:
        file = self.cleaned_data.get("file")
        return {"path": Path(file.temporary_file_path()), "name": file.name} if file else {}


class MarkColumnsForm(VerbForm):
    """One choice per column of the file."""

    def prepare(self) -> None:
        self.columns = list(self.target.columns.order_by("position"))
        for column in self.columns:
            self.fields[f"column_{column.position}"] = forms.ChoiceField(
                label=column.name, choices=ColumnRole.choices, initial=column.role
            )

    def clean(self) -> dict[str, Any]:
        return {
            "roles": {
                column.name: self.cleaned_data[f"column_{column.position}"]
                for column in self.columns
                if f"column_{column.position}" in self.cleaned_data
            }
        }


class ApproveVersionForm(ReasonForm):
    sources_checked = forms.BooleanField(label=_("I have checked every item of the lawful-source file."))
    irreversible = forms.BooleanField(
        label=_("Nobody keeps a key or mapping table, and the original cannot be restored (Art. 17).")
    )


class CallExpertForm(ReasonForm):
    expert = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Member of the expert committee"))
    field_order = ("expert", "reason")

    def prepare(self) -> None:
        self.fields["expert"].queryset = people_as(CapabilityKind.EXPERT, self.at)  # type: ignore[attr-defined]


class OpinionForm(VerbForm):
    def prepare(self) -> None:
        self.fields.update(model_fields(VersionOpinion, ("opinion", "measures")))


def sellers_of(user: Any, at: Any) -> Any:
    """The person's parties that may list."""
    return parties_of(user, at).filter(capabilities__kind__in=SELLING).distinct().order_by("name")
