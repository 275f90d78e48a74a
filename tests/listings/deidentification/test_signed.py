"""The signed report: what is signed cannot be changed unseen, and what cannot be true is not taken."""

import copy
import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from listings.deidentification import __main__, cli, signed
from listings.deidentification.reasons import Refused
from listings.deidentification.rules import ENGINE_VERSION, Rules
from marketplace.desk.sample_data import write_visits


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    write_visits(folder / "visits.csv")
    said = ["visits.csv", "--quasi-identifiers", "区县,年龄段,性别", "--sensitive", "就诊科类", "--mode", "download"]
    paths = ["--report", folder / "report.json", "--key", folder / "key.pem"]
    assert cli.main([str(folder / said[0]), *said[1:], *map(str, paths)]) == 0
    return folder


@pytest.fixture
def document(house) -> dict:
    return json.loads((house / "report.json").read_text())


@pytest.fixture
def resigned(house):
    """The document signed once more by its own key, whatever it says now."""

    def sign(document: dict) -> bytes:
        document = copy.deepcopy(document)
        document["signature"] = signed.key_at(house / "key.pem").sign(signed.rfc8785.dumps(document["body"])).hex()
        return json.dumps(document).encode()

    return sign


def refusal(content: bytes, at: datetime | None = None) -> tuple[str, str | None]:
    with pytest.raises(Refused) as caught:
        signed.verify(content, at=at or datetime.now(UTC))
    return caught.value.code, caught.value.params.get("field")


def test_says_what_was_found_in_which_file(house):
    found = signed.verify((house / "report.json").read_bytes(), at=datetime.now(UTC))
    visits = house / "visits.csv"
    assert (found.name, found.size, found.sha256) == ("visits.csv", visits.stat().st_size, signed.sha256_of(visits))
    assert (found.k, found.mode, found.report["passes"]) == (25, "download", True)
    assert (found.engine, found.report["rule_set"]) == (ENGINE_VERSION, Rules().label)
    assert abs(found.assessed_at - datetime.now(UTC)) < timedelta(minutes=10)


def test_the_form_of_the_text_does_not_matter_but_every_value_does(document):
    again = json.dumps(document, ensure_ascii=True, sort_keys=True).encode()
    assert signed.verify(again, at=datetime.now(UTC)).k == 25
    for change in (
        lambda body: body["file"].update(size=1),
        lambda body: body["report"].update(k=26),
        lambda body: body["report"]["rules"].update(t=0.6),
        lambda body: body.update(mode="platform"),
    ):
        changed = copy.deepcopy(document)
        change(changed["body"])
        assert refusal(json.dumps(changed).encode()) == ("report_signature", None)


