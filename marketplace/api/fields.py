"""The one mapper between a Django form and JSON: what a field is called in OpenAPI, and what JSON it takes."""

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.db import models
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from marketplace.api.problems import Problem
from marketplace.verbs import YesNoField

Schema = dict[str, Any]
YEARS = range(1900, 2200)  # beyond, calendars and deadlines end


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_truth(value: Any) -> bool:
    return isinstance(value, bool)


def is_date(value: Any) -> bool:
    try:
        return is_text(value) and datetime.date.fromisoformat(value).year in YEARS and len(value) == 10
    except ValueError:
        return False


def is_key(value: Any) -> bool:
    return is_number(value) or is_text(value)


def all_of(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(check, value))


# The first class that a field belongs to says what it is.
KINDS: tuple[tuple[type[forms.Field], Callable[[Any], bool], Callable[[Any], Schema]], ...] = (
    (forms.FileField, lambda value: False, lambda field: {"type": "string", "format": "binary"}),
    (forms.ModelMultipleChoiceField, all_of(is_key), lambda field: {"type": "array", "items": _key(field)}),
    (forms.ModelChoiceField, is_key, lambda field: _key(field)),
    (forms.MultipleChoiceField, all_of(is_text), lambda field: {"type": "array", "items": _choice(field)}),
    (forms.ChoiceField, is_text, lambda field: _choice(field)),
    (YesNoField, is_truth, lambda field: {"type": "boolean"}),
    (forms.BooleanField, is_truth, lambda field: {"type": "boolean", **({"enum": [True]} if field.required else {})}),
    (forms.DateField, is_date, lambda field: {"type": "string", "format": "date"}),
    (forms.FloatField, is_number, lambda field: {"type": "number"}),
    (forms.IntegerField, is_number, lambda field: _bounds(field, {"type": "integer"})),
    (forms.CharField, is_text, lambda field: _length(field, {"type": "string"})),
    (forms.Field, is_text, lambda field: {"type": "string"}),
)


def schema_of(form: forms.BaseForm) -> Schema:
    """The form as a JSON object. What has an initial value may be left out."""
    needed = [name for name, field in form.fields.items() if field.required and not _initial(form, name)]
    properties = {name: _property(field) for name, field in form.fields.items()}
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": needed} if needed else schema


def data_of(form: forms.BaseForm, body: Mapping[str, Any]) -> MultiValueDict[str, str]:
    """What a browser would send of this (unbound) form for a JSON object; what is left out keeps its initial value.

    Raises Problem 422 naming every field that is unknown or of the wrong type.
    """
    errors = {name: [_("There is no such field.")] for name in body if name not in form.fields}
    data: MultiValueDict[str, str] = MultiValueDict()
    for name, field in form.fields.items():
        value = body.get(name, _initial(form, name))
        if value is None:
            continue
        check, schema = next((check, schema) for kind, check, schema in KINDS if isinstance(field, kind))
        if name in body and not check(value) and (field.required or value != ""):
            errors[name] = [_("This is to be JSON of the type %(type)s.") % {"type": _type(schema(field))}]
        else:
            data.setlist(name, [_sent(item) for item in value] if isinstance(value, list) else [_sent(value)])
    if errors:
        raise Problem(422, "invalid_fields", _("Some fields are wrong."), errors)
    return data


def _initial(form: forms.BaseForm, name: str) -> Any:
    """The form's own value of a field, as JSON would have it."""
    value = form.fields[name].prepare_value(form.get_initial_for_field(form.fields[name], name))
    return None if value in (None, "", []) else value


def _sent(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def _property(field: forms.Field) -> Schema:
    schema = next(schema for kind, _check, schema in KINDS if isinstance(field, kind))(field)
    if not field.required:
        schema["nullable"] = True
    texts = [str(text) for text in (field.label, field.help_text) if text]
    return {**schema, "description": " · ".join(texts)} if texts else schema


def _type(schema: Schema) -> str:
    inner = f" ({_type(schema['items'])})" if "items" in schema else ""
    return f"{schema['type']}{inner}{', ' + schema['format'] if 'format' in schema else ''}"


def _choice(field: Any) -> Schema:
    values = [str(value) for value, _label in field.choices if value != ""]
    empty = [] if field.required or isinstance(field, forms.MultipleChoiceField) else [""]
    return {"type": "string", "enum": [*values, *empty]} if values else {"type": "string"}


def _key(field: Any) -> Schema:
    numeric = isinstance(field.queryset.model._meta.pk, models.IntegerField)
    return {"type": "integer", "minimum": 1} if numeric else {"type": "string"}


def _length(field: Any, schema: Schema) -> Schema:
    if field.max_length is not None:
        schema["maxLength"] = field.max_length
    return {**schema, "minLength": 1} if field.required else schema


def _bounds(field: Any, schema: Schema) -> Schema:
    limits = {"minimum": field.min_value, "maximum": field.max_value}
    return schema | {name: limit for name, limit in limits.items() if limit is not None}
