"""The engine's reasons as sentences in the reader's language: the engine names a code, gettext has the words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, gettext_noop

from listings.deidentification.reasons import REASONS

# The engine knows no Django: its sentences once more, word for word, where gettext finds them (a test compares).
EXTRACTED = (
    gettext_noop("The file is empty."),
    gettext_noop("The file has column names but no data row."),
    gettext_noop("The file has no columns."),
    gettext_noop("The file has %(found)s bytes; at most %(limit)s are accepted."),
    gettext_noop("The file unpacks to more than %(limit)s bytes."),
    gettext_noop("The file has %(found)s rows; at most %(limit)s are accepted."),
    gettext_noop("The file has %(found)s columns; at most %(limit)s are accepted."),
    gettext_noop("Column %(position)s has no name: the first line must name every column."),
    gettext_noop(
        "The name “%(name)s” is used for columns %(first)s and %(position)s (capital and small letters count as the same)."
    ),
    gettext_noop("The name of column %(position)s is longer than %(limit)s characters."),
    gettext_noop("The name of column %(position)s contains control or invisible characters."),
    gettext_noop("Line %(line)s has %(found)s fields where %(expected)s were expected."),
    gettext_noop("A quotation mark opened on line %(line)s is never closed."),
    gettext_noop("On line %(line)s something follows a closing quotation mark."),
    gettext_noop("A cell is longer than %(limit)s bytes (%(place)s)."),
    gettext_noop("The file does not follow the CSV rules of RFC 4180."),
    gettext_noop("The file holds binary data where text is needed."),
    gettext_noop("This is a workbook, an archive or a program under the name of a text file."),
    gettext_noop("The name “%(name)s” ends in none of %(known)s."),
    gettext_noop("The name says %(named)s, the content is something else (%(found)s)."),
    gettext_noop("The text is neither UTF-8 nor GB 18030 nor UTF-16 with a byte order mark."),
    gettext_noop("The workbook is damaged, locked with a password or no XLSX file."),
    gettext_noop("Cell %(cell)s of sheet “%(sheet)s” holds a formula: paste the values before you upload."),
    gettext_noop("Cell %(cell)s of sheet “%(sheet)s” holds an error or a number that is none."),
    gettext_noop("Several sheets hold data (“%(first)s” and “%(second)s”): upload one sheet."),
    gettext_noop("Line %(line)s is no JSON object with every name once."),
    gettext_noop("Line %(line)s: “%(column)s” holds a list or an object; one value for each name is needed."),
    gettext_noop("Line %(line)s is longer than %(limit)s bytes."),
    gettext_noop("What arrived has another SHA-256 than was announced; send the file again."),
    gettext_noop("The Parquet file is damaged or incomplete."),
    gettext_noop(
        "Column “%(column)s” has the type %(type)s, which is not accepted; make it text, a number, a date or a truth value."
    ),
    gettext_noop("The recipe is malformed at %(field)s."),
    gettext_noop("The recipe holds something unknown: %(field)s."),
    gettext_noop("Step %(step)s of the recipe names a column “%(column)s” that is not there at that point."),
    gettext_noop("Step %(step)s of the recipe does not suit the type of column “%(column)s”."),
    gettext_noop("The recipe leaves no row."),
    gettext_noop("There is no column “%(column)s”."),
    gettext_noop("Column “%(column)s” has more than one role."),
    gettext_noop("No column was chosen."),
    gettext_noop("The command is incomplete or malformed (%(field)s)."),
    gettext_noop("Column “%(column)s” holds resident ID numbers in %(cells)s cells (%(percent)s %%)."),
    gettext_noop("Column “%(column)s” holds mobile phone numbers in %(cells)s cells (%(percent)s %%)."),
    gettext_noop("The name of a column (%(column)s) is itself a resident ID number: the first line seems to be data."),
    gettext_noop("The name of a column (%(column)s) is itself a mobile phone number: the first line seems to be data."),
    gettext_noop(
        "The smallest group that looks alike in %(columns)s has %(k)s members; at least %(required)s are needed."
    ),
    gettext_noop(
        "%(unique)s of %(subjects)s subjects are alone in their group in %(columns)s; a share of at most %(allowed)s is accepted."
    ),
    gettext_noop("Every row is found in “%(product)s” version %(number)s: a mere copy of a source is not listed."),
    gettext_noop("Some group has only %(l)s different values of “%(column)s”; at least %(required)s are needed."),
    gettext_noop(
        "In some group “%(column)s” is distributed very differently from the whole file (distance %(t)s; at most %(allowed)s is accepted)."
    ),
    gettext_noop("%(rows)s rows have no value in the subject column “%(column)s”."),
    gettext_noop("“%(column)s” is marked as the subject, but the rows are said to be about nobody."),
    gettext_noop("The work took longer than %(seconds)s seconds and was stopped."),
    gettext_noop("The file needs more memory than one assessment may use."),
    gettext_noop("The file could not be processed."),
    gettext_noop("The version has no file."),
    gettext_noop("The work broke off %(attempts)s times and was given up."),
    gettext_noop("The work was cancelled."),
)


def sentence(code: str, params: Mapping[str, Any]) -> str:
    """The sentence of a reason code, with its parameters filled in."""
    return gettext(REASONS[code]) % dict(params)


def sentence_of(problem: Mapping[str, Any]) -> str:
    """The sentence of a problem as it is kept, {code, params}; empty for none."""
    return sentence(problem["code"], problem["params"]) if problem else ""
