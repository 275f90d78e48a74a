"""The public register of data uses: the same rows on the page and in three files, and nothing that stays private."""

import csv
import io
import json
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client

from marketplace.applications import operations as applications
from marketplace.applications.models import Disclosure, Grant
from marketplace.clock.defaults import Kind
from marketplace.clock.models import ClockSetting
from marketplace.clock.working_days import due_after, end_of_day, local_date
from marketplace.ledger import entries as ledger
from marketplace.supervision import operations
from marketplace.supervision.models import DerivedFrom, DerivedProduct, Measure, MeasureGrant
from marketplace.supervision.register_files import defused
from tests import crowd
from tests.supervision.test_monitors import deliver
from tests.workflow import stages

FORMS = ("/register/", "/register.csv", "/register.json", "/register.jsonld")


def use(grant, at, **changes):
    """Another use like this one, entered in the register."""
    entry = {name: changes.pop(name) for name in ("summary", "public_from", "is_named") if name in changes}
    twin = crowd.copy_grant(grant)
    for name, value in changes.items():
        setattr(twin, name, value)
    twin.save()
    Disclosure.objects.filter(grant=twin).update(**{"public_from": local_date(at), **entry})
    return twin


def person(world, name="林小雨"):
    return crowd.copy(
        world.parties["buyer"], uscc=None, kind="person", name=name, id_kind="passport", id_encrypted="x", id_hmac=name
    )


def another_product(world, title, **changes):
    return crowd.copy(world.product, title=title, **changes)


def built(party, grant, title):
    made = DerivedProduct.objects.create(
        party=party,
        title=title,
        description="d",
        state="published",
        created_at=grant.created_at,
        published_at=grant.created_at,
    )
    DerivedFrom.objects.create(derived=made, grant=grant, version=grant.from_version)
    return made


def measure(grant, world, key, **changes):
    made = Measure.objects.create(
        occasion_key=key, party=grant.buyer, authority=grant.authority, facts="f", demand="d", created_at=world.at,
        **{"state": "issued", "number": key, "issued_at": world.at, "issued_by": world["officer"], **changes},
    )  # fmt: skip
    MeasureGrant.objects.create(measure=made, grant=grant)
    return made


def read(at, query=""):
    """Each of the four forms, as anybody gets it."""
    with time_machine.travel(at, tick=False):
        return {form: Client().get(form + query).content.decode() for form in FORMS}


def numbers(texts):
    rows = csv.DictReader(io.StringIO(texts["/register.csv"].removeprefix("\ufeff")))
    graph = json.loads(texts["/register.jsonld"])["@graph"]
    return {
        "/register.csv": [row["number"] for row in rows if row["kind"] == "use"],
        "/register.json": [one["number"] for one in json.loads(texts["/register.json"])["items"] if "number" in one],
        "/register.jsonld": [one["schema:identifier"] for one in graph if one["@type"] == "prov:Activity"],
    }


def test_what_nobody_should_read_is_in_none_of_the_four_forms(world, grant):
    at, someone = world.at, person(world)
    grant.disclosure.public_from = local_date(at)
    grant.disclosure.save()
    by_role = use(grant, at, buyer=someone, summary="个人研究")
    built(someone, by_role, "小雨的地图")
    use(grant, at, summary="秘密配方", public_from=local_date(at) + timedelta(days=1))
    deal = another_product(world, "仓储流水", nature="non_public", acquisition="own_business", entry=None)
    use(grant, at, product=deal, summary="非公共交易")
    measure(grant, world, "令-提议", state="proposed", number=None, issued_at=None, issued_by=None)
    measure(grant, world, "令-未终", issued_at=at - timedelta(days=59))
    measure(grant, world, "令-撤销", state="annulled", issued_at=at - timedelta(days=90))
    measure(grant, world, "令-已终", issued_at=at - timedelta(days=61))
    texts = read(at)
    for form, text in texts.items():
        leaked = [word for word in ("林小雨", "小雨的地图", "秘密配方", "仓储流水", "非公共交易", "令-提议", "令-未终",
                                    "令-撤销", "non_public_count") if word in text]  # fmt: skip
        assert (form, leaked) == (form, [])
        assert "个人研究" in text and "令-已终" in text
    expected = [by_role.number, grant.number]
    assert numbers(texts) == dict.fromkeys(FORMS[1:], expected)
    assert all(number in texts["/register/"] for number in expected)
    for word in ("林小雨", "秘密配方", "仓储流水"):  # nor does a search find what it must not say
        assert numbers(read(at, f"?q={word}")) == {form: [] for form in FORMS[1:]}


def test_a_person_who_agrees_is_named_until_they_take_it_back(world, grant):
    someone, at = person(world), world.at
    mine = use(grant, at, buyer=someone, is_named=True)
    built(someone, mine, "小雨的地图")
    for text in read(at).values():
        assert "林小雨" in text and "小雨的地图" in text
    assert numbers(read(at, "?q=林小雨"))["/register.json"] == [mine.number]
    Disclosure.objects.filter(grant=mine).update(is_named=False)
    for text in read(at).values():
        assert "林小雨" not in text and "小雨的地图" not in text


def test_a_product_of_grants_that_do_not_all_name_the_person_is_only_counted_beside_the_name(world, grant):
    someone, at = person(world), world.at
    mine, second = (use(grant, at, buyer=someone, is_named=named) for named in (True, False))
    alone, both = built(someone, mine, "小雨的小图"), built(someone, mine, "小雨的地图")
    DerivedFrom.objects.create(derived=both, grant=second, version=second.from_version)
    texts = read(at)
    for form, text in texts.items():
        assert (form, "林小雨" in text, alone.title in text) == (form, True, True)
        assert (form, both.title in text, both.token in text, both.number in text) == (form, False, False, False)
    counts = {one["number"]: one["output_count"] for one in json.loads(texts["/register.json"])["items"]}
    assert counts == {second.number: 1, mine.number: 2, grant.number: 0}
    assert "已公开 2 个衍生产品" in texts["/register/"]
    Disclosure.objects.filter(grant=second).update(is_named=True)
    assert all(both.title in text for text in read(at).values())


def test_linked_data_knows_persons_from_bodies_and_gives_no_end_to_what_is_running(world, grant):
    named, at = use(grant, world.at, buyer=person(world), is_named=True), world.at
    by_role = use(grant, at, buyer=person(world, "陈"))
    yesterday = local_date(at) - timedelta(days=1)
    over = use(grant, at, starts=yesterday, ends=yesterday)
    given_back = use(grant, at, state="surrendered", ended_at=at)
    graph = json.loads(read(at)["/register.jsonld"])["@graph"]
    rows = {one["schema:identifier"]: one for one in graph if one["@type"] == "prov:Activity"}
    holders = {number: row["prov:wasAssociatedWith"]["@type"][1] for number, row in rows.items()}
    assert [holders[one.number] for one in (named, by_role, grant)] == [
        "schema:Person", "schema:Role", "schema:Organization",
    ]  # fmt: skip
    ends = {number: row.get("prov:endedAtTime", {}).get("@value") for number, row in rows.items()}
    assert [ends[one.number] for one in (named, grant)] == [None, None]
    permit = rows[grant.number]["prov:wasInformedBy"]
    assert permit["schema:validUntil"]["@value"] == f"{grant.ends:%F}"
    assert ends[over.number] == f"{yesterday:%F}" and ends[given_back.number] == f"{local_date(at):%F}"


def test_deals_in_non_public_data_are_counted_from_five_on(world, grant):
    deal = another_product(world, "仓储流水", nature="non_public", acquisition="own_business", entry=None)
    for _number in range(4):
        use(grant, world.at, product=deal)
    assert all("non_public_count" not in text for text in read(world.at).values())
    use(grant, world.at, product=deal)
    texts = read(world.at)
    assert {"kind": "non_public_count", "year": 2026, "count": 5} in json.loads(texts["/register.json"])["items"]
    assert "仓储流水" not in "".join(texts.values())
    assert all("non_public_count" not in text for text in read(world.at, "?nature=government").values())


