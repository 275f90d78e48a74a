"""What several pages show: the history of a case, from the ledger."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import models

from accounts.queries import in_whose_place, names
from marketplace.ledger.models import Entry
from marketplace.ledger.queries import detail_of, history


class HistoryRow(NamedTuple):
    """One ledger entry, for people: who changed what, and the reason, remedy or statement that was given."""

    entry: Entry
    actor: str
    label: str
    old: Any
    new: Any
    text: str


def history_rows(objects: Iterable[Any]) -> list[HistoryRow]:
    """The ledger of some objects, with names and state labels in the reader's language."""
    by_ref = {(obj._meta.label_lower, str(obj.pk)): obj for obj in objects}
    entries = list(history(by_ref.values()).select_related("detail"))
    principals = {entry.pk: detail_of(entry).get("acting_for", "") for entry in entries}
    people = names({entry.actor_ref for entry in entries} | set(principals.values()))
    rows = []
    for entry in entries:
        obj = by_ref[entry.object_type, entry.object_id]
        actor = people.get(entry.actor_ref, entry.actor_ref.removeprefix("system:"))
        actor = in_whose_place(actor, people.get(principals[entry.pk]))
        rows.append(HistoryRow(entry, actor, str(obj), _label(obj, entry.old), _label(obj, entry.new), _text(entry)))
    return rows


def _text(entry: Entry) -> str:
    """What the actor wrote; empty where nothing was written or the text was lawfully erased."""
    detail = detail_of(entry)
    return "\n".join(filter(None, (detail.get(name) for name in ("reason", "remedy", "text"))))


def _label(obj: models.Model, state: str) -> Any:
    machine = getattr(obj, "machine", None)
    return machine.states(state).label if machine and state in machine.states.values else state
