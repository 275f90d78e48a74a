"""What must hold for every state machine there is."""

import pytest
from django.apps import apps

from tests.workflow.tables import MATRICES, states

MACHINES = {model._meta.label_lower: model.machine for model in apps.get_models() if hasattr(model, "machine")}
NOUNS = {noun: table.verbs.model._meta.label_lower for noun, table in MATRICES.items()}

# What happens to an object not by one of its own verbs: (from, to) -> by what.
ELSEWHERE = {
    "accounts.invitation": {
        ("open", "accepted"): "whoever was invited: test_membership.py",
        ("open", "revoked"): "its party's `revoke_invitation`",
    },
    "listings.catalogueentry": {
        ("proposed", "withdrawn"): "the `end` of its unit: test_ending.py",
        ("returned", "withdrawn"): "the same",
    },
    "supervision.caution": {("in_force", "annulled"): "a review's `annul`: test_cautions.py"},
    "supervision.certificate": {("returned", "ceased"): "its holder ends without a successor"},
    "supervision.usagereport": {
        ("open", "ceased"): "the `end` or death of the buyer: test_ending.py",
        ("returned", "ceased"): "the same",
    },
    "supervision.emergencyplan": {
        ("in_force", "superseded"): "the `adopt` of the unit's next plan: test_preparedness.py",
    },
    "listings.version": {
        ("in_publicity", "submitted"): "the `uphold` of an objection; a take-down of the whole product",
        ("draft", "assessed"): "the assessment's job",
        ("assessed", "published"): "`submit`, under an approved release rule: test_release_rules.py",
        ("assessed", "draft"): "the assessment's job, and `rework`",
    },
    "listings.upload": {
        ("received", "done"): "the job that reads it: test_uploads.py",
        ("received", "refused"): "the same",
        ("received", "abandoned"): "its version's `cancel_job`",
    },
    "applications.application": {
        ("accepted", "under_review"): "`begin_review`, where nobody is to be consulted: test_application.py",
        ("in_consultation", "under_review"): "`begin_review`, once all have answered: test_application.py",
        ("under_review", "decided"): "the decision on its last item",
    },
    "applications.consultation": {
        ("asked", "closed"): "the application's `return` or `withdraw`",
        ("question", "closed"): "the same",
    },
    "applications.grant": {("active", "terminated"): "an order's `terminate`"},
    "applications.hold": {
        ("open", "lifted"): "an order's `lift`, a review's `stay`, a report's `file`, `lift_precaution`",
        ("open", "annulled"): "an order's `annul`, a review's `annul`",
    },
    "supervision.inspection": {("reported", "closed"): "`close` once the party has let its time to answer pass"},
    "supervision.finding": {
        ("open", "measure"): "the `issue` of an order",
        ("open", "remedied"): "the `file` of the report",
    },
    "supervision.concern": {
        ("taken_up", "settled"): "the end of its finding: an officer's `dismiss`, the `issue` of an order",
    },
    "supervision.derivedproduct": {
        ("published", "flagged"): "an order's `terminate`",
        ("registered", "flagged"): "the same, of what is listed",
        ("flagged", "registered"): "`clear` of what was listed and never published",
    },
}


def moves_by_verbs(label: str) -> set[tuple[str, str]]:
    """(from, to) pairs that a person's verb of the matrix leads through."""
    found = set()
    for noun, table in MATRICES.items():
        if NOUNS[noun] != label:
            continue
        for state in states(noun):
            old = state.partition("@")[0].partition("+")[0]
            for verb in table.verbs.verbs:
                if table.may(verb.name, state) and table.possible(verb.name, state):
                    found.add((old, table.said(verb.name, state).new.replace("*", old)))
    return {(old, new) for old, new in found if old != new}


def test_every_machine_is_known():
    assert sorted(MACHINES) == [
        "accounts.invitation", "accounts.party",
        "applications.application", "applications.consultation", "applications.grant",
        "applications.grantedition",
        "applications.hold", "applications.item",
        "applications.standingconsent", "listings.catalogueentry", "listings.descriptionchange", "listings.objection",
        "listings.product", "listings.releaserule", "listings.sourcefile", "listings.upload", "listings.version",
        "supervision.caution", "supervision.certificate", "supervision.concern", "supervision.derivedproduct",
        "supervision.emergencyplan", "supervision.finding", "supervision.incident", "supervision.inspection",
        "supervision.inspectionplan", "supervision.measure", "supervision.review", "supervision.usagereport",
    ]  # fmt: skip


@pytest.mark.parametrize("label", MACHINES)
def test_every_state_is_in_the_table_and_reachable(label):
    machine = MACHINES[label]
    assert set(machine.transitions) == set(machine.states.values)
    reached, queue = {str(machine.initial)}, [machine.initial]
    while queue:
        new = machine.transitions[queue.pop()] - reached
        reached |= {str(state) for state in new}
        queue += new
    assert reached == set(machine.states.values)


@pytest.mark.parametrize("label", MACHINES)
def test_every_living_state_has_an_owner_and_a_way_out(label):
    machine = MACHINES[label]
    living = set(machine.states.values) - machine.terminal
    assert {str(state) for state in machine.owners} == living
    out = {old for old, _new in moves_by_verbs(label)} | {old for old, _new in ELSEWHERE.get(label, {})}
    assert living == out
    by_persons = {old for old, _new in moves_by_verbs(label)}
    elsewhere = ("applications.hold", "accounts.invitation", "listings.upload", "supervision.emergencyplan")
    # by a verb of what they belong to, or of what follows them
    assert living == by_persons or label in elsewhere


@pytest.mark.parametrize("label", MACHINES)
def test_transitions_of_the_table_are_those_that_happen(label):
    machine = MACHINES[label]
    declared = {(str(old), str(new)) for old, row in machine.transitions.items() for new in row}
    assert declared == moves_by_verbs(label) | set(ELSEWHERE.get(label, {}))


# Of what has ended: they move nothing of it.
SAID_AFTERWARDS = {"report_misuse", "write_summary", "certify_destruction", "draft_take_down", "require_take_down"}


@pytest.mark.parametrize("noun", MATRICES)
def test_terminal_states_are_no_source_of_a_verb(noun):
    table = MATRICES[noun]
    machine = MACHINES[NOUNS[noun]]
    moving = [verb for verb in table.verbs.verbs if verb.name not in SAID_AFTERWARDS]
    sources = {str(state) for verb in moving for state in verb.sources}
    assert sources <= set(machine.states.values) - machine.terminal
    assert {verb.name for verb in table.verbs.verbs} == {name.partition("@")[0] for name in table.says}
