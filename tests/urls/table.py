"""Who gets which answer at which address: written by hand. An address without a row here fails the test.

Who sees an object and who may do a verb is what the workflow's tables say (`tests/workflow/tables.py`); here are the
people whom these do not know, the pages that are no verb, and what the three faces make of it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from tests.workflow import tables
from tests.workflow.matrix import Matrix

# A seller is the primary developer; `vendor` sells data of its own, `other_vendor` other data.
ROLES = (
    "", "disabled", "outsider", "buyer", "auditor", "other_buyer", "seller", "vendor", "other_vendor", "provider",
    "other_provider", "officer", "second_officer", "other_officer", "county_officer", "province_officer", "reviewer",
    "expert", "overseer", "operator",
)  # fmt: skip
NOBODY_KNOWN = frozenset({"", "disabled"})  # no session, or one of a closed account
KNOWN = frozenset(ROLES) - NOBODY_KNOWN
OFFICERS = frozenset({"officer", "second_officer", "other_officer", "county_officer", "province_officer"})
CITY = frozenset({"officer", "second_officer"})
PROVINCE, OVERSEER, OPERATOR = frozenset({"province_officer"}), frozenset({"overseer"}), frozenset({"operator"})
READS_RULES = OFFICERS | OVERSEER | OPERATOR
SIGNS_RULES = OFFICERS - {"county_officer"}
REVIEWER, EXPERT = frozenset({"reviewer"}), frozenset({"expert"})
ENTER = OFFICERS | REVIEWER | EXPERT | OVERSEER | OPERATOR
OWN = frozenset({"buyer"})  # owner of the buyer
BUYER = OWN | {"auditor"}  # who reads along, and does nothing
SELLER, UNIT = frozenset({"seller"}), frozenset({"provider"})
STATES = {  # of the objects in `conftest.one_of_each`
    "party": "applied", "entry": "proposed", "product": "active+undeclared", "source-file": "unchecked",
    "release-rule": "proposed", "objection": "open", "application": "in_consultation", "item": "open@in_consultation",
    "consultation": "asked", "standing-consent": "given", "grant": "active", "upload": "open+partial",
    "version": "draft", "edition": "requested", "report": "open", "finding": "open", "order": "proposed",
    "concern": "open", "review": "lodged", "derived-product": "registered", "description-change": "proposed",
    "incident": "opened", "emergency-plan": "in_force",
    "certificate": "filed", "caution": "in_force",
    "inspection": "under_way", "inspection-plan": "drawn",
}  # fmt: skip
MATRIX_OF = {"order": "measure", "derived-product": "derived"}  # noun of an address -> of the workflow's tables
MORE_TABLES = {
    "party": ("party-ending", "authority", "authority-orders", "authority-plans", "oversight-body"),
    "grant": ("grant-officer",),
    "version": ("version-take-down",),
    "release-rule": ("release-rule-recusal",),
    "edition": ("edition-recusal",),
    "application": ("application-above",),
}
NO_SEEING_BUT = {
    "reading": OVERSEER | PROVINCE, "credential": OWN, "document": CITY | PROVINCE | BUYER,
    "whereabouts": CITY | PROVINCE | BUYER,
}  # fmt: skip

# Of the console: who works there on what, and whose the file of a public thing is.
QUEUES = {
    "party": OPERATOR, "entry": OFFICERS | OVERSEER, "version": OFFICERS | REVIEWER | EXPERT | OVERSEER,
    "source-file": OFFICERS | REVIEWER, "objection": OFFICERS | REVIEWER, "release-rule": OFFICERS | REVIEWER,
    "application": OFFICERS | EXPERT | OVERSEER, "item": OFFICERS, "consultation": OFFICERS,
    "standing-consent": OFFICERS, "grant": OFFICERS | OVERSEER, "edition": OFFICERS, "report": OFFICERS | OVERSEER,
    "concern": OFFICERS | REVIEWER, "review": OFFICERS | REVIEWER | OPERATOR, "derived-product": OFFICERS | OVERSEER,
    "finding": OFFICERS | REVIEWER | OVERSEER, "order": OFFICERS | REVIEWER | OVERSEER,
    "reading": OFFICERS | OVERSEER, "description-change": OFFICERS | REVIEWER,
    "incident": OFFICERS | REVIEWER | OVERSEER,
    "emergency-plan": OFFICERS | OVERSEER,
    "certificate": OFFICERS | OVERSEER, "caution": OFFICERS | REVIEWER,
    "inspection": OFFICERS, "inspection-plan": OFFICERS,
}  # fmt: skip
MODELS = {
    "catalogueentry": "entry", "sourcefile": "source-file", "releaserule": "release-rule", "measure": "order",
    "standingconsent": "standing-consent", "grantedition": "edition", "usagereport": "report",
    "emergencyplan": "emergency-plan", "derivedproduct": "derived-product", "descriptionchange": "description-change",
    "inspectionplan": "inspection-plan",
}  # fmt: skip
IN_A_FILE = {"objection", "item", "consultation", "edition"}  # shown in the file of another case
WATCHED = {  # of the city's authority
    "entry", "application", "grant", "report", "finding", "order", "derived-product", "emergency-plan", "certificate",
}  # fmt: skip
NOUNS = {
    "documents": "document",
    "whereabouts": "whereabouts",
    "measures": "order",
    "entries": "entry",
    "parties": "party",
}  # nouns of the API that are no simple plural
LISTED_TO_ALL = {"source-files", "entries", "products", "versions"}


def matrices(noun: str) -> tuple[Matrix, ...]:
    return tuple(tables.MATRICES[name] for name in (MATRIX_OF.get(noun, noun), *MORE_TABLES.get(noun, ())))


def sees(noun: str) -> frozenset[str]:
    """Who sees this world's object of a noun."""
    if noun in NO_SEEING_BUT:
        return NO_SEEING_BUT[noun]
    if noun == "source-file":
        return KNOWN  # of a public product
    seen = frozenset(matrices(noun)[0].sees(STATES[noun])) & frozenset(ROLES)
    if noun == "standing-consent":
        seen |= OFFICERS
    if noun == "caution":
        seen |= REVIEWER | OPERATOR | {"provider"}  # who admits the party, and who is asked about its application
    return seen | {"auditor"} if "buyer" in seen else seen


