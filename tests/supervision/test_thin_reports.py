"""A report that says nothing new, whatever it looks like."""

from datetime import date
from importlib import import_module

import pytest
from django.apps import apps

from marketplace.applications.models import Grant
from marketplace.supervision import operations
from marketplace.supervision.models import Finding, UsageReport
from tests.actors import World
from tests.supervision.test_monitors import WHOLE, at, did, filed
from tests.workflow import stages


@pytest.mark.parametrize(
    ("answers", "what"),
    [
        ({"use": " 用于 门诊需求预测\n"}, "copied"),
        ({"use": "用于门诊需求预测ＡＢＣ１。", "first": "用于门诊需求预测abc1"}, "copied"),
        ({"use": "用于，门诊：需求预测！", "results": "另一成果", "security": "另一情况"}, "copied"),
        ({"use": "用于门诊需求预算"}, ""),
        ({"use": "用于门诊需求预测二期"}, ""),
        ({"use": "别的用途", "results": "— 。"}, "empty"),
        ({"use": "别的用途", "security": "　"}, "empty"),
        ({"use": "……"}, "empty"),
    ],
)
def test_report_is_copied_whatever_blanks_widths_and_signs_it_has(
    world: World, grant: Grant, answers: dict[str, str], what: str
) -> None:
    first = {**WHOLE, "use": answers.pop("first", WHOLE["use"])}
    other = stages.active_grant(world, buyer="other_buyer")
    earlier = filed(world, grant, "2026-03-17", "2026-03-31", **first)
    again = filed(world, grant, "2026-04-01", "2026-06-30", **{**first, **answers})
    elsewhere = UsageReport.objects.create(
        grant=other, start=date(2026, 4, 1), end=date(2026, 4, 2), due_at=at("2026-07-02"), late_at=at("2026-07-02")
    )
    operations.file_report(report=elsewhere, actor=world["other_buyer"], at=at("2026-07-01"), **first)
    before = {earlier.pk: "", again.pk: what, elsewhere.pk: ""}
    assert did("report_thin", at("2026-07-02")) == bool(what)
    assert [(finding.grant, finding.text["what"]) for finding in Finding.objects.all()] == [(grant, what)] * bool(what)
    assert dict(UsageReport.objects.values_list("pk", "thin")) == before
    UsageReport.objects.update(thin="")
    import_module("marketplace.supervision.migrations.0661_judge_what_was_filed").judge(apps, None)
    assert dict(UsageReport.objects.values_list("pk", "thin")) == before


def test_report_that_was_returned_may_be_filed_again_with_the_same_use(world: World, grant: Grant) -> None:
    report = filed(world, grant, "2026-03-17", "2026-03-31", **{**WHOLE, "results": ""})
    assert report.thin == "empty"
    operations.return_report(report=report, actor=world["officer"], at=at("2026-04-02"), reason="说明成果")
    operations.file_report(report=report, actor=world["buyer"], at=at("2026-04-03"), **WHOLE)
    assert (report.thin, did("report_thin", at("2026-04-04"))) == ("", 0)


@pytest.mark.parametrize(
    ("answers", "what"),
    [
        ({"use": "无", "results": "无", "security": "无"}, "empty"),
        ({"use": "Ｎ/Ａ"}, "empty"),
        ({"use": "（略）"}, "empty"),
        ({"use": "别的用途", "results": "同上。"}, "empty"),
        ({"use": "别的用途", "security": "n/a"}, "empty"),
        ({"use": "别的用途", "results": "暂无", "security": "无"}, ""),
        ({"use": "用于无线网络规划"}, ""),
    ],
)
def test_a_word_in_the_place_of_an_answer_says_nothing_but_that_nothing_came_of_it_may_be_so(
    world: World, grant: Grant, answers: dict[str, str], what: str
) -> None:
    report = filed(world, grant, "2026-03-17", "2026-03-31", **{**WHOLE, **answers})
    assert (report.thin, did("report_thin", at("2026-04-02"))) == (what, bool(what))


@pytest.mark.parametrize(
    ("changes", "what"), [({"results": "有， 效！"}, "copied"), ({"results": "有效，见附件"}, "")]
)  # fmt: skip
def test_a_returned_report_that_is_filed_again_word_for_word_says_nothing_new(
    world: World, grant: Grant, changes: dict[str, str], what: str
) -> None:
    report = filed(world, grant, "2026-03-17", "2026-03-31", **{**WHOLE, "results": "有效"})
    operations.return_report(report=report, actor=world["officer"], at=at("2026-04-02"), reason="太笼统")
    operations.file_report(report=report, actor=world["buyer"], at=at("2026-04-03"), **{**WHOLE, **changes})
    assert (report.thin, did("report_thin", at("2026-04-04"))) == (what, bool(what))
