"""Who may use a grant, how its terms change, and how it is revoked."""

from datetime import date, timedelta
from html import unescape

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils.html import strip_tags

from accounts.models import Party
from accounts.operations import add_member
from listings import operations as listing
from marketplace.applications import operations
from marketplace.applications.models import Grant, GrantEdition
from marketplace.delivery import gate
from marketplace.desk.story import apply_for, consult
from marketplace.errors import InvalidState
from marketplace.supervision import operations as supervision
from tests.applications.test_dialogue import told
from tests.applications.test_operations import ask, review, stages_marks
from tests.console.conftest import log_in
from tests.delivery.test_delivery import deliver
from tests.workflow import stages

YEAR = timedelta(days=365)


def code(world, grant, who, at=None):
    return gate.judge(world[who], grant, world.version, at or world.at).code


def change(grant, **changes):
    now = {
        "ends": grant.ends, "fields": grant.fields, "what_is_built": grant.terms["what_is_built"],
        "quota": grant.terms["quota"], "report_schedule": grant.report_schedule, "reason": "续期",
    }  # fmt: skip
    return {**now, **changes}


def test_only_named_people_download_once_somebody_is_named(world, grant):
    member = "conflicted_officer"  # of the buyer
    assert [code(world, grant, who) for who in ("buyer", member, "other_buyer")] == ["ok", "ok", "not_a_user"]
    who = {"grant": grant, "actor": world["buyer"], "at": world.at}
    first = operations.name_user(**who, user=world["buyer"], until=world.at.date() + timedelta(days=9))
    assert [code(world, grant, who) for who in ("buyer", member)] == ["ok", "not_named"]
    assert code(world, grant, "buyer", world.at + timedelta(days=9)) == "ok"
    assert code(world, grant, "buyer", world.at + timedelta(days=10)) == "not_named"  # lapsed: nobody, not everybody
    second = operations.name_user(**who, user=world[member])
    operations.drop_user(**who, user=world["buyer"])
    assert [code(world, grant, who) for who in ("buyer", member)] == ["not_named", "ok"]
    last = operations.drop_user(**who, user=world[member])
    assert [code(world, grant, who) for who in ("buyer", member)] == ["ok", "ok"]
    assert [first.number, second.number, last.number] == [2, 3, 5]
    assert (second.before, second.after) == ({"people": ["张悦"]}, {"people": ["张悦", "吴双"]})
    assert told("grant_people") == sorted(["conflicted-officer", "officer", "second-officer"] * 4)


def test_auditor_of_the_buyer_cannot_be_named(world, grant):
    add_member(party=world.parties["buyer"], user=world["expert"], role="auditor", actor=world["buyer"], at=world.at)
    who = {"grant": grant, "actor": world["buyer"], "at": world.at}
    seen = stages_marks()
    for user, until in ((world["expert"], None), (world["seller"], None), (world["buyer"], grant.ends + YEAR)):
        with pytest.raises(ValidationError):
            operations.name_user(**who, user=user, until=until)
    assert (stages_marks(), grant.users.count()) == (seen, 0)


def test_agreed_change_is_the_next_edition_and_an_open_request_changes_nothing(world, grant):
    Grant.objects.filter(pk=grant.pk).update(fields=["区县", "月份"])
    grant.refresh_from_db()
    ends = grant.ends
    wanted = change(grant, ends=ends + YEAR, fields=[*grant.fields, "性别"], what_is_built="排班系统")
    edition = operations.request_change(grant=grant, actor=world["buyer"], at=world.at, **wanted)
    assert told("change_requested") == ["conflicted-officer", "officer", "provider", "second-officer"]
    grant.refresh_from_db()
    assert (grant.ends, edition.number, edition.state) == (ends, None, "requested")
    with pytest.raises(InvalidState):
        operations.request_change(grant=grant, actor=world["buyer"], at=world.at, **wanted)
    operations.agree_change(edition=edition, actor=world["officer"], at=world.at, reason="必要")
    grant.refresh_from_db()
    assert (grant.ends, grant.fields, grant.terms["what_is_built"]) == (ends + YEAR, wanted["fields"], "排班系统")
    assert (edition.number, edition.before["fields"]) == (2, ["区县", "月份"])
    assert grant.terms["scenario"] == "门诊需求预测"


def agreed(world, grant, at=None, **wanted):
    """The grant after an agreed change, and its edition."""
    at = at or world.at
    edition = operations.request_change(grant=grant, actor=world["buyer"], at=at, **change(grant, **wanted))
    operations.agree_change(edition=edition, actor=world["officer"], at=at, reason="必要")
    grant.refresh_from_db()
    return edition


