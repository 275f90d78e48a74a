"""The documents of a case, for a page whose reader sees the case."""

from typing import Any

from django import template

from marketplace.documents.models import Document

register = template.Library()


@register.inclusion_tag("documents/documents.html")
def documents(case: Any) -> dict[str, Any]:
    return {"documents": Document.objects.of(case).defer("pdf", "content")}
