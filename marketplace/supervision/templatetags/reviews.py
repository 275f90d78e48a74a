"""Beside a decision: its reviews, and the button by which who was refused or ordered asks for one."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone

from marketplace.errors import InvalidState, is_allowed
from marketplace.supervision.operations import reviewed
from marketplace.supervision.permissions import check_can_ask_for_review
from marketplace.supervision.review import Review

register = template.Library()


@register.inclusion_tag("supervision/reviews.html", takes_context=True)
def reviews(context: Any, subject: Any) -> dict[str, Any]:
    """`subject` is one of what can be reviewed; `url` is empty where nobody may ask any more, or not yet."""
    name, user, at = reviewed.NAME_OF[type(subject)], context["request"].user, timezone.now()
    rows = list(Review.objects.visible_to(user).filter(**{name: subject}).order_by("pk"))
    url, until = "", None
    if _may_ask(user, subject, at):
        url = reverse("supervision:review-new", args=[reviewed.word_of(name), subject.pk])
        until = reviewed.term_of(subject)
    return {"reviews": rows, "url": url, "until": until}


def _may_ask(user: Any, subject: Any, at: Any) -> bool:
    if not user.is_authenticated or not is_allowed(check_can_ask_for_review, user, reviewed.asker_of(subject), at):
        return False
    try:
        reviewed.check_reviewable(subject, at)
    except InvalidState:
        return False
    return True