def may(noun: str, verb: str) -> frozenset[str]:
    of = next(matrix for matrix in matrices(noun) if matrix.verbs.get(verb))
    if noun == "party" and verb in ("hand_over", "file_finding"):
        return frozenset()  # of an authority, of an oversight body: this one is none
    if noun == "party" and verb == "appoint_deputy":
        return frozenset({"other_buyer", "provider"})  # a member may be away, too
    if noun == "version" and verb == "require_take_down":
        return frozenset()  # of non-public data: this is none
    if noun == "version" and verb == "recuse":
        return may(noun, "hold")  # of this one the officers, of non-public data the compliance review
    return frozenset(of.may(verb, STATES[noun])) & frozenset(ROLES)


def fits(noun: str, verb: str) -> bool:
    """Whether the verb starts from the object's state."""
    declared = next(found for matrix in matrices(noun) if (found := matrix.verbs.get(verb)))
    return STATES[noun].partition("@")[0].partition("+")[0] in declared.sources


Answers = Mapping[str, int]


def of(statuses: Callable[[str], int]) -> Answers:
    return {who: statuses(who) for who in ROLES}


def public(status: int = 200) -> Answers:
    return of(lambda who: status)


def logged_in(status: int = 200) -> Answers:
    return of(lambda who: status if who in KNOWN else 302)


def only(people: frozenset[str], status: int = 200, other: int = 404) -> Answers:
    """`status` for these, `other` for everybody else who is logged in."""
    return of(lambda who: 302 if who in NOBODY_KNOWN else status if who in people else other)


def unpublished(noun: str) -> Answers:
    """A page that will be public: nobody is sent to the login."""
    return of(lambda who: 200 if who in sees(noun) else 404)


def by_button() -> Answers:
    """An address for a button: to be posted to."""
    return logged_in(405)


def of_the_buyer(status: int = 200) -> Answers:
    """What its owners keep: its other people and the operator see the party, and may not."""
    return of(
        lambda who: 302 if who in NOBODY_KNOWN else status if who in OWN else 403 if who in BUYER | OPERATOR else 404
    )


