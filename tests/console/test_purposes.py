"""The table of purposes: who keeps it, what can be chosen, and what stays as it was."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client

from listings import operations
from listings.models import Product, Purpose
from marketplace.applications.models import Application
from marketplace.applications.operations import describe_application
from marketplace.desk.story import decide, make_entry
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from tests.actors import World
from tests.workflow import matrix, stages

Enter = Callable[..., Client]


def describe(product: Product, world: World, purposes: str) -> None:
    operations.describe_product(product=product, actor=world["seller"], at=world.at, purposes=purposes)
    product.refresh_from_db()


@pytest.fixture
def draft(world: World) -> Product:
    """A product that nobody has reviewed."""
    entry = make_entry(world.cast, world.at)
    return stages.make_product(world.cast, entry, world.at)


def retire(code: str, world: World) -> None:
    purpose = Purpose.objects.get(pk=code)
    operations.retire_purpose(purpose=purpose, actor=world["operator"], at=world.at, reason="不再适用")


def test_a_product_chooses_from_the_table_and_keeps_what_is_retired(world: World, draft: Product) -> None:
    describe(draft, world, "交通出行、研究")
    retire("research", world)
    describe(draft, world, "研究")
    assert draft.purposes == "研究"
    for unknown in ("买卖名单", "研究、买卖名单"):
        with pytest.raises(ValidationError) as error:
            describe(draft, world, unknown)
        assert "买卖名单" in error.value.message_dict["purposes"][0]
    describe(draft, world, "交通出行")
    with pytest.raises(ValidationError):
        describe(draft, world, "研究")  # given up, it is gone


def test_what_stands_on_a_product_is_not_deleted_though_nobody_chose_it_here(world: World, draft: Product) -> None:
    Product.objects.filter(pk=draft.pk).update(purposes="选址")
    purpose = Purpose.objects.get(code="siting")
    Purpose.objects.filter(pk=purpose.pk).update(is_used=False)
    with pytest.raises(InvalidState):
        operations.delete_purpose(purpose=purpose, actor=world["operator"], at=world.at, reason="重复")


def test_what_was_chosen_is_retired_and_not_deleted(world: World, draft: Product) -> None:
    by: dict[str, Any] = {"actor": world["operator"], "at": world.at, "reason": "整理"}
    made = operations.add_purpose(code="tourism", name="文旅", name_en="Tourism", **by)
    operations.delete_purpose(purpose=made, **by)
    assert not Purpose.objects.filter(pk="tourism").exists()
    made = operations.add_purpose(code="tourism", name="文旅", name_en="Tourism", **by)
    describe(draft, world, "文旅")
    describe(draft, world, "")
    before = matrix.rows()
    with pytest.raises(InvalidState):
        operations.delete_purpose(purpose=made, **by)
    assert matrix.rows() == before
    operations.retire_purpose(purpose=made, **by)
    with pytest.raises(InvalidState):
        operations.retire_purpose(purpose=made, **by)
    operations.offer_purpose_again(purpose=made, **by)
    verbs = Entry.objects.filter(object_type="listings.purpose", object_id="tourism").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        "add_purpose", "delete_purpose", "add_purpose", "retire_purpose", "offer_purpose_again",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"code": "research"}, "code"),
        ({"name": "研究"}, "name"),
        ({"name": "甲、乙"}, "name"),
        ({"reason": " "}, "reason"),
    ],
)
def test_a_wrong_purpose_is_named_at_its_field(world: World, fields: dict[str, str], field: str) -> None:
    fine = {"code": "tourism", "name": "文旅", "name_en": "Tourism", "reason": "新增"}
    with pytest.raises(ValidationError) as error:
        operations.add_purpose(actor=world["operator"], at=world.at, **{**fine, **fields})
    assert set(error.value.message_dict) == {field}


def test_only_operators_keep_the_table(world: World) -> None:
    purpose, before = Purpose.objects.get(pk="research"), matrix.rows()
    for who in ("officer", "province_officer", "seller", "expert"):
        by: dict[str, Any] = {"actor": world[who], "at": world.at, "reason": "理由"}
        for act in (operations.retire_purpose, operations.offer_purpose_again, operations.delete_purpose):
            with pytest.raises(NotAllowed):
                act(purpose=purpose, **by)
        with pytest.raises(NotAllowed):
            operations.add_purpose(code="x", name="甲", name_en="A", **by)
    assert matrix.rows() == before


def test_an_application_chooses_what_its_product_or_the_table_permits(world: World) -> None:
    case, at = stages.application(world, "draft")
    who: dict[str, Any] = {"application": case, "actor": world["buyer"], "at": at}
    retire("health-planning", world)  # the product keeps it, and so may its buyers
    describe_application(purposes="医疗资源规划", **who)
    assert Application.objects.get(pk=case.pk).purposes == "医疗资源规划"
    describe_application(purposes="交通出行", **who)
    with pytest.raises(ValidationError):
        describe_application(purposes="买卖名单", **who)
    describe_application(title="别的名称", **who)
    assert Application.objects.get(pk=case.pk).purposes == "交通出行"


def test_a_grant_is_for_the_purposes_that_were_asked_for(world: World, application: Application) -> None:
    Application.objects.filter(pk=application.pk).update(purposes="公共卫生研究")
    application.refresh_from_db()
    stages.consult(application, world.cast, world.at)
    assert decide(application, world.cast, world.at).terms["purposes"] == "公共卫生研究"


def test_the_pages_offer_boxes_and_keep_what_is_checked(world: World, enter: Enter, draft: Product) -> None:
    retire("public-service", world)  # the product has it
    with time_machine.travel(world.at, tick=False):
        client = enter("seller")
        page = client.get(f"/product/{draft.pk}/describe/")
        assert page.status_code == 200
        shown = page.content.decode()
        assert 'value="便民服务"' in shown and "Transport and travel" in shown
        sent = {name: getattr(draft, name) for name in page.context["form"].fields} | {"purposes": ["便民服务", "研究"]}
        assert client.post(f"/product/{draft.pk}/describe/", sent).status_code == 302
    draft.refresh_from_db()
    assert draft.purposes == "便民服务、研究"


def test_the_console_keeps_the_table(world: World, enter: Enter) -> None:
    client = enter("operator")
    sent = {"code": "tourism", "name": "文旅", "name_en": "Tourism", "reason": "新增"}
    assert client.post("/console/settings/purposes/new/", sent).url == "/console/settings/"
    assert "Tourism" in client.get("/console/settings/").content.decode()
    for change, state in (("retire", True), ("offer", False)):
        assert client.post(f"/console/settings/purpose/tourism/{change}/", {"reason": "x"}).url
        assert (Purpose.objects.get(pk="tourism").retired_at is not None) == state
    assert client.post("/console/settings/purpose/tourism/delete/", {"reason": ""}).status_code == 422
    assert client.post("/console/settings/purpose/tourism/delete/", {"reason": "x"}).url
    assert client.post("/console/settings/purpose/public-health/delete/", {"reason": "x"}).status_code == 409
    assert client.get("/console/settings/purpose/tourism/retire/").status_code == 404
    assert client.get("/console/settings/purpose/transport/burn/").status_code == 404
    assert enter("officer").get("/console/settings/purposes/new/").status_code == 403
