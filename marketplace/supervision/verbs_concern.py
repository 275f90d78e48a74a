"""What may be done with reports of misuse and of faulty data, and how an oversight body files one, each a row."""

from django.utils.translation import gettext_lazy as _

from accounts.forms import EvidenceForm, WithdrawEvidenceForm
from accounts.models import Party
from accounts.states import PartyState
from marketplace.supervision import forms_concern as forms
from marketplace.supervision import operations
from marketplace.supervision import permissions_concern as permissions
from marketplace.supervision.concern import Concern, ConcernKind
from marketplace.supervision.states import ConcernState
from marketplace.supervision.verbs_above import take
from marketplace.supervision.verbs_recusal import recuse
from marketplace.verbs import ByCase, ReasonForm, Verb, Verbs


def is_misuse(concern: Concern) -> bool:
    return concern.kind == ConcernKind.MISUSE


def is_fault(concern: Concern) -> bool:
    return concern.kind == ConcernKind.FAULT


ANSWER, TRIAGE = permissions.check_can_answer_concern, permissions.check_can_triage_concern
ASKED, LIVING = (ConcernState.OPEN,), (ConcernState.OPEN, ConcernState.TAKEN_UP)
ARTICLE_OF_CONCERN = ByCase("Arts 13, 34", lambda concern: "Art. 13" if is_fault(concern) else "Art. 34")

CONCERN = Verbs(
    Concern,
    "concern",
    (
        Verb("take_up", _("Take up as a finding"), ASKED, TRIAGE, operations.take_up_concern, forms.TakeUpForm, "Art. 34", leads_on=True, when=is_misuse),
        Verb("merge", _("Merge into a finding"), ASKED, TRIAGE, operations.merge_concern, forms.MergeConcernForm, "Art. 34", aside=True, when=is_misuse),
        Verb("correct", _("Say what was corrected"), LIVING, ANSWER, operations.correct_fault, ReasonForm, "Art. 13", when=is_fault),
        Verb("accept", _("It is faulty and will be corrected"), ASKED, ANSWER, operations.accept_fault, ReasonForm, "Art. 13", when=is_fault, aside=True),
        Verb("dismiss", _("Do not follow it"), ASKED, ANSWER, operations.dismiss_concern, ReasonForm, ARTICLE_OF_CONCERN, aside=True),
        Verb("write", _("Write a message"), LIVING, permissions.check_can_write_to_concern, operations.write_to_concern, forms.WriteForm, ARTICLE_OF_CONCERN, aside=True),
        recuse(Concern, "concern"),
        take(ASKED, operations.take_concern),
        Verb("add_evidence", _("Add evidence"), LIVING, permissions.check_can_prove_concern, operations.add_concern_evidence, EvidenceForm, ARTICLE_OF_CONCERN, aside=True, apart=True),
        Verb("withdraw_evidence", _("Take evidence back"), ASKED, permissions.check_can_withdraw_concern_evidence, operations.withdraw_concern_evidence, WithdrawEvidenceForm, ARTICLE_OF_CONCERN, aside=True),
    ),
)  # fmt: skip

OVERSIGHT = Verbs(
    Party,
    "party",
    (
        Verb("file_finding", _("File a finding"), (PartyState.VERIFIED,), permissions.check_can_file_finding, operations.file_finding, forms.FileFindingForm, "Arts 16, 33, 34, 46", leads_on=True, aside=True),
    ),
)  # fmt: skip
