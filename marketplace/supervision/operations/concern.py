"""Reports of misuse and of faulty data: made by anybody, answered with reasons, followed to their end."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import anybody
from accounts.anybody import KEEP_CONTACT, PUBLIC, Lodged
from accounts.evidence import process
from accounts.models import EvidenceFile, Party, User
from accounts.operations.evidence import attach, withdraw
from accounts.permissions import check_is_job, check_member
from accounts.queries import recipients
from listings.models import CatalogueEntry, Product, Version
from listings.states import VersionState
from marketplace import workflow
from marketplace.applications.models import Grant
from marketplace.applications.operations.copies import owes_destruction
from marketplace.applications.states import ENDED, GrantState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.errors import InvalidState, NotAllowed, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision import permissions, permissions_concern
from marketplace.supervision.closeout import is_over
from marketplace.supervision.competence import Subject, competent_for
from marketplace.supervision.concern import ONCE_OVER, WHILE_SERVED, Concern, ConcernKind, ConcernNote, Wish
from marketplace.supervision.models import DerivedProduct, Finding
from marketplace.supervision.operations.finding import open_finding, tell_reporter
from marketplace.supervision.operations.precaution import hold_as_precaution
from marketplace.supervision.queries import accusable, overseen_by
from marketplace.supervision.states import LIVING_CONCERN, ConcernState, FindingState

RULE = "misuse_reported"
OVERSEEN = "overseen"  # of the findings that oversight bodies file
OVERSEEN_ARTICLES = ("Art. 16", "Art. 17", "Art. 33", "Art. 34", "Art. 35", "Art. 46")
ARTICLES = {ConcernKind.MISUSE: "Art. 34", ConcernKind.FAULT: "Art. 13"}
CLOCKS = {ConcernKind.MISUSE: Kind.CONCERN, ConcernKind.FAULT: Kind.FAULT}


@transaction.atomic
def report_concern(
    *,
    subject: Subject = None,
    actor: Any,
    at: datetime,
    kind: str,
    text: str,
    place: str = "",
    name: str = "",
    contact: str = "",
    reporter: Party | None = None,
) -> Lodged:
    """Anybody reports misuse or faulty data: a user, for one of their parties or not, or `PUBLIC`.

    Misuse goes to the authority (Art. 34), faulty data to the unit or seller (Art. 13). They are told and have a
    deadline. Raises ValidationError on `kind` for faulty data that is nobody's in particular.
    """
    if reporter is not None:
        check_member(actor, reporter, at)
    return _lodge(
        ledger.begin("report_concern", actor, at, ARTICLES[ConcernKind(kind)]), subject, kind=kind, text=text,
        place=place,
        person_sealed=anybody.seal_person(name, contact), reporter=reporter,
    )  # fmt: skip


@transaction.atomic
def report_misuse(*, grant: Grant, actor: User, at: datetime, text: str, wish: str = "") -> Concern:
    """A providing unit or the seller reports misuse of a grant of its data and may ask for suspension or termination;
    of one that is over, as long as its copies are not certified as destroyed, that they are.

    The authority answers within its deadline. Nothing is held by a report: an officer's precaution or an order does
    that (Art. 34). Raises InvalidState for an ended grant of which no copies are out.
    """
    reporter = permissions_concern.reporting_party(actor, grant, at)
    workflow.check_in(grant, GrantState.ACTIVE, *ENDED)
    if not can_be_misused(grant):
        raise InvalidState(_("The grant has ended, and no copies of its data are out."))
    if wish and wish not in wishes_about(grant, at):
        raise ValidationError({"wish": _("Of a grant that is over copies are destroyed; another is paused or ended.")})
    act = ledger.begin("report_concern", actor, at, ARTICLES[ConcernKind.MISUSE])
    made: Concern = _lodge(act, grant, kind=ConcernKind.MISUSE, text=text, wish=wish, reporter=reporter).made
    return made


def can_be_misused(grant: Grant) -> bool:
    """Whether it serves data, or copies that it served are out."""
    return grant.state == GrantState.ACTIVE or (grant.state in ENDED and owes_destruction(grant))


def wishes_about(grant: Grant, at: datetime) -> tuple[Wish, ...]:
    """What can be asked for, besides that it is looked into."""
    return ONCE_OVER if is_over(grant, at) else WHILE_SERVED


@transaction.atomic
def file_finding(
    *, party: Party, actor: User, at: datetime, article: str, text: str, grant: Grant | None = None,
    version: Version | None = None, against: Party | None = None,
) -> Concern:  # fmt: skip
    """An oversight body files a finding about one grant, version or party of its regions, with facts and article.

    It goes to the authority or, with non-public data, to the compliance review, as a report of misuse does, with the
    same deadline; the body is told of answer and outcome. Raises ValidationError for more or less than one, for what
    lies outside its regions, and for an article that is none of `OVERSEEN_ARTICLES`.
    """
    permissions_concern.check_can_file_finding(actor, party, at)
    about = {name: row for name, row in (("grant", grant), ("version", version), ("against", against)) if row}
    if len(about) != 1:
        raise ValidationError(_("Name one grant, one version or one party."))
    if article not in OVERSEEN_ARTICLES:
        raise ValidationError({"article": _("Name the article that is broken.")})
    (name, subject), *_rest = about.items()
    if not overseen_by(party, at)[name].filter(pk=subject.pk).exists():
        raise ValidationError({name: _("This lies outside the regions of %(party)s.") % {"party": party}})
    act = ledger.begin("file_finding", actor, at, article)
    made: Concern = _lodge(
        act, subject, kind=ConcernKind.MISUSE, text=text, article=article, reporter=party
    ).made  # fmt: skip
    return made


def _lodge(act: ledger.Act, subject: Subject, *, kind: str, text: str, **said: Any) -> Lodged:
    require(text=text)
    code, competent = anybody.new_code(), competent_for(subject, act.at)
    if kind == ConcernKind.FAULT and competent.party is None:
        raise ValidationError({"kind": _("Report faulty data on the page of the data product or catalogue entry.")})
    party, authority, reviewer = competent
    is_misuse = kind == ConcernKind.MISUSE
    concern = Concern(
        kind=kind, text=text, by=act.actor if isinstance(act.actor, User) else None, code_hash=anybody.hash_of(code),
        authority=authority, reviewer=reviewer if is_misuse else None,
        responder=(reviewer or authority) if is_misuse else party, created_at=act.at,
        **{"party": party, **_about(subject)}, **said,
    )  # fmt: skip
    concern.full_clean()
    concern.save()
    ledger.record(act, concern, new=concern.state, detail={"kind": kind, **_about(subject)})
    clock.start(concern, CLOCKS[ConcernKind(kind)], act.at)
    tell(
        act, recipients(concern.responder, act.at, concern.party), "concern_reported", link=concern.get_absolute_url(),
        number=concern.number, what=ConcernKind(kind).label, subject=subject or concern.place or "–",
    )  # fmt: skip
    return Lodged(concern, code)


def _about(subject: Subject) -> dict[str, Any]:
    names = {
        Grant: "grant", Product: "product", Version: "version", CatalogueEntry: "entry", DerivedProduct: "derived",
        Party: "party",
    }  # fmt: skip
    return {} if subject is None else {names[type(subject)]: subject}


@transaction.atomic
def take_up_concern(
    *, concern: Concern, actor: User, at: datetime, reason: str, grant: Grant | None = None,
    version: Version | None = None, party: Party | None = None, pause: bool = False,
) -> Finding:  # fmt: skip
    """open → taken up: misuse becomes a finding about a grant, else about the product's newest version on offer; what
    is said of a party, about a grant that it holds or a version that it sells; of a grant, about that or another of the
    same buyer; of a derived product, about one that it is built from. Where there is none of these, it is a finding
    about the party itself: a report of nobody in particular names the `party`. Of a grant of non-public data its seller
    is told: it gives notice.

    The finding is answered where the grant, version or party is supervised: where that is not who took the report up,
    they are told, and the report is theirs from then on. `pause`: the officer's precaution on that grant in the same
    act. The reporter reads the reason.
    """
    permissions_concern.check_can_triage_concern(actor, concern, at)
    require(reason=reason)
    concern = _locked(concern, ConcernKind.MISUSE)
    about = _finding_about(concern, grant, version, party, at)
    act = ledger.begin("take_up", actor, at, ARTICLES[ConcernKind.MISUSE])
    rule, article = (OVERSEEN, concern.article) if concern.article else (RULE, act.article)
    finding = open_finding(act, about, rule, f"{RULE}:{concern.pk}", article, concern=concern.number)
    assert finding is not None  # one report is taken up once: its row is locked
    permissions_concern.check_can_open_finding(actor, finding, at)
    if pause:
        permissions.check_can_answer_finding(actor, finding, at)
        if finding.grant is None or finding.reviewer is not None:
            raise ValidationError({"pause": _("Only a grant of public data is paused: name it.")})
        workflow.check_in(Grant.objects.select_for_update().get(pk=finding.grant.pk), GrantState.ACTIVE)
        hold_as_precaution(act, finding.grant, reason, cause=finding)
    if finding.grant is not None and finding.reviewer is not None:
        grant = finding.grant
        tell(
            act, recipients(grant.product.seller, at, grant.buyer), "misuse_found", link=grant.get_absolute_url(),
            number=grant.number, buyer=grant.buyer,
        )  # fmt: skip
    if finding.signatory != concern.responder:
        tell(
            act, recipients(finding.signatory, at, finding.party), "finding_opened", link=finding.get_absolute_url(),
            what=finding.rule_label, about=about,
        )  # fmt: skip
    whose = {"authority": finding.authority, "reviewer": finding.reviewer, "responder": finding.signatory}
    _answer(act, concern, ConcernState.TAKEN_UP, reason, finding=finding, **whose)
    return finding


def _finding_about(
    concern: Concern, grant: Grant | None, version: Version | None, party: Party | None, at: datetime
) -> Grant | Version | Party:
    if party is not None:
        return _accused(concern, party, grant, at)
    if isinstance(concern.subject, Party):
        return _of_party(concern.subject, grant, version)
    grant = grant or concern.grant
    if grant is not None:
        if concern.grant_id not in (None, grant.pk) and grant.buyer_id != concern.party_id:
            raise ValidationError({"grant": _("The report is about a grant of %(party)s.") % {"party": concern.party}})
        if concern.derived is not None and not concern.derived.built_from.filter(grant=grant).exists():
            raise ValidationError({"grant": _("Name a grant that the derived product is built from.")})
        return grant
    if concern.version is not None:
        return concern.version
    served = (VersionState.PUBLISHED, VersionState.HELD)
    versions = concern.product.versions.filter(state__in=served) if concern.product else Version.objects.none()
    newest: Version | None = versions.order_by("-number").first()
    if newest is not None:
        return newest
    if concern.reviewer is not None or (concern.derived is not None and concern.derived.built_from.exists()):
        raise ValidationError({"grant": _("Name the grant that this is about.")})
    if concern.party is None:
        raise ValidationError({"party": _("Name the grant or the party that this is about.")})
    return concern.party


def _accused(concern: Concern, party: Party, grant: Grant | None, at: datetime) -> Party:
    """Whom the officer names in a report of nobody in particular."""
    if concern.party is not None:
        raise ValidationError({"party": _("The report is about %(party)s.") % {"party": concern.party}})
    if grant is not None:
        raise ValidationError({"party": _("Name the grant or the party, not both.")})
    if not accusable(concern.authority, at).filter(pk=party.pk).exists():
        outside = _("This lies outside the regions of %(party)s.") % {"party": concern.authority}
        raise ValidationError({"party": outside})
    return party


def _of_party(party: Party, grant: Grant | None, version: Version | None) -> Grant | Version | Party:
    if grant is None and version is None:
        return party
    if grant is not None and grant.buyer == party:
        return grant
    if version is not None and version.product.seller == party:
        return version
    raise ValidationError(_("Name a grant or a version of %(party)s.") % {"party": party})


@transaction.atomic
def merge_concern(*, concern: Concern, actor: User, at: datetime, finding: Finding, reason: str) -> None:
    """open → taken up, as part of a finding that is open already, which the same body answers, about the same party
    where one is named."""
    permissions_concern.check_can_triage_concern(actor, concern, at)
    require(reason=reason)
    concern = _locked(concern, ConcernKind.MISUSE)
    finding = Finding.objects.select_for_update(of=("self",)).get(pk=finding.pk)
    workflow.check_in(finding, FindingState.OPEN)
    if finding.signatory != concern.responder or concern.party_id not in (None, finding.party_id):
        raise InvalidState(_("Findings are merged where they are about the same party and the same body answers them."))
    permissions.check_can_answer_finding(actor, finding, at)
    act = ledger.begin("merge_concern", actor, at, ARTICLES[ConcernKind.MISUSE])
    _answer(act, concern, ConcernState.TAKEN_UP, reason, finding=finding)


@transaction.atomic
def dismiss_concern(*, concern: Concern, actor: User, at: datetime, reason: str) -> None:
    """open → not followed, with reasons, which the reporter reads."""
    permissions_concern.check_can_answer_concern(actor, concern, at)
    require(reason=reason)
    concern = _locked(concern)
    _answer(
        ledger.begin("dismiss_concern", actor, at, _article(concern)),
        concern,
        ConcernState.DISMISSED,
        reason,
        closed_at=at,
    )


@transaction.atomic
def accept_fault(*, concern: Concern, actor: User, at: datetime, reason: str) -> None:
    """open → taken up: the data is faulty and will be corrected within a deadline (Art. 13)."""
    permissions_concern.check_can_answer_concern(actor, concern, at)
    require(reason=reason)
    concern = _locked(concern, ConcernKind.FAULT)
    _answer(ledger.begin("accept_fault", actor, at, _article(concern)), concern, ConcernState.TAKEN_UP, reason)
    clock.start(concern, Kind.REPAIR, at)


@transaction.atomic
def correct_fault(*, concern: Concern, actor: User, at: datetime, reason: str) -> None:
    """open or taken up → corrected: `reason` says what was corrected and where (Art. 13)."""
    permissions_concern.check_can_answer_concern(actor, concern, at)
    require(reason=reason)
    concern = _locked(concern, ConcernKind.FAULT, states=LIVING_CONCERN)
    act = ledger.begin("correct_fault", actor, at, _article(concern))
    if concern.state == ConcernState.OPEN:
        return _answer(act, concern, ConcernState.CORRECTED, reason, closed_at=at)
    workflow.move(act, concern, ConcernState.CORRECTED, outcome=reason, closed_at=at, detail={"reason": reason})
    clock.stop(concern, at)
    tell_reporter(act, concern, reason)


def _answer(act: ledger.Act, concern: Concern, new: str, reason: str, **fields: Any) -> None:
    workflow.move(
        act, concern, new, answer=reason, answered_by=act.actor, answered_at=act.at, detail={"reason": reason}, **fields
    )
    clock.stop(concern, act.at)
    tell_reporter(act, concern, reason)


def _locked(concern: Concern, *kinds: str, states: tuple[str, ...] = (ConcernState.OPEN,)) -> Concern:
    """As it is now, held against whoever answers it at the same time."""
    concern = Concern.objects.select_for_update(of=("self",)).get(pk=concern.pk)
    workflow.check_in(concern, *states)
    if kinds and concern.kind not in kinds:
        raise InvalidState(_("Misuse is taken up or merged; faulty data is corrected."))
    return concern


def _article(concern: Concern) -> str:
    return ARTICLES[ConcernKind(concern.kind)]


@transaction.atomic
def write_to_concern(*, concern: Concern, actor: User, at: datetime, text: str) -> None:
    """Who reported adds something, or who answers asks or tells something, while it is not over. The other is told."""
    permissions_concern.check_can_write_to_concern(actor, concern, at)
    _write(
        ledger.begin("write", actor, at, _article(concern)),
        concern,
        text,
        permissions_concern.is_reporter(actor, concern, at),
    )


@transaction.atomic
def write_with_code(*, concern: Concern, actor: ledger.SystemActor, at: datetime, code: str, text: str) -> None:
    """Who reported without a login adds something. Raises NotAllowed where the code is not the report's own."""
    if actor != PUBLIC or not concern.opens_with(code):
        raise NotAllowed(_("No report has this number and code."))
    _write(ledger.begin("write", actor, at, _article(concern)), concern, text, is_reporter=True)


