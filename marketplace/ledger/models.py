"""Entry and EntryDetail. Append-only by triggers on both databases: see `triggers.py`."""

from django.db import models
from django.db.models.functions import Now


class TransactionId(models.Func):
    """The database's own transaction number (PostgreSQL), by which a sealer knows what is complete; else NULL."""

    allowed_default = True
    output_field = models.BigIntegerField()

    def as_sql(self, compiler, connection, **kwargs):  # type: ignore[no-untyped-def, override]
        return "NULL", []

    def as_postgresql(self, compiler, connection, **kwargs):  # type: ignore[no-untyped-def]
        return "(pg_current_xact_id()::text::bigint)", []


class Entry(models.Model):
    """One object changed by one act. No free text here: the text is in EntryDetail, its hash stays for ever."""

    xid = models.BigIntegerField(null=True, db_default=TransactionId(), editable=False)
    operation_id = models.UUIDField()
    actor_ref = models.CharField(max_length=80)
    actor_kind = models.CharField(max_length=16)
    object_type = models.CharField(max_length=80)
    object_id = models.CharField(max_length=64)
    verb = models.CharField(max_length=64)
    old = models.CharField(max_length=32, blank=True)
    new = models.CharField(max_length=32, blank=True)
    article = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    detail_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["object_type", "object_id", "id"], name="ledger_entry_object"),
            models.Index(fields=["operation_id"], name="ledger_entry_operation"),
            models.Index(fields=["actor_ref", "id"], name="ledger_entry_actor"),
            models.Index(fields=["xid", "id"], name="ledger_entry_feed"),
        )

    def __str__(self) -> str:
        return f"{self.object_type}:{self.object_id} {self.verb}"


class EntryDetail(models.Model):
    """The text of an entry. May be deleted only when an `erase` entry names it (trigger)."""

    entry = models.OneToOneField(Entry, primary_key=True, on_delete=models.PROTECT, related_name="detail")
    salt = models.CharField(max_length=32)
    json = models.TextField()

    def __str__(self) -> str:
        return f"detail of {self.entry_id}"
