"""Jobs: leased, renewed, taken over, given up, cancelled; the engine's process does not outlive its watcher's wish."""

import json
import time
from datetime import timedelta

import pytest

from listings import files, operations
from listings.deidentification import progress, sandbox
from listings.models import FileKind, Job, Version
from listings.operations import jobs
from listings.tasks import _busy, assess_due
from marketplace.errors import InvalidState
from tests.listings.deidentification.test_sandbox import child
from tests.workflow import stages
from tests.workflow.matrix import rows
from tests.workflow.memory import remembered_sandbox  # noqa: F401


@pytest.fixture
def job(world):
    version = stages.draft_with_file(world)
    return operations.request_assessment(version=version, actor=world["seller"], at=world.at)


def test_watch_renews_the_lease_and_notes_the_progress(world, job):
    assert jobs.claim(job, world.at)
    watch = jobs.watcher(job, world.at)
    time.sleep(0.01)
    assert watch("identifiers", 40) is True
    job.refresh_from_db()
    assert (job.stage, job.percent, job.get_stage_display() != "identifiers") == ("identifiers", 40, True)
    assert job.lease_until > world.at + jobs.LEASE


def test_worker_that_lost_its_lease_stops_and_records_nothing(world, job):
    assert jobs.claim(job, world.at)
    first, watch = Job.objects.get(pk=job.pk), jobs.watcher(job, world.at)
    assert not jobs.claim(Job.objects.get(pk=job.pk), world.at + jobs.LEASE - timedelta(seconds=1))
    assert jobs.claim(Job.objects.get(pk=job.pk), world.at + jobs.LEASE)
    assert watch("classes", 50) is False
    before = rows()
    with pytest.raises(jobs.StaleState):
        jobs.end(first)
    jobs.fail(first, {"code": "too_slow", "params": {"seconds": 1}}, world.at)
    jobs.retry(first, {})
    assert rows() == before


def test_job_whose_workers_die_is_given_up_with_a_sentence(world, job):
    at = world.at
    for _ in range(jobs.MOST_ATTEMPTS):
        assert jobs.claim(Job.objects.get(pk=job.pk), at)
        at += jobs.LEASE
    assert operations.assess_due(at=at) == 0
    job.refresh_from_db()
    assert (job.state, job.problem) == ("failed", {"code": "worker_lost", "params": {"attempts": 3}})
    assert "3" in job.failure
    assert jobs.open_job(job.version) is None


def test_waiting_assessment_is_cancelled_and_the_draft_can_be_changed(world, job):
    version = job.version
    operations.cancel_job(version=version, actor=world["seller"], at=world.at)
    assert operations.assess_due(at=world.at) == 0
    assert (Version.objects.get(pk=version.pk).state, Job.objects.get(pk=job.pk).state) == ("draft", "cancelled")
    assert version.files.filter(destroyed_at=None).count() == 2
    operations.mark_columns(version=version, actor=world["seller"], at=world.at, roles={})
    with pytest.raises(InvalidState):
        operations.cancel_job(version=version, actor=world["seller"], at=world.at)


def test_running_assessment_that_is_cancelled_records_nothing(world, job, monkeypatch):
    real = sandbox.run

    def cancel_meanwhile(command, **options):
        if command["do"] == "profile":
            operations.cancel_job(version=job.version, actor=world["seller"], at=world.at)
        return real(command, **options)

    monkeypatch.setattr(sandbox, "run", cancel_meanwhile)
    assert operations.run_assessment(job=job, at=world.at) is False
    version = Version.objects.get(pk=job.version_id)
    assert (version.state, version.assessments.count(), Job.objects.get(pk=job.pk).state) == ("draft", 0, "cancelled")


def test_process_is_killed_when_its_watcher_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, "TICK", 0.1)
    mark = tmp_path / "survived"
    child(monkeypatch, f"import time; time.sleep(3); open({str(mark)!r}, 'w')")
    seen = []

    def watch(stage, percent):
        seen.append((stage, percent))
        return len(seen) < 2

    began = time.monotonic()
    answer = sandbox.run({"do": "ingest", "target": str(tmp_path / "t")}, scratch=tmp_path, watch=watch)
    assert (answer["ok"], answer["code"]) == (False, "cancelled")
    assert time.monotonic() - began < 2.5
    assert list(tmp_path.iterdir()) == []


def test_watcher_reads_what_the_process_reports(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, "TICK", 0.2)
    says = "from listings.deidentification import progress; from pathlib import Path; progress.tell_in(Path.cwd()); "
    child(monkeypatch, says + "progress.report('classes', 50); import time; time.sleep(1.2); print('{\"ok\": true}')")
    seen = []
    assert sandbox.run({}, watch=lambda *told: bool(seen.append(told)) or True) == {"ok": True}
    assert ("classes", 50) in seen


@pytest.mark.parametrize("text", ["", "x", "[1]", '["classes", "many"]', '["<script>", 5]', "{}", "[" * 5000])
def test_nonsense_that_is_reported_counts_as_nothing(tmp_path, text):
    (tmp_path / progress.FILE).write_text(text)
    assert progress.read(tmp_path) == ("", 0)
    (tmp_path / progress.FILE).write_text(json.dumps(["typing", 900]))
    assert progress.read(tmp_path) == ("typing", 100)


def test_one_process_does_one_heavy_job_at_a_time(world, job):
    with _busy:
        assess_due()
    assert Job.objects.get(pk=job.pk).state == "queued"


def test_page_and_api_show_how_far_the_work_is(world, job, client):
    jobs.claim(job, world.at)
    jobs.watcher(job, world.at)("identifiers", 40)
    client.force_login(world["seller"])
    text = client.get(job.version.get_absolute_url()).content.decode()
    assert '<progress class="bar" max="100" value="40"' in text
    assert f"/version/{job.version_id}/cancel-job/" in text
    for hidden in ("upload-file", "mark-columns", "request-assessment", "discard"):
        assert f"/version/{job.version_id}/{hidden}/" not in text


def test_a_large_file_has_more_time_and_a_small_one_no_less_than_before(world, job):
    version, original = job.version, files.current(job.version, FileKind.ORIGINAL)
    version.rows, columns = 15_600_000, version.columns.count()
    assert files.seconds_for(Version.objects.get(pk=version.pk)) == 900
    assert files.seconds_for(version) == 900 + 156 * columns
    original.size = 2 * 1024**3
    original.save()
    assert files.seconds_for(version) == 900 + 156 * columns + 2048
