"""What one may see is found by keys: it is to be what the conditions say, written out here without any keys."""

import random
from collections.abc import Callable
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.auth.models import AnonymousUser, Permission
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import reach
from accounts.models import (
    Capability,
    CapabilityKind,
    Credential,
    Membership,
    Party,
    PartyState,
    RegionLevel,
    User,
    valid_on,
)
from accounts.queries import memberships, parties_as, parties_of, recent_parties
from listings.models import (
    Assessment,
    CatalogueEntry,
    DescriptionChange,
    Job,
    Nature,
    Objection,
    Product,
    Recipe,
    ReleaseRule,
    SourceFile,
    Upload,
    Version,
    VersionSource,
    Visibility,
)
from listings.models.expert import VersionOpinion, VersionUserObjectPermission
from listings.models.products import ProductInvitation
from listings.states import PUBLIC_STATES
from marketplace.applications.models import (
    Application,
    Consultation,
    Grant,
    GrantEdition,
    Item,
    LinkageResult,
    StandingConsent,
)
from marketplace.applications.models.application import ApplicationUserObjectPermission, ExpertOpinion
from marketplace.clock.working_days import local_date
from marketplace.console.models import Reading
from marketplace.delivery.models import Delivery
from marketplace.documents.models import Document
from marketplace.supervision.caution import Caution
from marketplace.supervision.closeout import Certificate, Whereabouts
from marketplace.supervision.concern import Concern
from marketplace.supervision.incidents import Incident, IncidentCopy, IncidentNotice
from marketplace.supervision.inquiry import Inquiry
from marketplace.supervision.inspections import Inspection, InspectionPlan, JointInspector
from marketplace.supervision.models import DerivedFrom, DerivedProduct, Finding, Measure, UsageReport, new_token
from marketplace.supervision.preparedness import EmergencyPlan
from marketplace.supervision.review import Review
from tests.crowd import copy
from tests.demo import demo_user

AUTHORITY, REVIEWER, OVERSIGHT = CapabilityKind.AUTHORITY, CapabilityKind.REVIEWER, CapabilityKind.OVERSIGHT


