"""What is on offer: catalogue entries, products, their lawful sources, and versions with all that was measured."""

from listings.models.built import ProductStop, Upstream
from listings.models.catalogue import (
    CatalogueEntry,
    CatalogueEntryQuerySet,
    Frequency,
    Opening,
    Sharing,
    is_provincial_officer,
    overseen,
)
from listings.models.description import CHANGEABLE, DescriptionChange, DescriptionChangeQuerySet
from listings.models.expert import (
    VersionGroupObjectPermission,
    VersionOpinion,
    VersionUserObjectPermission,
    assessed_by,
)
from listings.models.in_house import InHouseReport
from listings.models.kinds import GOVERNED, NON_PUBLIC_BASES, Acquisition, Category, Grade, Nature, Visibility
from listings.models.objections import Objection
from listings.models.products import Product, ProductInvitation, ProductQuerySet, reviewed
from listings.models.purposes import Purpose, PurposesField
from listings.models.recipes import AppliedRecipe, Hierarchy, Recipe, RecipeOrigin
from listings.models.release_rules import ReleaseCheck, ReleaseRule, ReleaseRuleQuerySet
from listings.models.search import SearchKind, SearchRow, SearchValue
from listings.models.sources import SourceFile, SourceKind
from listings.models.versions import (
    About,
    Assessment,
    Column,
    ColumnRole,
    FileKind,
    ProcessingStep,
    Version,
    VersionFile,
    VersionQuerySet,
    VersionSource,
)
from listings.models.work import OPEN_JOB, Job, JobKind, JobState, Stage, Upload, UploadChunk, UploadQuerySet

__all__ = [
    "CHANGEABLE",
    "GOVERNED",
    "NON_PUBLIC_BASES",
    "OPEN_JOB",
    "About",
    "Acquisition",
    "AppliedRecipe",
    "Assessment",
    "CatalogueEntry",
    "CatalogueEntryQuerySet",
    "Category",
    "Column",
    "ColumnRole",
    "DescriptionChange",
    "DescriptionChangeQuerySet",
    "FileKind",
    "Frequency",
    "Grade",
    "Hierarchy",
    "InHouseReport",
    "Job",
    "JobKind",
    "JobState",
    "Nature",
    "Objection",
    "Opening",
    "ProcessingStep",
    "Product",
    "ProductInvitation",
    "ProductQuerySet",
    "ProductStop",
    "Purpose",
    "PurposesField",
    "Recipe",
    "RecipeOrigin",
    "ReleaseCheck",
    "ReleaseRule",
    "ReleaseRuleQuerySet",
    "SearchKind",
    "SearchRow",
    "SearchValue",
    "Sharing",
    "SourceFile",
    "SourceKind",
    "Stage",
    "Upload",
    "UploadChunk",
    "UploadQuerySet",
    "Upstream",
    "Version",
    "VersionFile",
    "VersionGroupObjectPermission",
    "VersionOpinion",
    "VersionQuerySet",
    "VersionSource",
    "VersionUserObjectPermission",
    "Visibility",
    "assessed_by",
    "is_provincial_officer",
    "overseen",
    "reviewed",
]
