"""What is taken for a PDF, PNG or JPEG, and what is not, whatever its name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from accounts.evidence import process, reader
from tests.accounts.papers import HTML, SVG, image, pdf, pdf_with, png_of, zipped

SOUND: dict[str, tuple[Callable[[], bytes], str]] = {
    "pdf": (lambda: pdf("x"), "pdf"),
    "pdf by hand": (lambda: pdf_with(b"", b"0 0 m"), "pdf"),
    "png": (lambda: image("PNG"), "png"),
    "jpeg": (lambda: image("JPEG"), "jpeg"),
    "jpeg with padding": (lambda: image("JPEG") + b"\0\0", "jpeg"),
}
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "empty"),
    "21 MiB": (lambda: b"%PDF-1.7" + b" " * (21 * 1024**2), "too_large"),
    "html": (lambda: HTML, "kind"),
    "html, then a pdf": (lambda: HTML + pdf("x"), "kind"),
    "svg": (lambda: SVG, "kind"),
    "gif": (lambda: image("GIF"), "kind"),
    "zip": (lambda: zipped("a", b"b"), "kind"),
    "a pdf, then html": (lambda: pdf("x") + HTML, "more"),
    "a png, then html": (lambda: image("PNG") + HTML, "more"),
    "a jpeg, then html": (lambda: image("JPEG") + HTML, "more"),
    "a jpeg, then a zip that ends like one": (lambda: image("JPEG") + comment(zipped("a", b"b"), b"\xff\xd9"), "more"),
    "a pdf, then a zip that ends like one": (lambda: pdf("x") + comment(zipped("a", b"b"), b"%%EOF\n"), "more"),
    "the head of a pdf alone": (lambda: b"%PDF-1.7\n%%EOF", "broken"),
    "half a pdf with an end": (lambda: pdf("x")[:40] + b"\n%%EOF", "broken"),
    "the head of a jpeg with an end": (lambda: image("JPEG")[:100] + b"\xff\xd9", "broken"),
    "a damaged png": (lambda: image("PNG").replace(b"IDAT", b"IDAX"), "broken"),
    "encrypted": (lambda: pdf("x", encrypted=True), "encrypted"),
    "attached program": (lambda: pdf("x", attached=True), "active"),
    "script on opening": (lambda: pdf_with(b"/OpenAction<</S/JavaScript/JS(app.alert)>>"), "active"),
    "script after a jump": (
        lambda: pdf_with(b"/OpenAction<</S/GoTo/D[0]/Next<</S/JavaScript/JS(app.alert)>>>>"),
        "active",
    ),
    "file on a page": (lambda: pdf_with(b"/X[<</Subtype/FileAttachment/FS<</F(x)>>>>]"), "active"),
    "form of another kind": (lambda: pdf_with(b"/AcroForm<</XFA[]>>"), "active"),
    "script by name": (lambda: pdf_with(b"/Names<</JavaScript<<>>>>"), "active"),
    "launch on closing": (lambda: pdf_with(b"/AA<</WC<</S/Launch/F(x)>>>>"), "active"),
    "a picture of 10^10 points": (lambda: png_of(100_000, 100_000), "bomb"),
}


def comment(archive: bytes, text: bytes) -> bytes:
    """An archive whose comment ends the file."""
    return archive[:-2] + len(text).to_bytes(2, "little") + text


def written(tmp_path: Path, content: bytes, name: str = "scan.pdf") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", SOUND)
def test_what_is_one_of_the_three_is_taken(tmp_path: Path, name: str) -> None:
    make, kind = SOUND[name]
    assert reader.check(written(tmp_path, make(), "misnamed.html")) == kind


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_something_else_is_not_taken(tmp_path: Path, name: str) -> None:
    make, why = HOSTILE[name]
    with pytest.raises(reader.Unfit) as refused:
        reader.check(written(tmp_path, make()))
    assert str(refused.value) == why
    assert why in process.WHY


def test_a_pdf_that_unfolds_without_end_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 3 MiB, where 2 are the limit; a stream of less passes."""
    monkeypatch.setattr(reader, "MOST_INFLATED", 2 * 1024**2)
    assert reader.check(written(tmp_path, pdf_with(b"", bytes(1024**2)))) == "pdf"
    with pytest.raises(reader.Unfit, match="bomb"):
        reader.check(written(tmp_path, pdf_with(b"", bytes(3 * 1024**2))))


def test_in_its_own_process_it_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    assert process.ask(written(tmp_path, image("PNG"))) == ("is", "png")
    assert process.ask(written(tmp_path, HTML)) == ("no", "kind")
    assert process.ask(tmp_path / "not there") == ("no", "broken")
    assert [path.name for path in tmp_path.iterdir()] == ["scan.pdf"]