class Rules:
    """The conditions, one by one, as subqueries on the user's parties."""

    def __init__(self, user: Any) -> None:
        at = timezone.now()
        self.user, self.known = user, user.is_authenticated
        self.mine, self.recent = parties_of(user, at), recent_parties(user, at) if self.known else Party.objects.none()
        self.over = Q(authority__in=parties_as(user, AUTHORITY, at))
        self.reviews = Q(reviewer__in=parties_as(user, REVIEWER, at))
        seats = Capability.objects.filter(valid_on(local_date(at)), kind=AUTHORITY, level=RegionLevel.PROVINCE)
        self.province = parties_as(user, AUTHORITY, at).filter(pk__in=seats.values("party")).exists()

    def unless_province(self, wanted: Q) -> Q:
        return Q() if self.province else wanted

    def entry(self) -> Q:
        return self.unless_province(Q(state="published") | Q(unit__in=self.mine) | self.over)

    def product(self) -> Q:
        shown = Exists(Version.objects.filter(product=OuterRef("pk"), state__in=PUBLIC_STATES))
        invited = Exists(ProductInvitation.objects.filter(product=OuterRef("pk"), party__in=self.mine))
        submitted = Exists(Version.objects.filter(self.over | self.reviews, product=OuterRef("pk")))
        units = Q(entry__unit__in=self.mine) & ~Q(nature=Nature.BUILT)
        public = shown & (Q(visibility=Visibility.ALL) | invited)
        return self.unless_province(public | Q(seller__in=self.mine) | units | submitted)

    def version(self) -> Q:
        if not self.known:
            return Q(state__in=PUBLIC_STATES, product__visibility=Visibility.ALL)
        invited = Exists(ProductInvitation.objects.filter(product=OuterRef("product"), party__in=self.mine))
        unit = Exists(VersionSource.objects.filter(version=OuterRef("pk"), unit__in=self.mine))
        asked = Exists(
            VersionUserObjectPermission.objects.filter(
                content_object=OuterRef("pk"), user=self.user, permission__codename="expert"
            )
        )
        opinion = Exists(VersionOpinion.objects.filter(version=OuterRef("pk"), by=self.user))
        public = Q(state__in=PUBLIC_STATES) & (Q(product__visibility=Visibility.ALL) | invited)
        submitted = Q(authority__isnull=False) & (self.over | self.reviews | unit)
        return self.unless_province(public | Q(product__seller__in=self.mine) | submitted | asked | opinion)

    def assessed(self) -> Q:
        if not self.known:
            return Q(pk__in=[])
        asked = ApplicationUserObjectPermission.objects.filter(
            content_object=OuterRef("pk"), user=self.user, permission__codename="expert"
        )
        return Exists(asked) | Exists(ExpertOpinion.objects.filter(application=OuterRef("pk"), by=self.user))

    def application(self) -> Q:
        submitted = ~Q(authority=None)
        asked = Exists(Consultation.objects.filter(application=OuterRef("pk"), unit__in=self.mine))
        theirs = submitted if self.province else submitted & (self.over | Q(seller__in=self.mine)) | asked
        return Q(buyer__in=self.mine) | theirs | (Q(pk__in=[]) if self.province else self.assessed())

    def linkage(self) -> Q:
        cases = Application.objects.filter(~Q(authority=None)).filter(self.unless_province(self.over | self.assessed()))
        return Q(item__application__in=cases) & ~Q(item__application__buyer__in=self.recent)

    def grant(self) -> Q:
        unit = Exists(VersionSource.objects.filter(version=OuterRef("from_version"), unit__in=self.mine))
        return self.unless_province(Q(buyer__in=self.mine) | Q(product__seller__in=self.mine) | self.over | unit)

    def copies(self) -> Q:
        sold = Q(product__nature=Nature.NON_PUBLIC) & Q(product__seller__in=self.mine)
        grants = Grant.objects.filter(Q(buyer__in=self.mine) | self.over | sold)
        return self.unless_province(Q(grant__in=grants))

    def caution(self) -> Q:
        now = timezone.now()
        if parties_as(self.user, AUTHORITY, now).exists() or parties_as(self.user, REVIEWER, now).exists():
            return Q()
        operates = parties_as(self.user, CapabilityKind.OPERATOR, now).exists()
        over = ["decided", "refused", "withdrawn"]
        asked = Application.objects.filter(seller__in=self.mine).exclude(state__in=over).values("buyer")
        applies = Q(state="in_force", issued_at__lte=now, ends__gte=local_date(now))
        consulted = Consultation.objects.filter(unit__in=self.mine, state__in=["asked", "question"])
        for_unit = consulted.values("application__buyer")
        decides = Q(party__in=asked) | Q(party__merged_into__in=asked)
        decides |= Q(party__in=for_unit) | Q(party__merged_into__in=for_unit)
        sold = Grant.objects.filter(product__seller__in=self.mine, product__nature=Nature.NON_PUBLIC)
        changed = sold.filter(editions__state="requested").values("buyer")
        decides |= Q(party__in=changed) | Q(party__merged_into__in=changed)
        return Q(party__in=self.mine) | applies & (Q() if operates else decides)

    def rule(self) -> Q:
        reviews = Exists(Version.objects.filter(self.reviews, pk=OuterRef("basis")))
        return self.unless_province(Q(product__seller__in=self.mine) | self.over | reviews)

    def objection(self) -> Q:
        if not self.known:
            return Q(pk__in=[])
        return self.unless_province(Q(version__in=Version.objects.filter(self.over | self.reviews)) | Q(by=self.user))

    def derived(self) -> Q:
        grants = Grant.objects.filter(self.over)
        over = Q(pk__in=DerivedProduct.objects.filter(built_from__grant__in=grants).values("pk"))
        return self.unless_province(Q(state__in=["published", "flagged"]) | Q(party__in=self.mine) | over)

    def finding(self) -> Q:
        return self.unless_province(self.over | self.reviews) & ~Q(party__in=self.recent)

    def concern(self) -> Q:
        if not self.known:
            return Q(pk__in=[])
        fault = Q(kind="fault")
        others = fault | Q(party=None) | ~Q(party__in=self.recent)
        mine = Q(by=self.user) | Q(reporter__in=self.mine) | fault & Q(responder__in=self.mine)
        return mine | self.unless_province(self.over | self.reviews) & others

    def recipe(self) -> Q:
        return self.unless_province(Q(version__product__seller__in=self.mine))

    def description(self) -> Q:
        return self.unless_province(Q(product__seller__in=self.mine) | self.over | self.reviews)

    def measure(self) -> Q:
        told = ~Q(state__in=["proposed", "dropped"])
        drafts = ~told & ~Q(party__in=self.recent)
        issues = Q(issuer__in=self.mine) & (told | drafts)
        seat = told | drafts if self.province else self.over & (told | drafts & Q(issuer=None))
        return told & Q(party__in=self.mine) | issues | seat

    def review(self) -> Q:
        above = Q(above__in=parties_as(self.user, AUTHORITY, timezone.now()))
        operates = Q(reviewer__in=parties_as(self.user, CapabilityKind.OPERATOR, timezone.now()))
        others = (self.over | above | self.reviews | operates) & ~Q(party__in=self.recent)
        return self.unless_province(Q(party__in=self.mine) | others)

    def inspection(self) -> Q:
        told = Q(announced_at__isnull=False) | Q(begun_at__isnull=False)
        seat = (Q() if self.province else self.over) & ~Q(party__in=self.recent)
        now, acts = timezone.now(), Q()
        for kind in (AUTHORITY, OVERSIGHT, CapabilityKind.UNIT, CapabilityKind.EXPERT):
            acts |= Q(party__in=parties_as(self.user, kind, now).values("pk"))
        named = JointInspector.objects.filter(user=self.user.pk if self.user.is_active else None, ended_at=None)
        if not memberships(self.user, now).filter(acts).exclude(role="auditor").exists():
            named = named.none()
        joint = Q(pk__in=named.values("inspection")) & ~Q(party__in=self.recent)
        return told & Q(party__in=self.mine) | seat | joint

    def inquiry(self) -> Q:
        above = Q(above__in=parties_as(self.user, AUTHORITY, timezone.now()))
        return (self.over | above) & ~Q(party__in=self.recent)

    def incident(self) -> Q:
        watching = Capability.objects.filter(
            valid_on(timezone.localdate()), kind=OVERSIGHT, party__in=parties_as(self.user, OVERSIGHT, timezone.now())
        ).values("region")
        ways = [
            Q(reporter__in=self.mine), Q(version__product__seller__in=self.mine), self.over,
            Q(version__in=Version.objects.filter(self.over)), Q(version__in=Version.objects.filter(self.reviews)),
            Q(version__in=VersionSource.objects.filter(unit__in=self.mine).values("version")),
            Q(pk__in=IncidentCopy.objects.filter(grant__in=Grant.objects.filter(self.over)).values("incident")),
            Q(pk__in=IncidentNotice.objects.filter(party__in=self.mine).values("incident")),
            Q(version__authority__region__in=watching) | Q(version__authority__region__parent__in=watching),
        ]  # fmt: skip
        return self.unless_province(reduce(or_, ways))

    def plan(self) -> Q:
        seen = Q(state__in=["in_force", "superseded"])
        return Q(unit__in=self.mine) | (seen if self.province else seen & self.over)

    def consent(self) -> Q:
        is_officer = parties_as(self.user, AUTHORITY, timezone.now()).exists()
        return Q() if is_officer else Q(unit__in=self.mine)

    def within(self, name: str, rows: QuerySet[Any]) -> Q:
        return Q(**{f"{name}__in": rows})


