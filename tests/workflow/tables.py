"""Who may do what in which state, and what it leaves in the ledger: written by hand, not read from the code."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts import verbs as account_verbs
from accounts.models import Credential, EvidenceFile
from listings import verbs as listing_verbs
from listings.models import SourceKind
from listings.queries import quasi_identifiers_of
from marketplace.applications import verbs as application_verbs
from marketplace.applications.models import Grant, StandingConsent
from marketplace.clock.working_days import local_date
from marketplace.desk.sample_data import VISIT_ROLES, write_visits
from marketplace.desk.story import SCENARIO
from marketplace.supervision import verbs as supervision_verbs
from marketplace.supervision.closeout import is_over
from marketplace.supervision.inspections import JointInspector
from marketplace.supervision.models import Finding
from marketplace.verbs import Verbs
from tests.accounts.papers import Sent, pdf
from tests.workflow import stages
from tests.workflow.matrix import EVERYBODY, PEOPLE, WITH_SELLERS, Matrix, Says

NOBODY: frozenset[str] = frozenset()
BUYER = frozenset({"buyer", "conflicted_officer"})  # the latter is a member of the buyer
CITY = frozenset({"officer", "second_officer", "conflicted_officer"})
UNBIASED = frozenset({"officer", "second_officer"})
IN_CHARGE = frozenset({"officer"})
PROVINCE, OPERATOR = frozenset({"province_officer"}), frozenset({"operator"})
SELLER, UNIT, EXPERT = frozenset({"seller"}), frozenset({"provider"}), frozenset({"expert"})


def given(**fields: Any) -> Any:
    return lambda world, obj, at: fields


REASON = given(reason="理由充分")
REFUSAL = given(reason="理由充分", remedy=stages.REMEDY)


def keys(fields: Any) -> Any:
    """The same input as a form sends it: objects by their key."""
    return lambda world, obj, at: {
        name: getattr(value, "pk", value) for name, value in fields(world, obj, at).items() if value is not None
    }


def by_source(verbs: Verbs) -> Any:
    sources = {verb.name: {str(state) for state in verb.sources} for verb in verbs.verbs}
    return lambda verb, state: state.partition("+")[0] in sources[verb]


# --- parties -------------------------------------------------------------------------------------------------------


OWNER, MEMBER = frozenset({"other_buyer"}), frozenset({"provider"})
BY_OPERATOR = ("verify", "return", "refuse", "renew", "reset_second_factor", "bar")


def may_party(verb: str, state: str) -> frozenset[str]:
    if verb in BY_OPERATOR:
        return OPERATOR
    return OWNER | MEMBER if verb == "end_membership" else OWNER  # the member leaves


def person_of(obj: Any, who: Any) -> Any:
    return obj.memberships.get(user=who)


def new_role(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"membership": person_of(obj, world["provider"]), "role": "manager"}


def one_invited(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"invitation": obj.invitations.get()}


def one_member(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"membership": person_of(obj, world["provider"])}


def reset_of(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return one_member(world, obj, at) | {"reason": "手机丢失,已当面核验"}


def a_paper(**more: Any) -> Any:
    return lambda world, obj, at: {"path": stages.paper("more"), **more}


def a_paper_sent(**more: Any) -> Any:
    return lambda world, obj, at: {"file": Sent(pdf("more"), "more.pdf"), **more}


def own_paper(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    """The one that the stage has added; where it has none, one that does not stand."""
    return {"evidence": EvidenceFile.objects.ever_of(obj).order_by("pk").first() or EvidenceFile(pk=0)}


def a_deputy(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {
        "membership": person_of(obj, world["other_buyer"]), "deputy": person_of(obj, world["provider"]),
        "valid_from": date(2026, 4, 1), "valid_until": date(2026, 4, 10),
    }  # fmt: skip


def two_officers(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {
        "officer": person_of(obj, world["officer"]), "successor": person_of(obj, world["second_officer"]),
        "reason": "调离",
    }  # fmt: skip


def registration(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"name": "泉州数据有限公司", "region": obj.region, "uscc": obj.uscc, "wanted": ["buyer"]}


def registration_form(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return registration(world, obj, at) | {"region": obj.region_id}


PARTY = Matrix(
    verbs=account_verbs.PARTY,
    reach=stages.party,
    may=may_party,
    # nobody has a second factor here: `test_second_factor.py`
    possible=lambda verb, state: verb != "reset_second_factor" and by_source(account_verbs.PARTY)(verb, state),
    sees=lambda state: OPERATOR | OWNER | MEMBER,
    url="accounts:party",
    says={
        "verify": Says(
            "verified", ("party verify *→verified",), given(evidence="营业执照", valid_until=date(2029, 1, 1))
        ),
        "return": Says("returned", ("party return applied→returned",), REASON),
        "refuse": Says("refused", ("party refuse applied→refused",), REFUSAL),
        "amend": Says("applied", ("party amend returned→applied",), registration, registration_form),
        "withdraw": Says("ended", ("party withdraw *→ended", "evidencefile withdraw →")),
        "renew": Says("verified", ("party renew →",), given(evidence="营业执照", valid_until=date(2031, 1, 1))),
        "ask_for_renewal": Says("verified", ("party ask_for_renewal →",), REASON),
        "add_evidence": Says(
            "*", ("evidencefile add_evidence →",), a_paper(subject="mandate"), a_paper_sent(subject="mandate")
        ),
        "withdraw_evidence": Says("*", ("evidencefile withdraw_evidence →",), own_paper, keys(own_paper)),
        "invite": Says("*", ("invitation invite →open",), given(email="new@test.example", role="member")),
        "revoke_invitation": Says("*", ("invitation revoke open→revoked",), one_invited, keys(one_invited)),
        "change_role": Says("*", ("membership change_role →",), new_role, keys(new_role)),
        "appoint_deputy": Says("*", ("membership appoint_deputy →",), a_deputy, keys(a_deputy)),
        "end_membership": Says("*", ("membership end_membership →",), one_member, keys(one_member)),
        "reset_second_factor": Says("*", (), reset_of, keys(reset_of)),
        "bar": Says("barred", ("party bar *→barred",), REFUSAL),
    },
)

LEAVING = ("membership {0} →", "membership {0} →", "invitation {0} open→revoked")


def merger(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"successor": world.parties["buyer"], "evidence": "登记通知书", "reason": "吸收合并"}


PARTY_ENDING = Matrix(
    verbs=supervision_verbs.PARTY,
    reach=stages.party,
    may=lambda verb, state: OPERATOR,
    # the death of a person: `test_ending.py`
    possible=lambda verb, state: verb != "record_death" and by_source(supervision_verbs.PARTY)(verb, state),
    sees=lambda state: OPERATOR | OWNER | MEMBER,
    url="supervision:party",
    says={
        "merge": Says(
            "ended", ("party merge *→ended", *(line.format("merge") for line in LEAVING)), merger, keys(merger)
        ),
        "record_death": Says("ended", (), given(evidence="死亡医学证明", reason="死亡")),
        "end": Says("ended", ("party end *→ended", *(line.format("end") for line in LEAVING)), REASON),
    },
)

AUTHORITY = Matrix(
    verbs=application_verbs.AUTHORITY,
    reach=stages.authority,
    may=lambda verb, state: IN_CHARGE,
    possible=by_source(application_verbs.AUTHORITY),
    sees=lambda state: CITY | OPERATOR,
    url="applications:party",
    says={"hand_over": Says("verified", ("application hand_over →",), two_officers, keys(two_officers))},
)


def the_buyer(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"against": world.parties["buyer"], **stages.CHARGE}


def a_caution(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"about": world.parties["buyer"], **stages.CAUTION, "ends": local_date(at) + timedelta(days=180)}


def a_caution_form(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    said = a_caution(world, obj, at)
    return {**said, "about": said["about"].pk, "ends": str(said["ends"])}


def the_platform(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"against": world.parties["operator"], **stages.CHARGE}


AUTHORITY_ORDERS = Matrix(
    verbs=supervision_verbs.AUTHORITY,
    reach=stages.authority_of_the_platform,
    may=lambda verb, state: CITY if verb == "order_platform" else UNBIASED,
    possible=by_source(supervision_verbs.AUTHORITY),
    sees=lambda state: CITY | OPERATOR,
    url="supervision:party",
    says={
        "order_party": Says("verified", ("measure propose_order →proposed",), the_buyer, keys(the_buyer)),
        "issue_caution": Says("verified", ("caution issue_caution →in_force",), a_caution, a_caution_form),
        "order_platform": Says("verified", ("measure propose_order →proposed",), the_platform, keys(the_platform)),
    },
)

AUTHORITY_PLANS = Matrix(
    verbs=supervision_verbs.PLANNING,
    reach=stages.authority,
    may=lambda verb, state: CITY,
    possible=by_source(supervision_verbs.PLANNING),
    sees=lambda state: CITY | OPERATOR,
    url="supervision:party",
    says={
        "plan_inspections": Says("verified", ("inspectionplan plan_inspections →draft",), given(**stages.PLANNED)),
    },
)


def the_version(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"version": world.version, "article": "Art. 17", "text": "可复原出个人"}


OVERSIGHT_BODY = Matrix(
    verbs=supervision_verbs.OVERSIGHT,
    reach=stages.oversight_body,
    may=lambda verb, state: frozenset({"overseer"}),
    possible=by_source(supervision_verbs.OVERSIGHT),
    people=(*PEOPLE, "overseer"),
    sees=lambda state: OPERATOR | {"overseer"},
    url="supervision:party",
    says={"file_finding": Says("verified", ("concern file_finding →open",), the_version, keys(the_version))},
)

# --- entries -------------------------------------------------------------------------------------------------------

ENTRY = Matrix(
    verbs=listing_verbs.ENTRY,
    reach=stages.entry,
    may=lambda verb, state: CITY if verb in ("publish", "return") else UNIT,
    possible=by_source(listing_verbs.ENTRY),
    sees=lambda state: EVERYBODY if state == "published" else CITY | UNIT | PROVINCE,
    url="listings:entry",
    says={
        "publish": Says("published", ("catalogueentry publish proposed→published",)),
        "return": Says("returned", ("catalogueentry return proposed→returned",), REASON),
        "revise": Says("proposed", ("catalogueentry revise returned→proposed",), given(**stages.ENTRY_FIELDS)),
        "withdraw": Says("withdrawn", ("catalogueentry withdraw published→withdrawn",), REASON),
    },
)

# --- products ------------------------------------------------------------------------------------------------------

SOURCE = given(kind=SourceKind.STATUTE, title="归集通知", reference="榕数〔2026〕13号", summary="依目录归集")


def new_version(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"about": "none", **stages.VERSION_FIELDS}


def one_party(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"party": world.parties["buyer"]}


DESCRIPTION = {
    "category": "health", "title": "新名称", "summary": "新", "description": "新说明", "purposes": "",
    "terms": "", "price_text": "", "frequency": "daily",
}  # fmt: skip


def possible_product(verb: str, state: str) -> bool:
    if verb in ("invite", "uninvite", "set_visibility"):
        return False  # everybody sees public data
    if verb in ("declare", "describe"):
        return state == "active+undeclared"  # once; and until a version is under review
    if verb in ("propose_rule", "propose_description"):
        return state == "active"  # a version is published
    return by_source(listing_verbs.PRODUCT)(verb, state)


PRODUCT = Matrix(
    verbs=listing_verbs.PRODUCT,
    reach=stages.product,
    may=lambda verb, state: SELLER,
    possible=possible_product,
    sees=lambda state: SELLER | UNIT | PROVINCE if state == "active+undeclared" else EVERYBODY,  # a version is public
    url="listings:product",
    says={
        "declare": Says("active", ("product declare →",), given(), given(declared="on")),
        "add_source_file": Says("active", ("sourcefile add_source_file →unchecked",), SOURCE),
        "set_visibility": Says("active", (), given(visibility="invited")),
        "invite": Says("active", (), given(uscc="91350100MA00000067")),  # public data: test_non_public.py
        "uninvite": Says("active", (), one_party, keys(one_party)),
        "create_version": Says("active", ("version create →draft",), new_version),
        "describe": Says("active", ("product describe →",), given(**DESCRIPTION)),
        "propose_description": Says("active", ("descriptionchange propose →proposed",), given(**stages.TEXTS)),
        "propose_rule": Says("active", ("releaserule propose →proposed",), given(**stages.RULE)),
        "withdraw": Says("withdrawn", ("product withdraw active→withdrawn",), REASON),
    },
)

RULE = Matrix(
    verbs=listing_verbs.RULE,
    reach=stages.release_rule,
    may=lambda verb, state: SELLER if verb in ("revise", "withdraw") else CITY,
    possible=by_source(listing_verbs.RULE),
    sees=lambda state: SELLER | CITY | PROVINCE,
    url="listings:release-rule",
    says={
        "approve": Says("approved", ("releaserule approve proposed→approved",), REASON),
        "return": Says("returned", ("releaserule return proposed→returned",), REASON),
        "refuse": Says("refused", ("releaserule refuse proposed→refused",), REFUSAL),
        "revise": Says("proposed", ("releaserule revise returned→proposed",), given(**stages.RULE)),
        "revoke": Says("revoked", ("releaserule revoke_rule approved→revoked",), REFUSAL),
        "withdraw": Says("withdrawn", ("releaserule withdraw *→withdrawn",)),
    },
)

DESCRIPTION_CHANGE = Matrix(
    verbs=listing_verbs.DESCRIPTION,
    reach=stages.description_change,
    may=lambda verb, state: SELLER if verb in ("revise", "withdraw") else CITY,
    possible=by_source(listing_verbs.DESCRIPTION),
    sees=lambda state: SELLER | CITY | PROVINCE,
    url="listings:description-change",
    says={
        "accept": Says("accepted", ("descriptionchange accept proposed→accepted", "product accept →"), REASON),
        "return": Says("returned", ("descriptionchange return proposed→returned",), REASON),
        "revise": Says("proposed", ("descriptionchange revise returned→proposed",), given(**stages.TEXTS)),
        "withdraw": Says("withdrawn", ("descriptionchange withdraw *→withdrawn",)),
    },
)

# --- versions ------------------------------------------------------------------------------------------------------


def upload(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    path = write_visits(stages.scratch("again.csv"))
    return {"path": path, "name": path.name}


def upload_form(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("again.csv", upload(world, obj, at)["path"].read_bytes())}


def column_form(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {f"column_{column.position}": VISIT_ROLES.get(column.name, "plain") for column in obj.columns.all()}


def same_version(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"about": obj.about, **stages.VERSION_FIELDS, "deidentification_tool": "抑制"}


def its_recipe(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"recipe": obj.recipes.order_by("number").first()}


def expert(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"expert": world["expert"], "reason": "关联后可能涉敏"}


def own_report(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"content": stages.signed_report(at)}


def own_report_form(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"report": SimpleUploadedFile("report.json", stages.signed_report(at))}


OWN_RECIPE = '{"recipe": 1, "steps": [{"do": "drop", "column": "月份"}]}'
OWN_HIERARCHY = "鼓楼区;福州\n思明区;厦门\n".encode()


def its_hierarchy(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"column": next(iter(quasi_identifiers_of(obj)), ""), "content": OWN_HIERARCHY}


def hierarchy_form(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    column = its_hierarchy(world, obj, at)["column"]
    return {"column": column, "hierarchy": SimpleUploadedFile("own.csv", OWN_HIERARCHY)}


MENDS = ("suggest_recipe", "try_recipe", "bring_hierarchy", "apply_recipe", "destroy_file")
KEPT = (
    "upload_file", "announce_report", "mark_columns", "request_assessment", "cancel_job", "submit", "describe",
    "rework", "discard", "retire", *MENDS,
)  # fmt: skip
UNSUBMITTED, PUBLIC = ("draft", "assessed", "discarded"), ("in_publicity", "published", "held", "retired")


def possible_version(verb: str, state: str) -> bool:
    if state == "draft+reading":
        return verb in ("cancel_job", "announce_report")
    if verb == "cancel_job":
        return False
    if verb in MENDS:
        return state == "draft+failed"
    if verb == "hold":
        return state == "published"  # what a take-down holds is held by hand besides, and nothing else twice
    return by_source(listing_verbs.VERSION)(verb, state)


def may_version(verb: str, state: str) -> frozenset[str]:
    if verb in KEPT:
        return SELLER
    if verb == "give_opinion":
        return EXPERT if state == "expert_review" else NOBODY
    return NOBODY if state.partition("+")[0] in UNSUBMITTED else CITY  # before that no authority is competent


def sees_version(state: str) -> frozenset[str]:
    if state in PUBLIC:
        return EVERYBODY
    expert = EXPERT if state == "expert_review" else NOBODY
    return SELLER | PROVINCE if state.partition("+")[0] in UNSUBMITTED else SELLER | PROVINCE | CITY | UNIT | expert


VERSION = Matrix(
    verbs=listing_verbs.VERSION,
    reach=stages.version,
    may=may_version,
    possible=possible_version,
    sees=sees_version,
    url="listings:version",
    says={
        "upload_file": Says("draft", ("version upload →",), upload, upload_form),
        "announce_report": Says("draft", ("version announce_report →",), own_report, own_report_form),
        "mark_columns": Says("draft", ("version mark_columns →",), given(roles=VISIT_ROLES), column_form),
        "request_assessment": Says("draft", ("version request_assessment →",)),
        "cancel_job": Says("draft", ("version cancel_job →", "upload cancel_job received→abandoned")),
        "suggest_recipe": Says("draft", ("version suggest_recipe →",)),
        "try_recipe": Says("draft", ("version try_recipe →",), given(recipe=OWN_RECIPE)),
        "bring_hierarchy": Says("draft", ("version bring_hierarchy →",), its_hierarchy, hierarchy_form),
        "apply_recipe": Says("draft", ("version apply_recipe →",), its_recipe, keys(its_recipe)),
        "destroy_file": Says("draft", ("version destroy_file →",)),
        "submit": Says("submitted", ("version submit *→submitted",)),
        "describe": Says("*", ("version describe →",), same_version),
        "rework": Says("draft", ("version rework assessed→draft",)),
        "discard": Says("discarded", ("version discard *→discarded",)),
        "approve": Says("in_publicity", ("version approve submitted→in_publicity",), given(**stages.SIGN_OFF)),
        "return": Says("returned", ("version return submitted→returned",), REASON),
        "refuse": Says("refused", ("version refuse submitted→refused",), REFUSAL),
        "publish": Says("published", ("version publish in_publicity→published",)),
        "call_expert": Says("expert_review", ("version call_expert submitted→expert_review",), expert, keys(expert)),
        "give_opinion": Says(
            "submitted",
            ("versionopinion give_opinion →", "version give_opinion expert_review→submitted"),
            given(opinion="可控", measures="年龄段并为两档"),
        ),
        "recall_expert": Says("submitted", ("version recall_expert expert_review→submitted",), REASON),
        "hold": Says("held", ("version hold published→held",), REASON),
        "release": Says("published", ("version release held→published",), REASON),
        "recall": Says("recalled", ("version recall *→recalled",), REASON),
        "reassess": Says("*", ("version open_reassessment →",), REASON),
        "retire": Says("retired", ("version retire published→retired",), REASON),
    },
)

UPLOAD = Matrix(
    verbs=listing_verbs.UPLOAD,
    reach=stages.upload,
    may=lambda verb, state: SELLER,
    possible=lambda verb, state: state == "open" or (state, verb) == ("open+partial", "abandon"),
    sees=lambda state: SELLER,
    url="listings:upload",
    says={
        "finish": Says("received", ("upload finish_upload open→received",)),
        "abandon": Says("abandoned", ("upload abandon open→abandoned",)),
    },
)

# --- applications --------------------------------------------------------------------------------------------------

PERIOD = {"title": "需求预测", "period_from": date(2026, 4, 1), "period_until": date(2027, 3, 31)}
ASSIGNED = ("accepted", "in_consultation", "under_review", "expert_review", "decided")


def another_product(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    """A second product on offer, made once per test."""
    from listings.models import Product

    made = Product.objects.exclude(pk=world.product.pk).first()
    return {"product": made or world.product, "fields": ["区县"]}


def another_product_form(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"product": another_product(world, obj, at)["product"].pk}


def reach_application(world: Any, state: str) -> Any:
    stages.another_listed_product(world)
    return stages.application(world, state)


WITH_UNITS = ("in_consultation", "under_review", "expert_review", "decided")


def may_application(verb: str, state: str) -> frozenset[str]:
    if (verb, state) == ("submit", "draft+prepared"):
        return BUYER - {"buyer"}  # who has prepared it
    state = state.partition("+")[0]
    if verb in ("describe", "add_item", "prepare", "submit", "withdraw", "answer"):
        return BUYER
    if verb == "write":
        return BUYER | (NOBODY if state == "draft" else UNBIASED) | (UNIT if state in WITH_UNITS else NOBODY)
    if verb == "give_opinion":
        return EXPERT if state == "expert_review" else NOBODY
    if verb in ("consult", "begin_review", "ask", "extend", "call_expert", "recall_expert", "recuse"):
        return IN_CHARGE if state in ASSIGNED else NOBODY
    return NOBODY if state == "draft" else UNBIASED


def sees_application(state: str) -> frozenset[str]:
    if state.startswith("draft"):
        return BUYER
    expert = EXPERT if state == "expert_review" else NOBODY
    return BUYER | CITY | PROVINCE | expert | (UNIT if state.partition("+")[0] in WITH_UNITS else NOBODY)


def possible_application(verb: str, state: str) -> bool:
    if (verb, state) == ("begin_review", "accepted"):
        return False  # a unit has to be consulted first
    if (verb, state) == ("begin_review", "in_consultation"):
        return False  # and has not answered yet
    if verb == "prepare":
        return state == "draft+two_persons"
    if (verb, state) == ("submit", "draft+two_persons"):
        return False
    if verb in ("ask", "answer") and state in OPEN_CASE:
        return (verb == "answer") == state.endswith("+question")
    return by_source(application_verbs.APPLICATION)(verb, state)


OPEN_CASE = ("accepted", "in_consultation", "under_review", "under_review+question", "expert_review")


def colleague(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"colleague": world["second_officer"], "reason": "亲属任职"}


TEXT = given(text="请说明")
MORE_TIME = given(days=5, reason="情况复杂")


APPLICATION = Matrix(
    verbs=application_verbs.APPLICATION,
    reach=reach_application,
    may=may_application,
    possible=possible_application,
    sees=sees_application,
    url="applications:application",
    says={
        "describe": Says("*", ("application describe →",), given(**PERIOD, **SCENARIO)),
        "add_item": Says("*", ("item add_item →open",), another_product, another_product_form),
        "prepare": Says("*", ("application prepare →",)),
        "submit": Says("submitted", ("application submit *→submitted",)),
        "accept": Says("accepted", ("application accept submitted→accepted",)),
        "consult": Says(
            "in_consultation", ("application consult accepted→in_consultation", "consultation consult →asked")
        ),
        "begin_review": Says("under_review", ("application begin_review in_consultation→under_review",)),
        "return": Says("returned", ("application return *→returned",), REASON),
        "refuse": Says("refused", ("application refuse submitted→refused",), REFUSAL),
        "ask": Says("*", ("application ask →", "message ask →"), TEXT),
        "answer": Says("*", ("application answer →", "message answer →"), TEXT),
        "extend": Says("*", ("application extend →",), MORE_TIME),
        "write": Says("*", ("message write →",), TEXT),
        "call_expert": Says(
            "expert_review", ("application call_expert under_review→expert_review",), expert, keys(expert)
        ),
        "give_opinion": Says(
            "under_review",
            ("expertopinion give_opinion →", "application give_opinion expert_review→under_review"),
            given(opinion="可控", measures="限平台内使用"),
        ),
        "recall_expert": Says("under_review", ("application recall_expert expert_review→under_review",), REASON),
        "recuse": Says("*", ("application recuse →",), colleague, keys(colleague)),
        "take_over": Says("*", ("application take_over →",), REASON),
        "withdraw": Says("withdrawn", ("application withdraw *→withdrawn",), REASON),
    },
    also={(verb, "in_consultation"): (f"consultation {verb} asked→closed",) for verb in ("return", "withdraw")},
)

# --- items ---------------------------------------------------------------------------------------------------------


def terms(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"starts": date(2026, 4, 1), "ends": date(2027, 3, 31), "reason": "必要"}


def terms_form(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {**terms(world, obj, at), "granted": obj.fields}


def application_state(state: str) -> str:
    return state.partition("@")[2].partition("+")[0] or "decided"


def may_item(verb: str, state: str) -> frozenset[str]:
    if verb in ("remove", "choose_fields"):
        return BUYER
    return IN_CHARGE if application_state(state) in ASSIGNED else NOBODY


TWO_ITEMS, OTHER_UNIT = ("open@under_review+unconsented", "split_off"), frozenset({"other_provider"})


def possible_item(verb: str, state: str) -> bool:
    if verb == "choose_fields":
        return state in ("open@draft", "open@returned")
    if state == "open@under_review+unconsented":
        return verb in ("refuse", "split_off")
    return verb in ("approve", "refuse") and state == "open@under_review"


ITEM = Matrix(
    verbs=application_verbs.ITEM,
    reach=stages.item,
    may=may_item,
    # the last item of an application cannot be removed: `test_application.py` removes one of two
    possible=possible_item,
    sees=lambda state: sees_application(application_state(state)) | (OTHER_UNIT if state in TWO_ITEMS else NOBODY),
    url="applications:item",
    says={
        "approve": Says(
            "approved",
            ("item approve open→approved", "grant approve →offered", "application approve under_review→decided"),
            terms,
            terms_form,
        ),
        "refuse": Says("refused", ("item refuse open→refused", "application refuse under_review→decided"), REFUSAL),
        "choose_fields": Says(
            "open", ("item choose_fields →",), given(fields=["区县"]), given(wanted=["区县"])
        ),
        "split_off": Says(
            "split_off",
            (
                "item split_off open→split_off",
                "application split_off →draft",
                "item split_off →open",
                "application split_off draft→submitted",
                "application split_off submitted→accepted",
                "application split_off under_review→decided",
            ),
            REASON,
        ),
        "remove": Says("gone", ()),
    },
)  # fmt: skip

# --- consultations -------------------------------------------------------------------------------------------------


def possible_consultation(verb: str, state: str) -> bool:
    if (verb, state) == ("extend", "asked"):
        return False  # its time is over, else silence could not be recorded
    return by_source(application_verbs.CONSULTATION)(verb, state)


BY_OTHERS = {"record_no_answer": IN_CHARGE, "extend": IN_CHARGE, "use_standing_consent": IN_CHARGE, "answer": BUYER}


def standing(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"standing": StandingConsent.objects.get(), "reason": "属于医疗资源规划"}


def conditions_form(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    item = obj.application.items.get()
    return {"conditions": "仅限本市", "consented": [f"{item.pk}:{name}" for name in item.fields]}


CONSULTATION = Matrix(
    verbs=application_verbs.CONSULTATION,
    reach=stages.consultation,
    may=lambda verb, state: BY_OTHERS.get(verb, UNIT),
    possible=possible_consultation,
    sees=lambda state: sees_application("returned" if state == "closed" else "in_consultation") | UNIT,
    url="applications:consultation",
    # asked: `return` and `withdraw` of its application close it, test_operations.py
    says={
        "consent": Says("consented", ("consultation consent asked→consented",)),
        "consent_in_part": Says(
            "consented_in_part",
            ("consultation consent_in_part asked→consented_in_part",),
            given(conditions="仅限本市"),
            conditions_form,
        ),
        "ask": Says("question", ("consultation ask asked→question", "message ask →"), TEXT),
        "answer": Says("asked", ("consultation answer question→asked", "message answer →"), TEXT),
        "extend": Says("*", ("consultation extend →",), MORE_TIME),
        "use_standing_consent": Says(
            "consented", ("consultation use_standing_consent asked→consented",), standing, keys(standing)
        ),
        "object": Says("refused", ("consultation object asked→refused",), REASON),
        "record_no_answer": Says("no_answer", ("consultation record_no_answer asked→no_answer",)),
    },
)  # fmt: skip

APPLICATION_ABOVE = Matrix(
    verbs=supervision_verbs.APPLICATION,
    reach=stages.application,
    may=lambda verb, state: NOBODY if state.startswith("draft") else PROVINCE,
    possible=by_source(supervision_verbs.APPLICATION),
    sees=sees_application,
    url="supervision:application",
    says={"take_case": Says("*", ("application take_case →",), REASON)},
)

# --- grants --------------------------------------------------------------------------------------------------------

GRANT_SEEN = BUYER | SELLER | UNIT | CITY | PROVINCE


def one_user(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"user": world["buyer"]}


def one_system(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"credential": Credential.objects.get(name="取数系统")}


def renewal(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {
        "ends": date(2028, 3, 1), "fields": obj.fields, "what_is_built": obj.terms["what_is_built"], "quota": None,
        "report_schedule": str(obj.report_schedule), "reason": "续期",
    }  # fmt: skip


def renewal_form(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    asked = renewal(world, obj, at)
    wanted, _no_limit = asked.pop("fields"), asked.pop("quota")
    return {**asked, "wanted": wanted}


def possible_grant(verb: str, state: str) -> bool:
    for noun, named in (("user", "active+named"), ("system", "active+system")):
        if verb in (f"name_{noun}", f"drop_{noun}") and state.startswith("active"):
            return (verb == f"drop_{noun}") == (state == named)
    return by_source(application_verbs.GRANT)(verb, state)


GRANT = Matrix(
    verbs=application_verbs.GRANT,
    reach=stages.grant,
    may=lambda verb, state: UNBIASED if verb == "close" else BUYER,
    possible=possible_grant,
    sees=lambda state: GRANT_SEEN,
    url="applications:grant",
    says={
        "accept": Says("active", ("grant accept offered→active",), given(terms_accepted=True)),
        "decline": Says("declined", ("grant decline offered→declined",), REASON),
        "request_change": Says("*", ("grantedition request_change →requested",), renewal, renewal_form),
        "name_user": Says("*", ("grantuser name_user →", "grantedition name_user →agreed"), one_user, keys(one_user)),
        "drop_user": Says("*", ("grantuser drop_user →", "grantedition drop_user →agreed"), one_user, keys(one_user)),
        "name_system": Says(
            "*", ("grantsystem name_system →", "grantedition name_system →agreed"), one_system, keys(one_system)
        ),
        "drop_system": Says(
            "*", ("grantsystem drop_system →", "grantedition drop_system →agreed"), one_system, keys(one_system)
        ),
        "surrender": Says("surrendered", ("grant surrender active→surrendered",), REASON),
        "write_summary": Says("*", ("grant write_summary →",), given(summary="预测门诊量", language="zh-hans")),
        "close": Says("closed", ("grant close active→closed",), REASON),
    },
)


STANDING = Matrix(
    verbs=application_verbs.STANDING,
    reach=stages.standing_consent,
    may=lambda verb, state: UNIT,
    possible=by_source(application_verbs.STANDING),
    sees=lambda state: UNIT | CITY | PROVINCE | {"other_officer", "county_officer"},
    url="applications:standing-consent",
    says={"withdraw": Says("withdrawn", ("standingconsent withdraw given→withdrawn",), REASON)},
)

EDITION = Matrix(
    verbs=application_verbs.EDITION,
    reach=stages.edition,
    may=lambda verb, state: BUYER if verb == "withdraw" else UNBIASED,
    possible=by_source(application_verbs.EDITION),
    sees=lambda state: GRANT_SEEN,
    url="applications:edition",
    says={
        "agree": Says("agreed", ("grantedition agree requested→agreed", "grant agree →"), REASON),
        "refuse": Says("refused", ("grantedition refuse requested→refused",), REFUSAL),
        "withdraw": Says("withdrawn", ("grantedition withdraw requested→withdrawn",)),
    },
)


OF_COPIES = {"state_whereabouts": BUYER, "certify_destruction": BUYER}


def certified(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {**stages.CERTIFIED, "destroyed_on": local_date(at)}


def certified_form(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {**stages.CERTIFIED, "destroyed_on": str(local_date(at))}


def misuse(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"text": "用于约定之外的用途", "wish": "destroy" if is_over(obj, at) else "suspend"}


def possible_grant_officer(verb: str, state: str) -> bool:
    if verb == "take_precaution":
        return state == "active"
    if verb == "lift_precaution":
        return state in ("active+precaution", "active+suspended")
    if verb == "report_misuse":  # of an ended one, where copies are out
        return state.startswith("active") or state == "surrendered+delivered"
    if verb in ("state_whereabouts", "certify_destruction"):  # nothing was delivered in the others
        return state == {"state_whereabouts": "active+suspended"}.get(verb, "surrendered+delivered")
    return by_source(supervision_verbs.GRANT)(verb, state)


def may_grant_officer(verb: str, state: str) -> frozenset[str]:
    return {"report_misuse": UNIT | SELLER, "draft_notice": NOBODY, **OF_COPIES}.get(verb, UNBIASED)


GRANT_OFFICER = Matrix(
    verbs=supervision_verbs.GRANT,
    reach=stages.grant,
    may=may_grant_officer,
    possible=possible_grant_officer,
    sees=lambda state: GRANT_SEEN,
    url="supervision:grant",
    says={
        "report_misuse": Says("*", ("concern report_concern →open",), misuse),
        "propose_order": Says("*", ("measure propose_order →proposed",), given(facts="超出约定用途", demand="停止")),
        "revoke": Says(
            "revoked",
            ("grant revoke active→revoked",),
            given(article="Art. 17", reason="可复原", remedy=stages.REMEDY),
        ),
        "draft_notice": Says("*", ("measure propose_order →proposed",), given(**stages.CHARGE, clause="第三条")),
        "take_precaution": Says("*", ("hold take_precaution →open",), REASON),
        "certify_destruction": Says("*", ("certificate certify_destruction →filed",), certified, certified_form),
        "state_whereabouts": Says("*", ("whereabouts state_whereabouts →",), given(**stages.WHEREABOUTS)),
        "inspect": Says("*", ("inspection open_inspection →planned",), REASON),
        "lift_precaution": Says("*", ("hold lift_precaution open→lifted", "grant lift_precaution →"), REASON),
    },
)

# --- reports -------------------------------------------------------------------------------------------------------

REPORT = Matrix(
    verbs=supervision_verbs.REPORT,
    reach=stages.report,
    may=lambda verb, state: BUYER if verb in ("file", "file_nil") else UNBIASED,
    possible=by_source(supervision_verbs.REPORT),
    sees=lambda state: GRANT_SEEN,
    url="supervision:report",
    says={
        "file": Says(
            "filed",
            ("usagereport file_report *→filed",),
            given(purposes="医疗资源规划", use="训练模型", results="", security=""),
        ),
        "file_nil": Says("filed", ("usagereport file_report *→filed",)),
        "accept": Says("accepted", ("usagereport accept filed→accepted",)),
        "return": Says("returned", ("usagereport return filed→returned",), REASON),
        "recuse": Says("*", ("usagereport recuse →",), REASON),
    },
)

# --- findings, measures, derived products ---------------------------------------------------------------------------


def possible_finding(verb: str, state: str) -> bool:
    only = {"take_precaution": "open+recalled", "hold": "open+failing"}
    if verb == "propose_order":
        return state in ("open", "open+recalled")  # an order is about a grant
    if verb == "take_case":
        return state.startswith("open")
    return state == only[verb] if verb in only else state.startswith("open")


def may_finding(verb: str, state: str) -> frozenset[str]:
    if verb == "take_case":
        return NOBODY if state == "open+failing" else PROVINCE  # about a version: it stays with its review
    if verb == "withdraw_evidence":  # who added it, in a state that has some
        return frozenset() if "+" in state else frozenset({"officer"})
    return CITY if state == "open+failing" else UNBIASED  # it is the seller's case, not the buyer's


def another(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"into": Finding.objects.get(occasion_key="another"), "reason": "同一事项"}


FINDING = Matrix(
    verbs=supervision_verbs.FINDING,
    reach=stages.finding,
    may=may_finding,
    possible=possible_finding,
    sees=lambda state: (CITY if state == "open+failing" else UNBIASED) | PROVINCE,  # not who belongs to the buyer
    url="supervision:finding",
    says={
        "take_precaution": Says(
            "measure", ("finding take_precaution open→measure", "hold take_precaution →open"), REASON
        ),
        "hold": Says("measure", ("finding hold open→measure", "version hold published→held"), REASON),
        "add_evidence": Says("open", ("evidencefile add_evidence →",), a_paper(), a_paper_sent()),
        "withdraw_evidence": Says("open", ("evidencefile withdraw_evidence →",), own_paper, keys(own_paper)),
        "propose_order": Says("*", ("measure propose_order →proposed",), given(facts="超出约定用途", demand="停止")),
        "order_correction": Says("*", ("measure propose_order →proposed",), given(**stages.CHARGE)),
        "merge": Says("merged", ("finding merge_finding open→merged",), another, keys(another)),
        "dismiss": Says("dismissed", ("finding dismiss open→dismissed",), REASON),
        "recuse": Says("*", ("finding recuse →",), REASON),
        "take_case": Says("*", ("grant take_case →", "finding take_case →", "finding take_case →"), REASON),
        "take_case@open+party": Says("*", ("finding take_case →",), REASON),
    },
)


def may_concern(verb: str, state: str) -> frozenset[str]:
    """Of misuse of the buyer's grant, whoever is not of the buyer; of the seller's faulty data the seller first."""
    fault = "+" in state or state == "corrected"
    if verb == "take_case":
        return PROVINCE
    if verb == "add_evidence":
        return NOBODY if fault else UNIT
    if verb == "withdraw_evidence":
        return NOBODY if fault else UNIT
    if verb in ("take_up", "merge", "recuse"):
        return CITY if fault else UNBIASED
    answers = SELLER | CITY if fault else UNBIASED
    return answers | UNIT if verb == "write" and not fault else answers


def possible_concern(verb: str, state: str) -> bool:
    plain, fault = state.partition("+")[0], "+" in state
    if verb in ("take_up", "merge"):
        return state == "open"
    if verb == "take_case":
        return state == "open+fault"  # of the grant of the other a finding is open: it goes with that
    if verb in ("correct", "accept") and not fault:
        return False
    return plain in {str(one) for one in supervision_verbs.CONCERN.get(verb).sources}  # type: ignore[union-attr]


def with_the_other(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"finding": Finding.objects.get(occasion_key="another"), "reason": "同一事项"}


CONCERN = Matrix(
    verbs=supervision_verbs.CONCERN,
    reach=stages.concern,
    may=may_concern,
    possible=possible_concern,
    sees=lambda state: PROVINCE | (SELLER | CITY if "+" in state or state == "corrected" else UNBIASED | UNIT),
    url="supervision:concern",
    says={
        "take_up": Says("taken_up", ("finding take_up →open", "concern take_up open→taken_up"), REASON),
        "merge": Says("taken_up", ("concern merge_concern open→taken_up",), with_the_other, keys(with_the_other)),
        "correct": Says("corrected", ("concern correct_fault *→corrected",), REASON),
        "accept": Says("taken_up", ("concern accept_fault open→taken_up",), REASON),
        "dismiss": Says("dismissed", ("concern dismiss_concern open→dismissed",), REASON),
        "recuse": Says("*", ("concern recuse →",), REASON),
        "take_case": Says("*", ("concern take_case →",), REASON),
        "write": Says("*", ("concern write →",), given(text="补充说明")),
        "add_evidence": Says("*", ("evidencefile add_evidence →",), a_paper(), a_paper_sent()),
        "withdraw_evidence": Says("open", ("evidencefile withdraw_evidence →",), own_paper, keys(own_paper)),
    },
)


def may_measure(verb: str, state: str) -> frozenset[str]:
    if state.endswith("+signed") and verb in ("confirm", "send_back"):
        return frozenset({"second_officer"})  # not the officer who signed first
    state = state.removesuffix("+signed")
    if verb == "take_case":
        return PROVINCE
    if verb in ("file_evidence", "file_statement", "add_evidence"):
        return BUYER
    if verb == "withdraw_evidence":  # who added it, once there was something to answer
        return frozenset() if state in ("proposed", "dropped") else frozenset({"buyer"})
    if verb == "annul" and state not in ("proposed", "dropped"):
        return frozenset({"second_officer"})  # not the officer who issued it
    return UNBIASED


REFERRAL = given(referred_to="福州市纪委监委", referral="移送处理", remedy=stages.REMEDY)


def possible_measure(verb: str, state: str) -> bool:
    if verb in ("refer", "make_final", "extend"):  # the time to correct is over when the table is asked
        return False
    if verb == "find_refusal":
        return state.endswith("+hearing")
    if verb in ("confirm", "send_back", "issue") and state.startswith("proposed"):
        return (state == "proposed+signed") == (verb != "issue")
    if verb in ("confirm", "send_back"):
        return False
    if verb == "open_hearing":  # the time to correct is over, or stands still with evidence filed
        return state == "issued"
    return by_source(supervision_verbs.MEASURE)(verb, state)


def overtaken(state: str, **verbs: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """What these verbs enter as well where a first signature waits: their words in the ledger."""
    return {(verb, state): (f"signature {word} waiting→overtaken",) for verb, word in verbs.items()}


MEASURE = Matrix(
    verbs=supervision_verbs.MEASURE,
    reach=stages.measure,
    may=may_measure,
    possible=possible_measure,
    sees=lambda state: (UNBIASED if state.startswith(("proposed", "dropped")) else CITY | BUYER) | PROVINCE,
    url="supervision:order",
    also=overtaken("proposed+signed", drop="drop_order", take_case="take_case"),
    first={("recuse", "proposed+signed", "officer"): ("signature recuse waiting→overtaken",)},
    says={
        "issue": Says(
            "issued",
            ("measure issue_order proposed→issued", "hold issue_order →open"),
            given(facts="超出约定用途", demand="停止", remedy=stages.REMEDY),
        ),
        "confirm": Says(
            "issued",
            (
                "signature issue_order waiting→confirmed",
                "measure issue_order proposed→issued",
                "hold issue_order →open",
            ),
        ),
        "send_back": Says("*", ("signature send_back waiting→sent_back",), REASON),
        "drop": Says("dropped", ("measure drop_order proposed→dropped",), REASON),
        "file_evidence": Says("evidence_filed", ("measure file_evidence issued→evidence_filed",), given(text="已停用")),
        "file_evidence@refused_to_correct": Says("*", ("measure file_evidence →",), given(text="已停用")),
        "file_statement": Says("*", ("measure file_statement →",), given(text="愿意改正")),
        "add_evidence": Says("*", ("evidencefile add_evidence →",), a_paper(), a_paper_sent()),
        "withdraw_evidence": Says("issued", ("evidencefile withdraw_evidence →",), own_paper, keys(own_paper)),
        "lift": Says("lifted", ("measure lift_order *→lifted", "hold lift_order open→lifted"), REASON),
        "ask_for_more": Says("issued", ("measure ask_for_more evidence_filed→issued",), REASON),
        "extend": Says("*", ("measure extend →",), MORE_TIME),
        "open_hearing": Says("*", ("measure open_hearing →",), REASON),
        "find_refusal": Says("refused_to_correct", ("measure find_refusal *→refused_to_correct",), REASON),
        "terminate": Says(
            "terminated",
            ("measure terminate refused_to_correct→terminated", "grant terminate active→terminated"),
            REFUSAL,
        ),
        "refer": Says("referred", (), REFERRAL),  # not this kind
        "make_final": Says("final", (), REFUSAL),  # nor this
        "recuse": Says("*", ("measure recuse →",), REASON),
        "take_case": Says("*", ("grant take_case →", "measure take_case →"), REASON),
        "annul": Says("annulled", ("measure annul_order *→annulled", "hold annul_order open→annulled"), REASON),
    },
)  # fmt: skip

WITHOUT_HOLD = {
    **MEASURE.says,
    "issue": Says(
        "issued", ("measure order_correction proposed→issued",), given(**stages.CHARGE, remedy=stages.REMEDY)
    ),
    "lift": Says("lifted", ("measure lift_order *→lifted",), REASON),
    "refer": Says("referred", ("measure refer_order refused_to_correct→referred",), REFERRAL),
    "confirm": Says(
        "referred",
        ("signature refer_order waiting→confirmed", "measure refer_order refused_to_correct→referred"),
    ),
    "take_case": Says("*", ("measure take_case →",), REASON),
    "annul": Says("annulled", ("measure annul_order *→annulled",), REASON),
}


def possible_order(verb: str, state: str) -> bool:
    """An order that holds nothing is referred, not followed by a termination."""
    if verb in ("refer", "terminate", "make_final"):
        return (verb, state) == ("refer", "refused_to_correct")
    if verb in ("confirm", "send_back"):
        return state == "refused_to_correct+signed"
    return possible_measure(verb, state)


ORDER_46 = replace(
    MEASURE,
    reach=stages.order_46,
    possible=possible_order,
    says=WITHOUT_HOLD,
    also=overtaken("refused_to_correct+signed", lift="lift_order", annul="annul_order", take_case="take_case"),
    first={("recuse", "refused_to_correct+signed", "officer"): ("signature recuse waiting→overtaken",)},
)


def may_order_47(verb: str, state: str) -> frozenset[str]:
    if verb == "take_case":
        return NOBODY  # the province is above it
    if verb in ("file_evidence", "file_statement", "add_evidence"):
        return OPERATOR
    if verb == "withdraw_evidence":
        return NOBODY if state in ("proposed", "dropped") else OPERATOR
    if verb == "annul" and state not in ("proposed", "dropped"):
        return NOBODY  # the province has one officer here
    return PROVINCE


def not_alone(possible: Callable[[str, str], bool]) -> Callable[[str, str], bool]:
    """Where one person decides for the party, and no level is above it, nobody is left to step back for."""
    return lambda verb, state: verb != "recuse" and possible(verb, state)


ORDER_47 = replace(
    ORDER_46,
    reach=stages.order_47,
    may=may_order_47,
    possible=not_alone(possible_order),
    sees=lambda state: PROVINCE if state in ("proposed", "dropped") else PROVINCE | OPERATOR,
)


CAUTION = Matrix(
    verbs=supervision_verbs.CAUTION,
    reach=stages.caution,
    may=lambda verb, state: UNBIASED,
    possible=by_source(supervision_verbs.CAUTION),
    sees=lambda state: CITY | BUYER | PROVINCE | {"other_officer", "county_officer"},
    url="supervision:caution",
    says={"lift": Says("lifted", ("caution lift_caution in_force→lifted",), REASON)},
)


def may_certificate(verb: str, state: str) -> frozenset[str]:
    if verb in ("accept", "return", "recuse"):
        return UNBIASED
    if state == "ceased":
        return NOBODY  # its people are gone
    return frozenset({"buyer"}) if verb == "withdraw_evidence" else BUYER


CERTIFICATE = Matrix(
    verbs=supervision_verbs.CERTIFICATE,
    reach=stages.certificate,
    may=may_certificate,
    possible=by_source(supervision_verbs.CERTIFICATE),
    sees=lambda state: CITY | PROVINCE | (NOBODY if state == "ceased" else BUYER),
    url="supervision:certificate",
    says={
        "accept": Says("accepted", ("certificate accept_certificate filed→accepted",)),
        "return": Says("returned", ("certificate return_certificate filed→returned",), REASON),
        "file_again": Says(
            "filed", ("certificate file_certificate_again returned→filed",), certified, certified_form
        ),
        "add_evidence": Says("*", ("evidencefile add_evidence →",), a_paper(), a_paper_sent()),
        "withdraw_evidence": Says("*", ("evidencefile withdraw_evidence →",), own_paper, keys(own_paper)),
        "recuse": Says("*", ("certificate recuse →",), REASON),
    },
)  # fmt: skip


def may_review(verb: str, state: str) -> frozenset[str]:
    """Not `officer`, who issued the order, nor whoever belongs to the buyer: a colleague, or the province."""
    if verb in ("add_evidence", "withdraw"):
        return BUYER
    if verb == "withdraw_evidence":
        return frozenset({"buyer"})
    return CITY | PROVINCE if verb == "recuse" else frozenset({"second_officer"}) | PROVINCE


def possible_review(verb: str, state: str) -> bool:
    if verb in ("stay", "end_stay"):
        return state == {"stay": "lodged", "end_stay": "lodged+stayed"}[verb]
    return state.startswith("lodged")


REVIEW = Matrix(
    verbs=supervision_verbs.REVIEW,
    reach=stages.review,
    may=may_review,
    possible=possible_review,
    sees=lambda state: CITY | BUYER | PROVINCE,
    url="supervision:review",
    says={
        "uphold": Says("upheld", ("review uphold lodged→upheld",), REFUSAL),
        "vary": Says(
            "varied",
            ("review vary lodged→varied", "measure vary →"),
            given(days=30, reason="期限过短", remedy=stages.REMEDY),
        ),
        "annul": Says("annulled", ("review annul lodged→annulled", "measure annul issued→annulled"), REASON),
        "stay": Says("*", ("review stay →", "hold stay open→lifted"), REASON),
        "end_stay": Says("*", ("review end_stay →", "hold end_stay →open"), REASON),
        "recuse": Says("*", ("review recuse_review →",), REASON),
        "add_evidence": Says("*", ("evidencefile add_evidence →",), a_paper(), a_paper_sent()),
        "withdraw_evidence": Says("*", ("evidencefile withdraw_evidence →",), own_paper, keys(own_paper)),
        "withdraw": Says("withdrawn", ("review withdraw lodged→withdrawn",)),
    },
    also={
        ("uphold", "lodged+stayed"): ("hold uphold →open",),
        ("vary", "lodged+stayed"): ("hold vary →open",),
        ("withdraw", "lodged+stayed"): ("hold withdraw →open",),
        ("annul", "lodged"): ("hold annul open→annulled",),
    },
)


ASKED_BY = {
    "version": SELLER, "rule": SELLER, "edition": BUYER, "grant": BUYER,
    "registration": frozenset({"other_buyer", "provider"}),
}  # fmt: skip


def may_review_refusal(verb: str, state: str) -> frozenset[str]:
    """As an order; on a registration that the operator refused, any officer and another of the operator's people."""
    of = state.partition("+")[2]
    own = ASKED_BY[of]
    if verb in ("add_evidence", "withdraw"):
        return own
    if verb == "withdraw_evidence":
        return frozenset({stages.REFUSED[of][1]})
    if of == "registration":
        return CITY | PROVINCE | OPERATOR if verb == "recuse" else CITY | PROVINCE
    unbiased = CITY - {"officer"} - own  # who refused, and who belongs to the party that asks
    return CITY | PROVINCE if verb == "recuse" else unbiased | PROVINCE


def possible_review_refusal(verb: str, state: str) -> bool:
    """Nothing is stayed; what was revoked stands or it does not."""
    return verb not in ("stay", "end_stay") and (verb, state) != ("vary", "lodged+grant")


REVIEW_OF_REFUSAL = Matrix(
    verbs=supervision_verbs.REVIEW,
    reach=stages.review_of_refusal,
    may=may_review_refusal,
    possible=possible_review_refusal,
    sees=lambda state: CITY | PROVINCE | ASKED_BY[state.partition("+")[2]]
    | (OPERATOR if state == "lodged+registration" else NOBODY),
    url="supervision:review",
    says={
        "uphold": Says("upheld", ("review uphold lodged→upheld",), REFUSAL),
        "vary": Says("varied", ("review vary lodged→varied",), REFUSAL),
        "annul": Says("annulled", ("review annul lodged→annulled",), REASON),
        "stay": Says("*", (), REASON),
        "end_stay": Says("*", (), REASON),
        "recuse": Says("*", ("review recuse_review →",), REASON),
        "add_evidence": Says("*", ("evidencefile add_evidence →",), a_paper(), a_paper_sent()),
        "withdraw_evidence": Says("*", ("evidencefile withdraw_evidence →",), own_paper, keys(own_paper)),
        "withdraw": Says("withdrawn", ("review withdraw lodged→withdrawn",)),
    },
    also={
        (verb, f"lodged+{of}"): (f"{line.split()[0]} {verb} {line.split()[1]}",)
        for of, line in {
            "version": "version refused→draft", "rule": "releaserule refused→proposed",
            "edition": "grantedition refused→requested", "grant": "grant revoked→active",
            "registration": "party refused→applied",
        }.items()
        for verb in ("vary", "annul")
    },
)  # fmt: skip


