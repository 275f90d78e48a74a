"""Identity numbers are checked, sealed and never shown; persons and organisations are registered and verified."""

import json
import logging
from datetime import date, datetime, timedelta

import pytest
from cryptography.fernet import InvalidToken
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2

from accounts import identity, operations, queries, sealing
from accounts.models import Capability, Party
from marketplace.clock.working_days import SHANGHAI
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from tests.actors import World
from tests.pages.conftest import BACKEND

NUMBER = "11010519491231002X"
CODE = "91350100MA00000067"
REMEDY = "可在六十日内申请行政复议。"


def numbered(born: date) -> str:
    body = f"350102{born:%Y%m%d}123"
    return body + mod_11_2.calc_check_digit(body)


def register(world: World, who: str = "buyer", number: str = NUMBER, **changes) -> Party:
    fields = {
        "actor": world[who], "at": world.at, "name": "何清", "region": world.parties["city"].region, "kind": "person",
        "id_kind": "resident", "id_number": number, "wanted": ["buyer"],
    }  # fmt: skip
    return operations.register_party(**fields | changes)


def login(world: World, who: str) -> Client:
    client = Client()
    client.force_login(world[who], backend=BACKEND)
    return client


@pytest.mark.parametrize(
    "number",
    [
        "110105194912310021",
        "11010519490230002X",
        "1101051949123100",
        "11010519491231002Y",
        "",
        "x" * 400,
        "１1010519491231002X",
    ],
)
def test_wrong_resident_number_is_refused_without_repeating_it(world, number):
    with pytest.raises(ValidationError) as refused:
        register(world, number=number)
    assert list(refused.value.message_dict) == ["id_number"]
    assert not number or number not in str(refused.value)
    assert not Party.objects.filter(kind="person").exists()


def test_only_adults_from_their_eighteenth_birthday_on(world):
    born = date(2008, 5, 6)
    eve = datetime(2026, 5, 5, 23, 59, tzinfo=SHANGHAI)
    with pytest.raises(ValidationError):
        register(world, number=numbered(born), at=eve)
    assert register(world, number=numbered(born), at=eve + timedelta(minutes=1)).state == "applied"


def test_number_is_sealed_masked_and_in_no_other_place(world, caplog):
    caplog.set_level(logging.DEBUG)
    party = register(world, number=" 110105 19491231-002x ")
    assert sealing.unseal(party.id_encrypted) == NUMBER
    assert identity.mask(party.id_encrypted) == "1***************2X"
    page = login(world, "buyer").get(party.get_absolute_url()).content.decode()
    assert "1***************2X" in page and NUMBER not in page and NUMBER[6:14] not in page
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            assert NUMBER not in str(cursor.fetchall()), table
    assert NUMBER not in caplog.text


def test_same_number_twice_is_refused_by_index_and_by_database(world):
    register(world)
    with pytest.raises(ValidationError):
        register(world, "seller")
    other = register(world, "seller", numbered(date(1990, 1, 1)))
    with pytest.raises(IntegrityError), transaction.atomic():
        Party.objects.filter(pk=other.pk).update(id_hmac=identity.indexes("resident", NUMBER)[0])


