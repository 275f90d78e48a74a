"""What is under way with a version: an upload that arrives in chunks, and a job that reads or measures its file."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.reach import reach_of
from listings import reasons
from listings.models.versions import Version
from listings.states import UNDER_WAY, UPLOAD, UploadState


class UploadQuerySet(models.QuerySet["Upload"]):
    def under_way(self) -> "UploadQuerySet":
        return self.filter(state__in=UNDER_WAY)

    def expired(self, at: datetime) -> "UploadQuerySet":
        return self.filter(state=UploadState.OPEN, expires_at__lte=at)

    def visible_to(self, user: Any) -> "UploadQuerySet":
        """The seller's people: nobody else has to do with a file that has not arrived."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(version__product__seller__in=reach_of(user, timezone.now()).parties)


class Upload(models.Model):
    """A file on its way in, chunk by chunk, in quarantine. `received` is the offset at which the next chunk begins."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="uploads")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("file name"), max_length=200)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    modified = models.BigIntegerField(_("last changed, in milliseconds since 1970"), null=True, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    received = models.PositiveBigIntegerField(default=0)
    state = models.CharField(_("state"), max_length=10, choices=UploadState.choices, default=UploadState.OPEN)
    problem = models.JSONField(default=dict, blank=True)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()

    objects = UploadQuerySet.as_manager()
    machine = UPLOAD

    class Meta:
        verbose_name = _("upload")
        constraints = (
            models.UniqueConstraint(
                fields=["version"], condition=Q(state__in=["open", "received"]), name="upload_one_under_way"
            ),
            models.CheckConstraint(condition=Q(received__lte=models.F("size")), name="upload_within_size"),
        )
        indexes = (models.Index(fields=["expires_at"], condition=Q(state="open"), name="upload_expiring"),)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return self.version.get_absolute_url()

    @property
    def percent(self) -> int:
        return int(100 * self.received / self.size)

    @property
    def refusal(self) -> str:
        return reasons.sentence_of(self.problem)


class UploadChunk(models.Model):
    """A stored piece of an upload; gone with its file as soon as the upload is over."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="chunks")
    offset = models.PositiveBigIntegerField()
    key = models.CharField(max_length=200)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["upload", "offset"], name="upload_chunk_once"),)

    def __str__(self) -> str:
        return f"{self.upload} @{self.offset}"


class JobKind(models.TextChoices):
    READ = "read", _("reading")
    ASSESS = "assess", _("assessment")
    REASSESS = "reassess", _("re-assessment")
    SUGGEST = "suggest", _("search for a recipe")
    APPLY = "apply", _("application of a recipe")


class JobState(models.TextChoices):
    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class Stage(models.TextChoices):
    """What the engine reports (`deidentification/progress.py`)."""

    READING = "reading", _("reading the file")
    CHECKING = "checking", _("checking its form")
    TYPING = "typing", _("finding the types of the columns")
    IDENTIFIERS = "identifiers", _("searching every cell for identifiers")
    CLASSES = "classes", _("counting who looks alike")
    PROFILE = "profile", _("describing the columns")
    SEARCHING = "searching", _("looking for what loses least")
    APPLYING = "applying", _("changing the file step by step")
    COMPARING = "comparing", _("comparing before and after")


OPEN_JOB = (JobState.QUEUED, JobState.RUNNING)


class Job(models.Model):
    """A file to be read or measured. Celery only wakes; what is due is this row, so a lost task only delays.

    Whoever works on it holds the lease and renews it; `attempts` is the claim: with a later one the work is another's.
    """

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="jobs")
    kind = models.CharField(max_length=8, choices=JobKind.choices, default=JobKind.ASSESS)
    upload = models.ForeignKey(Upload, null=True, blank=True, on_delete=models.PROTECT, related_name="jobs")
    requested_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    stage = models.CharField(max_length=12, choices=Stage.choices, blank=True)
    percent = models.PositiveSmallIntegerField(default=0)
    wish = models.JSONField(default=dict, blank=True)  # of a recipe's job: its bounds, the recipe to try or to apply
    problem = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["version"], condition=Q(state__in=["queued", "running"]), name="job_one_open"
            ),
            models.CheckConstraint(
                condition=Q(kind="read", upload__isnull=False) | ~Q(kind="read") & Q(upload=None),
                name="job_upload_iff_read",
            ),
            models.CheckConstraint(
                condition=Q(kind="reassess") | Q(requested_by__isnull=False), name="job_requested_but_by_beat"
            ),
        )

    def __str__(self) -> str:
        return f"{self.state} {self.version}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_JOB

    @property
    def failure(self) -> str:
        return reasons.sentence_of(self.problem)
