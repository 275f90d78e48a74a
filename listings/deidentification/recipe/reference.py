"""The seller's table of steps and hierarchies, written from the code."""

from collections.abc import Iterator

from .hierarchies import BUILT_IN
from .steps import KINDS, Field


def tables() -> str:
    """Markdown: the steps with their parameters, and the built-in hierarchies with their levels."""
    return "\n".join(["## Steps", "", *_steps(), "", "## Built-in hierarchies", "", *_hierarchies(), ""])


def _steps() -> Iterator[str]:
    yield "| Step | What it does | Parameters |"
    yield "|---|---|---|"
    for kind in KINDS.values():
        fields = "<br>".join(_field(name, field) for name, field in kind.fields.items())
        yield f"| `{kind.name}` | {_cell(kind.meaning)} | {fields} |"


def _field(name: str, field: Field) -> str:
    return f"`{name}`{'' if field.required else ' (optional)'}: {_cell(field.meaning)}"


def _hierarchies() -> Iterator[str]:
    yield "| Hierarchy | What it does | Levels |"
    yield "|---|---|---|"
    for each in BUILT_IN.values():
        levels = ", ".join(f"{number} {level}" for number, level in enumerate(each.levels, start=1))
        yield f"| `{each.name}` | {_cell(each.meaning)} | {levels} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
