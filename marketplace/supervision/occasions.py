"""What was said already, so that it is said once; whose lapse it is that a deadline ran out, and what is said of it."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, User
from marketplace.clock.models import Clock


class Occasion(models.Model):
    """A reminder that a monitor sent: its unique key is what makes it go out once, however often a sweep runs."""

    key = models.CharField(max_length=120, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key

    @classmethod
    def claim(cls, keys: Sequence[str], at: datetime) -> set[str]:
        """Those of these occasions that are new; of two that ask at once, one waits and is told none."""
        if not keys:
            return set()
        values = ", ".join(["(%s, %s)"] * len(keys))
        at_value = cls._meta.get_field("at").get_db_prep_value(at, connection)
        with connection.cursor() as cursor:  # bulk_create() does not say which rows were there
            cursor.execute(
                f"INSERT INTO {cls._meta.db_table} (key, at) VALUES {values} "
                "ON CONFLICT (key) DO NOTHING RETURNING key",
                [value for key in sorted(keys) for value in (key, at_value)],
            )
            return {key for (key,) in cursor.fetchall()}


def ran_out(monitor: str, clock: Clock) -> str:
    """The occasion of a clock that was not met, for one of the monitors that tell of it."""
    return f"{monitor}:{clock.pk}:{clock.due_at:%F}"


class Explanation(models.Model):
    """Why a deadline that bound an authority or a reviewer ran out, by an officer who answers for the case."""

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="explanations")
    due_at = models.DateTimeField()  # of the clock, which a calendar or an extension can move
    is_at_fault = models.BooleanField(_("at fault"))
    reason = models.TextField(_("reason"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects: models.Manager["Explanation"] = models.Manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["clock", "due_at"], name="explanation_once"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="explanation_has_reason"),
        )

    def __str__(self) -> str:
        return f"{self.clock}: {self.reason[:60]}"


class Lapse(models.Model):
    """A deadline of an authority that had run out when the level above took its case over: its lapse it stays."""

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="lapses")
    due_at = models.DateTimeField()  # of the clock, as with an explanation
    authority = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")

    objects: models.Manager["Lapse"] = models.Manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["clock", "due_at"], name="lapse_once"),)

    def __str__(self) -> str:
        return f"{self.authority}: {self.clock}"
