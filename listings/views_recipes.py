"""A recipe as a file, to be kept or changed. It holds steps and names of columns, no cell."""

from django.http import Http404, HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from listings.models import Recipe


@require_safe
def download(request: HttpRequest, pk: int) -> JsonResponse:
    recipe = get_object_or_404(Recipe.objects.visible_to(request.user), pk=pk)
    if recipe.document is None:
        raise Http404
    answer = JsonResponse(recipe.document, json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="recipe-{recipe.version_id}-{recipe.number}.json"'
    return answer
