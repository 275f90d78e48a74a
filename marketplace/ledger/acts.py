"""Who does what, when, under which article: made once per operation and handed down to everything it changes."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


class Actor(Protocol):
    """A user, or a `SystemActor`: whoever can be named in the ledger."""

    @property
    def ledger_ref(self) -> str: ...

    @property
    def ledger_kind(self) -> str: ...


@dataclass(frozen=True)
class SystemActor:
    """The site itself, by the name of its job. It proposes and reminds; it never orders, lifts or terminates."""

    name: str
    is_active: bool = True

    @property
    def ledger_ref(self) -> str:
        return f"system:{self.name}"

    @property
    def ledger_kind(self) -> str:
        return "system"


@dataclass(frozen=True)
class Act:
    """One operation by one actor. All entries it leads to share `operation_id`."""

    verb: str
    actor: Actor
    at: datetime
    article: str = ""
    acting_for: str = ""  # the person for whom a deputy acts
    operation_id: uuid.UUID = field(default_factory=uuid.uuid4)


def begin(verb: str, actor: Actor, at: datetime, article: str = "") -> Act:
    """Start an act. `at` must carry a time zone: it is passed in by the caller, never read here."""
    if at.tzinfo is None:
        raise ValueError("an act needs a time with a time zone")
    return Act(verb=verb, actor=actor, at=at, article=article, acting_for=getattr(actor, "acting_for", ""))


def reference(obj: Any) -> str:
    """`applications.grant:17`: how one app's rows are named where a foreign key must not reach."""
    return f"{obj._meta.label_lower}:{obj.pk}"