def test_an_edition_raises_the_quota_and_never_lowers_it(world, grant):
    Grant.objects.filter(pk=grant.pk).update(terms={**grant.terms, "quota": 1})
    grant.refresh_from_db()
    deliver(world, grant)
    assert code(world, grant, "buyer") == "quota_used"
    edition = agreed(world, grant, quota=2)
    assert [(str(old), str(new)) for _term, old, new in edition.changes()] == [("1", "2")]
    assert code(world, grant, "buyer") == "ok"  # in this month already
    for lower in (1, 0):
        with pytest.raises(ValidationError) as refused:
            operations.request_change(grant=grant, actor=world["buyer"], at=world.at, **change(grant, quota=lower))
        assert list(refused.value.message_dict) == ["quota"]
    assert [str(new) for _term, _old, new in agreed(world, grant, quota=None).changes()] == ["不限"]
    with pytest.raises(ValidationError):  # less than no limit
        operations.request_change(grant=grant, actor=world["buyer"], at=world.at, **change(grant, quota=9))


def test_an_edition_changes_the_report_periods_that_have_not_begun(world, grant):
    def periods(at):
        supervision.schedule_reports(grants=[grant], actor=stages.JOB, at=at)
        return [(f"{report.start:%m-%d}", f"{report.end:%m-%d}") for report in grant.reports.order_by("start")]

    assert periods(world.at) == [("03-17", "03-31")]
    agreed(world, grant, report_schedule="calendar_halves")
    due = grant.reports.get().due_at
    later = world.at + timedelta(days=60)
    assert periods(later) == [("03-17", "03-31"), ("04-01", "06-30")]
    assert grant.reports.order_by("start").first().due_at == due
    for wrong in ("none", "every_day", ""):
        with pytest.raises(ValidationError) as refused:
            operations.request_change(
                grant=grant, actor=world["buyer"], at=later, **change(grant, report_schedule=wrong)
            )
        assert list(refused.value.message_dict) == ["report_schedule"]


def test_what_was_to_be_reported_at_the_end_is_not_overdue_when_quarters_are_agreed(world, grant):
    Grant.objects.filter(pk=grant.pk).update(terms={**grant.terms, "report_schedule": "at_the_end"})
    grant.refresh_from_db()
    at = world.at + timedelta(days=150)
    assert supervision.schedule_reports(grants=[grant], actor=stages.JOB, at=at) == []
    agreed(world, grant, at, report_schedule="calendar_quarters")
    (report,) = supervision.schedule_reports(grants=[grant], actor=stages.JOB, at=at)
    assert (report.start, report.end) == (grant.starts, date(2026, 9, 30))
    assert report.due_at > at


def test_a_request_from_before_quotas_could_change_is_agreed_to_as_it_was_asked(world, grant):
    edition = operations.request_change(
        grant=grant, actor=world["buyer"], at=world.at, **change(grant, ends=grant.ends + YEAR)
    )
    old = {name: edition.after[name] for name in ("ends", "fields", "what_is_built")}
    GrantEdition.objects.filter(pk=edition.pk).update(after=old)
    terms = grant.terms
    edition = GrantEdition.objects.get(pk=edition.pk)
    operations.agree_change(edition=edition, actor=world["officer"], at=world.at, reason="必要")
    grant.refresh_from_db()
    assert (grant.ends.isoformat(), grant.terms) == (old["ends"], terms)


def test_form_and_console_show_the_terms_as_they_are_and_as_they_are_to_be(world, grant):
    Grant.objects.filter(pk=grant.pk).update(terms={**grant.terms, "quota": 3})
    with time_machine.travel(world.at, tick=False):
        address, buyer = f"/grant/{grant.pk}/request-change/", log_in(world["buyer"])
        initial = buyer.get(address).context["form"].initial
        assert (initial["quota"], initial["report_schedule"]) == (3, "calendar_quarters")
        sent = {**initial, "wanted": grant.fields, "quota": "", "report_schedule": "at_the_end", "reason": "用量增加"}
        assert buyer.post(address, sent).status_code == 302
        for page in (
            buyer.get(grant.get_absolute_url()),
            log_in(world["officer"]).get(f"/console/applications/grant/{grant.pk}/"),
        ):
            text = " ".join(unescape(strip_tags(page.content.decode())).split())
            assert "→ no limit" in text and "→ once, at its end" in text
    edition = grant.editions.get()
    assert (edition.after["quota"], edition.after["report_schedule"]) == (None, "at_the_end")


