"""The case file: everything on it, and nothing of what the reader may not see."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership
from listings.operations import submit_version
from marketplace.applications.models import Application, Grant, Message
from marketplace.applications.operations import accept_application, write_message
from marketplace.clock.working_days import local_date
from marketplace.desk.story import apply_for
from marketplace.supervision import operations as supervision
from tests.actors import World
from tests.crowd import copy, copy_product
from tests.pages.reading import Page
from tests.supervision.test_derived import built_on_both
from tests.workflow import stages

Enter = Callable[..., Client]


def file_of(obj: Any) -> str:
    return f"/console/{obj._meta.app_label}/{obj._meta.model_name}/{obj.pk}/"


def texts(client: Client, obj: Any) -> str:
    answer = client.get(file_of(obj))
    assert answer.status_code == 200
    return " ".join(Page(answer.content.decode()).texts)


def test_the_case_has_everything_on_it(world: World, grant: Grant, enter: Enter) -> None:
    """Scenario, item, version, assessment, consultation, dialogue, history, and the buyer's other grant."""
    case = apply_for(world.product, world.cast, world.at, world.fields)
    accept_application(application=case, actor=world["officer"], at=world.at)
    write_message(application=case, actor=world["buyer"], at=world.at, text="请尽快办理")
    shown = texts(enter("officer"), case)
    for text in (
        case.what_is_built, str(world.product), str(world.version), "passed", "请尽快办理", grant.number, "In effect",
        "accepted", "Consult the units", "Officer in charge", world["officer"].name,
    ):  # fmt: skip
        assert text in shown, text
    decided = texts(enter("officer"), grant.item.application)
    for text in ("consented", grant.item.decision.reason, str(world.parties["unit"])):
        assert text in decided, text


def test_every_kind_of_case_has_a_file(world: World, grant: Grant, enter: Enter) -> None:
    officer = enter("officer")
    assert world.version.files.earliest("pk").sha256 in texts(officer, world.version)
    assert str(world.product) in texts(officer, world.product.entry)
    assert grant.item.application.number in texts(officer, grant)
    assert "演示用登记证明" in texts(enter("operator"), world.parties["buyer"])


def test_a_part_is_shown_in_the_file_of_its_case(world: World, enter: Enter, grant: Grant) -> None:
    item = grant.item
    for part in (item, item.application.consultations.earliest("pk")):
        assert enter("officer").get(file_of(part)).url == file_of(item.application)
        assert enter("other_officer").get(file_of(part)).status_code == 404


def test_whoever_may_not_see_the_case_finds_no_file(world: World, enter: Enter, application: Application) -> None:
    for who in ("other_officer", "county_officer", "operator", "expert", "buyer"):
        assert enter(who).get(file_of(application)).status_code == 404, who
    assert enter("province_officer").get(file_of(application)).status_code == 200


def test_a_file_offers_only_what_its_reader_may_do(world: World, enter: Enter, application: Application) -> None:
    accept = f"{file_of(application)}accept/"
    with time_machine.travel(world.at, tick=False):
        assert accept in enter("officer").get(file_of(application)).content.decode()
        for who in ("province_officer", "conflicted_officer"):
            assert accept not in enter(who).get(file_of(application)).content.decode()


def test_a_refusal_names_its_way_back_to_the_file(world: World, enter: Enter, application: Application) -> None:
    answer = enter("conflicted_officer").get(f"{file_of(application)}accept/")
    assert answer.status_code == 403
    assert file_of(application) in Page(answer.content.decode()).links


def test_a_verb_without_its_reason_is_refused_and_leaves_nothing(
    world: World, enter: Enter, application: Application
) -> None:
    before = application.state
    answer = enter("officer").post(f"{file_of(application)}refuse/", {"reason": " ", "remedy": "x"})
    assert answer.status_code == 422
    assert application._meta.model._base_manager.get(pk=application.pk).state == before