def test_another_key_does_not_fit(document):
    document["public_key"] = signed.public_half(signed.Ed25519PrivateKey.generate())
    assert refusal(json.dumps(document).encode()) == ("report_signature", None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda body: body["report"].update(k=19), "k"),
        (lambda body: body["report"]["with_suggested"].update(k=19), "k"),
        (lambda body: body["report"].update(k=None), "k"),
        (lambda body: body["report"].update(with_suggested=None), "with_suggested"),
        (lambda body: body["report"].update(unique_share=0.001), "unique_share"),
        (lambda body: body["report"].update(l_distinct={"就诊科类": 1}), "l_distinct"),
        (lambda body: body["report"].update(t={"就诊科类": 0.51}), "t"),
        (lambda body: body["report"].update(grade=2), "grade"),
        (lambda body: body["report"].update(allowed_modes=["platform"]), "grade"),
        (lambda body: body["report"].update(reasons=[{"code": "k_too_small"}]), "reasons"),
        (lambda body: body["report"].update(passes=False), "reasons"),
        (lambda body: body["report"].update(identifiers=[{"column": "a"}]), "identifiers"),
        (lambda body: body["report"].update(restorable=[{"level": "fails"}]), "identifiers"),
        (lambda body: body["report"]["rules"].update(k_download=2), "rule_set"),
        (lambda body: body["report"]["rules"].update(k_other=2), "rules"),
        (lambda body: body["report"].update(rows=0), "rows"),
        (lambda body: body["report"].update(about="none"), "k"),
        (lambda body: body.update(assessed_at=(datetime.now(UTC) + timedelta(days=1)).isoformat()), "assessed_at"),
    ],
)
def test_a_lie_is_refused_even_when_it_is_signed(document, resigned, change, field):
    change(document["body"])
    assert refusal(resigned(document)) == ("report_contradicts", field)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda body: body["report"].pop("rows"), "report.rows"),
        (lambda body: body["report"].update(rows=True), "report.rows"),
        (lambda body: body["report"].update(identifiers=["a"]), "report.identifiers"),
        (lambda body: body["report"].update(sensitive=[1]), "report.sensitive"),
        (lambda body: body["report"]["with_suggested"].update(t={"a": "0"}), "with_suggested.t"),
        (lambda body: body["report"].update(passes=1), "report.passes"),
        (lambda body: body["report"]["with_suggested"].update(k="25"), "with_suggested.k"),
        (lambda body: body["file"].update(sha256="A" * 64), "sha256"),
        (lambda body: body["file"].update(name="a\u202eb"), "file"),
        (lambda body: body.update(assessed_at="yesterday"), "assessed_at"),
        (lambda body: body.update(assessed_at="2026-11-26T08:00:00"), "assessed_at"),
        (lambda body: body.update(mode="post"), "body"),
        (lambda body: body.update(format="minshu-report-2"), "body"),
        (lambda body: body.update(more=1), "body"),
        (lambda body: body.update(engine="\0"), "JSON"),
    ],
)
def test_what_is_not_of_the_form_is_refused_by_name(document, resigned, change, field):
    change(document["body"])
    assert refusal(resigned(document)) == ("report_malformed", field)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"body": NaN}', b'{"body": 1, "body": 2}', b'{"a":' + b"9" * 9999],
)
def test_what_is_no_document_is_refused(content):
    assert refusal(content) == ("report_malformed", "JSON")


def test_numbers_and_texts_that_have_no_canonical_form_are_refused(document):
    for value in (2**60, "\ud800"):
        document["body"]["report"]["rows"] = value
        assert refusal(json.dumps(document).encode())[0] == "report_malformed"
    document["public_key"] = "00"
    assert refusal(json.dumps(document).encode())[0] == "report_malformed"


def test_the_key_is_its_owners_alone_and_never_replaced(house, tmp_path):
    assert stat.S_IMODE((house / "key.pem").stat().st_mode) == 0o600
    before = (house / "key.pem").read_bytes()
    assert __main__.main(["keygen", str(house / "key.pem")]) == 1
    assert (house / "key.pem").read_bytes() == before
    assert signed.public_half(signed.key_at(house / "key.pem")) == signed.public_half(signed.key_at(house / "key.pem"))


def test_another_kind_of_key_is_refused(tmp_path):
    other = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for number, content in enumerate((other, b"no key")):
        path = tmp_path / f"{number}.pem"
        path.write_bytes(content)
        with pytest.raises(Refused) as caught:
            signed.key_at(path)
        assert caught.value.code == "report_key"


def test_verify_tells_the_verdict_and_whether_it_is_about_this_file(house, tmp_path, capsys):
    report = str(house / "report.json")
    assert __main__.main(["verify", report, "--file", str(house / "visits.csv")]) == 0
    assert capsys.readouterr().out.startswith("passes (download), k = 25, rule set minshu-")
    (tmp_path / "other.csv").write_text("a\n1\n")
    assert __main__.main(["verify", report, "--file", str(tmp_path / "other.csv")]) == 2
    assert "another file" in capsys.readouterr().err
    for chinese in ("zh", "zh-hans"):
        assert __main__.main(["verify", report, "--file", str(tmp_path / "other.csv"), "--lang", chinese]) == 2
        said = capsys.readouterr()
        assert said.out.startswith("通过（下载），k = 25，规则集 minshu-") and "是另一个文件" in said.err
        assert not set(said.out) & set("()") and "signed" not in said.out
    (tmp_path / "changed.json").write_text((house / "report.json").read_text().replace('"grade": 3', '"grade": 4'))
    assert __main__.main(["verify", str(tmp_path / "changed.json"), "--lang", "zh"]) == 2
    assert "签名与报告不符" in capsys.readouterr().err
    assert __main__.main(["verify", str(tmp_path / "none.json")]) == 1
