"""Invented rows in bulk: a real trade's rows first, then copies of them with other texts and owners."""

import random
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import models

from accounts.models import Capability, Membership, Party, PartyKind, User
from listings.models import CatalogueEntry, Product, SearchRow, SearchValue, Version
from listings.operations.search import _of_product
from marketplace.applications.models import Application, Grant, Item
from marketplace.applications.operations import accept_grant
from marketplace.desk.cast import Cast, assemble, real_regions
from marketplace.desk.sample_data import VISIT_ROLES, write_visits
from marketplace.desk.story import (
    apply_for,
    consult,
    decide,
    list_version,
    make_entry,
    make_product,
    make_version,
    sign_rules,
)

AT_ONCE = 2000


def words(text: str) -> list[str]:
    return text.split()


PLACES = words("福州 厦门 泉州 漳州 莆田 三明 南平 龙岩 宁德 平潭 鼓楼 台江 仓山 晋安 马尾 长乐 闽侯 连江")
THINGS = words(
    "公共交通 门诊就诊 住院床位 空气质量 水质监测 企业登记 不动产 社会保险 学前教育 气象观测 停车场 路灯 "
    "供水 供电 燃气 渔船 港口吞吐 旅游客流 图书馆借阅 老年人服务 低保救助 就业招聘 食品抽检 药品价格 "
    "林地 茶园 海域 地震 消防 快递 公积金 婚姻登记 "
)
KINDS = words("统计 明细 预测 分析 指数 目录 监测 画像 分布 台账")
HAN = [chr(code) for code in range(0x4E00, 0x4E00 + 3000)]


def a_trade(folder: Path, at: datetime) -> tuple[Cast, Grant]:
    """The cast and one product, applied for, granted and accepted, through the operations."""
    cast = assemble(regions=real_regions(), at=at, domain="bench.example", password=None)
    sign_rules(cast, at)
    product = make_product(cast, make_entry(cast, at), at)
    version = make_version(product, cast, at, write_visits(folder / "visits.csv"), VISIT_ROLES, about="persons")
    at = list_version(version, cast, at)
    fields = list(version.columns.order_by("position").values_list("name", flat=True))
    application = apply_for(product, cast, at, fields)
    consult(application, cast, at)
    grant = decide(application, cast, at)
    accept_grant(grant=grant, actor=cast["buyer"], at=at, terms_accepted=True)
    return cast, grant


def title(chance: random.Random) -> str:
    return f"{chance.choice(PLACES)}{chance.choice(THINGS)}{chance.choice(KINDS)}数据"


def text(chance: random.Random) -> str:
    """Sentences of words, and between them characters thrown together: no dictionary knows those."""
    words = (chance.choice(THINGS) + chance.choice(KINDS) for _ in range(12))
    thrown = ("".join(chance.choices(HAN, k=5)) for _ in range(6))
    return ",".join([*words, *thrown])


def products(seed: Product, count: int) -> None:
    """Products on offer, each with a published version and its row in the search."""
    chance = random.Random(1)
    version = seed.versions.get(number=1)
    entry = CatalogueEntry.objects.select_related("unit__region").get(pk=seed.entry_id)
    for numbers in _batches(range(count)):
        made = [
            copied(seed, entry=entry, title=title(chance), summary=text(chance)[:60], description=text(chance),
                  nature=chance.choice(["government", "public_service", "public_utility"]),
                  frequency=chance.choice(["daily", "monthly", "yearly"]), purposes=chance.choice(THINGS))
            for _number in numbers
        ]  # fmt: skip
        Product.objects.bulk_create(made)
        editions = [
            copied(
                version, product=product, published_at=version.published_at - timedelta(minutes=chance.randrange(10**6))
            )
            for product in made
        ]
        Version.objects.bulk_create(editions)
        for product, edition in zip(made, editions, strict=True):
            product.published = [edition]  # type: ignore[attr-defined]
        rows = [_of_product(product) for product in made]
        SearchRow.objects.bulk_create([row for row, _values in rows])
        SearchValue.objects.bulk_create(
            SearchValue(row=row, facet=facet, value=value) for row, values in rows for facet, value in values
        )


def buyers(seed: Grant, users: int, grants: int) -> list[User]:
    """People, each of a buyer of their own, with grants on products drawn by lot."""
    chance, item, case = random.Random(2), seed.item, seed.item.application
    keys = list(Product.objects.exclude(pk=seed.product_id).values_list("pk", flat=True))
    member = Membership.objects.filter(party=seed.buyer).order_by("pk").first()
    able = Capability.objects.filter(party=seed.buyer).first()
    assert member and able
    made: list[User] = []
    for numbers in _batches(range(users)):
        people = User.objects.bulk_create(
            User(email=f"b{n}@bench.example", name=f"b{n}", password="!") for n in numbers
        )
        parties = Party.objects.bulk_create(
            copied(
                seed.buyer,
                kind=PartyKind.PERSON,
                uscc=None,
                name=f"b{n}",
                id_kind="passport",
                id_encrypted="x",
                id_hmac=f"b{n}",
            )
            for n in numbers
        )
        Membership.objects.bulk_create(
            copied(member, user=user, party=party) for user, party in zip(people, parties, strict=True)
        )
        Capability.objects.bulk_create(copied(able, party=party) for party in parties)
        owners = [party for party in parties for _number in range(grants)]
        cases = Application.objects.bulk_create(copied(case, buyer=party) for party in owners)
        items = Item.objects.bulk_create(copied(item, application=one, product_id=chance.choice(keys)) for one in cases)
        Grant.objects.bulk_create(
            copied(seed, item=one, buyer=party, product_id=one.product_id)
            for one, party in zip(items, owners, strict=True)
        )
        made += people
    return made


def copied(row: Any, **changes: Any) -> Any:
    model: type[models.Model] = type(row)
    values = {
        field.attname: getattr(row, field.attname) for field in model._meta.concrete_fields if not field.primary_key
    }
    for name, value in changes.items():
        field = model._meta.get_field(name)
        values.pop(field.attname, None)  # type: ignore[union-attr]
        values[name] = value
    return model(**values)


def _batches(numbers: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(numbers)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch
