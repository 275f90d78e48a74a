"""A unit's table becomes proposed entries, all or none; an officer publishes several in one act."""

import csv
import io

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from listings import entry_csv
from listings import operations as listing
from listings.models import CatalogueEntry, SearchRow
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.entries import verify_detail
from marketplace.ledger.models import Entry
from tests.pages.conftest import BACKEND
from tests.workflow.matrix import rows

HEADER = [names[0] for names in entry_csv.COLUMNS.values()]


def word(field, code):
    return next(word for word, known in entry_csv.words_of(field).items() if known == code and not word.isascii())


def line(title, **changes):
    fields = {
        "title": title, "description": "线路与站点", "sharing": word("sharing", "conditional"), "withheld_basis": "",
        "opening": word("opening", "on_application"), "frequency": word("frequency", "monthly"), "contact": "数据科",
    }  # fmt: skip
    return list((fields | changes).values())


def table(*lines, header=HEADER, encoding="utf-8"):
    out = io.StringIO()
    csv.writer(out).writerows([header, *lines])
    return out.getvalue().encode(encoding)


@pytest.fixture
def given(world):
    return {"unit": world.parties["unit"], "actor": world["provider"], "at": world.at}


def wrong(given, content):
    before = rows()
    with pytest.raises(ValidationError) as caught:
        listing.import_entries(**given, content=content)
    assert rows() == before
    return caught.value.message_dict["file"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_table_becomes_proposed_entries_under_one_operation(world, given, encoding):
    last = Entry.objects.latest("pk").pk
    made = listing.import_entries(**given, content=table(line("公交线路"), line("公交站点"), encoding=encoding))
    entries = list(CatalogueEntry.objects.filter(pk__in=[one.pk for one in made]).order_by("pk"))
    assert [(one.title, one.state, one.sharing, one.opening, one.frequency, one.authority) for one in entries] == [
        (title, "proposed", "conditional", "on_application", "monthly", world.parties["city"])
        for title in ("公交线路", "公交站点")
    ]
    written = list(Entry.objects.filter(pk__gt=last).order_by("pk"))
    assert [(one.object_type, one.object_id, one.verb, one.old, one.new, one.article) for one in written] == [
        ("listings.catalogueentry", str(one.pk), "propose", "", "proposed", "Art. 10") for one in entries
    ]
    assert len({one.operation_id for one in written}) == 1 and written[0].actor_ref == world["provider"].ledger_ref
    assert all(one.detail_hash and verify_detail(one) for one in written)
    assert not SearchRow.objects.filter(title__in=["公交线路", "公交站点"]).exists()


def test_english_header_codes_and_an_order_of_ones_own(world, given):
    header = ["contact", "Frequency", "opening", "sharing", "description", "title"]
    (made,) = listing.import_entries(
        **given, content=table(["desk", "Daily", "not_open", "shared on conditions", "d", "Roads"], header=header)
    )
    assert (made.title, made.frequency, made.opening, made.sharing) == ("Roads", "daily", "not_open", "conditional")


def test_every_wrong_row_is_named_and_nothing_is_written(world, given):
    listing.propose_entry(
        **given,
        **dict(zip(entry_csv.COLUMNS, ["公交站点", "d", "conditional", "", "not_open", "daily", "c"], strict=True)),
    )
    said = wrong(
        given,
        table(
            line("好的"), line(""), line("错的", opening="随便"), line("保密", sharing=word("sharing", "withheld")),
            line("好的"), line("公交站点"), ["少"], line("长" * 201),
        ),
    )  # fmt: skip
    places = [text.split("：")[0] for text in said]
    assert places == [
        "第 3 行，标题", "第 4 行，开放类型", "第 5 行，暂不共享依据", "第 6 行，标题", "第 7 行，标题", "第 8 行，–",
        "第 9 行，标题",
    ]  # fmt: skip


def test_table_that_was_imported_is_named_as_such_row_by_row(world, given):
    content = table(line("公交线路"), line("公交站点"))
    first, _second = listing.import_entries(**given, content=content)
    assert len(wrong(given, content)) == 2
    CatalogueEntry.objects.filter(pk=first.pk).update(state="withdrawn")
    assert len(wrong(given, content)) == 1
    assert listing.check_table(**given, content=table(line("公交线路"))).wrong == []


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00a", b"\x00", "标题\n甲".encode(), table(), table(line("甲"), header=["标题", *HEADER[:-1]]),
     table(line("甲"), header=["x", *HEADER[1:]]), b'"', b'title,"a\n' * 3, "，".encode() * 10],
)  # fmt: skip
def test_file_that_is_no_such_table_is_refused_whole(given, content):
    assert len(wrong(given, content)) == 1