def test_words_and_facets_narrow_what_is_shown(world, grant):
    at = world.at
    Disclosure.objects.filter(grant=grant).update(summary="预测 门诊 需求")
    other = use(grant, at, product=another_product(world, "公交客流", nature="public_utility"), summary="调度公交")
    assert numbers(read(at, "?q=门诊+需求"))["/register.csv"] == [grant.number]
    assert numbers(read(at, "?q=门诊+调度"))["/register.csv"] == []
    assert numbers(read(at, "?nature=public_utility"))["/register.csv"] == [other.number]
    assert numbers(read(at, "?year=2025"))["/register.csv"] == []
    assert len(numbers(read(at, f"?year=2026&region={grant.authority.region_id}"))["/register.csv"]) == 2
    with time_machine.travel(at, tick=False):
        facets = {one.name: one for one in Client().get("/register/?nature=public_utility").context["facets"]}
    assert [(value, n) for value, _label, n in facets["year"].options] == [("2026", 1)]
    assert {value: n for value, _label, n in facets["nature"].options} == {"government": 1, "public_utility": 1}


def test_the_summary_is_the_holders_and_the_wait_the_officers(world, grant):
    who = {"grant": grant, "at": world.at, "summary": "为福州市民预测门诊量", "language": "zh-hans"}
    applications.write_summary(actor=world["buyer"], is_named=True, **who)
    entry = Disclosure.objects.get(grant=grant)
    assert (entry.summary, entry.is_named) == (who["summary"], False)  # an organisation is named anyway
    assert '<p lang="zh-Hans">为福州市民预测门诊量</p>' in read(world.at)["/register/"]
    case, at = stages.application(world, "under_review")
    day = local_date(at)
    terms = {"starts": day, "ends": day + timedelta(days=100), "reason": "必要", "wait_months": 12}
    item = case.items.get()
    with pytest.raises(ValidationError, match="wait_reason"):
        applications.approve_item(item=item, actor=world["officer"], at=at, **terms)
    waits = applications.approve_item(item=item, actor=world["officer"], at=at, wait_reason="商业秘密", **terms)
    applications.accept_grant(grant=waits, actor=world["buyer"], at=at, terms_accepted=True)
    last_day_hidden = at + timedelta(days=364)
    assert waits.number not in numbers(read(last_day_hidden))["/register.json"]
    assert waits.number in numbers(read(at + timedelta(days=365)))["/register.json"]
    assert "商业秘密" not in "".join(read(at + timedelta(days=400)).values())


def test_how_a_grant_ended_is_told_once_that_decision_is_final(world, grant):
    stages.order(world, grant)
    act = ledger.begin("terminate", world["officer"], world.at, "Art. 33")
    applications.end_grant(act, grant, "terminated", reason="拒不改正")
    item = json.loads(read(world.at + timedelta(days=64))["/register.json"])["items"][0]
    assert (item["outcome"], item["measures"]) == ("ended", [])
    item = json.loads(read(world.at + timedelta(days=65))["/register.json"])["items"][0]
    assert (item["outcome"], [one["state"] for one in item["measures"]]) == ("terminated", ["issued"])


@pytest.mark.parametrize(("opened", "told"), [(1, 62), (9, 65), (None, 65)])
def test_the_end_is_told_from_when_its_own_document_was_served(world, grant, opened, told):
    made = stages.order(world, grant)
    operations.note_seen(measure=made, actor=world["buyer"], at=world.at)
    stages.terminate(made, world)
    if opened:
        operations.note_seen(measure=made, actor=world["buyer"], at=world.at + timedelta(days=opened))
    outcomes = [
        json.loads(read(world.at + timedelta(days=days))["/register.json"])["items"][0]["outcome"]
        for days in (told - 1, told)
    ]
    assert outcomes == ["ended", "terminated"]