def of_verb(noun: str, verb: str) -> Answers:
    """The verb's form for those who may, if it is the time for it."""
    able, seen, now = may(noun, verb), sees(noun), 200 if fits(noun, verb) else 409
    return of(lambda who: 302 if who in NOBODY_KNOWN else 404 if who not in seen else now if who in able else 403)


def in_console(of_page: Answers) -> Answers:
    return of(lambda who: 302 if who in NOBODY_KNOWN else of_page[who] if who in ENTER else 404)


# The files of a case: who reads them, of those who see the case.
READ_FILES = {
    "party": frozenset({"other_buyer"}) | OPERATOR, "source-file": SELLER | CITY,
    "inspection": CITY,  # it is under way: others once it is reported
}  # fmt: skip


def of_the_files(noun: str) -> Answers:
    seen, mine = sees(noun), READ_FILES.get(noun, sees(noun))
    return of(lambda who: 302 if who in NOBODY_KNOWN else 404 if who not in seen else 200 if who in mine else 403)


def files_in_console(noun: str) -> Answers:
    """As the page, but of what is open to the person there; an overseer is asked why first."""
    opened, mine = case_file(noun), READ_FILES.get(noun, sees(noun) | OVERSEER)
    return of(lambda who: opened[who] if opened[who] != 200 or who in mine else 403)


def case_file(noun: str) -> Answers:
    mine = sees(noun) & (CITY | PROVINCE if noun in ("entry", "version", "source-file", "derived-product") else ENTER)
    if noun == "reading":
        return only(frozenset())  # no file: a row says everything
    status = 302 if noun in IN_A_FILE else 200
    watched = {"overseer"} if noun in WATCHED else set()
    if noun == "application":  # the overseer has said why today
        mine, watched = mine | OVERSEER, set()
    return of(lambda who: 302 if who in NOBODY_KNOWN or who in watched else status if who in mine else 404)


def reading_form(noun: str) -> Answers:
    return only(OVERSEER if noun in WATCHED else frozenset())


