"""kill -9 of a process in the middle of its work: what it left half done was never done, the next one does all of it.

Each child is a process of its own with its own connection; it kills itself just before the n-th row that it writes.
"""

import signal
from collections import Counter
from pathlib import Path

import pytest

from marketplace.notices import operations as notices
from marketplace.notices.models import Outbox
from marketplace.supervision.models import Measure
from marketplace.supervision.sweep import sweep
from tests.journeys.killing import in_child, killed_until_done, outcome, undisturbed
from tests.workflow import stages

pytestmark = pytest.mark.django_db(transaction=True)


def test_sweep_killed_at_each_write_has_done_everything_once_in_the_end(world):
    _grant, at = stages.late_reports(world)
    expected = undisturbed(lambda: sweep(at=at))
    assert killed_until_done(lambda: sweep(at=at), 1) > 5
    assert outcome() == expected
    assert in_child(lambda: sweep(at=at)) == 0
    assert outcome() == expected


def test_order_killed_while_it_is_signed_is_not_signed_at_all(world):
    grant = stages.active_grant(world)
    measure = stages.proposal(world, grant)
    before = outcome()

    def issue() -> None:
        stages.issue(Measure.objects.get(pk=measure.pk), world, world.at)

    def nothing_happened() -> None:
        assert outcome() == before

    expected = undisturbed(issue)
    assert killed_until_done(issue, 2, nothing_happened) > 4
    assert outcome() == expected
    assert not grant.is_in_effect(world.at)


def test_mails_whose_sender_is_killed_go_out_at_least_once_under_one_name(world, application, settings, tmp_path):
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", tmp_path
    at, waiting = world.at, Outbox.objects.filter(channel="email", state="pending").count()
    number = 2
    while in_child(lambda at=at: notices.send_due(at=at), number) == -signal.SIGKILL:  # between a mail and its mark
        at += notices.LEASE  # what the dead one had taken is free again
        number += 6
    assert not Outbox.objects.filter(state="pending").exists()
    names = Counter(line for file in Path(tmp_path).glob("*.log") for line in file.read_text().splitlines()
                    if line.startswith("Message-ID:"))  # fmt: skip
    rows = Outbox.objects.filter(channel="email", state="sent").values_list("pk", flat=True)
    assert set(names) == {f"Message-ID: <outbox-{pk}@minshu>" for pk in rows}
    assert sum(names.values()) > len(names) == waiting > 0