Condition = Callable[[Rules], Q]
OF_APPLICATION: Condition = lambda r: r.within("application", Application.objects.filter(r.application()))  # noqa: E731
OF_GRANT: Condition = lambda r: r.within("grant", Grant.objects.filter(r.grant()))  # noqa: E731


def of_case(model: Any, condition: Q) -> Q:
    keys = [str(key) for key in model.objects.filter(condition).values_list("pk", flat=True)]
    return Q(object_type=model._meta.label_lower, object_id__in=keys)


CONDITIONS: dict[Any, Condition] = {
    CatalogueEntry: Rules.entry, Product: Rules.product, Version: Rules.version, ReleaseRule: Rules.rule,
    Objection: Rules.objection, Application: Rules.application, LinkageResult: Rules.linkage, Grant: Rules.grant,
    StandingConsent: Rules.consent, DerivedProduct: Rules.derived, Finding: Rules.finding,
    Concern: Rules.concern, Measure: Rules.measure, Review: Rules.review, Incident: Rules.incident,
    EmergencyPlan: Rules.plan, Inquiry: Rules.inquiry,
    Inspection: Rules.inspection, InspectionPlan: lambda r: r.unless_province(r.over),
    SourceFile: lambda r: r.within("product", Product.objects.filter(r.product())),
    DescriptionChange: Rules.description, Recipe: Rules.recipe,
    Upload: lambda r: Q(version__product__seller__in=r.mine),
    Item: OF_APPLICATION, Consultation: OF_APPLICATION,
    Whereabouts: Rules.copies, Certificate: Rules.copies, Caution: Rules.caution,
    UsageReport: OF_GRANT, Delivery: OF_GRANT, GrantEdition: OF_GRANT,
    Document: lambda r: (
        of_case(Measure, r.measure()) | of_case(Item, OF_APPLICATION(r)) | of_case(Review, r.review())
        | of_case(Certificate, r.copies())
    ),
    Reading: lambda r: r.unless_province(Q(party__in=r.mine)),
}  # fmt: skip


