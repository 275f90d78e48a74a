"""What is known of a reader while a page is made, and of whom; a lapsed or barred party keeps its name alone."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import reach
from accounts.models import Capability, Credential, Party, User
from marketplace import elsewhere
from marketplace.clock.working_days import local_date
from tests.actors import World


def test_what_is_known_is_of_one_person_one_key_one_day_and_one_place(world: World, tmp_path: Path) -> None:
    buyer, at = world["buyer"], world.at
    through = User.objects.get(pk=buyer.pk)
    through.credential = Credential(pk=1, party=world.parties["buyer"], responsible=through)

    def asked(user: User, at: datetime = at) -> int:
        with CaptureQueriesContext(connection) as queries:
            reach.reach_of(user, at)
        return len(queries)

    with reach.kept():
        assert [asked(buyer), asked(buyer), asked(world["officer"]), asked(through)] == [1, 0, 1, 1]
        assert [asked(buyer, at + timedelta(days=1)), asked(buyer, at + timedelta(minutes=1))] == [1, 0]
        token = elsewhere._here.set(elsewhere.Place(1, tmp_path, timedelta()))
        assert [asked(buyer), asked(buyer)] == [1, 0]
        elsewhere._here.reset(token)


def test_who_has_lapsed_or_been_barred_keeps_the_name_and_acts_as_nothing(world: World) -> None:
    officer, party, at = world["province_officer"], world.parties["province"], world.at
    day = local_date(at)

    def found() -> Any:
        who = reach.reach_of(officer, at)
        return who.parties, who.authorities, who.is_province, who.names, who.kinds

    known = ((party.pk,), (party.name,), frozenset({"authority"}))
    for state, until, acts in (
        ("verified", day, True),
        ("verified", day - timedelta(days=1), False),
        ("barred", day, False),
    ):
        Party.objects.filter(pk=party.pk).update(state=state, verified_until=until)
        assert found() == (known[0], known[0] if acts else (), acts, *known[1:])
    Capability.objects.filter(party=party).update(valid_until=day - timedelta(days=1))
    assert found() == (known[0], (), False, known[1], frozenset())
