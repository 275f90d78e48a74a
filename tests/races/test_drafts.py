"""What is begun, sent in or worked off several times at once is there once."""

import pytest
from django.core import mail
from django.core.exceptions import ValidationError

from listings import operations as listing
from listings.models import Assessment, Job, Version
from marketplace.applications import operations as applications
from marketplace.applications.models import Application
from marketplace.desk.sample_data import write_visits
from marketplace.notices import operations as notices
from marketplace.notices.models import Outbox
from marketplace.supervision import operations as supervision
from tests.races.together import entries, fresh, one_won, together
from tests.workflow import stages

pytestmark = pytest.mark.django_db(transaction=True)


def test_application_submitted_twice_at_once_is_submitted_once(world):
    application, at = stages.application(world, "draft")
    submit = lambda: applications.submit_application(  # noqa: E731
        application=fresh(application), actor=world["buyer"], at=at
    )
    one_won(together(submit, submit, submit))
    assert entries(application, "submit") == 1
    told = Outbox.objects.filter(kind="application_submitted", channel="page").count()
    assert told == 3  # the officers of the city, once each
    assert Application.objects.get().state == "submitted"


def test_two_versions_started_at_once_become_one(world):
    start = lambda: listing.create_version(  # noqa: E731
        product=world.product, actor=world["seller"], at=world.at, about="none", **stages.VERSION_FIELDS
    )
    one_won(together(start, start), ValidationError)
    assert list(Version.objects.order_by("number").values_list("number", "state")) == [(1, "published"), (2, "draft")]


def test_plans_drafted_by_one_unit_at_once_become_one_draft(world):
    unit = world.parties["unit"]
    draft = lambda: supervision.draft_plan(unit=unit, actor=world["provider"], at=world.at, **stages.PLAN)  # noqa: E731
    one_won(together(draft, draft, draft, draft))


def test_one_upload_sent_and_finished_by_three_at_once_is_read_once(world, settings):
    upload, at = stages.upload(world, "open+partial")
    content = write_visits(stages.scratch("next.csv")).read_bytes()
    who = {"actor": world["seller"], "at": at}
    upload = listing.start_upload(version=upload.version, name="next.csv", size=len(content), **who)
    sent = together(*[lambda: listing.receive_chunk(upload=fresh(upload), offset=0, content=content, **who)] * 3)
    one_won(sent)
    assert upload.chunks.count() == 1
    one_won(together(*[lambda: listing.finish_upload(upload=fresh(upload), **who)] * 3))
    assert (fresh(upload).state, upload.jobs.count(), upload.version.files.count()) == ("done", 1, 2)
    assert (
        sorted(path.name.partition("-")[0] for path in (settings.MEDIA_ROOT / "quarantine").iterdir())
        == [str(upload.version_id)] * 2
    )


def test_one_assessment_run_by_two_workers_at_once_runs_once(world):
    version = stages.draft_with_file(world)
    job = listing.request_assessment(version=version, actor=world["seller"], at=world.at)
    before = Assessment.objects.count()
    ran = together(*[lambda: listing.run_assessment(job=Job.objects.get(pk=job.pk), at=world.at)] * 3)
    assert sorted(ran) == [False, False, True]
    assert Assessment.objects.count() == before + 1
    assert fresh(version).state == "assessed"


def test_mails_sent_by_two_workers_at_once_go_out_once(world, application, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []
    waiting = Outbox.objects.filter(channel="email", state="pending").count()
    sent = together(*[lambda: notices.send_due(at=world.at)] * 3)
    assert sum(sent) == len(mail.outbox) == waiting > 0
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == waiting
