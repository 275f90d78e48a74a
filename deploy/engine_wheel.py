"""`make engine`: the de-identification engine as one wheel, for a seller's own network. Standard library only.

The same sources give the same bytes: names in order, no clock, nothing compressed. Inside it is called
`minshu_deidentification`, so that it stands beside anything that is called `listings`.
"""

import base64
import hashlib
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE, PACKAGE = ROOT / "listings" / "deidentification", "minshu_deidentification"
NEEDS = ("cryptography", "defusedxml", "duckdb", "numba", "numpy", "openpyxl", "pyarrow", "python-stdnum", "rfc8785")
KINDS = (".py", ".csv")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first day that a zip file knows

sys.path.insert(0, str(ROOT))
from listings.deidentification.rules import ENGINE_VERSION  # noqa: E402  from the checkout, whoever calls

INFO = f"{PACKAGE}-{ENGINE_VERSION}.dist-info"


def build(folder: Path) -> Path:
    """Write the wheel into `folder`; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{PACKAGE}-{ENGINE_VERSION}-py3-none-any.whl"
    parts = {**dict(_sources()), **dict(_metadata())}
    record = "".join(f"{name},{_digest(content)},{len(content)}\n" for name, content in sorted(parts.items()))
    parts[f"{INFO}/RECORD"] = f"{record}{INFO}/RECORD,,\n".encode()
    with zipfile.ZipFile(path, "w") as wheel:
        for name, content in sorted(parts.items(), key=lambda part: (part[0].startswith(INFO), part[0])):
            member = zipfile.ZipInfo(name, EPOCH)
            member.create_system, member.external_attr = 3, 0o100644 << 16
            wheel.writestr(member, content)
    return path


def _sources() -> Iterator[tuple[str, bytes]]:
    for file in SOURCE.rglob("*"):
        if file.suffix in KINDS:
            yield f"{PACKAGE}/{file.relative_to(SOURCE).as_posix()}", file.read_bytes()


def _metadata() -> Iterator[tuple[str, bytes]]:
    head = [
        "Metadata-Version: 2.1", "Name: minshu-deidentification", f"Version: {ENGINE_VERSION}",
        "Summary: Can anybody be recognised in this file? The assessment of Minshu, without a server or a database",
        "License: Apache-2.0", "Requires-Python: >=3.11",
        *(f"Requires-Dist: {name}>={_locked(name)}" for name in NEEDS),
    ]  # fmt: skip
    yield f"{INFO}/METADATA", ("\n".join(head) + "\n").encode()
    yield f"{INFO}/WHEEL", b"Wheel-Version: 1.0\nGenerator: minshu\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    yield f"{INFO}/entry_points.txt", f"[console_scripts]\nminshu-deidentification = {PACKAGE}.__main__:main\n".encode()
    yield f"{INFO}/licenses/LICENSE", (ROOT / "LICENSE").read_bytes()


def _locked(name: str) -> str:
    """The version that the site itself runs with; where it depends on the Python, the lowest."""
    found = re.findall(rf"^{re.escape(name)}==([0-9.]+)", (ROOT / "deploy" / "requirements.lock").read_text(), re.M)
    return min(found, key=lambda version: [int(part) for part in version.split(".")])


def _digest(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    print(build(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "dist"))
