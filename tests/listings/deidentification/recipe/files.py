"""Generated files as sellers have them: hospital visits, bus cards, social insurance. Ground truth: nobody's data."""

import random
from pathlib import Path

from ..samples import canonical, resident_id

DEGREES = ("小学", "初中", "高中", "大专", "本科", "硕士")
JOBS = ("医生", "教师", "工人", "农民", "会计", "司机", "厨师", "程序员")
COUNTIES = ("350102", "350103", "350203", "350206", "350502", "350602", "350702")
ILLNESSES = ("流感", "痛风", "骨折", "肺炎", "高血压")


def hospital_visits(folder: Path, rows: int = 600, seed: int = 1) -> tuple[Path, dict]:
    """Several visits of a patient; the resident ID is still in it."""
    dice = random.Random(seed)
    people = [
        (f"P{n}", resident_id(n), f"19{dice.randrange(40, 99)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}",
         dice.choice("男女"), dice.choice(COUNTIES))
        for n in range(rows // 2)
    ]  # fmt: skip
    visits = [(*dice.choice(people), dice.choice(ILLNESSES)) for _ in range(rows)]
    header = ["patient", "身份证号", "出生日期", "性别", "区县", "诊断"]
    roles = {"quasi_identifiers": ["出生日期", "性别", "区县"], "sensitive": ["诊断"], "subject": "patient"}
    return canonical(folder, header, visits), roles


def bus_cards(folder: Path, rows: int = 800, seed: int = 2) -> tuple[Path, dict]:
    """Rides by card, no sensitive column."""
    dice = random.Random(seed)
    rides = [
        (f"C{dice.randrange(rows // 3)}", f"2026-0{dice.randrange(1, 10)}-{dice.randrange(1, 29):02}",
         f"L{dice.randrange(1, 12)}", dice.randrange(5, 24), dice.choice(("普通卡", "老年卡", "学生卡")))
        for _ in range(rows)
    ]  # fmt: skip
    header = ["card", "date", "line", "hour", "type"]
    return canonical(folder, header, rides), {"quasi_identifiers": header[1:], "subject": "card"}


def social_insurance(folder: Path, rows: int = 900, seed: int = 3) -> tuple[Path, dict]:
    """One row a person, nothing marked but what is sensitive; phone numbers in some cells of a note."""
    dice = random.Random(seed)
    people = [
        (dice.randrange(18, 70), dice.choice(DEGREES), dice.choice(JOBS), f"36{dice.randrange(1000, 1100)}",
         round(dice.lognormvariate(8, 0.8), 2), "电话 13800138000" if n % 50 == 0 else None,
         dice.choice(("养老", "医疗", "失业")))
        for n in range(rows)
    ]  # fmt: skip
    header = ["年龄", "文化程度", "职业", "邮编", "缴费基数", "备注", "险种"]
    return canonical(folder, header, people), {"quasi_identifiers": header[:5], "sensitive": ["险种"]}


FILES = (hospital_visits, bus_cards, social_insurance)
