"""Files that arrive in chunks, and hostile ones by every way in: refused with a sentence, nothing left behind."""

import hashlib
import html
import io
import tempfile
import uuid
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from accounts.models import Membership
from listings import files, operations
from listings.deidentification import limits, sandbox
from listings.models import Job, Upload, UploadChunk, VersionFile
from listings.operations.uploads import SMALLEST_CHUNK, WrongOffset
from listings.operations.versions import discard_version
from marketplace.desk.sample_data import write_visits
from marketplace.desk.story import make_product
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from tests.api.conftest import Partner, credential_for
from tests.listings.deidentification.workbooks import PLAIN, workbook
from tests.listings.hostile import REFUSED, SCRIPT
from tests.listings.test_listing import start, stored
from tests.pages.conftest import BACKEND
from tests.workflow import stages
from tests.workflow.matrix import rows
from tests.workflow.memory import remembered_sandbox  # noqa: F401

OCTETS = "application/octet-stream"


@pytest.fixture(autouse=True)
def _in_the_worlds_time(world):
    with time_machine.travel(world.at, tick=False):
        yield


def reading() -> Job:
    return Job.objects.get(kind="read")


@pytest.fixture
def draft(world):
    return start(world)


@pytest.fixture
def who(world):
    return {"actor": world["seller"], "at": world.at}


@pytest.fixture
def page(world):
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(world["seller"], backend=BACKEND)
    return client


@pytest.fixture
def system(world):
    party = Membership.objects.filter(user=world["seller"]).earliest("pk").party
    return Partner(credential_for(world, party, person=world["seller"]), world["seller"])


