"""What can be done against a decision, by who takes it: only an authority's is an administrative act (Arts 45, 47)."""

from enum import Enum
from typing import Any

from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _


class Decider(Enum):
    """In whose name something is refused, ordered or ended."""

    AUTHORITY = "authority"
    PLATFORM = "platform"  # its operator, or its compliance review
    SELLER = "seller"  # of non-public data, with whom there is no contract yet
    CONTRACT = "contract"  # the same, with whom there is one


REMEDIES: dict[Decider, Any] = {
    Decider.AUTHORITY: _(
        "You may ask for a review by another officer or the level above, apply for administrative "
        "reconsideration within 60 days, or bring an action before the people's court within 6 months."
    ),
    Decider.PLATFORM: _(
        "You may ask for a review by another person of the platform or by the big-data authority, complain to the "
        "big-data authority, or bring a civil action before the people's court."
    ),
    Decider.SELLER: _(
        "You may negotiate with the seller, complain to the big-data authority, or bring a civil action before the "
        "people's court."
    ),
    Decider.CONTRACT: _(
        "You may negotiate with the seller, apply for arbitration or bring an action before the people's court "
        "as the contract provides, and complain to the big-data authority."
    ),
}


def remedy_against(decider: Decider) -> str:
    """Part of a decision: Chinese, whatever language reads who signs it."""
    with override("zh-hans"):
        return gettext(REMEDIES[decider])
