"""What the search looks through: one row for each product on offer and each published catalogue entry."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, Region


class SearchKind(models.TextChoices):
    PRODUCT = "product", _("data product")
    ENTRY = "entry", _("catalogue entry")


class SearchRow(models.Model):
    """Written by the operations with the object it is made of, never by a person; holds only what anybody may see."""

    kind = models.CharField(max_length=8, choices=SearchKind.choices)
    object_id = models.PositiveBigIntegerField()
    title = models.CharField(max_length=200)
    title_tokens = models.TextField()
    body_tokens = models.TextField()
    newest_at = models.DateTimeField()
    nature = models.CharField(max_length=30, blank=True)
    opening = models.CharField(max_length=30, blank=True)
    frequency = models.CharField(max_length=30, blank=True)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Party, null=True, on_delete=models.PROTECT, related_name="+")  # of public data
    seller = models.ForeignKey(Party, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["kind", "object_id"], name="search_one_row"),)
        indexes = (
            models.Index(fields=["kind", "-newest_at", "-id"], name="search_newest"),
            models.Index(fields=["kind", "title", "id"], name="search_title"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"


class SearchValue(models.Model):
    """A value of a facet of which one row has several: delivery modes, permitted purposes."""

    row = models.ForeignKey(SearchRow, on_delete=models.CASCADE, related_name="values_of")
    facet = models.CharField(max_length=8)
    value = models.CharField(max_length=60)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["row", "facet", "value"], name="search_value"),)
        indexes = (models.Index(fields=["facet", "value", "row"], name="search_value_rows"),)

    def __str__(self) -> str:
        return f"{self.facet}: {self.value}"
