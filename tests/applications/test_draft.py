"""What is typed into the scenario is kept, and is no act."""

import pytest
from django.test import Client

from marketplace.applications import forms, operations
from marketplace.applications.models import ScenarioDraft
from marketplace.errors import InvalidState
from tests.applications.test_operations import stages_marks
from tests.workflow import stages

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def draft(world):
    return stages.application(world, "draft")[0]


def post(world, who, application, data):
    client = Client()
    client.force_login(world[who], backend=BACKEND)
    return client.post(f"/application/{application.pk}/draft/", data)


def test_typed_text_is_kept_shown_again_and_gone_when_saved(world, draft):
    seen = stages_marks()
    assert post(world, "buyer", draft, {"security": "专用", "period_from": "2026-0", "buyer": "7"}).status_code == 200
    assert post(world, "buyer", draft, {"security": "专用服务器", "period_from": "2026-05-01"}).status_code == 200
    assert stages_marks() == seen
    kept = ScenarioDraft.objects.get()
    assert (kept.data, kept.by) == ({"security": "专用服务器", "period_from": "2026-05-01"}, world["buyer"])
    form = forms.ScenarioForm(target=draft, actor=world["buyer"], at=world.at)
    assert (form["security"].value(), form["title"].value()) == ("专用服务器", draft.title)
    assert 'value="2026-05-01"' in str(form["period_from"])
    operations.describe_application(application=draft, actor=world["buyer"], at=world.at, security="专用服务器")
    assert ScenarioDraft.objects.count() == 0


@pytest.mark.parametrize(("who", "status"), [("other_buyer", 404), ("seller", 404), ("province_officer", 404)])
def test_draft_is_the_buyers_own(world, draft, who, status):
    assert post(world, who, draft, {"security": "x"}).status_code == status
    assert ScenarioDraft.objects.count() == 0


def test_nothing_is_kept_once_it_is_submitted(world, application):
    assert post(world, "buyer", application, {"security": "x"}).status_code == 409
    assert post(world, "officer", application, {"security": "x"}).status_code == 403
    with pytest.raises(InvalidState):
        operations.keep_draft(application=application, actor=world["buyer"], at=world.at, texts={})
    assert ScenarioDraft.objects.count() == 0


def test_hostile_drafts_are_refused_or_left_out(world, draft):
    assert post(world, "buyer", draft, {"security": "x" * 60_001}).status_code == 422
    assert ScenarioDraft.objects.count() == 0
    assert post(world, "buyer", draft, {"security": "a\0b", "title": "<script>"}).status_code == 200
    assert ScenarioDraft.objects.get().data == {"title": "<script>"}
    client = Client()
    client.force_login(world["buyer"], backend=BACKEND)
    assert "<script>" not in client.get(f"/application/{draft.pk}/describe/").content.decode().replace(
        "<script src", ""
    )
    assert client.get(f"/application/{draft.pk}/draft/").status_code == 405