def test_no_measure_is_read_before_its_last_day_is_over_nor_within_a_longer_term_for_reviews(world, grant):
    made = measure(grant, world, "令-1")
    last = end_of_day(local_date(world.at) + timedelta(days=60))  # calendar days: ten working days are no measure of it

    def shown(at):
        return json.loads(read(at)["/register.json"])["items"][0]["measures"]

    assert [bool(shown(at)) for at in (last - timedelta(seconds=1), last)] == [False, True]
    ClockSetting.objects.create(kind=Kind.REVIEW_TERM, days=50, source="x")
    over = due_after(world.at, 50)
    assert over > last and [bool(shown(at)) for at in (over - timedelta(seconds=1), over)] == [False, True]
    ClockSetting.objects.create(kind=Kind.CONTEST, days=90, source="x")
    later = end_of_day(local_date(world.at) + timedelta(days=90))
    assert [bool(shown(at)) for at in (later - timedelta(seconds=1), later)] == [False, True]
    assert made.number not in str(shown(over))


def test_the_time_to_contest_runs_from_when_the_party_knew(world, grant):
    def shown(days):
        item = json.loads(read(world.at + timedelta(days=days))["/register.json"])["items"][0]
        return [one["number"] for one in item["measures"]]

    seen = {"seen_by": world["buyer"]}
    known = {days: world.at + timedelta(days=days) for days in (2, 5, 9)}
    measure(grant, world, "令-开", seen_at=known[2], deemed_served_at=known[9], **seen)
    measure(grant, world, "令-达", seen_at=known[9], deemed_served_at=known[5], **seen)
    measure(grant, world, "令-未读", deemed_served_at=known[5])
    measure(grant, world, "令-无期", seen_at=known[9], **seen)
    assert [shown(days) for days in (62, 63, 65)] == [[], ["令-开"], ["令-开"]]
    assert [shown(days) for days in (66, 69, 70)] == [
        ["令-开", "令-达", "令-未读"], ["令-开", "令-达", "令-未读"], ["令-开", "令-达", "令-未读", "令-无期"],
    ]  # fmt: skip


def test_a_revocation_is_told_whatever_became_of_an_order_before(world, grant):
    measure(grant, world, "令-撤", state="annulled").held.update(outcome="annulled")
    Grant.objects.filter(pk=grant.pk).update(state="revoked", ended_at=world.at)
    item = json.loads(read(world.at + timedelta(days=80))["/register.json"])["items"][0]
    assert (item["outcome"], item["measures"]) == ("revoked", [])


def test_a_revocation_is_told_once_no_review_of_it_is_open_nor_can_be_contested(world, grant):
    operations.revoke_grant(
        grant=grant, actor=world["officer"], at=world.at, article="Art. 15", reason="目的消失", remedy=stages.REMEDY
    )

    def told(days):
        return json.loads(read(world.at + timedelta(days=days))["/register.json"])["items"][0]["outcome"]

    assert told(100) == "revoked"
    review = operations.lodge_review(subject=grant, actor=world["buyer"], at=world.at, text="目的仍在")
    assert told(120) == "ended"
    operations.uphold_review(
        review=review, actor=world["second_officer"], at=world.at + timedelta(days=120), reason="目的已消失",
        remedy="可以复议",
    )  # fmt: skip
    assert [told(days) for days in (121, 180, 181)] == ["ended", "ended", "revoked"]


def test_an_order_does_not_stand_beside_a_grant_that_a_review_freed_of_it(world):
    grants = kept, freed, closed = [stages.active_grant(world) for _n in range(3)]
    made = operations.propose_order(
        grants=grants, actor=world["officer"], at=world.at, key="three", facts="超出约定用途", demand="停止"
    )
    stages.issue(made, world, world.at)
    review = operations.lodge_review(subject=made, actor=world["buyer"], at=world.at, text="认定有误")
    said = {"reason": "理由充分", "remedy": stages.REMEDY}
    operations.vary_review(review=review, actor=world["second_officer"], at=world.at, free=[freed], **said)
    applications.surrender_grant(grant=freed, actor=world["buyer"], at=world.at, reason="不用")
    Grant.objects.filter(pk=closed.pk).update(state="closed", ended_at=world.at)  # before the others were ended
    made.refresh_from_db()
    stages.terminate(made, world)
    texts = read(world.at + timedelta(days=120))
    rows = {one["number"]: one for one in json.loads(texts["/register.json"])["items"]}
    said = {number: (row["outcome"], [one["state"] for one in row["measures"]]) for number, row in rows.items()}
    assert said == {
        kept.number: ("terminated", ["terminated"]), freed.number: ("surrendered", []),
        closed.number: ("closed", ["terminated"]),
    }  # fmt: skip
    assert [text.count(made.number) for text in texts.values()] == [2] * 4