def test_every_model_that_somebody_sees_is_compared() -> None:
    from django.apps import apps

    scoped = {model for model in apps.get_models() if hasattr(model._default_manager.all(), "visible_to")}
    assert scoped - set(CONDITIONS) == {Party}  # one's own, or all: `test_registration`


def test_what_is_found_by_keys_is_what_the_conditions_say(demo_site: None, db: None) -> None:
    split: set[Any] = set()
    for seed in range(4):
        with transaction.atomic():
            split |= compare(random.Random(seed))
            transaction.set_rollback(True)
    assert set(CONDITIONS) - split <= {Reading, Delivery}, "somebody is to see some of each, but not all"


def compare(chance: random.Random) -> set[Any]:
    """The models of which one of the people sees some and not all, once everybody was found to see what they may."""
    people, split = throw_together(chance), set()
    for user in [AnonymousUser(), *people]:
        rules = Rules(user)
        for model, condition in CONDITIONS.items():
            wanted = sorted(model.objects.filter(condition(rules)).values_list("pk", flat=True))
            found = sorted(model.objects.visible_to(user).values_list("pk", flat=True))
            assert found == wanted, (model, user, reach.reach_of(user, timezone.now()))
            if 0 < len(wanted) < model.objects.count():
                split.add(model)
    assert [model for model in CONDITIONS if not model.objects.exists()] == []
    return split


