"""Invented data files for demo, walkthrough and tests: the same on every run."""

import csv
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Paragraph, SimpleDocTemplate

from marketplace.documents.pdf import FONT, known_characters

DISTRICTS = ("鼓楼区", "台江区", "仓山区", "晋安区", "马尾区")
AGES = ("0-17", "18-44", "45-59", "60+")
SEXES = ("男", "女")
DIAGNOSES = ("呼吸系统", "循环系统", "消化系统", "骨骼肌肉", "其他")
PER_CLASS = 25  # people in each class: k = 25

VISIT_ROLES = {
    "区县": "quasi_identifier",
    "年龄段": "quasi_identifier",
    "性别": "quasi_identifier",
    "就诊科类": "sensitive",
}


def write_visits(path: Path) -> Path:
    """Outpatient visits by district, age band and sex: 40 classes of 25 people, k = 25, l = 5."""
    rows = []
    for district, age, sex in product(DISTRICTS, AGES, SEXES):
        for n in range(PER_CLASS):
            rows.append((district, age, sex, DIAGNOSES[n % len(DIAGNOSES)], f"2025-{n % 6 + 7:02d}", 40 + 10 * (n % 7)))
    return _write(path, ("区县", "年龄段", "性别", "就诊科类", "月份", "费用档"), rows)


def write_air_quality(path: Path) -> Path:
    """Hourly air quality of monitoring stations: every row is unique and about nobody."""
    rows = [
        (
            f"S{station:02d}",
            f"2025-12-{day:02d} {hour:02d}:00",
            10 + (station * 7 + day * 3 + hour) % 60,
            (day * hour + station) % 90,
        )
        for station in range(1, 9)
        for day in range(1, 15)
        for hour in range(0, 24, 3)
    ]
    return _write(path, ("站点", "时间", "PM2.5", "臭氧"), rows)


def write_bed_use(path: Path) -> Path:
    """Hospital bed use by month: about nobody."""
    rows = [
        (district, f"2025-{month + 2:02d}", 60 + (len(district) * month * 7) % 35)
        for district in DISTRICTS
        for month in range(1, 11)
    ]
    return _write(path, ("区县", "月份", "床位使用率"), rows)


def write_paper(path: Path, title: str, lines: Sequence[str]) -> Path:
    """A page of somebody's own, as a PDF: what is put behind a plan, an answer, a certificate."""
    known_characters()  # registers the font
    looks = [ParagraphStyle("title", fontName=FONT, fontSize=18, leading=30)]
    looks += [ParagraphStyle("body", fontName=FONT, fontSize=11, leading=19, wordWrap="CJK")] * len(lines)
    page = SimpleDocTemplate(str(path), invariant=1, title=title)
    page.build([Paragraph(text, look) for text, look in zip([title, *lines], looks, strict=True)])
    return path


def _write(path: Path, header: tuple[str, ...], rows: list[tuple]) -> Path:  # type: ignore[type-arg]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path