def test_refused_change_leaves_the_grant_as_it_is(world, grant):
    edition = operations.request_change(
        grant=grant, actor=world["buyer"], at=world.at, **change(grant, ends=grant.ends + YEAR)
    )
    before = Grant.objects.values().get(pk=grant.pk)
    operations.refuse_change(
        edition=edition, actor=world["officer"], at=world.at, reason="无必要", remedy=stages.REMEDY
    )
    assert Grant.objects.values().get(pk=grant.pk) == before
    assert told("change_decided") == ["buyer", "conflicted-officer"]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"ends": date(2026, 6, 1)},
        {"fields": ["区县"]},
        {"fields": ["身份证号"]},
    ],
)
def test_what_is_no_change_or_narrower_or_unknown_is_not_asked_for(world, grant, wrong):
    seen = stages_marks()
    with pytest.raises(ValidationError):
        operations.request_change(grant=grant, actor=world["buyer"], at=world.at, **change(grant, **wrong))
    assert (stages_marks(), grant.editions.count()) == (seen, 0)


def test_on_the_art_15_route_a_change_stays_within_what_the_units_consented_to(world):
    application = apply_for(stages.unit_product(world), world.cast, world.at, ["区县", "月份"])
    consult(application, world.cast, world.at)
    row = ask(application, "other_unit", world)
    operations.consent(consultation=row, actor=world["other_provider"], at=world.at)
    review(application, world)
    half_year = {"ends": world.at.date() + timedelta(days=180), "fields": ["月份"]}
    grant = stages.approve(application.items.get(), world, world.at, **half_year)
    operations.accept_grant(grant=grant, actor=world["buyer"], at=world.at, terms_accepted=True)
    who = {"grant": grant, "actor": world["buyer"], "at": world.at}
    for wrong in (
        {"fields": ["月份", "床位使用率"]},
        {"what_is_built": "另一用途"},
        {"ends": application.period_until + timedelta(days=1)},
    ):
        with pytest.raises(ValidationError):
            operations.request_change(**who, **change(grant, **wrong))
    consented = change(grant, ends=application.period_until, fields=["区县", "月份"])
    edition = operations.request_change(**who, **consented)
    operations.agree_change(edition=edition, actor=world["officer"], at=world.at, reason="在同意范围内")
    grant.refresh_from_db()
    assert (grant.ends, grant.fields) == (application.period_until, ["区县", "月份"])


def test_change_is_not_agreed_while_an_order_stands_or_the_product_is_withdrawn(world, grant):
    edition = operations.request_change(
        grant=grant, actor=world["buyer"], at=world.at, **change(grant, ends=grant.ends + YEAR)
    )
    measure = stages.order(world, grant)
    agree = {"edition": edition, "actor": world["officer"], "at": world.at, "reason": "必要"}
    with pytest.raises(InvalidState):
        operations.agree_change(**agree)
    stages.supervision.lift_order(measure=measure, actor=world["officer"], at=world.at, reason="已改正")
    listing.withdraw_product(product=world.product, actor=world["seller"], at=world.at, reason="停止")
    assert code(world, grant, "buyer") == "ok"  # the live grant runs on
    with pytest.raises(InvalidState):
        operations.agree_change(**agree)
    edition.refresh_from_db()
    assert edition.state == "requested"


def test_change_is_not_agreed_while_the_sellers_verification_has_lapsed(world, grant):
    edition = operations.request_change(
        grant=grant, actor=world["buyer"], at=world.at, **change(grant, ends=grant.ends + YEAR)
    )
    Party.objects.filter(pk=world.product.seller_id).update(verified_until=(world.at - timedelta(days=1)).date())
    with pytest.raises(InvalidState):
        operations.agree_change(edition=edition, actor=world["officer"], at=world.at, reason="必要")
    edition.refresh_from_db()
    assert edition.state == "requested"


def test_revoked_grant_serves_nothing_names_its_article_and_remedy(world, grant):
    who = {"grant": grant, "actor": world["officer"], "at": world.at, "reason": "单位撤回同意"}
    seen = stages_marks()
    for article, remedy in (("Art. 33", stages.REMEDY), ("Art. 15", " ")):
        with pytest.raises(ValidationError):
            operations.revoke_grant(**who, article=article, remedy=remedy)
    assert stages_marks() == seen
    operations.revoke_grant(**who, article="Art. 15", remedy=stages.REMEDY)
    assert (grant.state, grant.ended_at) == ("revoked", world.at)
    assert code(world, grant, "buyer") == "not_active"
    assert told("grant_moved").count("buyer") == 1