def throw_together(chance: random.Random) -> list[User]:
    """The demo's cases, with parties, people and states drawn by lot: members, mergers, seats, experts, the invited."""
    people = [*User.objects.order_by("pk")]
    parties = [*Party.objects.order_by("pk")]
    a_party, a_person = lambda: chance.choice(parties), lambda: chance.choice(people)
    more_rows(chance, a_party, a_person)
    for model, names in {
        CatalogueEntry: ["unit", "authority"], Product: ["seller"], Version: ["authority", "reviewer"],
        VersionSource: ["unit"], Application: ["buyer", "authority", "seller"], Grant: ["buyer", "authority"],
        StandingConsent: ["unit"], DerivedProduct: ["party"], Finding: ["authority", "party"],
        DescriptionChange: ["authority", "reviewer"], Measure: ["party", "authority"],
        Consultation: ["unit"],
    }.items():  # fmt: skip
        for row in model.objects.order_by("pk"):
            for name in names:
                may_be_none = model._meta.get_field(name).null
                setattr(row, name, None if may_be_none and chance.random() < 0.3 else a_party())
            row.save(update_fields=names)
    for product in Product.objects.filter(nature=Nature.NON_PUBLIC):
        Product.objects.filter(pk=product.pk).update(visibility=chance.choice(Visibility.values))
        ProductInvitation.objects.get_or_create(
            product=product, party=a_party(), defaults={"by": a_person(), "at": timezone.now()}
        )
    for version in Version.objects.all():
        if version.state in ("published", "superseded"):
            continue
        VersionUserObjectPermission.objects.get_or_create(
            content_object=version, user=a_person(), permission=Permission.objects.get(
                codename="expert", content_type__model="version"
            ),
        )  # fmt: skip
        VersionOpinion.objects.create(version=version, by=a_person(), opinion="x", at=timezone.now())
    for case in Application.objects.all():
        ApplicationUserObjectPermission.objects.get_or_create(
            content_object=case, user=a_person(), permission=Permission.objects.filter(
                content_type__model="application", codename=chance.choice(["expert", "officer_in_charge"])
            ).get(),
        )  # fmt: skip
    people = chance.sample(people, 12)
    seats(chance, parties, people)
    people[0].is_active = False
    through = User.objects.get(pk=people[1].pk)
    through.credential = Credential(party=chance.choice(parties), responsible=through)
    return [*people, through]


def seats(chance: random.Random, parties: list[Party], people: list[User]) -> None:
    day = timezone.localdate()
    for user in people:
        for party in chance.sample(parties, 2):
            until = chance.choice([None, day + timedelta(days=9), day - timedelta(days=9)])
            Membership.objects.get_or_create(
                user=user, party=party, defaults={"role": "auditor", "valid_from": day - timedelta(days=60),
                                                  "valid_until": until},
            )  # fmt: skip
    for party in chance.sample(parties, 6):
        kind = chance.choice([AUTHORITY, REVIEWER])
        level = chance.choice(["county", "city"]) if kind == AUTHORITY else ""
        Capability.objects.create(
            party=party, kind=kind, level=level, region=party.region, valid_from=day - timedelta(days=60),
            valid_until=chance.choice([None, day - timedelta(days=1)]),
        )  # fmt: skip
    for party in chance.sample(parties, 3):
        Party.objects.filter(pk=party.pk).update(verified_until=day - timedelta(days=chance.choice([0, 1])))
    gone, living = chance.sample(parties, 2)
    Party.objects.filter(pk=gone.pk).update(merged_into=living, state=PartyState.ENDED)