def test_a_decision_on_a_review_can_be_contested_in_turn(world, grant):
    made = stages.order(world, grant)
    stages.terminate(made, world)
    review = operations.lodge_review(subject=made, actor=world["buyer"], at=world.at, text="认定有误")
    decided = world.at + timedelta(days=50)
    operations.uphold_review(
        review=review, actor=world["second_officer"], at=decided, reason="事实清楚", remedy="可以复议"
    )
    for days, outcome, count in ((100, "ended", 0), (111, "terminated", 1)):
        item = json.loads(read(world.at + timedelta(days=days))["/register.json"])["items"][0]
        assert (item["outcome"], len(item["measures"])) == (outcome, count)


def test_a_file_is_fetched_once_and_again_when_it_has_changed(world, grant):
    with time_machine.travel(world.at, tick=False):
        first = Client().get("/register.json")
        assert first["Cache-Control"] == "public, max-age=300"
        again = {"headers": {"if-none-match": first["ETag"]}}
        assert Client().get("/register.json", **again).status_code == 304
        Disclosure.objects.filter(grant=grant).update(summary="改了")
        changed = Client().get("/register.json", **again)
    assert changed.status_code == 200 and "改了" in changed.content.decode()


def test_long_files_go_on_and_no_row_is_lost(world, grant, monkeypatch):
    monkeypatch.setattr("marketplace.supervision.views_register.ROWS_OF_A_FILE", 2)
    expected = [*reversed([use(grant, world.at).number for _ in range(4)]), grant.number]
    seen, address = [], "/register.csv"
    with time_machine.travel(world.at, tick=False):
        while address:
            answer = Client().get(address)
            seen += [row["number"] for row in csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))]
            address = answer.get("Link", "").partition(">")[0].removeprefix("<http://127.0.0.1:8000")
    assert seen == expected


@pytest.mark.parametrize("text", ["=1+1", " =1+1", "@SUM(A1)", "+1", "-2", "\t=1", "＝1"])
def test_a_cell_is_never_a_formula(text):
    assert defused(text) == f"'{text}"
    assert defused("1-2") == "1-2"


def test_a_formula_in_a_summary_reaches_the_file_as_text(world, grant):
    Disclosure.objects.filter(grant=grant).update(summary='=HYPERLINK("http://x")')
    rows = list(csv.DictReader(io.StringIO(read(world.at)["/register.csv"].removeprefix("\ufeff"))))
    assert rows[0]["summary"] == '\'=HYPERLINK("http://x")'


def test_what_a_person_built_is_shown_without_their_name_unless_they_agreed_for_each_grant(world, grant):
    someone, at = person(world), world.at
    crowd.copy(grant.buyer.memberships.first(), party=someone)
    mine, second = (use(grant, at, buyer=someone, is_named=named) for named in (True, False))
    made = built(someone, mine, "小雨的地图")
    built(world.parties["buyer"], grant, "门诊地图")
    for one in (mine, second):
        deliver(one, at)
    ledger.record(ledger.begin("publish", world["officer"], at), made, new="published")
    pages = ["/derived/", made.get_absolute_url(), f"/check/?q={made.number}",
             *(f"{made.get_absolute_url()}download.{form}" for form in ("txt", "html", "jsonld"))]  # fmt: skip

    def shown():
        with time_machine.travel(at, tick=False):
            texts = [Client().get(page).content.decode() for page in pages]
        assert all("小雨的地图" in text for text in texts)
        return [page for page, text in zip(pages, texts, strict=True) if "林小雨" in text]

    assert shown() == [*pages[:3], pages[-1]]
    DerivedFrom.objects.create(derived=made, grant=second, version=second.from_version)
    assert shown() == []
    with time_machine.travel(at, tick=False):
        assert Client().get(pages[-1]).json()["schema:creator"] == {"@type": "schema:Person"}
        listed = Client().get("/derived/").content.decode()
    assert "自然人" in listed and world.parties["buyer"].name in listed
