"""What a product is said to be: nature, basis, class, grade, and who sees it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Nature(models.TextChoices):
    GOVERNMENT = "government", _("government data")
    PUBLIC_SERVICE = "public_service", _("public-service data")
    PUBLIC_UTILITY = "public_utility", _("public-utility data")
    NON_PUBLIC = "non_public", _("non-public data")
    BUILT = "built", _("built on public data")


class Acquisition(models.TextChoices):
    OWN_DUTY = "own_duty", _("own collection in duty")
    PRIMARY_DEVELOPER = "primary_developer", _("gathered and governed by a primary developer")
    AUTHORISED = "authorised", _("authorised operation")
    OWN_BUSINESS = "own_business", _("collected in own business")
    BOUGHT = "bought", _("bought with the right to resell")
    SHARING = "sharing", _("received by inter-agency sharing")
    GRANT = "grant", _("built under a grant")


class Category(models.TextChoices):
    """The field the data comes from, in the order of GB/T 43697—2024."""

    INDUSTRY = "industry", _("industry")
    TELECOM = "telecom", _("telecommunications")
    FINANCE = "finance", _("finance")
    ENERGY = "energy", _("energy")
    TRANSPORT = "transport", _("transport")
    RESOURCES = "resources", _("natural resources")
    HEALTH = "health", _("health")
    EDUCATION = "education", _("education")
    SCIENCE = "science", _("science and technology")
    AGRICULTURE = "agriculture", _("agriculture")
    CULTURE = "culture", _("culture and tourism")
    ENVIRONMENT = "environment", _("environment and weather")
    TRADE = "trade", _("trade and consumption")
    PUBLIC = "public", _("public administration")
    OTHER = "other", _("another field")


GOVERNED = (Acquisition.PRIMARY_DEVELOPER, Acquisition.AUTHORISED)  # listed by a primary developer (Art. 16)
NON_PUBLIC_BASES = (Acquisition.OWN_BUSINESS, Acquisition.BOUGHT)


class Visibility(models.TextChoices):
    ALL = "all", _("everybody")
    INVITED = "invited", _("invited parties only")


class Grade(models.TextChoices):
    GENERAL = "general", _("general data")
    IMPORTANT = "important", _("important data")
    CORE = "core", _("core data")
