"""The engine's reasons as sentences in the reader's language: the engine names a code, gettext has the words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, gettext_noop

from listings import attack_reasons
from listings.deidentification.reasons import REASONS
from listings.engine_words import spelt

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
    gettext_noop("“%(column)s” can be made coarser by %(levels)s levels: there is no level %(level)s."),
    gettext_noop("The hierarchy has more than %(limit)s bytes."),
    gettext_noop("The hierarchy is neither UTF-8 nor GB 18030: save it as CSV in one of these."),
    gettext_noop("Line %(row)s of the hierarchy is no CSV: a quotation mark is missing or misplaced."),
    gettext_noop("The hierarchy has no row."),
    gettext_noop("The hierarchy has more than %(limit)s values."),
    gettext_noop(
        "Row %(row)s of the hierarchy has %(found)s cells: a value and at least one level are needed, at most %(most)s cells; separate them by semicolons."
    ),
    gettext_noop("Row %(row)s of the hierarchy has %(found)s cells where the first has %(expected)s."),
    gettext_noop("Row %(row)s, column %(column)s of the hierarchy is empty: write “*” where nothing is to stay."),
    gettext_noop("Row %(row)s, column %(column)s of the hierarchy is longer than 1,000 characters."),
    gettext_noop("Row %(row)s, column %(column)s of the hierarchy contains control or invisible characters."),
    gettext_noop(
        "Row %(row)s, column %(column)s of the hierarchy begins as a formula does: spreadsheets would calculate it."
    ),
    gettext_noop("Row %(row)s of the hierarchy: “%(value)s” is already in row %(first)s."),
    gettext_noop(
        "Row %(row)s, column %(column)s of the hierarchy: “%(value)s” lies under “%(above)s” here and under “%(other)s” in row %(first)s. Whatever looks alike has to stay together on the way up."
    ),
    gettext_noop(
        "Row %(row)s, column %(column)s of the hierarchy holds an identifier (%(identifier)s, %(example)s): it is kept and goes into the file, so it must identify nobody."
    ),
    gettext_noop("There is no column “%(column)s”."),
    gettext_noop("Column “%(column)s” has more than one role."),
    gettext_noop("No column was chosen."),
    gettext_noop("The command is incomplete or malformed (%(field)s)."),
    gettext_noop("Column “%(column)s” holds resident ID numbers in %(cells)s cells (%(percent)s %%)."),
    gettext_noop("Column “%(column)s” holds mobile phone numbers in %(cells)s cells (%(percent)s %%)."),
    gettext_noop("The name of a column (%(column)s) is itself a resident ID number: the first line seems to be data."),
    gettext_noop("The name of a column (%(column)s) is itself a mobile phone number: the first line seems to be data."),
    gettext_noop(
        "Column “%(column)s” holds travel or residence permits of Hong Kong, Macau or Taiwan in %(cells)s cells (%(percent)s %%)."
    ),
    gettext_noop(
        "The name of a column (%(column)s) is itself a travel or residence permit number: the first line seems to be data."
    ),
    gettext_noop("Column “%(column)s” holds passport numbers in %(cells)s cells (%(percent)s %%)."),
    gettext_noop("The name of a column (%(column)s) is itself a passport number: the first line seems to be data."),
    gettext_noop("Column “%(column)s” holds landline telephone numbers in %(cells)s cells (%(percent)s %%)."),
    gettext_noop(
        "The name of a column (%(column)s) is itself a landline telephone number: the first line seems to be data."
    ),
    gettext_noop("Column “%(column)s” holds bank card numbers in %(cells)s cells (%(percent)s %%)."),
    gettext_noop("The name of a column (%(column)s) is itself a bank card number: the first line seems to be data."),
    gettext_noop("Column “%(column)s” holds unified social credit codes in %(cells)s cells (%(percent)s %%)."),
    gettext_noop(
        "The name of a column (%(column)s) is itself a unified social credit code: the first line seems to be data."
    ),
    gettext_noop("Column “%(column)s” holds vehicle plate numbers in %(cells)s cells (%(percent)s %%)."),
    gettext_noop(
        "The name of a column (%(column)s) is itself a vehicle plate number: the first line seems to be data."
    ),
    gettext_noop("Column “%(column)s” holds e-mail addresses in %(cells)s cells (%(percent)s %%)."),
    gettext_noop("The name of a column (%(column)s) is itself an e-mail address: the first line seems to be data."),
    gettext_noop("Column “%(column)s” holds IP addresses in %(cells)s cells (%(percent)s %%)."),
    gettext_noop("The name of a column (%(column)s) is itself an IP address: the first line seems to be data."),
    gettext_noop("Column “%(column)s” holds MAC addresses in %(cells)s cells (%(percent)s %%)."),
    gettext_noop("The name of a column (%(column)s) is itself a MAC address: the first line seems to be data."),
    gettext_noop("Column “%(column)s” holds IMEI numbers of mobile devices in %(cells)s cells (%(percent)s %%)."),
    gettext_noop(
        "The name of a column (%(column)s) is itself an IMEI number of a mobile device: the first line seems to be data."
    ),
    gettext_noop("Column “%(column)s” holds WeChat names in %(cells)s cells (%(percent)s %%)."),
    gettext_noop("The name of a column (%(column)s) is itself a WeChat name: the first line seems to be data."),
    gettext_noop("Column “%(column)s” holds QQ numbers in %(cells)s cells (%(percent)s %%)."),
    gettext_noop("The name of a column (%(column)s) is itself a QQ number: the first line seems to be data."),
    gettext_noop("Column “%(column)s” holds precise coordinates in %(cells)s cells (%(percent)s %%)."),
    gettext_noop("The name of a column (%(column)s) is itself a precise coordinate: the first line seems to be data."),
    gettext_noop("Column “%(column)s” holds detailed street addresses in %(cells)s cells (%(percent)s %%)."),
    gettext_noop(
        "The name of a column (%(column)s) is itself a detailed street address: the first line seems to be data."
    ),
    gettext_noop("Column “%(column)s” holds names of persons in %(cells)s cells (%(percent)s %%)."),
    gettext_noop("The name of a column (%(column)s) is itself the name of a person: the first line seems to be data."),
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
    gettext_noop(
        "In %(classes)s groups the population table has fewer people than the file: it is not the population of this file."
    ),
    gettext_noop(
        "With what was not marked but tells people apart (%(suggested)s), the smallest group that looks alike in %(columns)s has %(k)s members; at least %(required)s are needed."
    ),
    gettext_noop(
        "With what was not marked but tells people apart (%(suggested)s), %(unique)s of %(subjects)s subjects are alone in their group in %(columns)s; a share of at most %(allowed)s is accepted."
    ),
    gettext_noop(
        "With what was not marked but tells people apart (%(suggested)s), some group has only %(l)s different values of “%(column)s”; at least %(required)s are needed."
    ),
    gettext_noop(
        "With what was not marked but tells people apart (%(suggested)s), “%(column)s” is distributed very differently in some group than in the whole file (distance %(t)s; at most %(allowed)s is accepted)."
    ),
    gettext_noop(
        "“%(column)s” tells persons apart, so it was taken as the subject (%(suggested)s); %(rows)s rows have no value in it."
    ),
    gettext_noop(
        "No column is marked as a quasi-identifier and none was recognised as one: mark what others may know of a person, so that it can be measured."
    ),
    gettext_noop("Column “%(column)s” identifies persons, as its owner says: leave it out."),
    gettext_noop(
        "The rows are said to be about nobody, but “%(column)s” tells persons or their devices apart: leave it out, or say whom the rows are about."
    ),
    gettext_noop("“%(column)s” is an age, which others know or see."),
    gettext_noop("“%(column)s” is a sex, which others know or see."),
    gettext_noop("“%(column)s” is a date of birth, which others know or can look up."),
    gettext_noop("“%(column)s” is a post code, which others know or can look up."),
    gettext_noop("“%(column)s” is a place or an address, which others know or can look up."),
    gettext_noop("“%(column)s” is an ethnic group, which others know or see."),
    gettext_noop("“%(column)s” is an occupation, which others know."),
    gettext_noop("“%(column)s” is schooling, which others know."),
    gettext_noop("“%(column)s” is a marital status, which others know."),
    gettext_noop("“%(column)s” is a nationality, religion or party, which others know."),
    gettext_noop("“%(column)s” is an employer, which others know."),
    gettext_noop("“%(column)s” is a number by which others know a person."),
    gettext_noop("“%(column)s” holds digests or tokens, %(distinct)s different ones: they stand for persons."),
    gettext_noop("“%(column)s” is called as an identifier is: with identifiers in it the file fails."),
    gettext_noop(
        "“%(column)s” is marked as sensitive, but everybody can see or look it up: it counts as a quasi-identifier."
    ),
    gettext_noop("In %(columns)s together, %(percent)s %% of the subjects are alone; “%(column)s” is one of them."),
    gettext_noop("The signed report is incomplete or malformed (%(field)s)."),
    gettext_noop("The signature does not fit the report: it was changed after it was signed, or damaged."),
    gettext_noop("The report contradicts itself (%(field)s): nobody can have measured this."),
    gettext_noop("“%(name)s” holds no Ed25519 key that could be read without a password."),
    gettext_noop("The work took longer than %(seconds)s seconds and was stopped."),
    gettext_noop("The file needs more memory than one assessment may use."),
    gettext_noop("The engine that measures cannot be reached."),
    gettext_noop("The file could not be processed."),
    gettext_noop("The version has no file."),
    gettext_noop("The work broke off %(attempts)s times and was given up."),
    gettext_noop("The work was cancelled."),
    *attack_reasons.EXTRACTED,
)

# What the site notices before the engine is asked.
OWN = {"file_changed": gettext_noop("The stored file is not the one that was assessed: its SHA-256 is another.")}


def sentence(code: str, params: Mapping[str, Any]) -> str:
    """The sentence of a reason code, with its parameters filled in."""
    return gettext(OWN.get(code) or REASONS[code]) % spelt(params)


def sentence_of(problem: Mapping[str, Any]) -> str:
    """The sentence of a problem as it is kept, {code, params}; empty for none."""
    return sentence(problem["code"], problem["params"]) if problem else ""
