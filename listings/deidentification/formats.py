"""Which format a file is said to be by its name, and whether its first bytes agree."""

from .reasons import Unreadable, shown

EXTENSIONS = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".xlsx": "xlsx",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
HEAD_BYTES = 8
_MARKS = {"parquet": b"PAR1", "xlsx": b"PK\x03\x04"}
_OTHERS = (b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"%PDF", b"\x89PNG", b"\x7fELF", b"MZ\x90")


def named(name: str) -> str:
    """The format that the end of a file's name says. Unreadable: unknown_format."""
    for extension, kind in EXTENSIONS.items():
        if name.lower().endswith(extension):
            return kind
    raise Unreadable("unknown_format", name=shown(name), known=", ".join(EXTENSIONS))


def sniffed(head: bytes) -> str:
    """What a file begins like: one of the formats with a mark, else a CSV."""
    return next((each for each, mark in _MARKS.items() if head.startswith(mark)), "csv")


def check(kind: str, head: bytes) -> None:
    """Unreadable where the first bytes of a file are not those of its format: empty_file, spreadsheet, other_format."""
    if not head:
        raise Unreadable("empty_file")
    found = next((each for each, mark in _MARKS.items() if head.startswith(mark)), None)
    if found == kind:
        return
    if kind in _MARKS or found == "parquet":
        raise Unreadable("other_format", named=kind, found=found or "?")
    if found or head.startswith(_OTHERS):
        raise Unreadable("spreadsheet")