def _write(act: ledger.Act, concern: Concern, text: str, is_reporter: bool) -> None:
    require(text=text)
    locked = Concern.objects.select_for_update(of=("self",)).get(pk=concern.pk)
    workflow.check_in(locked, *LIVING_CONCERN)
    note = ConcernNote(
        concern=locked, is_reporter=is_reporter, text=text, by=act.actor if isinstance(act.actor, User) else None,
        at=act.at,
    )  # fmt: skip
    note.full_clean()
    note.save()
    ledger.record(act, locked)
    if not is_reporter:
        return tell_reporter(act, locked, text)
    tell(
        act, recipients(locked.responder, act.at, locked.party), "concern_written", link=locked.get_absolute_url(),
        number=locked.number,
    )  # fmt: skip


def add_concern_evidence(*, concern: Concern, actor: User, at: datetime, path: Path, note: str = "") -> EvidenceFile:
    """The party that reported adds a file, while it is not over. Who answers reads it."""
    permissions_concern.check_can_prove_concern(actor, concern, at)
    workflow.check_in(concern, *LIVING_CONCERN)
    kind = process.kind_of(path)
    with transaction.atomic():
        locked = Concern.objects.select_for_update(of=("self",)).get(pk=concern.pk)
        workflow.check_in(locked, *LIVING_CONCERN)
        assert locked.reporter is not None  # asked above
        act = ledger.begin("add_evidence", actor, at, _article(concern))
        return attach(act, locked, locked.reporter, path, kind, subject="observation", note=note)