def more_rows(chance: random.Random, a_party: Any, a_person: Any) -> None:
    """Of the kinds of which the demo has none."""
    at = timezone.now()
    grants, versions = list(Grant.objects.all()), list(Version.objects.all())
    for number, version in enumerate(versions):
        Objection.objects.create(
            version=version, by=chance.choice([None, a_person()]), code_hash="x", text="x", created_at=at
        )
        Upload.objects.create(
            version=version, by=a_person(), name="x", size=1, state="refused", expires_at=at, created_at=at
        )
        Finding.objects.create(
            version=version, party=a_party(), authority=a_party(), reviewer=chance.choice([None, a_party()]),
            occasion_key=f"v{version.pk}", rule="x", article="x", created_at=at,
        )  # fmt: skip
        failed = Assessment.objects.create(
            version=version, rule_set="x", report={}, file_sha256="", passes=False, at=at
        )
        job = Job.objects.create(version=version, kind="suggest", state="done", requested_by=a_person(), created_at=at)
        Recipe.objects.create(version=version, assessment=failed, job=job, number=99, origin="found", at=at)
        Reading.objects.create(
            by=a_person(), party=a_party(), object_type="x", object_id=str(number), title="x", day=at.date(),
            reason="x", at=at,
        )  # fmt: skip
    several(chance, grants)
    for product in Product.objects.filter(release_rules=None):
        ReleaseRule.objects.create(
            product=product, basis=chance.choice(versions), authority=a_party(), min_rows=1, max_rows=2, max_drift=5,
            valid_until=at.date(), created_at=at,
        )  # fmt: skip
    for product in Product.objects.all():
        DescriptionChange.objects.get_or_create(
            product=product, state="withdrawn", defaults={
                "basis": chance.choice(versions), "authority": a_party(), "before": {}, "after": {}, "reason": "x",
                "by": a_person(), "created_at": at,
            },
        )  # fmt: skip
    for item in Item.objects.all():
        LinkageResult.objects.get_or_create(
            item=item, inputs="x", defaults={
                "with_grant": chance.choice(grants), "first": versions[0], "second": versions[0], "fields": [],
                "with_fields": [], "created_at": at,
            },
        )  # fmt: skip
    for grant in grants:
        GrantEdition.objects.get_or_create(
            grant=grant, state="requested" if grant.pk % 2 else "refused", defaults={
                "kind": "change", "before": {}, "after": {}, "reason": "x", "by": a_person(), "at": at,
            },
        )  # fmt: skip
        Finding.objects.create(
            grant=grant, party=a_party(), authority=a_party(), occasion_key=f"x{grant.pk}", rule="x", article="x",
            created_at=at,
        )  # fmt: skip

    some_concerns(chance, grants, a_party, a_person)
    some_reviews(chance, grants, a_party, a_person)
    some_incidents(chance, versions, grants, a_party)
    for number in range(12):
        EmergencyPlan.objects.create(
            unit=a_party(), authority=a_party(), title="x", contact="x", covers="x", created_at=timezone.now(),
            **chance.choice([{"state": "discarded"}, {"state": "superseded", "adopted_on": timezone.localdate()}]),
        )  # fmt: skip
        about, by = chance.sample([*Party.objects.order_by("pk")], 2)
        Caution.objects.create(
            party=about, authority=by, article="Art. 33", reason="x", issued_by=a_person(), issued_at=timezone.now(),
            ends=timezone.localdate() - timedelta(days=number % 2),
        )  # fmt: skip
    for one in grants:
        Certificate.objects.get_or_create(grant=one, defaults={
            "destroyed": "x", "places": "x", "method": "x", "done_by": "x", "destroyed_on": timezone.localdate(),
            "filed_by": a_person(), "filed_at": timezone.now(),
        })  # fmt: skip
        Whereabouts.objects.create(
            grant=one, suspended_at=timezone.now(), places="x", systems="x", kept_by="x", was_passed_on=False,
            by=a_person(), at=timezone.now(),
        )  # fmt: skip
    for one in grants:
        Inquiry.objects.create(
            application=one.item.application, party=a_party(), authority=a_party(), above=a_party(), question="x",
            by=a_person(), at=timezone.now(),
        )  # fmt: skip
    some_inspections(chance, grants, a_party, a_person)
    for number, case in enumerate(
        [*Review.objects.all(), *Measure.objects.all(), *Item.objects.all(), *Certificate.objects.all()]
    ):
        Document.objects.create(
            number=f"{number}", kind="order", object_type=case._meta.label_lower, object_id=str(case.pk),
            issuer=a_party(), party=a_party(), content={}, issued_at=timezone.now(),
        )  # fmt: skip


def some_reviews(chance: random.Random, grants: list[Grant], a_party: Any, a_person: Any) -> None:
    for _number in range(12):
        Review.objects.create(
            item=chance.choice(grants).item, party=a_party(), authority=a_party(), by=a_person(), text="x",
            above=chance.choice([None, a_party()]), reviewer=chance.choice([None, a_party()]), state="withdrawn",
            created_at=timezone.now(),
        )  # fmt: skip


