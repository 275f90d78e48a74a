"""Input about copies already delivered, the same for every face."""

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.applications.models import Grant
from marketplace.supervision.closeout import Certificate, Whereabouts
from marketplace.supervision.evidence_time import keeping
from marketplace.supervision.models import DerivedProduct
from marketplace.supervision.states import DerivedState
from marketplace.verbs import VerbForm, YesNoField, model_fields


class WhereaboutsForm(VerbForm):
    was_passed_on = YesNoField(label=_("Were copies passed on to others?"))
    kept_as_evidence = forms.BooleanField(
        label=_("While the grant is suspended, we make no new use of the copies and keep them unchanged as evidence."),
    )
    field_order = ("places", "systems", "kept_by", "was_passed_on", "passed_to", "kept_as_evidence")

    def prepare(self) -> None:
        self.fields.update(model_fields(Whereabouts, ("places", "systems", "kept_by", "passed_to")))
        self.fields["kept_by"].help_text = _("Names or posts, and how to reach them.")
        self.fields["passed_to"].help_text = _("Only where they were: who, when, which copies.")
        self.order_fields(self.field_order)


class CertificateForm(VerbForm):
    """Of a grant, or of a certificate that was returned, which begins with what it said."""

    names = ("destroyed", "places", "method", "done_by", "destroyed_on", "kept", "kept_why")

    def prepare(self) -> None:
        before = self.target if isinstance(self.target, Certificate) else None
        self.fields.update(model_fields(Certificate, self.names, before))
        self.fields["destroyed"].help_text = _("Every copy of the data: files, tables, backups, extracts, print-outs.")
        self.fields["method"].help_text = _("For example: overwritten, key destroyed, medium shredded.")
        self.fields["kept"].help_text = _("Only where a law obliges you to keep something; else leave it empty.")

    @property
    def running(self) -> list[str]:
        """Open orders, incidents, reviews and inspections for which the copies are kept as evidence."""
        return keeping(self._grant)

    @property
    def built(self) -> list[DerivedProduct]:
        """Derived products which stay where they are: the holder says what of the data they still contain."""
        kept = DerivedProduct.objects.filter(built_from__grant=self._grant).exclude(state=DerivedState.WITHDRAWN)
        return list(kept.distinct().order_by("pk"))

    @property
    def _grant(self) -> Grant:
        return self.target.grant if isinstance(self.target, Certificate) else self.target