PAGES: dict[str, Answers] = {
    **{name: public() for name in (
        "desk:home", "desk:health", "accounts:privacy", "listings:catalogue", "listings:publicity", "listings:entries",
        "listings:objection-follow", "supervision:concern-new", "supervision:concern-follow",
        "supervision:check", "supervision:derived-list", "supervision:incident-notices", "supervision:register",
        "supervision:register-file",
        "account_inactive", "account_email_verification_sent",
        "account_confirm_email", "account_reset_password", "account_reset_password_done",
        "account_reset_password_from_key", "account_reset_password_from_key_done", "accounts:notices-off",
    )},
    **{name: logged_in() for name in (
        "desk:todo", "desk:notices", "desk:account-close", "accounts:party-list", "accounts:register-person",
        "accounts:register-organisation", "accounts:account", "accounts:notices", "accounts:systems",
        "accounts:sessions", "listings:mine", "listings:product-create", "listings:entry-import",
        "listings:entry-import-template", "listings:entries-publish", "listings:entry-propose",
        "applications:application-list", "applications:standing-consent-list", "supervision:grant-list",
        "supervision:measure-list", "supervision:finding-list", "supervision:concern-list",
        "supervision:incident-list", "supervision:review-list", "supervision:emergency-plan-list",
        "supervision:inspection-list",
        "account_logout", "account_change_password", "account_reauthenticate", "mfa_index", "mfa_list_webauthn",
    )},
    **{name: by_button() for name in (
        "desk:notices-seen", "accounts:export", "accounts:system-agree", "accounts:system-withdraw",
        "accounts:session-end", "accounts:sessions-end", "listings:entry-import-confirm", "listings:upload-start",
        "listings:upload-chunk", "listings:upload-complete", "applications:draft", "delivery:download",
        "sandboxes:sandbox-verb",
    )},
    **{f"{app}:{noun}": only(sees(noun)) for app, noun in (
        ("accounts", "party"), ("listings", "objection"), ("listings", "release-rule"), ("listings", "upload"),
        ("listings", "description-change"), ("applications", "application"),
        ("applications", "standing-consent"), ("supervision", "grant"),
        ("supervision", "report"), ("supervision", "finding"), ("supervision", "concern"),
        ("supervision", "incident"), ("supervision", "review"), ("supervision", "emergency-plan"),
        ("supervision", "certificate"), ("supervision", "caution"),
        ("supervision", "inspection"), ("supervision", "inspection-plan"),
    )},
    "set_language": public(302),
    "account_login": of(lambda who: 200 if who in NOBODY_KNOWN else 302),
    "account_signup": of(lambda who: 200 if who in NOBODY_KNOWN else 302),
    "supervision:measure": only(sees("order")),
    "documents:file": only(sees("document")),
    "documents:check": public(),
    "documents:check-token": public(404),  # a code of nothing
    "accounts:party-evidence": of_the_files("party"),
    "listings:source-file-evidence": of_the_files("source-file"),
    "supervision:measure-evidence": of_the_files("order"),
    "supervision:finding-evidence": of_the_files("finding"),
    "supervision:concern-evidence": of_the_files("concern"),
    "supervision:review-evidence": of_the_files("review"),
    "supervision:emergency-plan-evidence": of_the_files("emergency-plan"),
    "supervision:certificate-evidence": of_the_files("certificate"),
    "supervision:inspection-evidence": of_the_files("inspection"),
    "supervision:concern-new-about": public(),
    "supervision:disclosure": public(),
    "supervision:lineage": public(),  # of a public product
    **{name: unpublished(noun) for name, noun in (
        ("listings:entry", "entry"), ("listings:product", "product"), ("listings:version", "version"),
        ("supervision:derived", "derived-product"), ("supervision:attribution", "derived-product"),
    )},
    "supervision:review-new": of(  # of an application that nobody has refused
        lambda who: 302
        if who in NOBODY_KNOWN
        else 404
        if who not in sees("application")
        else 409
        if who in OWN
        else 403
    ),
    "supervision:derived-register": only(OWN),
    "supervision:emergency-plan-new": only(UNIT),
    "supervision:incident-notice": public(404),  # the public was not told
    "supervision:incident-open": only(sees("version") & (SELLER | OFFICERS)),
    "applications:two-person-rule": only(OWN),
    "applications:standing-consent-give": only(UNIT),
    "applications:start": only(KNOWN),
    "listings:version-object": public(),
    "listings:recipe-download": only(SELLER | PROVINCE),
    "delivery:download-open": public(403),  # what is not open
    "accounts:invitation": only(frozenset(), other=403),  # the address is secret; it was sent to somebody else
    "accounts:credentials": of_the_buyer(),
    "accounts:credential-create": of_the_buyer(),
    "accounts:credential-rotate": of_the_buyer(),
    "accounts:credential-revoke": of_the_buyer(),
    "sandboxes:sandbox": of_the_buyer(),
    "console:index": only(ENTER),
    **{f"console:{name}": in_console(only(OPERATOR, other=403)) for name in (
        "settings", "deadline", "calendar", "region-add", "region", "purpose-add", "purpose",
    )},
    **{f"console:evaluation{file}": in_console(only(OFFICERS)) for file in ("", "-csv", "-json")},
    **{f"console:inspection-statistics{file}": in_console(only(OFFICERS)) for file in ("", "-csv", "-json")},
    "console:inquiries": in_console(only(OFFICERS)),
    "console:second-pair": in_console(only(OFFICERS)),
    "console:second-pair-set": in_console(only(CITY)),
    "console:sign-several": in_console(only(OFFICERS)),
    "console:inquiry-new": in_console(of(
        lambda who: 200 if who in PROVINCE else 403 if who in sees("application") else 404
    )),
    "console:inquiry-answer": in_console(only(frozenset())),
    "console:deadlines": in_console(only(OFFICERS | REVIEWER)),
    "console:deadline-explain": in_console(only(CITY, other=403)),  # of an application to the city
    "console:rules": in_console(only(READS_RULES)),
    "console:rule-sign": in_console(only(SIGNS_RULES, other=403)),
    "console:rule-withdraw": in_console(only(PROVINCE, other=403)),  # of the set-up: it holds for all
}  # fmt: skip
# One's own second factor: what each address leads to for somebody who has none yet.
SECOND_FACTOR = {
    "mfa_authenticate": 302, "mfa_reauthenticate": 302, "mfa_activate_totp": 302,
    "mfa_generate_recovery_codes": 302,
    "mfa_add_webauthn": 302, "mfa_remove_webauthn": 302, "mfa_edit_webauthn": 302, "mfa_reauthenticate_webauthn": 302,
    "mfa_login_webauthn": 302, "account_set_password": 302,
}  # fmt: skip
PAGES |= dict.fromkeys(
    ("mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_download_recovery_codes"), logged_in(404)
)
PAGES |= {name: public(status) for name, status in SECOND_FACTOR.items()}


