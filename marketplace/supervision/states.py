from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from marketplace.workflow import Machine, table


class ReportState(models.TextChoices):
    OPEN = "open", pgettext_lazy("report", "open")
    FILED = "filed", _("filed")
    RETURNED = "returned", _("returned")
    ACCEPTED = "accepted", _("accepted")
    CEASED = "ceased", _("no longer owed: nobody is left to report")


REPORT = Machine(
    name="usage report",
    states=ReportState,
    initial=ReportState.OPEN,
    transitions=table(open="filed ceased", filed="accepted returned", returned="filed ceased", accepted="", ceased=""),
    owners={
        ReportState.OPEN: _("buyer"),
        ReportState.FILED: _("big-data authority"),
        ReportState.RETURNED: _("buyer"),
    },
)


class DerivedState(models.TextChoices):
    REGISTERED = "registered", _("registered")
    PUBLISHED = "published", _("published")
    FLAGGED = "flagged", _("flagged")
    WITHDRAWN = "withdrawn", _("withdrawn")


DERIVED_PRODUCT = Machine(
    name="derived product",
    states=DerivedState,
    initial=DerivedState.REGISTERED,
    transitions=table(
        registered="published flagged withdrawn",
        published="flagged withdrawn",
        flagged="registered published withdrawn",
        withdrawn="",
    ),
    owners={
        DerivedState.REGISTERED: _("buyer"),
        DerivedState.PUBLISHED: _("buyer"),
        DerivedState.FLAGGED: _("big-data authority; the buyer may withdraw"),
    },
    reopened=table(withdrawn="published registered"),
)


class FindingState(models.TextChoices):
    OPEN = "open", pgettext_lazy("finding", "open")
    DISMISSED = "dismissed", _("dismissed")
    MEASURE = "measure", _("led to a measure")
    REMEDIED = "remedied", _("remedied")
    MERGED = "merged", pgettext_lazy("finding", "merged into another")


FINDING = Machine(
    name="finding",
    states=FindingState,
    initial=FindingState.OPEN,
    transitions=table(open="dismissed measure remedied merged", dismissed="", measure="", remedied="", merged=""),
    owners={FindingState.OPEN: _("big-data authority")},
)


class ConcernState(models.TextChoices):
    OPEN = "open", pgettext_lazy("concern", "open")
    TAKEN_UP = "taken_up", _("taken up")
    DISMISSED = "dismissed", pgettext_lazy("concern", "not followed")
    CORRECTED = "corrected", _("corrected")
    SETTLED = "settled", _("settled with its finding")


RESPONDER = _("big-data authority; of faulty data unit or seller")
CONCERN = Machine(
    name="report of misuse or faulty data",
    states=ConcernState,
    initial=ConcernState.OPEN,
    transitions=table(
        open="taken_up dismissed corrected", taken_up="corrected settled", dismissed="", corrected="", settled=""
    ),
    owners={ConcernState.OPEN: RESPONDER, ConcernState.TAKEN_UP: RESPONDER},
)
LIVING_CONCERN = (ConcernState.OPEN, ConcernState.TAKEN_UP)


class MeasureState(models.TextChoices):
    PROPOSED = "proposed", _("proposed")
    DROPPED = "dropped", _("dropped")
    ISSUED = "issued", _("issued")
    EVIDENCE_FILED = "evidence_filed", _("evidence filed")
    REFUSED_TO_CORRECT = "refused_to_correct", _("refusal to correct found")
    LIFTED = "lifted", _("lifted")
    TERMINATED = "terminated", _("service terminated")
    REFERRED = "referred", _("referred for discipline")
    FINAL = "final", _("take-down made final")
    ANNULLED = "annulled", _("annulled")


SIGNATORY = _("big-data authority; of a contract notice seller; of a take-down reviewer")
MEASURE = Machine(
    name="measure",
    states=MeasureState,
    initial=MeasureState.PROPOSED,
    transitions=table(
        proposed="issued dropped",
        issued="evidence_filed lifted refused_to_correct annulled",
        evidence_filed="issued lifted refused_to_correct annulled",
        refused_to_correct="lifted terminated referred final annulled",
        dropped="",
        lifted="",
        terminated="",
        referred="",
        final="",
        annulled="",
    ),
    owners={
        MeasureState.PROPOSED: SIGNATORY,
        MeasureState.ISSUED: _("the party that it is against"),
        MeasureState.EVIDENCE_FILED: SIGNATORY,
        MeasureState.REFUSED_TO_CORRECT: SIGNATORY,
    },
    reopened=table(lifted="annulled", terminated="annulled", referred="annulled", final="annulled"),
)
STANDING_MEASURE = (MeasureState.ISSUED, MeasureState.EVIDENCE_FILED, MeasureState.REFUSED_TO_CORRECT)


class ReviewState(models.TextChoices):
    LODGED = "lodged", _("lodged")
    UPHELD = "upheld", pgettext_lazy("review", "decision upheld")
    VARIED = "varied", pgettext_lazy("review", "decision varied")
    ANNULLED = "annulled", pgettext_lazy("review", "decision annulled")
    WITHDRAWN = "withdrawn", _("withdrawn")


REVIEW = Machine(
    name="review",
    states=ReviewState,
    initial=ReviewState.LODGED,
    transitions=table(lodged="upheld varied annulled withdrawn", upheld="", varied="", annulled="", withdrawn=""),
    owners={ReviewState.LODGED: _("another officer, or the level above; for non-public data compliance review")},
)