def test_document_belongs_to_persons_and_persons_have_one(world):
    person = register(world)
    for wrong in ({"id_hmac": None}, {"id_encrypted": ""}, {"kind": "organisation"}, {"uscc": CODE}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Party.objects.filter(pk=person.pk).update(**wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        Party.objects.filter(pk=world.parties["buyer"].pk).update(id_kind="passport")


def test_number_is_found_and_opened_after_a_change_of_keys(world, settings):
    old, new = settings.FIELD_KEYS[0], "another key for a new year " * 2
    register(world)
    settings.FIELD_KEYS = [new, old]
    with pytest.raises(ValidationError):
        register(world, "seller")  # found under the old key
    call_command("rotate_field_keys")
    settings.FIELD_KEYS = [new]
    party = Party.objects.get(kind="person")
    assert sealing.unseal(party.id_encrypted) == NUMBER
    with pytest.raises(ValidationError):
        register(world, "seller")
    settings.FIELD_KEYS = [old]
    with pytest.raises(InvalidToken):
        sealing.unseal(party.id_encrypted)
    with pytest.raises(CommandError):
        call_command("rotate_field_keys")


def test_one_person_registers_once_and_few_organisations_at_a_time(world):
    register(world)
    with pytest.raises(InvalidState):
        register(world, number=numbered(date(1990, 1, 1)))
    codes = [body + _digit(body) for body in ("91350100MA0000006", "91350100MA0000008", "91350100MA000000B")]
    for code in codes:
        register(world, kind="organisation", uscc=code, id_kind="", id_number="", name=code)
    last = "91350100MA000000C"
    with pytest.raises(InvalidState):
        register(world, kind="organisation", uscc=last + _digit(last), id_kind="", id_number="")


def _digit(body: str) -> str:
    return uscc.calc_check_digit(body)


def test_other_document_takes_an_adult_by_hand(world):
    party = register(world, number="E1234 5678", id_kind="passport")
    told = {
        "party": party,
        "actor": world["operator"],
        "at": world.at,
        "evidence": "护照",
        "valid_until": date(2029, 1, 1),
    }
    with pytest.raises(ValidationError):
        operations.verify_party(**told)
    assert operations.verify_party(**told, adult=True).state == "verified"


def test_registration_on_the_pages_reaches_the_operator_and_comes_back_verified(world):
    client, operator = login(world, "provider"), login(world, "operator")
    form = {"name": "刘敏", "id_kind": "resident", "id_number": NUMBER, "region": "350100", "wanted": ["buyer"]}
    answer = client.post("/parties/register/person/", form)
    party = Party.objects.get(kind="person")
    assert answer.url == party.get_absolute_url()
    assert Outbox.objects.filter(kind="party_applied", recipient_ref=world["operator"].ledger_ref).exists()
    assert party.get_absolute_url() in operator.get("/todo/").content.decode()
    assert [row.pk for row in operator.get("/parties/?state=applied").context["page"]] == [party.pk]

    shown = operator.get(f"/party/{party.pk}/verify/").context["form"]
    assert (shown.initial["capabilities"], "level" in shown.fields, "adult" in shown.fields) == (
        ["buyer"],
        False,
        False,
    )
    verified = {"evidence": "身份证核验", "valid_until": "2031-01-01", "capabilities": ["buyer"]}
    assert operator.post(f"/party/{party.pk}/verify/", verified).status_code == 302
    party.refresh_from_db()
    assert (party.state, [one.kind for one in party.capabilities.all()]) == ("verified", ["buyer"])
    details = "".join(Entry.objects.exclude(detail=None).values_list("detail__json", flat=True))
    assert NUMBER not in details and NUMBER not in json.dumps(list(Outbox.objects.values_list("context", flat=True)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"region": "999999"},
        {"region": "440100"},
        {"wanted": ["operator"]},
        {"wanted": []},
        {"id_kind": "x"},
        {"name": ""},
    ],
)
def test_foreign_values_in_a_registration_are_field_errors(world, wrong):
    form = {"name": "刘敏", "id_kind": "resident", "id_number": NUMBER, "region": "350100", "wanted": ["buyer"]}
    answer = login(world, "buyer").post("/parties/register/person/", form | wrong)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, list(wrong))
    assert not Party.objects.filter(kind="person").exists()


def test_authority_has_a_level_and_nobody_else(world):
    party = register(world, kind="organisation", uscc=CODE, id_kind="", id_number="", wanted=["authority"])
    address, operator = f"/party/{party.pk}/verify/", login(world, "operator")
    form = {"evidence": "三定方案", "valid_until": "2031-01-01"}
    for wrong in ({"capabilities": ["authority"]}, {"capabilities": ["unit"], "level": "city"}):
        assert list(operator.post(address, form | wrong).context["form"].errors) == ["level"]
    operator.post(address, form | {"capabilities": ["authority"], "level": "city"})
    assert Capability.objects.get(party=party).level == "city"


