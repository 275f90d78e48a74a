"""Derived products: what became of their sources shows on them, and everybody may read the register."""

from django.test import Client

from marketplace.applications import operations as applications
from marketplace.delivery import operations as delivery
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from tests.workflow import stages


def built(world, grant, title):
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    return operations.register_derived(
        party=world.parties["buyer"], actor=world["buyer"], at=world.at, title=title, description="每月更新",
        built_from=[(grant, world.version)],
    )  # fmt: skip


def revoke(world, grant):
    operations.revoke_grant(
        grant=grant, actor=world["officer"], at=world.at, article="Art. 15", reason="单位撤回同意", remedy=stages.REMEDY
    )


def test_revocation_flags_what_was_built_in_the_same_act(world, grant):
    shown, hidden = built(world, grant, "门诊地图"), built(world, grant, "内部看板")
    operations.publish_derived(derived=shown, actor=world["buyer"], at=world.at)
    revoke(world, grant)
    for one in (grant, shown, hidden):
        one.refresh_from_db()
    assert (grant.state, shown.state, hidden.state) == ("revoked", "flagged", "registered")
    acts = Entry.objects.filter(verb="revoke").values_list("object_type", "operation_id")
    assert [kind for kind, _act in acts] == ["applications.grant", "supervision.derivedproduct"]
    assert len({act for _kind, act in acts}) == 1
    for kind, who in (("derived_flagged", "buyer"), ("derived_to_decide", "officer")):
        assert Outbox.objects.filter(kind=kind, recipient_ref=world[who].ledger_ref).exists()
    operations.publish_derived(derived=hidden, actor=world["buyer"], at=world.at)  # published later: flagged at once
    hidden.refresh_from_db()
    assert hidden.state == "flagged"


def test_the_register_is_public_and_shows_only_what_is_published(world, grant):
    built(world, grant, "内部看板")
    shown = built(world, grant, "门诊地图")
    operations.publish_derived(derived=shown, actor=world["buyer"], at=world.at)
    page = Client().get("/derived/")
    assert page.status_code == 200
    assert "门诊地图" in page.content.decode() and "内部看板" not in page.content.decode()


def test_an_added_product_is_asked_for_with_the_fields_that_are_chosen(world):
    case = stages.application(world, "draft")[0]
    other = stages.another_listed_product(world)
    item = applications.add_item(
        application=case, actor=world["buyer"], at=world.at, product=other, fields=["区县", "月份", "床位使用率"]
    )
    client = Client()
    client.force_login(world["buyer"])
    form = client.get(f"/item/{item.pk}/choose-fields/").content.decode()
    assert form.count("checked") == 3
    assert client.post(f"/item/{item.pk}/choose-fields/", {"wanted": ["姓名"]}).status_code == 422
    assert client.post(f"/item/{item.pk}/choose-fields/", {}).status_code == 422
    assert client.post(f"/item/{item.pk}/choose-fields/", {"wanted": ["区县"]}).status_code == 302
    item.refresh_from_db()
    assert item.fields == ["区县"]
