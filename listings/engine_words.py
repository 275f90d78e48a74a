"""The engine's code words for people: kinds of identifiers, how sure and why, methods, attacks, levels."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

KINDS: Mapping[str, Any] = {
    "resident_id": _("resident ID number"),
    "travel_permit": _("travel or residence permit"),
    "passport": _("passport number"),
    "mobile": _("mobile phone number"),
    "landline": _("landline telephone number"),
    "bank_card": _("bank card number"),
    "uscc": _("unified social credit code"),
    "plate": _("vehicle plate number"),
    "email": _("e-mail address"),
    "ip": _("IP address"),
    "mac": _("MAC address"),
    "imei": _("IMEI number of a device"),
    "wechat": _("WeChat name"),
    "qq": _("QQ number"),
    "coordinates": _("precise coordinates"),
    "address": _("detailed street address"),
    "name": _("name of a person"),
}

SURE: Mapping[str, Any] = {"certain": _("certain"), "likely": _("likely"), "possible": _("possible")}

WHY: Mapping[str, Any] = {
    "check_digit": _("Its length, place, date or register and its check digit fit."),
    "number_plan": _("It follows the numbering plan of China's telephones."),
    "format": _("It has the form of one, and few other texts have."),
    "words_beside": _("The words beside it or the column's name say so."),
    "column_name": _("The column's name says so, and the cells have the form."),
    "above_chance": _("Far more numbers of the column pass the test than would by chance."),
    "whole_column": _("Nearly every cell of the column has this form."),
    "precise_pair": _("Two coordinates to at least four decimals, which is a few metres."),
    "house_number": _("It names a street or an estate and a house number."),
    "many_names": _("Most cells begin with a surname and hardly any repeats."),
}

LEVELS: Mapping[str, Any] = {"passes": _("withstands"), "warns": _("look at it"), "fails": _("succeeds")}

ATTACKS: Mapping[str, Any] = {
    "singling_out": _("singling out by what is marked"),
    "singling_out_any": _("singling out by anything"),
    "linkage": _("linking with what is known"),
    "linkage_noise": _("linking with errors in what is known"),
    "inference": _("guessing the sensitive value"),
    "homogeneity": _("all who look alike have the same value"),
}

METHODS: Mapping[str, Any] = {
    "hex": _("hexadecimal"),
    "base64": "Base64",
    "reversed": _("backwards"),
    "shifted_digits": _("shifted digits"),
    "substituted_digits": _("swapped digits"),
    "xor": _("XOR with one byte"),
    "offset": _("a constant added"),
}

NUMBERS: Mapping[str, Any] = {  # within a sentence, before “numbers”
    "mobile": _("mobile phone"), "landline": _("landline"), "resident_id": _("resident ID"), "qq": "QQ",
    "name": _("name"), "bank_card": _("bank card"),
}  # fmt: skip


def spelt(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a sentence, their codes in words."""
    found = dict(params)
    if "kind" in found:
        found["kind"] = NUMBERS.get(found["kind"], KINDS.get(found["kind"], found["kind"]))
    if "identifier" in found:
        found["identifier"] = KINDS.get(found["identifier"], found["identifier"])
    if "method" in found:
        found["method"] = " + ".join(str(METHODS.get(one, one)) for one in str(found["method"]).split("+"))
    return found
