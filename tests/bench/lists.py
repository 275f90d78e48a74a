"""What a person may see and use, against one row by its key and against django-guardian's rows."""

import random
from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from guardian.models import UserObjectPermission
from guardian.shortcuts import get_objects_for_user

from listings.models import Product
from marketplace import keyset
from marketplace.applications.models import Grant
from tests.bench.measure import Bench

PEOPLE = 20


def run(bench: Bench, world: Any) -> None:
    chance, at = random.Random(4), timezone.now()
    people = chance.sample(world.people, PEOPLE)
    _mirror()
    kept = list(Grant.objects.values_list("pk", flat=True)[:1000])
    shown = list(Product.objects.values_list("pk", flat=True)[:1000])
    may = "applications.view_grant"
    for user in people[:3]:
        ours = set(Grant.objects.visible_to(user).values_list("pk", flat=True))
        assert ours == set(get_objects_for_user(user, may).values_list("pk", flat=True)) and ours

    def grants() -> Any:
        return [keyset.page([Grant.objects.visible_to(user).in_effect(at)], "") for user in people]

    def products() -> Any:
        return [keyset.page([Product.objects.visible_to(user)], "") for user in people]

    def by_guardian() -> Any:
        return [list(get_objects_for_user(user, may).order_by("-pk")[: keyset.SIZE]) for user in people]

    def by_key(model: Any, keys: list[int]) -> Any:
        return lambda: [model.objects.get(pk=chance.choice(keys)) for _user in people]

    bench.compare("lists", "grants that I may use", grants, by_key(Grant, kept), "a row by primary key", 2)
    bench.compare(
        "lists", "grants that I may use", grants, by_guardian, "guardian get_objects_for_user", 10, want="times faster"
    )
    bench.compare("lists", "products that I may see", products, by_key(Product, shown), "a row by primary key", 2)


def _mirror() -> None:
    """The same rights as guardian's rows."""
    kind = ContentType.objects.get_for_model(Grant)
    permission = Permission.objects.get(content_type=kind, codename="view_grant")
    pairs = Grant.objects.values_list("buyer__memberships__user", "pk").exclude(buyer__memberships__user=None)
    UserObjectPermission.objects.bulk_create(
        (
            UserObjectPermission(user_id=user, object_pk=str(grant), content_type=kind, permission=permission)
            for user, grant in pairs
        ),
        batch_size=2000,
    )