def page(name: str) -> Answers | None:
    """What GET of a page or of an address of the console is answered; None where nobody has said."""
    if name in PAGES:
        return PAGES[name]
    app, _colon, rest = name.rpartition(":")
    if app == "console":
        return console(rest)
    noun, verb = verb_of(rest)
    return of_verb(noun, verb) if noun else None


def console(rest: str) -> Answers | None:
    model, _underscore, view = rest.partition("_")[2].partition("_")
    noun = MODELS.get(model, model)
    if noun in QUEUES and view:
        views = {"changelist": lambda: in_console(only(QUEUES[noun], other=403)), "change": lambda: case_file(noun),
                 "read": lambda: reading_form(noun), "evidence": lambda: files_in_console(noun)}  # fmt: skip
        return views[view]() if view in views else None
    model, _dash, verb = rest.partition("_")[2].partition("-")
    noun = MODELS.get(model, model)
    known = noun in STATES and any(matrix.verbs.get(verb) for matrix in matrices(noun))
    return in_console(of_verb(noun, verb)) if known else None


def verb_of(rest: str) -> tuple[str, str]:
    """Noun and verb of a name `<noun>-<verb>`; empty where there is no such verb."""
    for noun in STATES:
        verb = rest.removeprefix(f"{noun}-")
        if rest != verb and any(matrix.verbs.get(verb) for matrix in matrices(noun)):
            return noun, verb
    return "", ""


# --- API: {method: answers}. Whoever has no credential: 401; a closed account's: 403. `reader` may only read. --------

PARTNERS = (*(who for who in ROLES if who != "auditor"), "reader")


def system(who: str) -> str:
    """Whose eyes a system has."""
    return "buyer" if who == "reader" else who


def api(statuses: Callable[[str], Any]) -> dict[str, Any]:
    return {who: 401 if who == "" else 403 if who == "disabled" else statuses(who) for who in PARTNERS}


def api_sees(noun: str) -> frozenset[str]:
    """A system acts for one organisation: the party that is not verified yet has none."""
    return OPERATOR if noun == "party" else sees(noun)


DONE = (200, 201, 204, 409, 422)  # with nothing sent: done, fields are missing, or too early


def api_verb(noun: str, verb: str) -> dict[str, Any]:
    able, seen, now = may(noun, verb), api_sees(noun), DONE if fits(noun, verb) else 409
    scope = {"reader": 403}
    return api(lambda who: scope.get(who) or (404 if who not in seen else now if who in able else 403))


def api_list(noun: str) -> dict[str, Any]:
    return {**api(lambda who: 200), **({"": 200} if noun in LISTED_TO_ALL else {})}


def api_detail(noun: str) -> dict[str, Any]:
    one = api_noun(noun)
    shown = api(lambda who: 200 if system(who) in api_sees(one) else 404)
    if noun in LISTED_TO_ALL:
        shown[""] = 200 if one == "source-file" else 404
    return shown


def api_noun(plural: str) -> str:
    return NOUNS.get(plural, plural.removesuffix("s"))


def api_files(noun: str) -> dict[str, Any]:
    seen, mine = api_sees(noun), READ_FILES.get(noun, sees(noun))
    shown = api(lambda who: 404 if system(who) not in seen else 200 if system(who) in mine else 403)
    return {"GET": shown, "POST": everybody(405)}


