"""Every sentence the engine can say, by code, and the exceptions that carry one.

The sentences are English templates with named parameters: the site passes the template through gettext and
fills in the parameters itself. No sentence ever holds the content of a cell.
"""

import re
from typing import Any

REASONS: dict[str, str] = {
    # The file cannot be read.
    "empty_file": "The file is empty.",
    "no_rows": "The file has column names but no data row.",
    "no_columns": "The file has no columns.",
    "too_large": "The file has %(found)s bytes; at most %(limit)s are accepted.",
    "inflates_too_large": "The file unpacks to more than %(limit)s bytes.",
    "too_many_rows": "The file has %(found)s rows; at most %(limit)s are accepted.",
    "too_many_columns": "The file has %(found)s columns; at most %(limit)s are accepted.",
    "unnamed_column": "Column %(position)s has no name: the first line must name every column.",
    "duplicate_column": (
        "The name “%(name)s” is used for columns %(first)s and %(position)s (capital and small "
        "letters count as the same)."
    ),
    "long_column_name": "The name of column %(position)s is longer than %(limit)s characters.",
    "control_in_column_name": "The name of column %(position)s contains control or invisible characters.",
    "ragged": "Line %(line)s has %(found)s fields where %(expected)s were expected.",
    "open_quote": "A quotation mark opened on line %(line)s is never closed.",
    "bad_quotes": "On line %(line)s something follows a closing quotation mark.",
    "cell_too_long": "A cell is longer than %(limit)s bytes (%(place)s).",
    "unparsable": "The file does not follow the CSV rules of RFC 4180.",
    "binary": "The file holds binary data where text is needed.",
    "spreadsheet": "This is a workbook, an archive or a program under the name of a text file.",
    "unknown_format": "The name “%(name)s” ends in none of %(known)s.",
    "other_format": "The name says %(named)s, the content is something else (%(found)s).",
    "unknown_encoding": "The text is neither UTF-8 nor GB 18030 nor UTF-16 with a byte order mark.",
    "broken_xlsx": "The workbook is damaged, locked with a password or no XLSX file.",
    "formula_cell": "Cell %(cell)s of sheet “%(sheet)s” holds a formula: paste the values before you upload.",
    "error_cell": "Cell %(cell)s of sheet “%(sheet)s” holds an error or a number that is none.",
    "several_sheets": "Several sheets hold data (“%(first)s” and “%(second)s”): upload one sheet.",
    "bad_json": "Line %(line)s is no JSON object with every name once.",
    "nested_json": "Line %(line)s: “%(column)s” holds a list or an object; one value for each name is needed.",
    "long_line": "Line %(line)s is longer than %(limit)s bytes.",
    "other_hash": "What arrived has another SHA-256 than was announced; send the file again.",
    "broken_parquet": "The Parquet file is damaged or incomplete.",
    "unsupported_type": (
        "Column “%(column)s” has the type %(type)s, which is not accepted; make it text, a number, "
        "a date or a truth value."
    ),
    # A role or field names what is not there.
    "unknown_column": "There is no column “%(column)s”.",
    "role_conflict": "Column “%(column)s” has more than one role.",
    "no_fields": "No column was chosen.",
    "bad_command": "The command is incomplete or malformed (%(field)s).",
    # A recipe cannot be applied.
    "recipe_malformed": "The recipe is malformed at %(field)s.",
    "recipe_unknown_field": "The recipe holds something unknown: %(field)s.",
    "recipe_unknown_column": "Step %(step)s of the recipe names a column “%(column)s” that is not there at that point.",
    "recipe_wrong_type": "Step %(step)s of the recipe does not suit the type of column “%(column)s”.",
    "nothing_left": "The recipe leaves no row.",
    # The assessment does not pass.
    "resident_id_found": ("Column “%(column)s” holds resident ID numbers in %(cells)s cells (%(percent)s %%)."),
    "mobile_found": "Column “%(column)s” holds mobile phone numbers in %(cells)s cells (%(percent)s %%).",
    "resident_id_in_name": (
        "The name of a column (%(column)s) is itself a resident ID number: the first line seems to be data."
    ),
    "mobile_in_name": (
        "The name of a column (%(column)s) is itself a mobile phone number: the first line seems to be data."
    ),
    "k_too_small": (
        "The smallest group that looks alike in %(columns)s has %(k)s members; at least %(required)s are needed."
    ),
    "unique_records": (
        "%(unique)s of %(subjects)s subjects are alone in their group in %(columns)s; a share of at"
        " most %(allowed)s is accepted."
    ),
    "mere_copy": "Every row is found in “%(product)s” version %(number)s: a mere copy of a source is not listed.",
    "l_too_small": ("Some group has only %(l)s different values of “%(column)s”; at least %(required)s are needed."),
    "t_too_large": (
        "In some group “%(column)s” is distributed very differently from the whole file (distance "
        "%(t)s; at most %(allowed)s is accepted)."
    ),
    "subject_missing": "%(rows)s rows have no value in the subject column “%(column)s”.",
    "subject_without_persons": ("“%(column)s” is marked as the subject, but the rows are said to be about nobody."),
    # The engine itself gave up.
    "too_slow": "The work took longer than %(seconds)s seconds and was stopped.",
    "out_of_memory": "The file needs more memory than one assessment may use.",
    "assessment_failed": "The file could not be processed.",
    "no_file": "The version has no file.",
    "worker_lost": "The work broke off %(attempts)s times and was given up.",
    "cancelled": "The work was cancelled.",
}

_LONG_NUMBER = re.compile(r"[0-9０-９](?:[ \-]?[0-9０-９]){10,}[Xx]?")
_SHOWN_CHARACTERS = 60


def sentence(code: str, params: dict[str, Any]) -> str:
    """The English sentence for `code`; KeyError for an unknown code or a missing parameter."""
    return REASONS[code] % params


def shown(name: str) -> str:
    """A column's name fit for a message: at most 60 characters, numbers of 11 and more digits masked."""
    masked = _LONG_NUMBER.sub(lambda match: f"{match[0][:3]}******{match[0][-2:]}", name)
    return masked if len(masked) <= _SHOWN_CHARACTERS else masked[: _SHOWN_CHARACTERS - 1] + "…"


class Refused(Exception):
    """The command cannot be carried out; `code` is a key of REASONS, `params` fill its sentence."""

    def __init__(self, code: str, **params: Any) -> None:
        self.code = code
        self.params = params
        self.text = sentence(code, params)
        super().__init__(self.text)


class Unreadable(Refused):
    """The file cannot be read."""


class UnknownColumn(Refused):
    """A role or field names a column that the file does not have."""

    def __init__(self, column: str) -> None:
        super().__init__("unknown_column", column=shown(column))


class BadCommand(Refused):
    """What was asked for makes no sense."""
