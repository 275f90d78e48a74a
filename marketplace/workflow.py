"""The only code that writes a state column.

A state machine is a table `{state: {next states}}`. `move` compares and sets one object and writes one
ledger entry, in the caller's transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from marketplace.errors import InvalidState, StaleState
from marketplace.ledger import entries as ledger


@dataclass(frozen=True)
class Machine:
    """A named transition table. `owners` says, for people and diagrams, who has to act in each state.

    `reopened`: what only a review may do to what is over, or was decided (Art. 45). It is no way out of a state.
    """

    name: str
    states: type[models.TextChoices]
    initial: str
    transitions: Mapping[str, frozenset[str]]
    owners: Mapping[str, Any]
    reopened: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def terminal(self) -> frozenset[str]:
        return frozenset(s for s in self.states.values if not self.transitions.get(s))

    def allows(self, old: str, new: str) -> bool:
        return new in self.transitions.get(old, frozenset())


def table(**rows: str) -> dict[str, frozenset[str]]:
    """`table(draft="submitted withdrawn", …)` → `{"draft": frozenset({"submitted", "withdrawn"}), …}`."""
    return {old: frozenset(new.split()) for old, new in rows.items()}


def check_in(obj: Any, *states: str) -> None:
    """Raises InvalidState unless `obj` is in one of the states, as the database had it when it was loaded."""
    if obj.state not in states:
        _refuse(obj)


def move(act: ledger.Act, obj: Any, new: str, *, detail: Mapping[str, Any] | None = None, **fields: Any) -> None:
    """Set `obj.state` to `new`, and `fields` with it, if and only if nobody changed the state meanwhile.

    Writes one ledger entry. Raises InvalidState when the table has no such transition, StaleState when the row
    no longer has the state that `obj` was loaded with.
    """
    if not obj.machine.allows(obj.state, new):
        _refuse(obj)
    _set(act, obj, new, detail, fields)


def reopen(act: ledger.Act, obj: Any, new: str, *, detail: Mapping[str, Any] | None = None, **fields: Any) -> None:
    """As `move`, by the table of what a review reopens."""
    if new not in obj.machine.reopened.get(obj.state, frozenset()):
        _refuse(obj)
    _set(act, obj, new, detail, fields)


def _refuse(obj: Any) -> None:
    raise InvalidState(_("This is not possible while the state is “%(state)s”.") % {"state": obj.get_state_display()})


def _set(act: ledger.Act, obj: Any, new: str, detail: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> None:
    old = obj.state
    changed = type(obj)._base_manager.filter(pk=obj.pk, state=old).update(state=new, **fields)
    if changed != 1:
        raise StaleState()
    obj.state = new
    for name, value in fields.items():
        setattr(obj, name, value)
    ledger.record(act, obj, old=old, new=new, detail=detail)
