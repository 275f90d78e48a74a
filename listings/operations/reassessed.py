"""What a re-assessment found is kept, told to the seller, and stops new grants where it did not pass (Art. 35)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.functional import lazy
from django.utils.translation import gettext as _

from accounts.queries import recipients
from listings import files, reasons
from listings.models import GOVERNED, Assessment, Product, Version, VersionFile
from listings.operations.built import check_not_stopped
from listings.permissions import has_mandate
from listings.states import ON_OFFER
from marketplace.errors import InvalidState
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell

ARTICLE = "Art. 35"
ASSESSOR = ledger.SystemActor("assessment")


def newest_assessment(version: Version) -> Assessment | None:
    return version.assessments.order_by("-at", "-pk").first()


def keep_result(
    version: Version, report: dict[str, Any], at: datetime, sample: dict[str, Any] | None = None
) -> Assessment:
    """Add a re-assessment to the version's history; its state and its file stay as they are.

    Part of the job's end. The seller is told at once what is wrong in which column, or that it passes again.
    """
    before = newest_assessment(version)
    file = files.current(version) or VersionFile.objects.filter(version=version).order_by("-pk").first()
    made = Assessment.objects.create(
        version=version, rule_set=report["rule_set"], report=report, file_sha256=file.sha256 if file else "",
        passes=report["passes"], sample=sample or {}, at=at,
    )  # fmt: skip
    act = ledger.begin("reassess", ASSESSOR, at, ARTICLE)
    ledger.record(
        act, version,
        detail={"assessment": made.pk, "passes": made.passes, "rule_set": made.rule_set, "k": report.get("k")},
    )  # fmt: skip
    _tell(act, version, made, before)
    return made


def keep_unmeasured(version: Version, problem: Mapping[str, Any], at: datetime) -> None:
    """The file could not be measured: kept as an assessment that does not pass, so that it is never passed over."""
    if version.state not in ON_OFFER:
        return
    reason = {"column": None, **problem, "text": reasons.sentence_of(problem)}
    keep_result(
        version, {"rule_set": settings.RISK_RULES.label, "passes": False, "allowed_modes": [], "reasons": [reason]}, at
    )


def check_grantable(product: Product, at: datetime) -> None:
    """Whether anything new may be granted of a product. Raises InvalidState while a grant that it was built under is
    held or over, or while a version that a new grant would open failed its last assessment (Art. 35)."""
    check_not_stopped(product, at)
    failing = product.versions.published().failing().select_related("product").order_by("pk").first()
    if failing is not None:
        raise InvalidState(
            _("“%(version)s” failed its last assessment: nothing new is granted of it until that is settled.")
            % {"version": failing}
        )


def check_supplier(product: Product, at: datetime) -> None:
    """Nothing new is granted, accepted or extended of what a seller offers that is not in good standing, or a primary
    developer whose mandate is over. Raises InvalidState."""
    governed = product.acquisition in GOVERNED
    if not product.seller.is_in_good_standing(at) or (governed and not has_mandate(product.seller, at)):
        raise InvalidState(_("The seller's verification or mandate does not hold today: no new grants."))


def _tell(act: ledger.Act, version: Version, made: Assessment, before: Assessment | None) -> None:
    people = recipients(version.product.seller, act.at)
    facts: dict[str, Any] = {"product": version.product.title, "number": version.number}
    link = version.get_absolute_url()
    if not made.passes:
        what = [{"code": one["code"], "params": one["params"]} for one in made.report["reasons"]]
        said = lazy(lambda: " ".join(map(reasons.sentence_of, what)), str)()  # in each reader's language
        tell(act, people, "reassessment_failed", link=link, reasons=said, **facts)
    elif before is not None and not before.passes:
        body = version.reviewing_body
        people += recipients(body, act.at) if body else []
        tell(act, people, "reassessment_passed", link=link, **facts)
