"""A version inside every bound of an approved rule is published when submitted; any doubt goes the normal way."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from listings import operations
from listings.models import Assessment, Column, ProcessingStep, ReleaseCheck, ReleaseRule, SourceFile, Version
from listings.release_bounds import _measured, drift
from marketplace.delivery import operations as delivery
from marketplace.desk.queries import todo
from marketplace.desk.sample_data import VISIT_ROLES
from marketplace.errors import InvalidState, NotAllowed, StaleState
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401


@pytest.fixture
def rule(world):
    return stages.release_rule(world, "approved")[0]


@pytest.fixture
def successor(world, rule):
    """The next version, made by the same steps as the one reviewed, assessed and not submitted yet."""
    basis = world.version
    fields = {**stages.VERSION_FIELDS, "deidentification_tool": basis.deidentification_tool}
    steps = "\n".join(basis.steps.filter(is_measured=False).order_by("number").values_list("step", flat=True))
    who = {"actor": world["seller"], "at": world.at}
    made = operations.create_version(product=world.product, about=basis.about, steps=steps, **fields, **who)
    path = stages.write_visits(stages.scratch("next.csv"))
    operations.upload_file(version=made, path=path, name=path.name, **who)
    operations.mark_columns(version=made, roles=VISIT_ROLES, **who)
    operations.run_assessment(job=operations.request_assessment(version=made, **who), at=world.at)
    return Version.objects.get(pk=made.pk)


def submit(world, version, at=None):
    operations.submit_version(version=version, actor=world["seller"], at=at or world.at)
    return Version.objects.get(pk=version.pk)


def failed(version):
    return [bound["name"] for bound in version.release_check.bounds if not bound["holds"]]


def test_version_inside_every_bound_is_published_at_once_with_every_figure(world, rule, successor):
    done = submit(world, successor)
    assert (done.state, done.published_at, done.authority) == ("published", world.at, world.parties["city"])
    assert done.checked_sources_by == world["officer"]
    check = done.release_check
    assert (check.rule, check.holds, check.at) == (rule, True, world.at)
    assert [bound["name"] for bound in check.bounds] == [
        "basis", "reassessed", "authority", "source_file", "sources", "columns", "recipe", "about", "rule_set", "rows",
        "k", "drift",
    ]  # fmt: skip
    figures = {bound["name"]: bound["found"] for bound in check.bounds}
    report = done.assessments.get().report
    assert (figures["rows"], figures["k"], figures["drift"]) == (str(done.rows), str(report["k"]), "0")
    entry = Entry.objects.filter(object_type="listings.version", object_id=str(done.pk)).order_by("-pk")[0]
    assert (entry.verb, entry.old, entry.new) == ("release_by_rule", "assessed", "published")
    told = Outbox.objects.filter(kind="version_released", channel="page").values_list("recipient_ref", flat=True)
    assert {world["officer"].ledger_ref, world["seller"].ledger_ref} <= set(told)
    assert Version.objects.get(pk=world.version.pk).state == "published"  # as after any publication


def test_grant_that_covers_it_gets_it_the_same_day(world, rule, grant, successor):
    done = submit(world, successor)
    assert delivery.deliver(grant=grant, version=done, actor=world["buyer"], at=world.at).version == done


CHANGES = {
    "rows": lambda rule, version: ReleaseRule.objects.filter(pk=rule.pk).update(max_rows=rule.min_rows),
    "k": lambda rule, version: ReleaseRule.objects.filter(pk=rule.pk).update(min_k=10_000_000),
    "rule_set": lambda rule, version: Assessment.objects.filter(version=version).update(rule_set="minshu-0", report={
        **version.assessments.get().report, "rule_set": "minshu-0"}),
    "recipe": lambda rule, version: ProcessingStep.objects.filter(version=version, number=1).update(step="另一步"),
    "columns": lambda rule, version: Column.objects.filter(version=version, position=0).update(type="integer"),
    "about": lambda rule, version: Version.objects.filter(pk=version.pk).update(about="households"),
    "source_file": lambda rule, version: SourceFile.objects.create(
        product=version.product, kind="statute", title="新通知", reference="1", summary="新",
        created_at=rule.decided_at + timedelta(hours=1),
    ),
    "authority": lambda rule, version: ReleaseRule.objects.filter(pk=rule.pk).update(
        authority=rule.product.seller
    ),
    "basis": lambda rule, version: Version.objects.filter(pk=rule.basis_id).update(state="held"),
    "reassessed": lambda rule, version: Assessment.objects.create(
        version=rule.basis, rule_set="minshu-1", report={}, file_sha256="", passes=False, at=rule.decided_at
    ),
    "sources": lambda rule, version: rule.basis.sources.all().delete(),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_version_outside_one_bound_is_reviewed_and_its_seller_is_told_which(world, rule, successor, name):
    CHANGES[name](rule, successor)
    done = submit(world, Version.objects.get(pk=successor.pk))
    assert (done.state, failed(done)) == ("submitted", [name])
    told = Outbox.objects.filter(kind="rule_not_met", channel="page").values_list("recipient_ref", flat=True)
    assert list(told) == [world["seller"].ledger_ref]


def test_unknown_figure_is_no_figure_inside_the_bounds(world, rule, successor):
    Column.objects.filter(version=successor, role="quasi_identifier").update(profile={})
    report = successor.assessments.get().report
    Assessment.objects.filter(version=successor).update(report={**report, "k": None})
    Version.objects.filter(pk=successor.pk).update(rows=None)
    done = submit(world, Version.objects.get(pk=successor.pk))
    assert (done.state, failed(done)) == ("submitted", ["rows", "k", "drift"])


def test_drift_is_the_greatest_shift_of_any_quasi_identifier(world, successor):
    assert drift(world.version, successor) == 0
    column = successor.columns.filter(role="quasi_identifier").first()
    values = column.profile["values"]
    first = {**values[0], "share": values[0]["share"] + 0.12}
    Column.objects.filter(pk=column.pk).update(
        profile={**column.profile, "values": [first, {**values[1], "share": values[1]["share"] - 0.12}, *values[2:]]}
    )
    assert drift(world.version, Version.objects.get(pk=successor.pk)) == 12
    assert failed(submit(world, Version.objects.get(pk=successor.pk))) == ["drift"]


def test_a_figure_at_its_bound_is_inside_and_one_beyond_is_not(world, rule, successor):
    version = Version.objects.get(pk=successor.pk)
    rows, k = version.rows, version.assessments.get().report["k"]
    column = version.columns.filter(role="quasi_identifier").first()
    first, *rest = column.profile["values"]
    renamed = {**column.profile, "values": [{**first, "value": "新"}, *rest]}  # all of its rows are in a class anew
    Column.objects.filter(pk=column.pk).update(profile=renamed)
    version = Version.objects.get(pk=successor.pk)
    shift = round(100 * first["share"])
    assert drift(world.version, version) == shift > 0

    def holding(**terms):
        at_it = {"min_rows": rows, "max_rows": rows, "min_k": k, "max_drift": shift, **terms}
        held = ReleaseRule(basis=rule.basis, **at_it)
        return [bound.name for bound in _measured(held, version) if not bound.holds]

    assert holding() == []
    assert holding(min_rows=rows + 1) == holding(max_rows=rows - 1) == ["rows"]
    assert holding(min_k=k + 1) == holding(min_k=None) == ["k"]
    assert holding(max_drift=shift - 1) == ["drift"]


def test_public_data_without_a_source_in_both_versions_is_reviewed(world, rule, successor):
    rule.basis.sources.all().delete()
    successor.sources.all().delete()
    assert "sources" in failed(submit(world, Version.objects.get(pk=successor.pk)))


def test_a_rule_is_in_force_to_the_end_of_its_last_day(world, rule, successor):
    ReleaseRule.objects.filter(pk=rule.pk).update(valid_until=world.at.date())
    assert submit(world, successor).state == "published"


@pytest.mark.parametrize("end", ["lapsed", "revoked", "withdrawn", "proposed"])
def test_rule_that_is_not_in_force_publishes_nothing(world, rule, successor, end):
    if end == "lapsed":
        ReleaseRule.objects.filter(pk=rule.pk).update(valid_until=world.at.date() - timedelta(days=1))
    elif end == "revoked":
        operations.revoke_rule(rule=rule, actor=world["officer"], at=world.at, reason="漂移", remedy=stages.REMEDY)
    else:
        ReleaseRule.objects.filter(pk=rule.pk).update(state=end)
    assert submit(world, successor).state == "submitted"
    assert not ReleaseCheck.objects.exists()


def test_version_that_an_officer_returned_is_reviewed_to_the_end(world, rule, successor):
    CHANGES["rows"](rule, successor)
    done = submit(world, successor)
    operations.return_version(version=done, actor=world["officer"], at=world.at, reason="说明行数")
    ReleaseRule.objects.filter(pk=rule.pk).update(max_rows=100_000)
    assert submit(world, Version.objects.get(pk=successor.pk)).state == "submitted"


def test_same_version_is_published_once(world, rule, successor):
    twin = Version.objects.get(pk=successor.pk)
    submit(world, successor)
    with pytest.raises(StaleState):
        operations.submit_version(version=twin, actor=world["seller"], at=world.at)
    assert ReleaseCheck.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"min_k": 19}, "min_k"), ({"min_k": None}, "min_k"), ({"max_drift": 101}, "__all__"),
        ({"min_rows": 200_000}, "__all__"), ({"max_drift": -1}, "max_drift"),
        ({"valid_until": stages.date(2026, 3, 1)}, "valid_until"),
        ({"valid_until": stages.date(2027, 12, 31)}, "valid_until"),
    ],
)  # fmt: skip
def test_rule_that_would_let_too_much_through_is_not_proposed(world, changes, field):
    with pytest.raises(ValidationError) as refused:
        operations.propose_rule(product=world.product, actor=world["seller"], at=world.at, **{**stages.RULE, **changes})
    assert list(refused.value.message_dict) == [field]
    assert not ReleaseRule.objects.exists()


def test_one_living_rule_a_product_and_none_before_anything_was_reviewed(world, rule):
    with pytest.raises(ValidationError):
        operations.propose_rule(product=world.product, actor=world["seller"], at=world.at, **stages.RULE)
    fresh, _at = stages.product(world, "active+undeclared")
    with pytest.raises(InvalidState):
        operations.propose_rule(product=fresh, actor=world["seller"], at=world.at, **stages.RULE)


def test_pages_show_the_rule_and_what_was_checked(world, rule, successor):
    CHANGES["rows"](rule, successor)
    done = submit(world, successor)
    client = Client(headers={"accept-language": "zh-hans"})
    assert client.get(rule.get_absolute_url()).status_code == 302
    client.force_login(world["seller"], backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(done.get_absolute_url()).content.decode()
    assert f"<td>{rule.min_rows}–{rule.min_rows}</td><td>{done.rows}</td>" in page
    assert rule.get_absolute_url() in client.get(world.product.get_absolute_url()).content.decode()
    assert done.get_absolute_url() in client.get(rule.get_absolute_url()).content.decode()
    client.force_login(world["buyer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(rule.get_absolute_url()).status_code == 404


def test_rule_of_non_public_data_is_the_compliance_reviewers(world):
    basis, at = stages.non_public_version(world, "published")
    bounds = {**stages.RULE, "min_rows": 1, "min_k": None, "max_drift": 100}
    rule = operations.propose_rule(product=basis.product, actor=world["vendor"], at=at, **bounds)
    told = Outbox.objects.filter(kind="rule_proposed", channel="page").values_list("recipient_ref", flat=True)
    assert list(told) == [world["reviewer"].ledger_ref]
    assert rule in [task.obj for task in todo(world["reviewer"], at)]
    assert rule not in [task.obj for task in todo(world["officer"], at)]
    with pytest.raises(NotAllowed):
        operations.approve_rule(rule=rule, actor=world["officer"], at=at, reason="更新稳定")
    assert rule in ReleaseRule.objects.visible_to(world["reviewer"])
    operations.approve_rule(rule=rule, actor=world["reviewer"], at=at, reason="更新稳定")
    done = next_non_public(world, basis, at)
    operations.submit_version(version=done, actor=world["vendor"], at=at)
    done.refresh_from_db()
    assert (done.state, done.reviewer, failed(done)) == ("published", world.parties["compliance"], [])
    operations.hold_version(version=done, actor=world["reviewer"], at=at, reason="核查")


def next_non_public(world, basis, at):
    """The next version of a seller's own data, made by the same steps, assessed and not submitted yet."""
    steps = "\n".join(basis.steps.filter(is_measured=False).order_by("number").values_list("step", flat=True))
    fields = {**stages.VERSION_FIELDS, "deidentification_tool": basis.deidentification_tool}
    who = {"actor": world["vendor"], "at": at}
    made = operations.create_version(product=basis.product, about=basis.about, steps=steps, **fields, **who)
    path = stages.write_bed_use(stages.scratch("sales.csv"))
    operations.upload_file(version=made, path=path, name=path.name, **who)
    operations.mark_columns(version=made, roles={}, **who)
    operations.run_assessment(job=operations.request_assessment(version=made, **who), at=at)
    return Version.objects.get(pk=made.pk)
