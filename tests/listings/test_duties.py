"""Duties of Arts 13, 31 and 32 that a listing answers for by what it names and shows."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from listings import operations
from listings.models import ProcessingStep
from marketplace.ledger.models import Entry
from tests.console.conftest import log_in
from tests.workflow import stages


def test_entry_without_a_contact_for_its_quality_is_refused(world):
    with pytest.raises(ValidationError) as refused:
        operations.propose_entry(
            unit=world.parties["unit"], actor=world["provider"], at=world.at, **{**stages.ENTRY_FIELDS, "contact": ""}
        )
    assert list(refused.value.message_dict) == ["contact"]


def test_contact_for_its_quality_is_shown_with_the_entry(world):
    entry = world.product.entry
    assert entry.contact in log_in(world["other_buyer"]).get(entry.get_absolute_url()).content.decode()


def test_columns_of_a_published_version_are_shown_to_anybody_as_measured(world):
    page = Client(headers={"accept-language": "en"}).get(world.version.get_absolute_url()).content.decode()
    for column in world.version.columns.all():
        assert column.name in page and column.profile["distinct"] in page, column.name


def test_declaration_names_its_person_and_moment_and_stays_in_the_ledger(world):
    product = stages.product(world, "active+undeclared")[0]
    assert (product.declared_by, product.declared_at) == (None, None)
    operations.declare_product(product=product, actor=world["seller"], at=world.at)
    product.refresh_from_db()
    assert (product.declared_by, product.declared_at) == (world["seller"], world.at)
    entry = Entry.objects.get(verb="declare", object_id=str(product.pk))
    assert entry.actor_ref == world["seller"].ledger_ref


def test_declared_steps_are_kept_in_order_with_tool_and_maker_and_shown(world):
    version = operations.create_version(
        product=world.product, actor=world["seller"], at=world.at, about="persons", steps="合并同日就诊\n\n删除姓名列",
        **stages.VERSION_FIELDS,
    )  # fmt: skip
    steps = ProcessingStep.objects.filter(version=version).order_by("number")
    assert [(step.number, step.step, step.operator, step.tool, step.at, step.is_measured) for step in steps] == [
        (number, text, world.product.seller.name, version.deidentification_tool, world.at, False)
        for number, text in ((1, "合并同日就诊"), (2, "删除姓名列"))
    ]
    page = log_in(world["seller"]).get(version.get_absolute_url()).content.decode()
    assert page.index("合并同日就诊") < page.index("删除姓名列")


def test_step_that_is_too_long_is_refused_and_not_cut(world):
    with pytest.raises(ValidationError) as refused:
        operations.create_version(
            product=world.product, actor=world["seller"], at=world.at, about="persons", steps="合并\n" + "长" * 201,
            **stages.VERSION_FIELDS,
        )  # fmt: skip
    assert list(refused.value.message_dict) == ["steps"]
