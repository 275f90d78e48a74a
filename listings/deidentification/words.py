"""A report for people who read it in a terminal, in English or Chinese."""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .reasons import REASONS
from .reasons_zh import REASONS_ZH
from .report import Figures, Report

if TYPE_CHECKING:  # whoever only reads a report needs no DuckDB
    from .sample import Sample

LANGUAGES = ("en", "zh", "zh-hans")  # the last two are one
_ZH = {
    "passes": "通过",
    "does not pass": "未通过",
    "Result": "结果",
    "grade {0}": "{0} 级",
    "Grades": "级别含义",
    "1 names persons · 2 over a threshold · 3 under the thresholds · 4 about nobody": (
        "1 直接标识个人 · 2 风险达到或超过阈值 · 3 风险低于阈值 · 4 不涉及个人"
    ),
    "Rows": "行数",
    "Subjects": "主体数",
    "Allowed delivery": "可用的交付方式",
    "platform": "平台内使用",
    "download": "下载",
    "none": "无",
    "Rule set": "规则集",
    "Columns marked": "已标记的列",
    "with those suggested": "加上建议的列",
    "Quasi-identifiers": "准标识符",
    "Subject": "主体列",
    "Smallest group (k)": "最小等价类（k）",
    "Groups": "等价类数",
    "Alone in their group": "独处一类的比例",
    "Prosecutor: average, highest, at risk": "检察官风险：平均、最高、超阈值比例",
    "Journalist: average, highest, at risk": "记者风险：平均、最高、超阈值比例",
    "Marketer": "营销者风险",
    "Presence (δ)": "存在性（δ）",
    "l of {0}: distinct, entropy": "{0} 的 l：不同取值、熵",
    "t of {0}: by type, all equally far": "{0} 的 t：按类型、等距",
    "Identifiers found": "发现的标识符",
    "Why a column counts as a quasi-identifier": "为何算作准标识符",
    "{0} ({1}), k = {2}, rule set {3}": "{0}（{1}），k = {2}，规则集 {3}",
    "{0}, {1} bytes, SHA-256 {2}": "{0}，{1} 字节，SHA-256 {2}",
    "assessed {0} by engine {1}": "评估时间 {0}，引擎版本 {1}",
    "signed by the key {0}": "签名密钥 {0}",
    "{0} is another file: its SHA-256 is {1}": "{0} 是另一个文件：其 SHA-256 为 {1}",
    "Why it does not pass": "未通过的原因",
    "Does not fail, but look at it": "不影响通过，但请核对",
    "Sample that could be shown to everybody": "可向公众展示的样例",
    "No row can be shown.": "没有可以展示的行。",
    "(not shown)": "（不展示）",
}


def is_chinese(language: str) -> bool:
    return language.startswith("zh")


def word_in(language: str, text: str, *values: Any) -> str:
    """A word of the reports in `language`, with `values` in its places."""
    return (_ZH.get(text, text) if is_chinese(language) else text).format(*values)


def sentence_in(language: str, code: str, params: Mapping[str, Any]) -> str:
    """The sentence of a reason in `language` (en, zh)."""
    template = REASONS_ZH.get(code, REASONS[code]) if is_chinese(language) else REASONS[code]
    return template % dict(params)


def table(report: Report, language: str) -> str:
    """Result, figures side by side, and the reasons as sentences."""

    def word(text: str, *values: Any) -> str:
        return word_in(language, text, *values)

    result = f"{word('passes' if report.passes else 'does not pass')}, {word('grade {0}', report.grade)}"
    modes = ", ".join(map(word, report.allowed_modes)) or word("none")
    lines: list[tuple[str, ...]] = [
        (word("Result"), result), (word("Grades"), word(_GRADES)), (word("Rows"), str(report.rows)),
        (word("Allowed delivery"), modes), (word("Rule set"), report.rule_set),
    ]  # fmt: skip
    out = list(_aligned(lines))
    if report.with_suggested:
        out += ["", *_aligned([("", word("Columns marked"), word("with those suggested")), *_figures(report, word)])]
    found = [f"{hit.column}: {hit.kind}, {hit.cells} ({100 * hit.share:.2f} %)" for hit in report.identifiers]
    why = [sentence_in(language, each.code, each.params) for each in report.suggestions]
    reasons = [sentence_in(language, each.code, each.params) for each in report.reasons]
    warnings = [sentence_in(language, each.code, each.params) for each in report.warnings]
    for title, items in (
        ("Identifiers found", found), ("Why a column counts as a quasi-identifier", why),
        ("Why it does not pass", reasons), ("Does not fail, but look at it", warnings),
    ):  # fmt: skip
        if items:
            out += ["", word(title), *(f"  · {item}" for item in items)]
    return "\n".join(out)


def rows_in(language: str, sample: "Sample") -> str:
    """The sample's rows under the names of their columns."""
    title = word_in(language, "Sample that could be shown to everybody")
    if not sample.rows:
        return f"{title}\n  · {word_in(language, 'No row can be shown.')}"
    hidden = word_in(language, "(not shown)")
    cells = [tuple(hidden if cell is None else cell for cell in row) for row in sample.rows]
    return "\n".join([title, *_aligned([tuple(sample.columns), *cells])])


_GRADES = "1 names persons · 2 over a threshold · 3 under the thresholds · 4 about nobody"


def _figures(report: Report, word: Any) -> Iterator[tuple[str, ...]]:
    pair = (report, report.with_suggested)

    def row(label: str, show: Any) -> tuple[str, ...]:
        return label, *(str(show(figures)) for figures in pair)

    yield row(word("Quasi-identifiers"), lambda f: ", ".join(f.quasi_identifiers) or "–")
    yield row(word("Subject"), lambda f: f.subject or "–")
    yield row(word("Subjects"), lambda f: f.subjects)
    yield row(word("Smallest group (k)"), lambda f: f.k)
    yield row(word("Groups"), lambda f: f.classes)
    yield row(word("Alone in their group"), lambda f: f"{100 * f.unique_share:.2f} %")
    yield row(word("Prosecutor: average, highest, at risk"), lambda f: _attacker(f.risk.prosecutor))
    yield row(word("Journalist: average, highest, at risk"), lambda f: _attacker(f.risk.journalist))
    yield row(word("Marketer"), lambda f: f"{f.risk.marketer:.4f}")
    if report.risk and report.risk.delta:
        yield row(word("Presence (δ)"), lambda f: _delta(f))
    for column in report.sensitive:
        yield row(word("l of {0}: distinct, entropy", column), lambda f, c=column: _two(f.l_distinct, f.l_entropy, c))
        yield row(word("t of {0}: by type, all equally far", column), lambda f, c=column: _two(f.t, f.t_equal, c))


def _two(first: dict[str, Any], second: dict[str, Any], column: str) -> str:
    return f"{first[column]:.4g}, {second[column]:.4g}" if column in first else "–"


def _attacker(attacker: Any) -> str:
    return f"{attacker.average:.4f}, {attacker.max:.4f}, {attacker.at_risk:.4f}"


def _delta(figures: Figures) -> str:
    delta = figures.risk and figures.risk.delta
    return f"{delta['min']:.4f} – {delta['max']:.4f}" if delta else "–"


def _aligned(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Columns under one another; a Chinese character is two wide."""
    widths = [max(map(_width, cells)) for cells in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
