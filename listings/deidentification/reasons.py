"""Every sentence the engine can say, by code, and the exceptions that carry one.

The sentences are English templates with named parameters: the site passes the template through gettext and
fills in the parameters itself. No sentence ever holds the content of a cell.
"""

import re
from typing import Any

from .attacks.wording import SENTENCES

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
    "population_lacks": (
        "In %(classes)s groups the population table has fewer people than the file: it is not the population of this "
        "file."
    ),
    "bad_command": "The command is incomplete or malformed (%(field)s).",
    # A recipe cannot be applied.
    "recipe_malformed": "The recipe is malformed at %(field)s.",
    "recipe_unknown_field": "The recipe holds something unknown: %(field)s.",
    "recipe_unknown_column": "Step %(step)s of the recipe names a column “%(column)s” that is not there at that point.",
    "recipe_wrong_type": "Step %(step)s of the recipe does not suit the type of column “%(column)s”.",
    "recipe_no_level": "“%(column)s” can be made coarser by %(levels)s levels: there is no level %(level)s.",
    "nothing_left": "The recipe leaves no row.",
    # A hierarchy of the seller's own cannot be read.
    "hierarchy_too_large": "The hierarchy has more than %(limit)s bytes.",
    "hierarchy_encoding": "The hierarchy is neither UTF-8 nor GB 18030: save it as CSV in one of these.",
    "hierarchy_no_csv": "Line %(row)s of the hierarchy is no CSV: a quotation mark is missing or misplaced.",
    "hierarchy_empty": "The hierarchy has no row.",
    "hierarchy_too_many_values": "The hierarchy has more than %(limit)s values.",
    "hierarchy_width": (
        "Row %(row)s of the hierarchy has %(found)s cells: a value and at least one level are needed, at most %(most)s "
        "cells; separate them by semicolons."
    ),
    "hierarchy_ragged": "Row %(row)s of the hierarchy has %(found)s cells where the first has %(expected)s.",
    "hierarchy_missing": (
        "Row %(row)s, column %(column)s of the hierarchy is empty: write “*” where nothing is to stay."
    ),
    "hierarchy_long_cell": "Row %(row)s, column %(column)s of the hierarchy is longer than 1,000 characters.",
    "hierarchy_invisible": "Row %(row)s, column %(column)s of the hierarchy contains control or invisible characters.",
    "hierarchy_formula": (
        "Row %(row)s, column %(column)s of the hierarchy begins as a formula does: spreadsheets would calculate it."
    ),
    "hierarchy_twice": "Row %(row)s of the hierarchy: “%(value)s” is already in row %(first)s.",
    "hierarchy_two_parents": (
        "Row %(row)s, column %(column)s of the hierarchy: “%(value)s” lies under “%(above)s” here and under "
        "“%(other)s” in row %(first)s. Whatever looks alike has to stay together on the way up."
    ),
    "hierarchy_identifier": (
        "Row %(row)s, column %(column)s of the hierarchy holds an identifier (%(identifier)s, %(example)s): it is kept "
        "and goes into the file, so it must identify nobody."
    ),
    # The assessment does not pass.
    "resident_id_found": ("Column “%(column)s” holds resident ID numbers in %(cells)s cells (%(percent)s %%)."),
    "mobile_found": "Column “%(column)s” holds mobile phone numbers in %(cells)s cells (%(percent)s %%).",
    "resident_id_in_name": (
        "The name of a column (%(column)s) is itself a resident ID number: the first line seems to be data."
    ),
    "mobile_in_name": (
        "The name of a column (%(column)s) is itself a mobile phone number: the first line seems to be data."
    ),
    "travel_permit_found": (
        "Column “%(column)s” holds travel or residence permits of Hong Kong, Macau or Taiwan in %(cells)s cells "
        "(%(percent)s %%)."
    ),
    "travel_permit_in_name": (
        "The name of a column (%(column)s) is itself a travel or residence permit number: "
        "the first line seems to be data."
    ),
    "passport_found": ("Column “%(column)s” holds passport numbers in %(cells)s cells (%(percent)s %%)."),
    "passport_in_name": (
        "The name of a column (%(column)s) is itself a passport number: the first line seems to be data."
    ),
    "landline_found": ("Column “%(column)s” holds landline telephone numbers in %(cells)s cells (%(percent)s %%)."),
    "landline_in_name": (
        "The name of a column (%(column)s) is itself a landline telephone number: the first line seems to be data."
    ),
    "bank_card_found": ("Column “%(column)s” holds bank card numbers in %(cells)s cells (%(percent)s %%)."),
    "bank_card_in_name": (
        "The name of a column (%(column)s) is itself a bank card number: the first line seems to be data."
    ),
    "uscc_found": ("Column “%(column)s” holds unified social credit codes in %(cells)s cells (%(percent)s %%)."),
    "uscc_in_name": (
        "The name of a column (%(column)s) is itself a unified social credit code: the first line seems to be data."
    ),
    "plate_found": ("Column “%(column)s” holds vehicle plate numbers in %(cells)s cells (%(percent)s %%)."),
    "plate_in_name": (
        "The name of a column (%(column)s) is itself a vehicle plate number: the first line seems to be data."
    ),
    "email_found": ("Column “%(column)s” holds e-mail addresses in %(cells)s cells (%(percent)s %%)."),
    "email_in_name": (
        "The name of a column (%(column)s) is itself an e-mail address: the first line seems to be data."
    ),
    "ip_found": ("Column “%(column)s” holds IP addresses in %(cells)s cells (%(percent)s %%)."),
    "ip_in_name": ("The name of a column (%(column)s) is itself an IP address: the first line seems to be data."),
    "mac_found": ("Column “%(column)s” holds MAC addresses in %(cells)s cells (%(percent)s %%)."),
    "mac_in_name": ("The name of a column (%(column)s) is itself a MAC address: the first line seems to be data."),
    "imei_found": ("Column “%(column)s” holds IMEI numbers of mobile devices in %(cells)s cells (%(percent)s %%)."),
    "imei_in_name": (
        "The name of a column (%(column)s) is itself an IMEI number of a mobile device: "
        "the first line seems to be data."
    ),
    "wechat_found": ("Column “%(column)s” holds WeChat names in %(cells)s cells (%(percent)s %%)."),
    "wechat_in_name": ("The name of a column (%(column)s) is itself a WeChat name: the first line seems to be data."),
    "qq_found": ("Column “%(column)s” holds QQ numbers in %(cells)s cells (%(percent)s %%)."),
    "qq_in_name": ("The name of a column (%(column)s) is itself a QQ number: the first line seems to be data."),
    "coordinates_found": ("Column “%(column)s” holds precise coordinates in %(cells)s cells (%(percent)s %%)."),
    "coordinates_in_name": (
        "The name of a column (%(column)s) is itself a precise coordinate: the first line seems to be data."
    ),
    "address_found": ("Column “%(column)s” holds detailed street addresses in %(cells)s cells (%(percent)s %%)."),
    "address_in_name": (
        "The name of a column (%(column)s) is itself a detailed street address: the first line seems to be data."
    ),
    "name_found": ("Column “%(column)s” holds names of persons in %(cells)s cells (%(percent)s %%)."),
    "name_in_name": (
        "The name of a column (%(column)s) is itself the name of a person: the first line seems to be data."
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
    "k_too_small_with_suggested": (
        "With what was not marked but tells people apart (%(suggested)s), the smallest group that looks alike in "
        "%(columns)s has %(k)s members; at least %(required)s are needed."
    ),
    "unique_records_with_suggested": (
        "With what was not marked but tells people apart (%(suggested)s), %(unique)s of %(subjects)s subjects are "
        "alone in their group in %(columns)s; a share of at most %(allowed)s is accepted."
    ),
    "l_too_small_with_suggested": (
        "With what was not marked but tells people apart (%(suggested)s), some group has only %(l)s different values "
        "of “%(column)s”; at least %(required)s are needed."
    ),
    "t_too_large_with_suggested": (
        "With what was not marked but tells people apart (%(suggested)s), “%(column)s” is distributed very differently "
        "in some group than in the whole file (distance %(t)s; at most %(allowed)s is accepted)."
    ),
    "subject_missing_with_suggested": (
        "“%(column)s” tells persons apart, so it was taken as the subject (%(suggested)s); %(rows)s rows have no value "
        "in it."
    ),
    "no_quasi_identifier": (
        "No column is marked as a quasi-identifier and none was recognised as one: mark what others may know of a "
        "person, so that it can be measured."
    ),
    "declared_identifier": "Column “%(column)s” identifies persons, as its owner says: leave it out.",
    "person_key": (
        "The rows are said to be about nobody, but “%(column)s” tells persons or their devices apart: leave it out, or "
        "say whom the rows are about."
    ),
    "subject_missing": "%(rows)s rows have no value in the subject column “%(column)s”.",
    "subject_without_persons": ("“%(column)s” is marked as the subject, but the rows are said to be about nobody."),
    # Why a column counts as a quasi-identifier.
    "known_age": "“%(column)s” is an age, which others know or see.",
    "known_sex": "“%(column)s” is a sex, which others know or see.",
    "known_birth": "“%(column)s” is a date of birth, which others know or can look up.",
    "known_post_code": "“%(column)s” is a post code, which others know or can look up.",
    "known_place": "“%(column)s” is a place or an address, which others know or can look up.",
    "known_ethnicity": "“%(column)s” is an ethnic group, which others know or see.",
    "known_occupation": "“%(column)s” is an occupation, which others know.",
    "known_education": "“%(column)s” is schooling, which others know.",
    "known_marriage": "“%(column)s” is a marital status, which others know.",
    "known_belief": "“%(column)s” is a nationality, religion or party, which others know.",
    "known_employer": "“%(column)s” is an employer, which others know.",
    "known_number": "“%(column)s” is a number by which others know a person.",
    "holds_pseudonyms": "“%(column)s” holds digests or tokens, %(distinct)s different ones: they stand for persons.",
    "called_identifier": "“%(column)s” is called as an identifier is: with identifiers in it the file fails.",
    "not_sensitive": (
        "“%(column)s” is marked as sensitive, but everybody can see or look it up: it counts as a quasi-identifier."
    ),
    "singles_out": "In %(columns)s together, %(percent)s %% of the subjects are alone; “%(column)s” is one of them.",
    # A signed report is not what it should be.
    "report_malformed": "The signed report is incomplete or malformed (%(field)s).",
    "report_signature": "The signature does not fit the report: it was changed after it was signed, or damaged.",
    "report_contradicts": "The report contradicts itself (%(field)s): nobody can have measured this.",
    "report_key": "“%(name)s” holds no Ed25519 key that could be read without a password.",
    # The engine itself gave up.
    "too_slow": "The work took longer than %(seconds)s seconds and was stopped.",
    "out_of_memory": "The file needs more memory than one assessment may use.",
    "engine_unavailable": "The engine that measures cannot be reached.",
    "assessment_failed": "The file could not be processed.",
    "no_file": "The version has no file.",
    "worker_lost": "The work broke off %(attempts)s times and was given up.",
    "cancelled": "The work was cancelled.",
    # An attack succeeded.
    **SENTENCES,
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


class Unavailable(Refused):
    """The engine that the operator chose cannot be had, or does not see the file."""

    def __init__(self) -> None:
        super().__init__("engine_unavailable")
