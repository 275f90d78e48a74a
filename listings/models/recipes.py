"""What helps a file that failed: recipes that were found or written for it, and what became of the one applied."""

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from accounts.reach import reach_of
from listings.models.versions import Assessment, Version
from listings.models.work import Job


class RecipeOrigin(models.TextChoices):
    FOUND = "found", pgettext_lazy("recipe", "found: least is lost")
    CHOSEN = "chosen", pgettext_lazy("recipe", "found: by levels the seller chose")
    ALTERNATIVE = "alternative", pgettext_lazy("recipe", "found: the next best")
    WRITTEN = "written", pgettext_lazy("recipe", "written by the seller")


class RecipeQuerySet(models.QuerySet["Recipe"]):
    def visible_to(self, user: Any) -> "RecipeQuerySet":
        """The seller's people, as with the draft that it is for; and who oversees all."""
        who = reach_of(user, timezone.now())
        if who.is_province:
            return self
        if not user.is_authenticated:
            return self.none()
        return self.filter(version__product__seller__in=who.parties)


class Recipe(models.Model):
    """A recipe for the file that failed `assessment`, tried on it. Never changed; it holds no cell of the file.

    `document` is None where the search found that none reaches the thresholds. `bounds` are what the seller asked for,
    `suggestion` what the engine said (`deidentification/recipe/suggest.py`), `figures` what the file is before and
    after, {before, after, losses, rows_in, rows_out}.
    """

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="recipes")
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="recipes")
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="recipes")
    number = models.PositiveSmallIntegerField()
    origin = models.CharField(_("where it is from"), max_length=12, choices=RecipeOrigin.choices)
    document = models.JSONField(null=True)
    bounds = models.JSONField(default=dict)
    suggestion = models.JSONField(default=dict)
    figures = models.JSONField(default=dict)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = RecipeQuerySet.as_manager()

    class Meta:
        verbose_name = _("recipe")
        constraints = (models.UniqueConstraint(fields=["version", "number"], name="recipe_number"),)

    def __str__(self) -> str:
        return _("Recipe %(number)s") % {"number": self.number}

    @property
    def reaches(self) -> bool:
        """Whether the search saw it reach the thresholds; of one that was written, only the assessment can tell."""
        return self.document is not None and self.suggestion.get("reaches", True)


class Hierarchy(models.Model):
    """A hierarchy of the seller's own for a column of the file that failed; gone with that file.

    `rows` are value, level 1, level 2, …; `sha256` is that of the table (`deidentification/recipe/hierarchies.py`).
    """

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="hierarchies")
    column = models.CharField(max_length=255)
    rows = models.JSONField()
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("hierarchy")
        constraints = (models.UniqueConstraint(fields=["version", "column"], name="hierarchy_of_column"),)

    def __str__(self) -> str:
        return self.column

    @property
    def height(self) -> int:
        return len(self.rows[0]) - 1


class AppliedRecipe(models.Model):
    """That a recipe was carried out on the version's file (Art. 32): the engine's record, hashes in and out, who."""

    recipe = models.OneToOneField(Recipe, on_delete=models.PROTECT, related_name="applied")
    record = models.JSONField()
    sha256_in = models.CharField(max_length=64)
    sha256_out = models.CharField(max_length=64)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.recipe} → {self.sha256_out[:12]}"