def some_concerns(chance: random.Random, grants: list[Grant], a_party: Any, a_person: Any) -> None:
    for kind in ("misuse", "fault") * 6:
        grant = chance.choice(grants)
        Concern.objects.create(
            kind=kind, product=grant.product, party=a_party() if kind == "fault" else chance.choice([None, a_party()]),
            authority=a_party(), reviewer=chance.choice([None, a_party()]) if kind == "misuse" else None,
            responder=a_party(), reporter=chance.choice([None, a_party()]), by=chance.choice([None, a_person()]),
            code_hash="x", text="x", created_at=timezone.now(),
        )  # fmt: skip


def some_incidents(chance: random.Random, versions: list[Version], grants: list[Grant], a_party: Any) -> None:
    at = timezone.now()
    for number in range(12):
        incident = Incident.objects.create(
            version=chance.choice(versions), reporter=a_party(), authority=a_party(), kind="leak", title="x", facts="x",
            noticed_at=at - timedelta(minutes=number), counted_at=at, created_at=at,
        )  # fmt: skip
        IncidentNotice.objects.create(incident=incident, party=a_party(), text="x", sent_at=at)
        IncidentCopy.objects.create(
            incident=incident, grant=chance.choice(grants), version=incident.version, deliveries=1, rows=1,
            first_at=at, last_at=at,
        )  # fmt: skip


def some_inspections(chance: random.Random, grants: list[Grant], a_party: Any, a_person: Any) -> None:
    at = timezone.now()
    for _number in range(12):
        plan = InspectionPlan.objects.create(
            authority=a_party(), title="x", first=at, last=at, method="random", size=1, seed="x", by=a_person(),
            created_at=at,
        )  # fmt: skip
        made = Inspection.objects.create(
            plan=plan, grant=chance.choice(grants), party=a_party(), authority=a_party(), by=a_person(), created_at=at,
            announced_at=chance.choice([None, at]),
        )  # fmt: skip
        JointInspector.objects.create(
            inspection=made, user=a_person(), department="x", role="x", named_at=at, named_by=a_person(),
            ended_at=chance.choice([None, None, at]),
        )  # fmt: skip


def several(chance: random.Random, grants: list[Grant]) -> None:
    """Of the kinds of which the demo has one or two."""
    for number in range(6):
        grant = chance.choice(grants)
        measure = Measure.objects.earliest("pk")
        copy(
            measure, occasion_key=f"x{number}", number=measure.number and f"x{number}",
            state=chance.choice(["proposed", "dropped", measure.state]),
        )  # fmt: skip
        copy(StandingConsent.objects.earliest("pk"))
        first = UsageReport.objects.earliest("pk")
        copy(first, grant=grant, start=first.start - timedelta(days=1 + number))
        derived = copy(
            DerivedProduct.objects.earliest("pk"), token=new_token(), listed_as=None,
            state=chance.choice(["registered", "published", "withdrawn"]),
        )  # fmt: skip
        DerivedFrom.objects.create(derived=derived, grant=grant, version_id=grant.from_version_id)


def test_a_page_looks_its_reader_up_once_and_what_is_sent_each_time(demo_site: None, db: None) -> None:
    officer, buyer = demo_user("officer"), demo_user("buyer")

    def ask(request: Any) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            for _time in range(3):
                reach.reach_of(officer, timezone.now())
                reach.reach_of(buyer, timezone.now())
        return len(asked)

    page: Any = reach.LooksOnly(ask)  # type: ignore[arg-type]
    make = RequestFactory()
    assert (page(make.get("/")), page(make.head("/")), page(make.get("/")), page(make.post("/"))) == (2, 2, 2, 6)


def test_what_a_page_knows_is_forgotten_with_it(demo_site: None, db: None) -> None:
    buyer, at = demo_user("buyer"), timezone.now()
    with reach.kept():
        before = reach.reach_of(buyer, at)
        Membership.objects.filter(user=buyer).update(valid_until=local_date(at) - timedelta(days=1))
        assert reach.reach_of(buyer, at) == before
    assert before.parties and reach.reach_of(buyer, at) == reach.Reach()