def csv_of(size: int) -> bytes:
    """Exactly `size` bytes of CSV."""
    head, line = b"a,b\n", b"1,2\n"
    return head + line * ((size - len(head)) // len(line) - 1) + b"1," + b"2" * ((size - len(head)) % 4 + 1) + b"\n"


def begin(draft, who, content: bytes, name: str = "data.csv", **more: Any) -> Upload:
    return operations.start_upload(version=draft, name=name, size=len(content), **more, **who)


def send(upload: Upload, who, content: bytes, offset: int = 0) -> Upload:
    return operations.receive_chunk(upload=upload, offset=offset, content=content, **who)


def by_chunks(page: Client, draft, name: str, content: bytes) -> Any:
    """As the page's script does; the first answer that is a no, else the last."""
    answer = page.post(f"/version/{draft.pk}/uploads/", {"name": name, "size": len(content)})
    if answer.status_code != 201:
        return answer
    pk, offset = answer.json()["id"], 0
    while offset < len(content):
        piece = content[offset : offset + 2**20]
        answer = page.put(f"/upload/{pk}/chunk/", piece, content_type=OCTETS, headers={"Upload-Offset": str(offset)})
        if answer.status_code != 200:
            return answer
        offset = answer.json()["received"]
    return page.post(f"/upload/{pk}/complete/")


def by_api(system: Partner, draft, name: str, content: bytes) -> Any:
    answer = system.post(f"versions/{draft.pk}/uploads/", {"name": name, "size": len(content)})
    if answer.status_code != 201:
        return answer
    pk, offset = answer.json()["id"], 0
    while offset < len(content):
        answer = put(system, pk, offset, content[offset : offset + 2**20])
        if answer.status_code != 200:
            return answer
        offset = answer.json()["received"]
    return system.post(f"uploads/{pk}/finish/")


def put(system: Partner, pk: int, offset: int, piece: bytes, **headers: str) -> Any:
    sent = system.headers(**{"Upload-Offset": str(offset), **headers})
    return system.client.put(f"/api/v1/uploads/{pk}/chunk/", piece, content_type=OCTETS, headers=sent)


@pytest.mark.parametrize("case", REFUSED)
def test_hostile_file_is_refused_by_every_way_in_and_gone(
    world, draft, page, system, case, django_capture_on_commit_callbacks
):
    name, content, piece = REFUSED[case]
    files_before, before = stored(), rows()["listings.VersionFile"]
    with django_capture_on_commit_callbacks(execute=True):
        form = page.post(f"/version/{draft.pk}/upload-file/", {"file": SimpleUploadedFile(name, content)})
        chunks = by_chunks(page, draft, name, content)
        for open_one in Upload.objects.filter(state="open"):
            operations.abandon_upload(upload=open_one, actor=world["seller"], at=world.at)
        api_form = system.post(f"versions/{draft.pk}/upload-file/", {"file": SimpleUploadedFile(name, content)})
        api = by_api(system, draft, name, content)
        for open_one in Upload.objects.filter(state="open"):
            operations.abandon_upload(upload=open_one, actor=world["seller"], at=world.at)
    answers = [form, chunks, api_form, api]
    assert [answer.status_code for answer in answers] == [422] * 4
    assert all(piece in html.unescape(answer.content.decode()) for answer in answers)
    assert SCRIPT.encode() not in form.content
    assert (stored(), rows()["listings.VersionFile"]) == (files_before, before)
    assert not UploadChunk.objects.exists()
    draft.refresh_from_db()
    assert (draft.state, draft.rows, draft.columns.count()) == ("draft", None, 0)


def test_workbook_that_unpacks_without_end_is_refused_by_every_way_in_and_the_worker_lives(
    draft, page, system, tmp_path, monkeypatch, django_capture_on_commit_callbacks
):
    """Nine megabytes that unpack to more than the site's two gibibytes."""
    content, before, scratch = bomb_of(limits.MAX_INFLATED_BYTES + 1, tmp_path / "bomb.xlsx"), stored(), tmp_path / "s"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    assert len(content) < 10 * 2**20
    with django_capture_on_commit_callbacks(execute=True):
        answers = [
            page.post(f"/version/{draft.pk}/upload-file/", {"file": SimpleUploadedFile("data.xlsx", content)}),
            by_chunks(page, draft, "data.xlsx", content),
            system.post(f"versions/{draft.pk}/upload-file/", {"file": SimpleUploadedFile("data.xlsx", content)}),
            by_api(system, draft, "data.xlsx", content),
        ]
    assert [answer.status_code for answer in answers] == [422] * 4
    assert all("unpacks to more than" in html.unescape(answer.content.decode()) for answer in answers)
    assert (stored(), list(scratch.glob("minshu-*")), UploadChunk.objects.count()) == (before, [], 0)
    with django_capture_on_commit_callbacks(execute=True):
        assert by_chunks(page, draft, "data.csv", csv_of(400)).json()["state"] == "done"


def bomb_of(inflated: int, path: Path) -> bytes:
    """A workbook with zeros in a part that no reader needs, packed piece by piece."""
    path.write_bytes(workbook(PLAIN))
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/media/image1.png", "w", force_zip64=True) as part,
    ):
        for left in range(inflated, 0, -(2**24)):
            part.write(bytes(min(left, 2**24)))
    return path.read_bytes()


def test_piece_without_a_row_is_swept_after_a_day_and_nothing_else_is(world, draft, who):
    before, content = stored(), csv_of(2 * SMALLEST_CHUNK)
    upload = send(begin(draft, who, content), who, content[:SMALLEST_CHUNK])
    kept = stored()
    orphan = files.put_chunk(upload, SMALLEST_CHUNK, b"x")  # the process dies before its row is written
    written = default_storage.get_modified_time(orphan)
    assert operations.sweep_orphans(at=written + timedelta(hours=23)) == 0
    assert default_storage.exists(orphan)
    late = written + timedelta(hours=24)
    assert [operations.sweep_orphans(at=late) for _ in range(2)] == [1, 0]
    assert (stored(), default_storage.exists(orphan)) == (kept, False)
    assert before < kept and UploadChunk.objects.filter(upload=upload).count() == 1