def test_a_file_asks_the_same_for_more_items_and_messages(world: World, enter: Enter, application: Application) -> None:
    client, item = enter("officer"), application.items.get()
    given = {"application": application, "by": world["buyer"], "party": world.parties["buyer"]}
    Message.objects.create(**given, text="x", at=world.at)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(file_of(application)).status_code == 200
        return len(queries)

    asked()
    one = asked()
    for _number in range(3):
        copy(item, product=copy_product(item.product))
        copy(Message.objects.earliest("pk"))
    assert asked() == one


def test_a_verb_leads_back_into_the_console(world: World, enter: Enter, application: Application) -> None:
    with time_machine.travel(world.at + timedelta(hours=1), tick=False):
        answer = enter("officer").post(f"{file_of(application)}accept/")
    assert (answer.status_code, answer.url) == (302, file_of(application))


def test_a_reviewer_checks_the_sources_of_non_public_data_in_the_file(world: World, enter: Enter) -> None:
    version, at = stages.non_public_version(world, "assessed")
    submit_version(version=version, actor=world["vendor"], at=at)
    source = version.product.source_files.get()
    with time_machine.travel(at, tick=False):
        reviewer = enter("reviewer")
        assert source.title in texts(reviewer, version) and "In order" in texts(reviewer, version)
        assert "In order" not in texts(enter("province_officer"), version)
        assert enter("other_officer").get(file_of(source)).status_code == 404
        answer = reviewer.post(f"{file_of(source)}accept/", {"reason": "核对原件"})
        assert answer.url == file_of(source)
        assert "核对原件" in texts(reviewer, source)


def test_an_objection_is_answered_in_the_file_of_its_version(world: World, enter: Enter) -> None:
    objection, _over = stages.objection(world, "open")
    officer = enter("officer")
    assert officer.get(file_of(objection)).url == file_of(objection.version)
    shown = texts(officer, objection.version)
    assert objection.text in shown and "Dismiss the objection" in shown and "13800000000" not in shown
    assert officer.post(f"{file_of(objection)}dismiss/", {"reason": "已核实"}).url == file_of(objection.version)


def test_an_officer_on_a_side_of_an_inspection_learns_by_its_report_what_was_found(world: World, enter: Enter) -> None:
    made, at = stages.inspection(world, "under_way+joint")
    who: dict[str, Any] = {"inspection": made, "actor": world["officer"], "at": at}
    other = supervision.name_inspector(**who, person=world["other_provider"], department="福州市公安局", role="见证")
    supervision.release_inspector(**who, inspector=other, reason="与被检查方有往来")
    supervision.check_points(**who, points=stages.BAD_POINTS)
    own, of_seller = enter("conflicted_officer"), enter("second_officer")
    Membership.objects.create(
        user=world["second_officer"], party=made.grant.product.seller, role="auditor", valid_from=local_date(world.at)
    )
    kept = ("离职人员仍有权限", "与被检查方有往来", "福州市公安局", "years since it was inspected or began")
    for client in (own, of_seller):
        shown = texts(client, made)
        assert not [words for words in kept if words in shown]
        assert not client.get(file_of(made.plan)).content.decode().count(made.number)
    shown = texts(enter("officer"), made)
    assert all(words in shown for words in (*kept, str(made.plan)))
    supervision.report_inspection(**who, text="发现一处问题")
    assert "离职人员仍有权限" in texts(own, made) and str(made.plan) not in texts(own, made)


def test_of_what_a_derived_product_was_built_from_each_officer_reads_what_they_may_see(
    world: World, grant: Grant, enter: Enter
) -> None:
    made, deal = built_on_both(world, grant)
    vendor, hidden = world.parties["vendor"], "a source that is not public data"
    Grant.objects.filter(pk=deal.pk).update(authority=world.parties["other_city"])
    with time_machine.travel(world.at, tick=False):
        here, there, above = (texts(enter(who), made) for who in ("officer", "other_officer", "province_officer"))
    assert grant.number in here and hidden in here
    assert [word for word in (deal.number, deal.product.title, vendor.name) if word in here] == []
    assert deal.number in there and deal.product.title in there and hidden not in there
    assert world.product.title in there and grant.number not in there
    assert grant.number in above and deal.number in above and hidden not in above
