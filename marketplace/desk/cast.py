"""The people and parties of the demo, the walkthrough and the tests, made through the operations.

All names, codes and addresses are invented.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from stdnum.cn import uscc

from accounts import operations
from accounts.models import CapabilityKind, Party, Region, RegionLevel, Role, User
from marketplace.clock.working_days import local_date

K = CapabilityKind

# key -> (name, place, capabilities, level of the authority)
PARTIES: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    "province": ("福建省数据管理局", "province", (K.AUTHORITY,), RegionLevel.PROVINCE),
    "city": ("福州市大数据发展管理委员会", "city", (K.AUTHORITY,), RegionLevel.CITY),
    "other_city": ("厦门市数据管理局", "other_city", (K.AUTHORITY,), RegionLevel.CITY),
    "county": ("闽侯县大数据服务中心", "county", (K.AUTHORITY,), RegionLevel.COUNTY),
    "unit": ("福州市卫生健康委员会", "city", (K.UNIT,), ""),
    "other_unit": ("福州市生态环境局", "city", (K.UNIT,), ""),
    "developer": ("福州市公共数据运营有限公司", "city", (K.PRIMARY_DEVELOPER,), ""),
    "buyer": ("福建闽江健康科技有限公司", "city", (K.BUYER,), ""),
    "experts": ("福州市公共数据专家委员会", "city", (K.EXPERT,), ""),
    "compliance": ("闽数平台合规审核中心", "province", (K.REVIEWER,), ""),
    "vendor": ("福建海丝商贸数据有限公司", "city", (K.SELLER,), ""),
    "other_vendor": ("厦门湾物流信息有限公司", "other_city", (K.SELLER,), ""),
    "oversight": ("中共福州市委网络安全和信息化委员会办公室", "city", (K.OVERSIGHT,), ""),
    "other_buyer": ("厦门鹭岛数据服务有限公司", "other_city", (K.BUYER,), ""),
}
# key -> (name, party, role as shown with the demo logins)
PEOPLE: dict[str, tuple[str, str, str]] = {
    "province_officer": ("林远", "province", "officer (province)"),
    "officer": ("陈文", "city", "officer (city)"),
    "second_officer": ("黄琳", "city", "second officer (city)"),
    "conflicted_officer": ("吴双", "city", "officer (city) who is also a member of the buyer"),
    "other_officer": ("许鹭", "other_city", "officer (another city)"),
    "county_officer": ("郑侯", "county", "officer (county)"),
    "provider": ("刘敏", "unit", "providing unit (health)"),
    "other_provider": ("何清", "other_unit", "providing unit (environment)"),
    "seller": ("王建", "developer", "seller (primary developer)"),
    "buyer": ("张悦", "buyer", "buyer"),
    "other_buyer": ("李航", "other_buyer", "another buyer"),
    "reviewer": ("沈衡", "compliance", "compliance reviewer (non-public data)"),
    "vendor": ("方舟", "vendor", "seller of non-public data"),
    "vendor_member": ("林小帆", "vendor", "member of that seller, who decides nothing"),
    "other_vendor": ("苏杭", "other_vendor", "another seller of non-public data"),
    "expert": ("赵岚", "experts", "expert committee member"),
    "overseer": ("宋察", "oversight", "overseer (cyberspace office)"),
}
YEARS = 3


@dataclass(frozen=True)
class Cast:
    """Parties and people by key."""

    parties: Mapping[str, Party]
    people: Mapping[str, User]

    def __getitem__(self, key: str) -> User:
        return self.people[key]


def assemble(*, regions: Mapping[str, Region], at: datetime, domain: str, password: str | None, tag: str = "") -> Cast:
    """Found an operator in the province and register, verify and staff every party at `at`.

    `regions` maps province, city, other_city and county; `domain` is that of the e-mail addresses; without a password
    nobody can log in.
    """
    until = _until(at)
    operator = _person("operator", "周运", domain, password, at)
    parties = {
        "operator": operations.found_operator(
            founder=operator,
            at=at,
            name=f"闽数平台运营有限公司{tag}",
            region=regions["province"],
            uscc=_code(),
            valid_until=until,
        )
    }
    people = {"operator": operator}
    for key, (name, party_key, _shown) in PEOPLE.items():
        people[key] = person = _person(key, name, domain, password, at)
        if party_key in parties:
            owner = next(p for k, p in people.items() if PEOPLE.get(k, ("", "", ""))[1] == party_key)
            operations.add_member(party=parties[party_key], user=person, role=Role.MEMBER, actor=owner, at=at)
        else:
            parties[party_key] = _party(party_key, person, operator, regions, at, until, tag)
    operations.add_member(
        party=parties["buyer"], user=people["conflicted_officer"], role=Role.MEMBER, actor=people["buyer"], at=at
    )
    return Cast(parties, people)


def real_regions() -> dict[str, Region]:
    """Fujian, Fuzhou, Xiamen, Minhou."""
    codes = {"province": "350000", "city": "350100", "other_city": "350200", "county": "350121"}
    return {place: Region.objects.get(code=code) for place, code in codes.items()}


def invented_regions() -> dict[str, Region]:
    """A province of its own, so that a walkthrough meets no authority but its own."""
    tag = secrets.token_hex(2)
    province = Region.objects.create(
        code=f"{tag}00", name="走查省", name_en="Walkthrough", parent=None, level="province"
    )
    city = Region.objects.create(
        code=f"{tag}10", name="走查市", name_en="Walkthrough City", parent=province, level="city"
    )
    other = Region.objects.create(code=f"{tag}20", name="邻市", name_en="Other City", parent=province, level="city")
    county = Region.objects.create(
        code=f"{tag}11", name="走查县", name_en="Walkthrough County", parent=city, level="county"
    )
    return {"province": province, "city": city, "other_city": other, "county": county}


def _party(
    key: str, owner: User, operator: User, regions: Mapping[str, Region], at: datetime, until: date, tag: str
) -> Party:
    name, place, capabilities, level = PARTIES[key]
    party = operations.register_party(actor=owner, at=at, name=name + tag, region=regions[place], uscc=_code())
    return operations.verify_party(
        party=party, actor=operator, at=at, evidence="演示用登记证明", valid_until=until,
        capabilities=dict.fromkeys(capabilities, until), level=level,
    )  # fmt: skip


def _person(key: str, name: str, domain: str, password: str | None, at: datetime) -> User:
    return operations.set_up_account(at=at, email=f"{key.replace('_', '-')}@{domain}", name=name, password=password)


def _code() -> str:
    """An invented unified social credit code with a right check digit."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = "91350100" + "".join(secrets.choice(alphabet) for _ in range(9))
    return body + uscc.calc_check_digit(body)


def _until(at: datetime) -> date:
    return local_date(at + timedelta(days=365 * YEARS))