def may_derived(verb: str, state: str) -> frozenset[str]:
    if verb == "clear":  # nothing flags it: nobody's below the province
        return UNBIASED if state == "flagged" else PROVINCE
    return BUYER | UNBIASED if (verb, state) == ("withdraw", "flagged") else BUYER


LISTED = {
    "category": "health", "grade": "general", "title": "需求地图", "summary": "分区县", "description": "按区县汇总",
    "purposes": "研究", "terms": "不得转售", "price_text": "每年一万元", "frequency": "monthly",
}  # fmt: skip


def further(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    """The delivery under the buyer's other grant."""
    other = Grant.objects.exclude(derived_uses__derived=obj).get(buyer=obj.party)
    return {"built_from": [(other, world.version)]}


def further_form(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"built_from": [f"{grant.pk}:{version.pk}" for grant, version in further(world, obj, at)["built_from"]]}


DERIVED = Matrix(
    verbs=supervision_verbs.DERIVED,
    reach=stages.derived,
    may=may_derived,
    possible=by_source(supervision_verbs.DERIVED),
    sees=lambda state: EVERYBODY if state in ("published", "flagged") else BUYER | CITY | PROVINCE,
    url="supervision:derived-product",
    says={
        "publish": Says("published", ("derivedproduct publish registered→published",)),
        "offer": Says("*", ("product list →active", "derivedproduct list →"), given(**LISTED)),
        "add_sources": Says("*", ("derivedproduct add_sources →",), further, further_form),
        "clear": Says("published", ("derivedproduct clear flagged→published",), REASON),
        "withdraw": Says("withdrawn", ("derivedproduct withdraw *→withdrawn",), REASON),
    },
)

INCIDENT_PARTIES = SELLER | UNIT


def may_incident(verb: str, state: str) -> frozenset[str]:
    if verb == "take_case":
        return PROVINCE
    if verb == "acknowledge":
        return CITY | {"overseer"}
    if verb == "confirm":  # who was told, once there is a notice
        return BUYER if state in ("opened+told", "closed") else frozenset()
    if verb == "tell_holders":
        return SELLER | UNBIASED
    if verb == "hold_affected" and state in ("opened+told", "closed"):  # nothing is left that is not paused for it
        return NOBODY
    return INCIDENT_PARTIES | UNBIASED if verb in KEPT_BY_PARTIES else UNBIASED


KEPT_BY_PARTIES = ("contain", "report_authority", "report_cyberspace", "supplement")


def possible_incident(verb: str, state: str) -> bool:
    if verb in ("supplement", "recount", "acknowledge", "dismiss", "recuse", "take_case"):
        return state.startswith("opened")
    return state == ("opened+told" if verb in ("confirm", "close") else "opened")


WORDS = given(text="已核实")


def said_at(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"when": world.at, "text": "已核实"}


def said_at_form(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"when": world.at.isoformat(), "text": "已核实"}


INCIDENT = Matrix(
    verbs=supervision_verbs.INCIDENT,
    reach=stages.incident,
    may=may_incident,
    possible=possible_incident,
    people=(*PEOPLE, "overseer"),
    sees=lambda state: CITY | INCIDENT_PARTIES | PROVINCE | {"overseer"} | may_incident("confirm", state),
    url="supervision:incident",
    also={("dismiss", "opened+told"): ("hold dismiss_incident open→lifted",)},
    says={
        "report_authority": Says("opened", ("incident report_to_authority →",), said_at, said_at_form),
        "report_cyberspace": Says("opened", ("incident report_to_cyberspace →",), said_at, said_at_form),
        "acknowledge": Says("opened", ("incident acknowledge_incident →",)),
        "hold_affected": Says("opened", ("hold hold_affected →open", "incident hold_affected →"), REASON),
        "contain": Says("opened", ("incident contain →",), said_at, said_at_form),
        "tell_holders": Says("opened", ("incident tell_holders →",), WORDS),
        "tell_public": Says("opened", ("incident tell_public →",), WORDS),
        "supplement": Says("opened", ("incident supplement →",), given(text="已核实", may_identify=True)),
        "recount": Says("opened", ("incident recount →",)),
        "confirm": Says("opened", ("incident confirm_notice →",)),
        "close": Says("closed", ("incident close_incident opened→closed",), given(lessons="外链须审批")),
        "dismiss": Says("false_alarm", ("incident dismiss_incident opened→false_alarm",), REASON),
        "recuse": Says("opened", ("incident recuse →",), REASON),
        "take_case": Says("opened", ("incident take_case →",), REASON),
    },
)  # fmt: skip


DRILL = given(**stages.DRILLED, day=date(2026, 3, 17))


def may_plan(verb: str, state: str) -> frozenset[str]:
    """A file is taken back by who added it."""
    return frozenset({"provider"}) if verb == "withdraw_evidence" else UNIT


def possible_plan(verb: str, state: str) -> bool:
    return state in {"record_exercise": ("in_force",), "add_evidence": ("draft", "in_force")}.get(verb, ("draft",))


PLAN = Matrix(
    verbs=supervision_verbs.PLAN,
    reach=stages.emergency_plan,
    may=may_plan,
    possible=possible_plan,
    sees=lambda state: UNIT if state in ("draft", "discarded") else UNIT | CITY | PROVINCE,
    url="supervision:emergency-plan",
    says={
        "adopt": Says("in_force", ("emergencyplan adopt_plan draft→in_force",), given(adopted_on=date(2026, 3, 1))),
        "record_exercise": Says("in_force", ("exercise record_exercise →",), DRILL),
        "add_evidence": Says("*", ("evidencefile add_evidence →",), a_paper(), a_paper_sent()),
        "withdraw_evidence": Says("draft", ("evidencefile withdraw_evidence →",), own_paper, keys(own_paper)),
        "discard": Says("discarded", ("emergencyplan discard_plan draft→discarded",)),
    },
)  # fmt: skip

# --- lawful sources, objections ------------------------------------------------------------------------------------


def may_source(verb: str, state: str) -> frozenset[str]:
    return SELLER if verb in ("withdraw", "add_evidence", "withdraw_evidence") else CITY


def possible_source(verb: str, state: str) -> bool:
    if verb == "withdraw" and state == "accepted":
        return False  # what was found in order and holds, stays
    return by_source(listing_verbs.SOURCE)(verb, state)


SOURCE_FILE = Matrix(
    verbs=listing_verbs.SOURCE,
    reach=stages.source_file,
    may=may_source,
    possible=possible_source,
    sees=lambda state: EVERYBODY,
    url="listings:source-file",
    says={
        "accept": Says("accepted", ("sourcefile accept_source *→accepted",), REASON),
        "reject": Says("rejected", ("sourcefile reject_source *→rejected",), REASON),
        "add_evidence": Says("*", ("evidencefile add_evidence →",), a_paper(), a_paper_sent()),
        "withdraw_evidence": Says("unchecked", ("evidencefile withdraw_evidence →",), own_paper, keys(own_paper)),
        "withdraw": Says("withdrawn", ("sourcefile withdraw_source *→withdrawn",)),
    },
)

OBJECTION = Matrix(
    verbs=listing_verbs.OBJECTION,
    reach=stages.objection,
    may=lambda verb, state: CITY,
    possible=by_source(listing_verbs.OBJECTION),
    sees=lambda state: CITY | PROVINCE,  # the seller does not: an objector is protected
    url="listings:objection",
    says={
        "dismiss": Says("dismissed", ("objection dismiss_objection open→dismissed",), REASON),
        "uphold": Says(
            "upheld",
            ("objection uphold_objection open→upheld", "version uphold_objection in_publicity→submitted"),
            REASON,
        ),
    },
)

# --- non-public data: the compliance reviewer reviews, the seller decides -------------------------------------------

VENDOR, REVIEWER = frozenset({"vendor"}), frozenset({"reviewer"})
VENDORS, ALL_SELLERS = frozenset({"vendor", "vendor_member"}), frozenset(WITH_SELLERS)
OVERSIGHT = frozenset({"officer", "conflicted_officer", "province_officer"})  # see it all, decide nothing


def sees_non_public_version(state: str) -> frozenset[str]:
    if state in PUBLIC:
        return ALL_SELLERS
    return VENDORS | PROVINCE if state in UNSUBMITTED else VENDORS | OVERSIGHT | REVIEWER


def may_non_public_version(verb: str, state: str) -> frozenset[str]:
    if verb in KEPT:
        return VENDORS
    return NOBODY if state in UNSUBMITTED or verb == "give_opinion" else REVIEWER  # no expert was called


NON_PUBLIC_VERSION = replace(
    VERSION,
    reach=stages.non_public_version,
    may=may_non_public_version,
    sees=sees_non_public_version,
    people=WITH_SELLERS,
)


def may_non_public_application(verb: str, state: str) -> frozenset[str]:
    state = state.partition("+")[0]
    if verb in ("describe", "add_item", "prepare", "submit", "withdraw", "answer"):
        return BUYER
    if verb == "write":
        return BUYER | VENDOR
    if verb == "give_opinion":
        return NOBODY
    if verb in ("consult", "begin_review", "ask", "extend", "call_expert", "recall_expert", "recuse"):
        return VENDOR if state in ASSIGNED else NOBODY
    return VENDOR


def possible_non_public_application(verb: str, state: str) -> bool:
    if verb in ("consult", "call_expert", "prepare", "recuse"):
        return False  # no unit to ask, no expert committee
    if verb == "begin_review":
        return state == "accepted"
    if verb == "add_item":
        return False  # public data: an application of its own
    return possible_application(verb, state)


def public_product(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"product": world.product, "fields": ["区县"]}


NON_PUBLIC_APPLICATION = replace(
    APPLICATION,
    reach=stages.non_public_application,
    may=may_non_public_application,
    possible=possible_non_public_application,
    sees=lambda state: BUYER | VENDORS | OVERSIGHT,
    people=WITH_SELLERS,
    says={
        **APPLICATION.says,
        "begin_review": Says("under_review", ("application begin_review accepted→under_review",)),
        "add_item": Says("*", ("item add_item →open",), public_product, keys(public_product)),
    },
    also={},
    wrong=frozenset(
        {("add_item", "returned")}  # public data: an application of its own
        | {("recuse", state) for state in ("accepted", "under_review", "under_review+question")}  # no other manager
    ),
)

NON_PUBLIC_ITEM = replace(
    ITEM,
    reach=stages.non_public_item,
    may=lambda verb, state: BUYER if verb in ("remove", "choose_fields") else VENDOR,
    possible=lambda verb, state: verb in ("approve", "refuse") and state == "open@under_review",
    sees=lambda state: BUYER | VENDORS | OVERSIGHT,
    people=WITH_SELLERS,
)


def may_non_public_grant(verb: str, state: str) -> frozenset[str]:
    return {"close": VENDOR, "revoke": NOBODY}.get(verb, BUYER)


NON_PUBLIC_GRANT = replace(
    GRANT,
    reach=stages.non_public_grant,
    may=may_non_public_grant,
    possible=lambda verb, state: verb != "write_summary" and possible_grant(verb, state),  # there are only counts
    sees=lambda state: BUYER | VENDORS | OVERSIGHT,
    people=WITH_SELLERS,
)

NON_PUBLIC_GRANT_MAY = {"report_misuse": VENDORS, "draft_notice": VENDOR, "lift_precaution": VENDOR, **OF_COPIES}
NON_PUBLIC_GRANT_OFFICER = replace(
    GRANT_OFFICER,
    reach=stages.non_public_grant,
    may=lambda verb, state: NON_PUBLIC_GRANT_MAY.get(verb, NOBODY),  # no Art. 33
    sees=lambda state: BUYER | VENDORS | OVERSIGHT,
    people=WITH_SELLERS,
)


def may_notice(verb: str, state: str) -> frozenset[str]:
    if verb == "take_case":
        return NOBODY  # it stays with its seller
    if verb in ("file_evidence", "file_statement", "add_evidence"):
        return BUYER
    if verb == "withdraw_evidence":
        return NOBODY if state.startswith(("proposed", "dropped")) else frozenset({"buyer"})
    if verb == "annul" and not state.startswith(("proposed", "dropped")):
        return NOBODY  # not who gave it; its seller has one manager here
    return VENDOR  # also lapsed: it protects its own data


NOTICE = replace(
    MEASURE,
    reach=stages.notice,
    may=may_notice,
    possible=not_alone(possible_measure),
    sees=lambda state: (
        VENDORS | PROVINCE | (NOBODY if state.startswith(("proposed", "dropped")) else OVERSIGHT | BUYER)
    ),
    people=WITH_SELLERS,
    says={
        **MEASURE.says,
        "issue": Says(
            "issued",
            ("measure give_notice proposed→issued", "hold give_notice →open"),
            given(**stages.CHARGE, remedy=stages.REMEDY),
        ),
    },
)


def may_take_down(verb: str, state: str) -> frozenset[str]:
    if verb == "take_case":
        return NOBODY  # it stays with the platform
    if verb in ("file_evidence", "file_statement", "add_evidence"):
        return VENDORS
    if verb == "withdraw_evidence":
        return NOBODY if state.startswith(("proposed", "dropped")) else VENDOR
    if verb == "annul" and not state.startswith(("proposed", "dropped")):
        return NOBODY  # not who issued it; there is one reviewer here
    closes = verb in ("drop", "lift", "annul", "make_final")
    return PROVINCE if closes and state == "proposed+required" else REVIEWER


def possible_take_down(verb: str, state: str) -> bool:
    if verb in ("refer", "terminate", "make_final"):
        return (verb, state) == ("make_final", "refused_to_correct")
    return possible_measure(verb, state)


TAKE_DOWN = replace(
    MEASURE,
    reach=stages.take_down,
    may=may_take_down,
    possible=not_alone(possible_take_down),
    sees=lambda state: REVIEWER | PROVINCE | (NOBODY if state.startswith("proposed") else VENDORS | OVERSIGHT),
    people=WITH_SELLERS,
    says={
        **MEASURE.says,
        "issue": Says(
            "issued",
            ("measure take_down proposed→issued", "version take_down published→held"),
            given(**stages.CHARGE, remedy=stages.REMEDY),
        ),
        "lift": Says("lifted", ("measure lift_order *→lifted", "version lift_order held→published"), REASON),
        "make_final": Says(
            "final", ("measure make_final refused_to_correct→final", "version make_final held→recalled"), REFUSAL
        ),
    },
)

PRODUCT_TAKE_DOWN = replace(
    TAKE_DOWN,
    reach=stages.product_take_down,
    says={
        **TAKE_DOWN.says,
        "issue": replace(
            TAKE_DOWN.says["issue"],
            entries=(
                "measure take_down proposed→issued", "product take_down →", "version take_down published→held",
            ),
        ),
        "lift": replace(
            TAKE_DOWN.says["lift"],
            entries=("measure lift_order *→lifted", "product lift_order →", "version lift_order held→published"),
        ),
    },
)  # fmt: skip


def taking_down(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    """What is retired, with its product alone."""
    return {**stages.CHARGE, "clause": "平台规则第五条", "whole_product": obj.state == "retired"}


def taking_down_sent(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    fields = taking_down(world, obj, at)
    return fields if fields.pop("whole_product") is False else {**fields, "whole_product": "on"}


VERSION_TAKE_DOWN = Matrix(
    verbs=supervision_verbs.VERSION,
    reach=stages.non_public_version,
    may=lambda verb, state: PROVINCE if verb == "require_take_down" else REVIEWER,
    possible=not_alone(by_source(supervision_verbs.VERSION)),
    sees=sees_non_public_version,
    url="supervision:version",
    people=WITH_SELLERS,
    says={
        name: Says("*", ("measure propose_order →proposed",), taking_down, taking_down_sent)
        for name in ("draft_take_down", "require_take_down")
    }
    | {"recuse": Says("*", ("version recuse →",), REASON)},
)

RULE_RECUSAL = Matrix(
    verbs=supervision_verbs.RULE,
    reach=stages.release_rule,
    may=lambda verb, state: CITY,
    possible=by_source(supervision_verbs.RULE),
    sees=RULE.sees,
    url="supervision:release-rule",
    says={"recuse": Says("*", ("releaserule recuse →",), REASON)},
)

EDITION_RECUSAL = Matrix(
    verbs=supervision_verbs.EDITION,
    reach=stages.edition,
    may=lambda verb, state: CITY,  # also who belongs to the buyer
    possible=by_source(supervision_verbs.EDITION),
    sees=lambda state: GRANT_SEEN,
    url="supervision:edition",
    says={"recuse": Says("*", ("grantedition recuse →",), REASON)},
)

INSPECTION_PLAN = Matrix(
    verbs=supervision_verbs.INSPECTION_PLAN,
    reach=stages.inspection_plan,
    may=lambda verb, state: CITY,
    possible=by_source(supervision_verbs.INSPECTION_PLAN),
    sees=lambda state: CITY | PROVINCE,
    url="supervision:inspection-plan",
    says={
        "draw": Says("drawn", ("inspectionplan draw_sample draft→drawn", "inspection draw_sample →planned")),
        "drop": Says("dropped", ("inspectionplan drop_inspection_plan draft→dropped",), REASON),
    },
)


def may_inspection(verb: str, state: str) -> frozenset[str]:
    """Never the officer who belongs to the buyer; the buyer answers. A joint inspector writes down what is found."""
    if verb == "withdraw_evidence":
        told = state.partition("+")[0] in ("under_way", "reported", "answered", "closed")
        return IN_CHARGE if told else NOBODY
    writes = EXPERT if state == "under_way+joint" and verb in ("check_points", "add_evidence") else NOBODY
    return BUYER if verb == "answer" else UNBIASED | writes


def sees_inspection(state: str) -> frozenset[str]:
    told = state not in ("planned", "cancelled")
    return (CITY | BUYER if told else UNBIASED) | PROVINCE | (EXPERT if state == "under_way+joint" else NOBODY)


def the_joint(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"inspector": obj.taking_part.first() or JointInspector(pk=0)}


def named(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"person": world["other_provider"], "department": "福州市公安局", "role": "网络安全"}


def named_sent(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    return {"email": world["other_provider"].email, "department": "福州市公安局", "role": "网络安全"}


def possible_inspection(verb: str, state: str) -> bool:
    if verb == "report":
        return state == "under_way+checked"
    if verb == "close":
        return state == "answered"  # the time to answer is not over
    return by_source(supervision_verbs.INSPECTION)(verb, state)


def sent_points(world: Any, obj: Any, at: datetime) -> dict[str, Any]:
    fields = {f"verdict_{code}": verdict for code, (verdict, _words) in stages.BAD_POINTS.items()}
    return fields | {f"words_{code}": words for code, (_verdict, words) in stages.BAD_POINTS.items()}


INSPECTION = Matrix(
    verbs=supervision_verbs.INSPECTION,
    reach=stages.inspection,
    may=may_inspection,
    possible=possible_inspection,
    sees=sees_inspection,
    url="supervision:inspection",
    says={
        "announce": Says("announced", ("inspection announce_inspection planned→announced",), WORDS),
        "begin": Says("under_way", ("inspection begin_inspection announced→under_way",)),
        "begin_unannounced": Says("under_way", ("inspection begin_unannounced planned→under_way",), REASON),
        "check_points": Says(
            "under_way", ("inspection check_points →",), given(points=stages.BAD_POINTS), sent_points
        ),
        "add_evidence": Says("*", ("evidencefile add_evidence →",), a_paper(), a_paper_sent()),
        "withdraw_evidence": Says("*", ("evidencefile withdraw_evidence →",), own_paper, keys(own_paper)),
        "name_inspector": Says("*", ("inspection name_inspector →",), named, named_sent),
        "release_inspector": Says(
            "*", ("inspection release_inspector →",),
            lambda world, obj, at: {**the_joint(world, obj, at), "reason": "改任"},
            lambda world, obj, at: {**keys(the_joint)(world, obj, at), "reason": "改任"},
        ),
        "report": Says("reported", ("inspection report_inspection under_way→reported",), WORDS),
        "answer": Says("answered", ("inspection answer_inspection reported→answered",), WORDS),
        "follow_up": Says("*", ("finding follow_up_points →open", "inspection follow_up_points →")),
        "close": Says(
            "closed", ("inspection close_inspection *→closed",), given(outcome="put_right", text="已整改")
        ),
        "recuse": Says("*", ("inspection recuse →",), REASON),
        "cancel": Says("cancelled", ("inspection cancel_inspection *→cancelled",), REASON),
    },
    wrong=frozenset(  # nobody takes part who could be released
        ("release_inspector", state)
        for state in ("planned", "announced", "under_way", "under_way+checked", "reported", "answered")
    ),
)  # fmt: skip

MATRICES = {
    "party": PARTY, "party-ending": PARTY_ENDING, "authority": AUTHORITY,
    "authority-orders": AUTHORITY_ORDERS, "authority-plans": AUTHORITY_PLANS, "oversight-body": OVERSIGHT_BODY,
    "source-file": SOURCE_FILE, "objection": OBJECTION, "non-public-version": NON_PUBLIC_VERSION,
    "non-public-application": NON_PUBLIC_APPLICATION, "non-public-item": NON_PUBLIC_ITEM,
    "non-public-grant": NON_PUBLIC_GRANT, "non-public-grant-officer": NON_PUBLIC_GRANT_OFFICER,
    "entry": ENTRY, "product": PRODUCT, "version": VERSION, "upload": UPLOAD,
    "release-rule": RULE, "description-change": DESCRIPTION_CHANGE, "application": APPLICATION,
    "application-above": APPLICATION_ABOVE, "item": ITEM,
    "consultation": CONSULTATION, "standing-consent": STANDING, "grant": GRANT,
    "edition": EDITION, "grant-officer": GRANT_OFFICER, "report": REPORT,
    "concern": CONCERN, "finding": FINDING, "measure": MEASURE, "order-46": ORDER_46, "order-47": ORDER_47,
    "notice": NOTICE, "take-down": TAKE_DOWN, "product-take-down": PRODUCT_TAKE_DOWN,
    "version-take-down": VERSION_TAKE_DOWN, "release-rule-recusal": RULE_RECUSAL, "derived": DERIVED,
    "edition-recusal": EDITION_RECUSAL,
    "incident": INCIDENT, "review": REVIEW, "review-of-refusal": REVIEW_OF_REFUSAL,
    "emergency-plan": PLAN,
    "certificate": CERTIFICATE, "caution": CAUTION,
    "inspection-plan": INSPECTION_PLAN, "inspection": INSPECTION,
}  # fmt: skip
BEYOND = {
    "version": ("draft+reading", "draft+failed"),
    "upload": ("open+partial",),
    "application": ("under_review+question", "draft+two_persons", "draft+prepared"),
    "product": ("active+undeclared",),
    "grant": ("active+named", "active+system"),
    "source-file": ("accepted+lapsed",),
    "grant-officer": ("active+precaution", "active+suspended", "surrendered+delivered"),
    "concern": ("open+fault", "taken_up+fault"),
    "finding": ("open+recalled", "open+failing", "open+party"),
    "review": ("lodged+stayed",),
    "measure": ("proposed+signed", "issued+hearing", "evidence_filed+hearing"),
    "incident": ("opened+told",),
    "inspection": ("under_way+checked", "under_way+joint"),
}


FEW = {  # the other states are those of public data, which their own tables go through
    "authority": ("verified",),
    "authority-orders": ("verified",),
    "authority-plans": ("verified",),
    "review-of-refusal": tuple(f"lodged+{of}" for of in stages.REFUSED),
    "oversight-body": ("verified",),
    "party-ending": ("applied", "verified", "barred", "ended"),
    "order-46": ("proposed", "issued", "refused_to_correct", "refused_to_correct+signed", "referred"),
    "order-47": ("proposed", "evidence_filed+hearing", "refused_to_correct"),
    "take-down": ("proposed", "proposed+required", "issued+hearing", "refused_to_correct"),
    "product-take-down": ("proposed", "issued+hearing", "refused_to_correct"),
    "version-take-down": ("submitted", "published", "retired"),
    "notice": ("proposed", "proposed+lapsed", "issued+hearing", "evidence_filed", "refused_to_correct"),
    "non-public-version": (
        "assessed", "submitted", "returned", "in_publicity", "published", "held", "recalled", "retired", "refused",
    ),
    "non-public-application": (
        "submitted", "returned", "refused", "accepted", "under_review", "under_review+question", "decided",
    ),
    "non-public-item": ("open@under_review", "approved"),
    "non-public-grant": ("offered", "active"),
    "non-public-grant-officer": ("active", "active+lapsed"),
}  # fmt: skip


def states(noun: str) -> list[str]:
    """Every state of the machine; an item's open state once for each open state of its application."""
    if noun in FEW:
        return list(FEW[noun])
    machine = MATRICES[noun].verbs.model.machine  # type: ignore[attr-defined]
    if noun == "item":
        open_ones = (
            "draft",
            "submitted",
            "returned",
            "accepted",
            "in_consultation",
            "under_review",
            "under_review+unconsented",
            "expert_review",
            "withdrawn",
            "refused",
        )
        return [f"open@{state}" for state in open_ones] + ["approved", "refused", "split_off"]
    left_out = {"referred", "final"} if noun == "measure" else set()  # no order under Art. 33 gets there
    return [*(one for one in machine.states.values if one not in left_out), *BEYOND.get(noun, ())]


CASES = [(noun, state) for noun in MATRICES for state in states(noun)]


def writing(noun: str) -> dict[str, list[str]]:
    """State -> verbs: every verb that is possible for somebody, once for each list of entries that it may leave."""
    table, states_of = MATRICES[noun], dict[tuple[str, tuple[str, ...]], str]()
    for state in states(noun):
        for verb in table.verbs.verbs:
            fits = table.possible(verb.name, state) and (verb.name, state) not in table.wrong
            if fits and table.may(verb.name, state):
                states_of.setdefault((verb.name, table.entries(verb.name, state)), state)
    return {state: [verb for (verb, _), at in states_of.items() if at == state] for state in states_of.values()}


WRITING = [(noun, state, verbs) for noun in MATRICES for state, verbs in writing(noun).items()]


def fewest(counts: Callable[[Matrix, str, str], bool]) -> list[tuple[str, str]]:
    """Few cases in which every verb of every table is done once, of the (matrix, verb, state) that count."""
    does = {
        (noun, state): {(noun, verb.name) for verb in table.verbs.verbs if counts(table, verb.name, state)}
        for noun, table in MATRICES.items()
        for state in states(noun)
    }
    chosen, left = set(), set().union(*does.values())
    while left:
        most = max(does, key=lambda case: len(does[case] & left))
        chosen.add(most)
        left -= does[most]
    return [case for case in CASES if case in chosen]
