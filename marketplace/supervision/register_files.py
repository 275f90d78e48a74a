"""The public register as files: CSV, JSON and JSON-LD (DCAT, PROV-O, schema.org), with the same rows in each."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse

from marketplace.supervision.register import Use, YearCount

ROLE = "natural person"
COLUMNS = (
    "kind", "number", "holder", "product", "product_address", "authority", "nature", "first_version",
    "later_versions", "fields", "summary", "language", "since", "until", "outcome", "outputs", "output_count",
    "measures", "year", "count",
)  # fmt: skip
CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "schema": "https://schema.org/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def plain(use: Use) -> dict[str, Any]:
    """A row in what JSON can hold; codes, not words, so that it reads the same in every language."""
    return {
        "kind": "use", "number": use.number, "holder": use.holder or ROLE, "product": use.product,
        "product_address": _address(use.product_path), "authority": use.authority, "nature": use.nature,
        "first_version": use.first_version, "later_versions": not use.is_of_one_version, "fields": use.fields,
        "summary": use.summary, "language": use.language, "since": use.since.isoformat(),
        "until": use.until.isoformat(), "outcome": use.outcome,
        "outputs": [
            {"number": one.number, "title": one.title, "address": _address(one.path)} for one in use.outputs
        ],
        "output_count": use.output_count, "measures": [one._asdict() for one in use.sanctions],
    }  # fmt: skip


def counted(row: YearCount) -> dict[str, Any]:
    """Deals in non-public data: a count, and nothing else."""
    return {"kind": "non_public_count", "year": row.year, "count": row.count}


def as_json(uses: Sequence[Use], counts: Sequence[YearCount], following: str) -> str:
    items = [*map(plain, uses), *map(counted, counts)]
    return json.dumps({"items": items, "next": following or None}, ensure_ascii=False, indent=1)


def as_csv(uses: Sequence[Use], counts: Sequence[YearCount], following: str) -> str:
    """With a byte order mark, and no cell that a spreadsheet takes for a formula."""
    written = io.StringIO()
    rows = csv.DictWriter(written, COLUMNS, restval="")
    rows.writeheader()
    for row in [*map(plain, uses), *map(counted, counts)]:
        rows.writerow({name: defused(_cell(value)) for name, value in row.items()})
    return "\ufeff" + written.getvalue()


def as_jsonld(uses: Sequence[Use], counts: Sequence[YearCount], following: str) -> str:
    """Each use a PROV activity that used a DCAT data set, of the catalogue that the register is."""
    here = _address(reverse("supervision:register"))
    register = {
        "@id": here, "@type": "dcat:Catalog", "dct:title": {"@value": "公共数据利用公示", "@language": "zh"},
        "schema:observation": [
            {"@type": "schema:Observation", "schema:measuredProperty": "non-public deals",
             "schema:observationDate": str(row.year), "schema:value": row.count} for row in counts
        ],
        **({"schema:nextItem": {"@id": following}} if following else {}),
    }  # fmt: skip
    graph = [register, *(_linked(use, here) for use in uses)]
    return json.dumps({"@context": CONTEXT, "@graph": graph}, ensure_ascii=False, indent=1)


def defused(text: str) -> str:
    """What a spreadsheet would reckon stands as text."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def _linked(use: Use, here: str) -> dict[str, Any]:
    """What is running has no end yet: only the permit says until when it is valid."""
    holder: dict[str, Any] = {"@type": ["prov:Agent", "schema:Role"], "schema:roleName": ROLE}
    if use.holder:
        kind = "schema:Person" if use.is_person else "schema:Organization"
        holder = {"@type": ["prov:Agent", kind], "schema:name": use.holder}
    until, is_running = {"@type": "xsd:date", "@value": use.until.isoformat()}, use.outcome == "running"
    permit = {"@type": "schema:GovernmentPermit", "schema:issuedBy": use.authority}
    return {
        "@id": f"{here}#{use.number}", "@type": "prov:Activity", "schema:identifier": use.number,
        "dct:isPartOf": {"@id": here}, "prov:wasAssociatedWith": holder,
        "prov:used": {
            "@id": _address(use.product_path), "@type": ["dcat:Dataset", "prov:Entity"], "dct:title": use.product,
            "dct:type": use.nature, "schema:version": f"{use.first_version}{'' if use.is_of_one_version else '-'}",
            "schema:variableMeasured": use.fields,
        },
        "prov:wasInformedBy": {**permit, **({"schema:validUntil": until} if is_running else {})},
        "schema:abstract": {"@value": use.summary, "@language": "zh" if use.language == "zh-hans" else use.language},
        "prov:startedAtTime": {"@type": "xsd:date", "@value": use.since.isoformat()},
        **({} if is_running else {"prov:endedAtTime": until}),
        "schema:actionStatus": use.outcome,
        "prov:generated": [
            {"@id": _address(one.path), "@type": ["schema:CreativeWork", "prov:Entity"], "schema:name": one.title,
             "schema:identifier": one.number} for one in use.outputs
        ],
        "schema:size": use.output_count,
        "prov:wasInfluencedBy": [
            {"@type": "prov:Activity", "schema:identifier": one.number, "schema:citation": one.article,
             "schema:actionStatus": one.state} for one in use.sanctions
        ],
    }  # fmt: skip


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(_cell(one) for one in value)
    if isinstance(value, dict):
        return " ".join(map(str, value.values()))
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _address(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


FORMATS = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "json": ("application/json; charset=utf-8", as_json),
    "jsonld": ("application/ld+json; charset=utf-8", as_jsonld),
}