def test_primary_developer_is_admitted_for_the_term_of_its_mandate(world):
    party = register(world, kind="organisation", uscc=CODE, id_kind="", id_number="", wanted=["primary_developer"])
    address, operator = f"/party/{party.pk}/verify/", login(world, "operator")
    form = {"evidence": "授权文件", "valid_until": "2031-01-01", "capabilities": ["primary_developer", "buyer"]}
    assert list(operator.post(address, form).context["form"].errors) == ["mandate_until"]
    operator.post(address, form | {"mandate_until": "2028-12-31"})
    held = Capability.objects.filter(party=party).order_by("kind").values_list("kind", "valid_until")
    assert list(held) == [("buyer", None), ("primary_developer", date(2028, 12, 31))]


def test_returned_registration_is_corrected_keeps_its_number_and_is_told(world):
    party = register(world)
    operations.return_party(party=party, actor=world["operator"], at=world.at, reason="姓名与证件不符")
    told = Outbox.objects.filter(kind="party_moved", recipient_ref=world["buyer"].ledger_ref)
    assert told.filter(link=party.get_absolute_url()).count() == 2  # page and e-mail
    client, before = login(world, "buyer"), party.id_encrypted
    shown = client.get(f"/party/{party.pk}/amend/").content.decode()
    assert NUMBER not in shown and before not in shown
    form = {"name": "张悦", "id_kind": "resident", "id_number": "", "region": "350100", "wanted": ["buyer"]}
    assert client.post(f"/party/{party.pk}/amend/", form).status_code == 302
    party.refresh_from_db()
    assert (party.state, party.name, party.id_encrypted) == ("applied", "张悦", before)


def test_refused_number_is_free_again(world):
    party = register(world)
    operations.refuse_party(party=party, actor=world["operator"], at=world.at, reason="冒名", remedy=REMEDY)
    assert register(world, "seller").state == "applied"


def test_refusal_without_remedy_is_refused(world):
    party = register(world)
    with pytest.raises(ValidationError):
        operations.refuse_party(party=party, actor=world["operator"], at=world.at, reason="冒名", remedy=" ")
    assert Party.objects.get(pk=party.pk).state == "applied"


def test_lapsed_party_asks_once_is_renewed_and_acts_again(world):
    party, lapsed = world.parties["buyer"], world.at
    Party.objects.filter(pk=party.pk).update(verified_until=date(2026, 3, 1))
    assert list(queries.parties_as(world["buyer"], "buyer", lapsed)) == []
    operations.ask_for_renewal(party=party, actor=world["buyer"], at=lapsed, reason="继续使用")
    with pytest.raises(InvalidState):
        operations.ask_for_renewal(party=party, actor=world["buyer"], at=lapsed, reason="继续使用")
    with pytest.raises(NotAllowed):
        operations.renew_party(party=party, actor=world["buyer"], at=lapsed, evidence="-", valid_until=date(2033, 1, 1))
    operations.renew_party(
        party=party, actor=world["operator"], at=lapsed, evidence="年报", valid_until=date(2033, 1, 1)
    )
    assert list(queries.parties_as(world["buyer"], "buyer", lapsed)) == [party]
    party.refresh_from_db()
    assert (party.state, party.verified_until, party.renewal_asked_at) == ("verified", date(2033, 1, 1), None)
    assert party.verifications.count() == 2


def test_who_may_and_may_not_see_a_registration(world):
    party = register(world)
    expected = {"buyer": 200, "operator": 200, "seller": 404, "officer": 404}
    assert {who: login(world, who).get(party.get_absolute_url()).status_code for who in expected} == expected
    for address in ("/parties/register/person/", "/parties/register/organisation/", party.get_absolute_url()):
        assert Client().get(address).url.startswith("/accounts/login/")


def test_operator_of_yesterday_sees_only_its_own_parties(world):
    Capability.objects.filter(kind="operator").update(valid_until=date(2026, 1, 1))
    assert list(Party.objects.visible_to(world["operator"])) == [world.parties["operator"]]