@transaction.atomic
def withdraw_concern_evidence(*, concern: Concern, actor: User, at: datetime, evidence: EvidenceFile) -> None:
    """Who added a file takes it back before the report is answered."""
    permissions_concern.check_can_withdraw_concern_evidence(actor, concern, at)
    locked = Concern.objects.select_for_update(of=("self",)).get(pk=concern.pk)
    workflow.check_in(locked, ConcernState.OPEN)
    withdraw(ledger.begin("withdraw_evidence", actor, at, _article(concern)), concern, evidence)


@transaction.atomic
def erase_reporter(*, concern: Concern, actor: ledger.SystemActor, at: datetime) -> bool:
    """Name and contact go when they are no longer needed; text and answer stay. Returns whether there was anything."""
    check_is_job(actor)
    return anybody.erase_person(concern, Concern.objects.filter(closed_at__lte=at - KEEP_CONTACT), actor, at)


@transaction.atomic
def reseal_reporters() -> int:
    """After a change of keys: names and contacts sealed again under the first. Returns how many."""
    return anybody.reseal_people(Concern)


def find_concern(number: str, code: str) -> Concern | None:
    """The report with this number, if the code is its own."""
    found: Concern | None = anybody.find(Concern.objects.with_subject().select_related("finding"), number, code)
    return found