def test_limits_are_said(given, monkeypatch):
    monkeypatch.setattr(entry_csv, "MOST_ROWS", 2)
    assert len(listing.import_entries(**given, content=table(line("甲"), line("乙")))) == 2
    assert "2" in wrong(given, table(*(line(str(n)) for n in range(3))))[0]
    monkeypatch.setattr(entry_csv, "MOST_BYTES", 10)
    assert "10 MiB" in wrong(given, table(line("丙")))[0]


def test_only_the_units_own_people_import(world, given):
    before = rows()
    for who in ("buyer", "seller", "officer", "other_provider"):
        for act in (listing.import_entries, listing.check_table):
            with pytest.raises(NotAllowed):
                act(**given | {"actor": world[who]}, content=table(line("甲")))
    assert rows() == before


@pytest.fixture
def proposed(given):
    return listing.import_entries(**given, content=table(line("公交线路"), line("公交站点")))


def test_officer_publishes_several_in_one_act_and_they_are_found(world, proposed):
    last = Entry.objects.latest("pk").pk
    listing.publish_entries(entries=proposed, actor=world["officer"], at=world.at)
    written = Entry.objects.filter(pk__gt=last)
    assert {(one.verb, one.old, one.new) for one in written} == {("publish", "proposed", "published")}
    assert (len(written), len({one.operation_id for one in written})) == (2, 1)
    assert listing.drift() == [] and SearchRow.objects.filter(title__in=["公交线路", "公交站点"]).count() == 2


def test_publishing_several_is_all_or_nothing(world, proposed):
    before = rows()
    for who in ("provider", "county_officer", "other_officer", "buyer"):
        with pytest.raises(NotAllowed):
            listing.publish_entries(entries=proposed, actor=world[who], at=world.at)
    with pytest.raises(ValidationError):
        listing.publish_entries(entries=[], actor=world["officer"], at=world.at)
    assert rows() == before
    listing.return_entry(
        entry=CatalogueEntry.objects.get(pk=proposed[1].pk), actor=world["officer"], at=world.at, reason="补"
    )
    before = rows()
    with pytest.raises(InvalidState):
        listing.publish_entries(
            entries=list(CatalogueEntry.objects.filter(pk__in=[one.pk for one in proposed])), actor=world["officer"],
            at=world.at,
        )  # fmt: skip
    assert rows() == before


def enter(world, who):
    client = Client()
    client.force_login(world[who], backend=BACKEND)
    return client


def upload(client, world, content):
    file = SimpleUploadedFile("t.csv", content)
    return client.post("/entries/import/", {"unit": world.parties["unit"].pk, "file": file})


def test_page_shows_what_is_wrong_then_what_is_right_and_proposes_once_confirmed(world):
    provider, before = enter(world, "provider"), rows()
    assert provider.get("/entries/import/download.csv").content.decode("utf-8-sig").strip() == ",".join(HEADER)
    bad = upload(provider, world, table(line("<b>甲</b>", opening="随便")))
    assert bad.status_code == 422 and b"token" not in bad.content.partition(b"<main")[2].replace(
        b"csrfmiddlewaretoken", b""
    )
    good = upload(provider, world, table(line("<b>甲</b>")))
    assert good.status_code == 200 and b"<b>" not in good.content and rows() == before
    assert word("opening", "on_application") in good.content.decode() and b"on_application" not in good.content
    token = good.context["token"]
    stranger = enter(world, "other_provider").post("/entries/import/confirm/", {"token": token})
    assert stranger.url == "/entries/import/" and rows() == before
    for number in range(2):  # twice is once
        answer = provider.post("/entries/import/confirm/", {"token": token})
        assert answer.url == ("/entries/import/" if number else "/entries/")
        assert CatalogueEntry.objects.filter(title="<b>甲</b>").count() == 1


def test_page_of_an_officer_publishes_what_is_ticked(world, proposed):
    officer = enter(world, "officer")
    assert [one.title for one in officer.get("/entries/publish/").context["page"]] == ["公交线路", "公交站点"]
    assert officer.post("/entries/publish/", {}).status_code == 422
    assert officer.post("/entries/publish/", {"entries": ["9" * 30]}).status_code == 422
    assert enter(world, "buyer").post("/entries/publish/", {"entries": [proposed[0].pk]}).status_code == 422
    assert officer.post("/entries/publish/", {"entries": [proposed[0].pk]}).status_code == 302
    states = CatalogueEntry.objects.filter(title__startswith="公交").order_by("pk").values_list("state", flat=True)
    assert list(states) == ["published", "proposed"]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_cell_of_the_template_is_a_formula_and_it_is_read_back(language):
    content = entry_csv.template(language)
    header = content.decode("utf-8-sig").strip().split(",")
    assert len(header) == len(entry_csv.COLUMNS) and not any(cell.startswith(tuple("=+-@\t")) for cell in header)
    with pytest.raises(ValidationError, match=r"no rows|没有"):
        entry_csv.read(content)