def everybody(status: int) -> dict[str, Any]:
    return dict.fromkeys(PARTNERS, status)


API: dict[str, dict[str, dict[str, Any]]] = {
    "api:schema": {"GET": everybody(200), "POST": everybody(405)},
    "api:docs": {"GET": everybody(200), "POST": everybody(405)},
    "api/v1/^.*$": {"GET": everybody(404), "POST": everybody(404)},
    "api/v1/sandbox/": {"GET": api(lambda who: 403), "POST": everybody(405)},
    "api/v1/sandbox/time/": {"GET": everybody(405), "POST": api(lambda who: 403)},
    "api:events": {"GET": api(lambda who: 200), "POST": everybody(405)},
    "api:inspection-statistics": {"GET": api(lambda who: 200 if who in OFFICERS else 403), "POST": everybody(405)},
    "api:entries-import": {"GET": everybody(405), "POST": api(lambda who: 403 if who == "reader" else 422)},
    "api:upload-chunk": {
        "GET": everybody(405),
        "PUT": api(lambda who: 403 if who == "reader" else 409 if who == "seller" else 404),
    },
    "api:grant-in-effect": {
        "GET": api(lambda who: 200 if system(who) in sees("grant") else 404), "POST": everybody(405),
    },
    "api:grant-download": {  # to systems that are named
        "GET": api(lambda who: 403 if system(who) in sees("grant") else 404), "POST": everybody(405),
    },
    "api:open-download": {"GET": everybody(403), "POST": everybody(405)},
    "api:create-uploads": {
        "GET": everybody(405),
        "POST": api(lambda who: 403 if who == "reader" else 422 if who in sees("version") else 404),
    },
    "api:inquiries-list": {"GET": api(lambda who: 200), "POST": api(lambda who: 403 if who == "reader" else 422)},
    "api:inquiries-detail": {"GET": api(lambda who: 404), "POST": everybody(405)},
    "api:answer-inquiries": {
        "GET": everybody(405), "POST": api(lambda who: 403 if who == "reader" else 404),
    },
    "api:create-incidents": {
        "GET": everybody(405),
        "POST": api(lambda who: 403 if who == "reader" else 422 if who in sees("version") else 404),
    },
    "api:create-applications": {"GET": everybody(405), "POST": api(lambda who: 403 if who == "reader" else 422)},
    "api:document-file": {
        "GET": api(lambda who: 200 if system(who) in sees("document") else 404), "POST": everybody(405),
    },
    "api:create-concerns": {"GET": everybody(405), "POST": api(lambda who: 403 if who == "reader" else 422)},
    "api:report_entry-concerns": {
        "GET": everybody(405),
        "POST": api(lambda who: 403 if who == "reader" else 422 if who in sees("entry") else 404),
    },
    "api:report_derived-concerns": {
        "GET": everybody(405),
        "POST": api(lambda who: 403 if who == "reader" else 422 if who in sees("derived-product") else 404),
    },
    "api:create-objections": {"GET": everybody(405), "POST": api(lambda who: 403 if who == "reader" else 422)},
}  # fmt: skip
CREATED = {"entries", "products", "derived-products", "reviews", "emergency-plans"}


def endpoint(name: str) -> dict[str, dict[str, Any]] | None:
    """{method: who gets what} of an address of the API; None where nobody has said."""
    if name in API:
        return API[name]
    rest = name.rpartition(":")[2]
    for plural in sorted({*(f"{noun}s" for noun in STATES), *NOUNS}, key=len, reverse=True):
        tail = rest.removeprefix(f"{plural}-")
        if tail == rest:
            continue
        if tail in ("evidence", "evidence-file"):
            return api_files(api_noun(plural))
        if tail == "list":
            made = api(lambda who: 403 if who == "reader" else 422) if plural in CREATED else everybody(405)
            return {"GET": api_list(plural), "POST": made}
        if tail == "detail":
            return {"GET": api_detail(plural), "POST": everybody(405)}
        noun = api_noun(plural)
        if noun in STATES and any(matrix.verbs.get(tail) for matrix in matrices(noun)):
            return {"GET": everybody(405), "POST": api_verb(noun, tail)}
    return None
