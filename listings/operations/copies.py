"""What is built on public data has to be more than its source: a mere copy is refused, measured (Arts 16, 17)."""

from pathlib import Path
from typing import Any

from listings import files
from listings.deidentification import sandbox
from listings.deidentification.reasons import sentence
from listings.models import Version, VersionFile


def compare_with_sources(version: Version, parquet: Path) -> dict[str, Any]:
    """Compare a file with every version it was built from, however far up.

    {"ok": True, "reasons": […]}: empty where it is no copy. Not ok where one of them cannot be read: then nothing is
    known, and the assessment does not finish.
    """
    ours = set(version.files.filter(destroyed_at=None).values_list("sha256", flat=True))
    for origin in _origins(version):
        same = VersionFile.objects.filter(version=origin, sha256__in=ours).exists()
        answer = {"ok": True, "is_copy": True} if same else _compare(parquet, origin)
        if not answer["ok"]:
            return answer
        if answer["is_copy"]:
            return {"ok": True, "reasons": [_reason(origin)]}
    return {"ok": True, "reasons": []}


def _origins(version: Version) -> list[Version]:
    found: dict[int, Version] = {}
    last = [version]
    while last:
        above = Version.objects.filter(inherited_by__version__in=last).select_related("product").distinct()
        last = [origin for origin in above.order_by("pk") if origin.pk not in found]
        found |= {origin.pk: origin for origin in last}
    return list(found.values())


def _compare(parquet: Path, origin: Version) -> dict[str, Any]:
    file = files.current(origin)
    if file is None:
        return {"ok": False, "code": "no_file", "text": "A source version has no file."}
    with files.local_copy(file) as path:
        command = {"do": "compare", "parquet": str(parquet), "origin": str(path)}
        return sandbox.run(command, seconds=files.seconds_for(origin))


def _reason(origin: Version) -> dict[str, Any]:
    params = {"product": origin.product.title, "number": origin.number}
    return {"column": None, "code": "mere_copy", "params": params, "text": sentence("mere_copy", params)}