@pytest.mark.parametrize("name", ["data.exe", "data", "../../../etc/passwd", "x" * 256 + ".csv", "", "a\0.csv"])
def test_name_without_a_known_ending_starts_nothing(page, system, draft, name):
    before = rows()
    answers = [
        page.post(f"/version/{draft.pk}/uploads/", {"name": name, "size": 10}),
        system.post(f"versions/{draft.pk}/uploads/", {"name": name, "size": 10}),
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert rows() == before


@pytest.mark.parametrize("size", [0, -1, 2 * 1024**3 + 1, 10**30, "x", ""])
def test_impossible_size_starts_nothing(page, draft, size):
    before = rows()
    assert page.post(f"/version/{draft.pk}/uploads/", {"name": "a.csv", "size": size}).status_code == 422
    assert rows() == before


def test_workbook_over_its_own_limit_is_refused_before_a_byte_arrives(draft, who):
    with pytest.raises(ValidationError) as caught:
        operations.start_upload(version=draft, name="a.xlsx", size=200 * 1024**2 + 1, **who)
    assert list(caught.value.message_dict) == ["size"]


def test_path_and_script_in_a_name_reach_neither_disk_nor_page(world, draft, page, django_capture_on_commit_callbacks):
    name = f"../../{SCRIPT}/..\\{SCRIPT}\u202e13800138000.csv"
    before = stored()
    with django_capture_on_commit_callbacks(execute=True):
        assert by_chunks(page, draft, name, csv_of(400)).status_code == 200
    assert all("script" not in path and ".." not in path for path in stored() - before)
    kept = VersionFile.objects.get(version=draft, kind="original").name
    assert kept == files.plain_name(name) and "/" not in kept and "13800138000" not in kept
    shown = page.get(draft.get_absolute_url()).content.decode()
    assert SCRIPT not in shown and kept in html.unescape(shown)


def test_script_in_every_cell_is_data(world, draft, page):
    content = f"a,b\n{SCRIPT},=cmd|' /C calc'!A0\n".encode()
    assert by_chunks(page, draft, "data.csv", content).json()["state"] == "done"
    assert SCRIPT not in page.get(draft.get_absolute_url()).content.decode()


def test_chunks_become_the_drafts_file_and_vanish(world, draft, who, django_capture_on_commit_callbacks):
    content, before = csv_of(3 * SMALLEST_CHUNK + 17), stored()
    with django_capture_on_commit_callbacks(execute=True):
        upload = begin(draft, who, content, sha256=hashlib.sha256(content).hexdigest().upper())
        for offset in range(0, len(content), SMALLEST_CHUNK):
            send(upload, who, content[offset : offset + SMALLEST_CHUNK], offset)
        assert {path.split("/")[0] for path in stored() - before} == {"quarantine"}
        assert len(stored() - before) == 4
        assert operations.finish_upload(upload=upload, **who).state == "done"
    original, parquet = VersionFile.objects.filter(version=draft).order_by("kind")
    assert (original.sha256, original.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert stored() - before == {original.key, parquet.key}
    draft.refresh_from_db()
    assert (draft.rows, draft.columns.count()) == ((len(content) - 4) // 4, 2)
    about = Entry.objects.filter(object_type="listings.upload", object_id=str(upload.pk)).order_by("pk")
    assert list(about.values_list("verb", "new")) == [
        ("start_upload", "open"), ("finish_upload", "received"), ("read", "done")
    ]  # fmt: skip


def test_dropped_chunk_is_sent_again_from_the_offset_that_the_site_names(draft, who, page, system):
    content = csv_of(2 * SMALLEST_CHUNK)
    upload = begin(draft, who, content)
    send(upload, who, content[:SMALLEST_CHUNK])
    address, lost = f"/upload/{upload.pk}/chunk/", content[SMALLEST_CHUNK:]
    again = page.put(address, content[:SMALLEST_CHUNK], content_type=OCTETS, headers={"Upload-Offset": "0"})
    assert (again.status_code, again.json()["received"]) == (409, SMALLEST_CHUNK)
    ahead = put(system, upload.pk, SMALLEST_CHUNK + 1, lost[1:])
    assert (ahead.status_code, ahead["Upload-Offset"]) == (409, str(SMALLEST_CHUNK))
    assert ahead.json()["code"] == "wrong_offset"
    broken = page.put(
        address, lost, content_type=OCTETS, headers={"Upload-Offset": str(SMALLEST_CHUNK)},
        **{"wsgi.input": io.BytesIO(lost[:-1])},
    )  # fmt: skip
    assert broken.status_code == 400
    upload.refresh_from_db()
    assert (upload.received, upload.chunks.count()) == (SMALLEST_CHUNK, 1)
    assert page.get(f"/upload/{upload.pk}/").json()["received"] == SMALLEST_CHUNK
    assert put(system, upload.pk, SMALLEST_CHUNK, lost).status_code == 200
    assert system.post(f"uploads/{upload.pk}/finish/").json()["state"] == "done"


def test_chunk_that_fits_nowhere_is_refused_and_not_stored(draft, who):
    content = csv_of(2 * SMALLEST_CHUNK)
    upload, before = begin(draft, who, content), stored()
    for wrong in (b"", b"a", content + b"x"):
        with pytest.raises(ValidationError):
            send(upload, who, wrong)
    with pytest.raises(WrongOffset):
        send(upload, who, content, 1)
    assert (stored(), upload.chunks.count()) == (before, 0)


def test_chunk_is_refused_by_its_headers_before_it_is_read(draft, who, page):
    upload = begin(draft, who, csv_of(100))
    address = f"/upload/{upload.pk}/chunk/"
    right = {"content_type": OCTETS, "headers": {"Upload-Offset": "0"}}
    assert page.put(address, b"x", **{**right, "content_type": "text/csv"}).status_code == 400
    assert page.put(address, b"x", content_type=OCTETS).status_code == 400
    assert page.put(address, b"x", content_type=OCTETS, headers={"Upload-Offset": "-1"}).status_code == 400
    assert page.put(address, b"x", content_type=OCTETS, headers={"Upload-Offset": "9" * 40}).status_code == 400
    assert page.put(address, b"x", **right, CONTENT_LENGTH="").status_code == 400
    assert page.put(address, b"x", **right, CONTENT_LENGTH=str(8 * 1024**2 + 1)).status_code == 413


def test_chunk_needs_the_csrf_header_and_the_right_person(world, draft, who):
    upload = begin(draft, who, csv_of(100))
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world["seller"], backend=BACKEND)
    strange = Client()
    strange.force_login(world["other_buyer"], backend=BACKEND)
    sent = {"content_type": OCTETS, "headers": {"Upload-Offset": "0"}}
    assert strict.put(f"/upload/{upload.pk}/chunk/", csv_of(100), **sent).status_code == 403
    assert strange.put(f"/upload/{upload.pk}/chunk/", csv_of(100), **sent).status_code == 404
    assert strange.get(f"/upload/{upload.pk}/").status_code == 404
    assert Client().put(f"/upload/{upload.pk}/chunk/", csv_of(100), **sent).status_code == 302
    with pytest.raises(NotAllowed):
        operations.receive_chunk(upload=upload, actor=world["officer"], at=world.at, offset=0, content=csv_of(100))
    assert not upload.chunks.exists()


def test_api_chunk_names_its_person_and_takes_the_scope(world, draft, who, system):
    upload, party = begin(draft, who, csv_of(100)), draft.product.seller
    reading = Partner(credential_for(world, party, person=world["seller"], scopes=("read",)), world["seller"])
    assert put(reading, upload.pk, 0, csv_of(100)).json()["code"] == "scope_missing"
    nameless = Partner(system.key)
    assert put(nameless, upload.pk, 0, csv_of(100)).json()["code"] == "responsible_person_missing"
    assert put(Partner(), upload.pk, 0, csv_of(100)).status_code == 401
    assert not upload.chunks.exists()


def test_file_with_another_hash_is_refused(draft, who, django_capture_on_commit_callbacks):
    content, before = csv_of(100), stored()
    with django_capture_on_commit_callbacks(execute=True):
        upload = begin(draft, who, content, sha256="0" * 64)
        send(upload, who, content)
        with pytest.raises(ValidationError):
            operations.finish_upload(upload=upload, **who)
    upload.refresh_from_db()
    assert (upload.state, upload.problem["code"], stored()) == ("refused", "other_hash", before)
    assert reading().state == "failed"


def test_unfinished_upload_is_not_read(draft, who):
    upload = begin(draft, who, csv_of(200))
    before = rows()
    with pytest.raises(InvalidState):
        operations.finish_upload(upload=upload, **who)
    assert rows() == before


def test_finish_asked_twice_with_one_key_reads_once(draft, who, system):
    upload = send(begin(draft, who, csv_of(100)), who, csv_of(100))
    key = uuid.uuid4().hex
    answers = [system.post(f"uploads/{upload.pk}/finish/", key=key) for _ in range(2)]
    assert [answer.json()["state"] for answer in answers] == ["done", "done"]
    assert reading().state == "done"
    assert system.post(f"uploads/{upload.pk}/finish/").status_code == 409


def test_large_file_is_left_to_the_worker(draft, who, settings, sent_tasks, django_capture_on_commit_callbacks):
    settings.UPLOAD_LIMIT = 50
    with django_capture_on_commit_callbacks(execute=True):
        upload = send(begin(draft, who, csv_of(100)), who, csv_of(100))
        assert operations.finish_upload(upload=upload, **who).state == "received"
    assert sent_tasks[-1][0] == "listings.assess_due"
    assert operations.assess_due(at=who["at"]) == 1
    upload.refresh_from_db()
    assert (upload.state, reading().state) == ("done", "done")


def test_new_upload_takes_the_place_of_the_one_before(draft, who, django_capture_on_commit_callbacks):
    before = stored()
    with django_capture_on_commit_callbacks(execute=True):
        first = send(begin(draft, who, csv_of(100)), who, csv_of(100))
        second = begin(draft, who, csv_of(200))
    assert Upload.objects.get(pk=first.pk).state == "abandoned"
    assert (Upload.objects.under_way().get(), stored()) == (second, before)


def test_discarded_draft_takes_its_upload_along(draft, who, django_capture_on_commit_callbacks):
    before = stored()
    with django_capture_on_commit_callbacks(execute=True):
        upload = send(begin(draft, who, csv_of(100)), who, csv_of(100))
        discard_version(version=draft, **who)
    assert (Upload.objects.get(pk=upload.pk).state, stored()) == ("abandoned", before)


def test_upload_left_alone_is_swept_a_day_after_its_last_chunk(world, draft, who, django_capture_on_commit_callbacks):
    content, before, later = csv_of(2 * SMALLEST_CHUNK), stored(), world.at + timedelta(hours=23)
    upload = begin(draft, who, content)
    send(upload, {**who, "at": later}, content[:SMALLEST_CHUNK])
    end = later + timedelta(hours=24)
    with pytest.raises(InvalidState):
        send(upload, {**who, "at": end}, content[SMALLEST_CHUNK:], SMALLEST_CHUNK)
    with django_capture_on_commit_callbacks(execute=True):
        assert operations.sweep_uploads(at=end - timedelta(seconds=1)) == 0
        assert len(stored() - before) == 1
        assert [operations.sweep_uploads(at=end) for _ in range(2)] == [1, 0]
    assert (Upload.objects.get(pk=upload.pk).state, stored()) == ("abandoned", before)
    assert Entry.objects.filter(verb="abandon", actor_ref="system:sweep").count() == 1


def test_quota_counts_files_and_what_is_on_its_way(world, draft, who, page, settings):
    taken = sum(
        VersionFile.objects.filter(version__product__seller=draft.product.seller, destroyed_at=None).values_list(
            "size", flat=True
        )
    )
    other = start(world, product=make_product(world.cast, world.product.entry, world.at))
    settings.PARTY_QUOTA = taken + 1000
    with pytest.raises(ValidationError) as caught:
        begin(draft, who, csv_of(1001))
    assert list(caught.value.message_dict) == ["size"]
    begin(draft, who, csv_of(900))
    begin(draft, who, csv_of(1000))  # in its place, not beside it
    with pytest.raises(ValidationError):
        begin(other, who, b"x")
    refused = page.post(f"/version/{draft.pk}/upload-file/", {"file": SimpleUploadedFile("a.csv", csv_of(1001))})
    assert refused.status_code == 422 and not draft.files.exists()


def test_page_of_the_form_says_what_is_taken_and_what_is_under_way(draft, who, page):
    upload = send(
        begin(draft, who, csv_of(2 * SMALLEST_CHUNK), modified=17), who, csv_of(2 * SMALLEST_CHUNK)[:-SMALLEST_CHUNK]
    )
    text = page.get(f"/version/{draft.pk}/upload-file/").content.decode()
    for each in (f'data-open="{upload.pk}"', 'data-modified="17"', "50% have arrived", "of 20.0", "100 MiB"):
        assert each in text, each
    assert page.get(f"/upload/{upload.pk}/abandon/").status_code == 200


def test_failing_write_leaves_no_chunk_and_no_file(draft, who, monkeypatch):
    before = stored()
    upload = begin(draft, who, csv_of(100))
    with monkeypatch.context() as patch:
        patch.setattr(UploadChunk.objects, "create", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            send(upload, who, csv_of(100))
    assert stored() == before
    upload.refresh_from_db()
    send(upload, who, csv_of(100))
    with monkeypatch.context() as patch:
        patch.setattr(VersionFile.objects, "create", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            operations.finish_upload(upload=upload, **who)
    assert len(stored() - before) == 1  # the chunk: the job takes it up again
    assert operations.assess_due(at=who["at"] + timedelta(hours=1)) == 1
    assert Upload.objects.get(pk=upload.pk).state == "done"


def test_refusal_is_said_in_the_readers_language(draft, who, page, django_capture_on_commit_callbacks):
    content = b"a,b\n1\n"
    upload = send(begin(draft, who, content), who, content)
    with translation.override("zh-hans"), pytest.raises(ValidationError):
        operations.finish_upload(upload=upload, **who)
    assert "Line 2 has 1 fields" in page.get(draft.get_absolute_url()).content.decode()


def test_cancelled_reading_leaves_nothing_and_drops_its_result(
    world, draft, who, settings, monkeypatch, django_capture_on_commit_callbacks
):
    settings.UPLOAD_LIMIT, before = 50, stored()
    upload = send(begin(draft, who, csv_of(100)), who, csv_of(100))
    operations.finish_upload(upload=upload, **who)
    real = sandbox.run

    def cancel_meanwhile(command: Any, **options: Any) -> Any:
        answer = real(command, **options)
        operations.cancel_job(version=draft, **who)
        return answer

    with monkeypatch.context() as patch, django_capture_on_commit_callbacks(execute=True):
        patch.setattr(sandbox, "run", cancel_meanwhile)
        assert operations.assess_due(at=who["at"]) == 0
    assert (Upload.objects.get(pk=upload.pk).state, reading().state) == ("abandoned", "cancelled")
    assert (stored(), draft.files.count()) == (before, 0)
    settings.UPLOAD_LIMIT = 100_000
    operations.upload_file(version=draft, path=write_visits(stages.scratch("v.csv")), name="v.csv", **who)


def test_one_piece_is_no_larger_than_a_form_takes(draft, who, settings):
    settings.UPLOAD_LIMIT = 99
    path = stages.scratch("large.csv")
    path.write_bytes(csv_of(100))
    before = (rows(), stored())
    with pytest.raises(ValidationError) as caught:
        operations.upload_file(version=draft, path=path, name="large.csv", **who)
    assert list(caught.value.message_dict) == ["file"]
    assert (rows(), stored()) == before
