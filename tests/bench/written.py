"""The physical bound of a sweep's changes: the very rows that it wrote, copied into tables with the same indexes."""

from contextlib import ExitStack
from time import perf_counter

from django.apps import apps
from django.db import connection, transaction
from django.db.models import AutoField, Max, Model


def marks() -> dict[type[Model], int]:
    """Of each table that counts its rows: the last one."""
    models = [model for model in apps.get_models() if isinstance(model._meta.pk, AutoField)]
    return {model: model._base_manager.aggregate(last=Max("pk"))["last"] or 0 for model in models}


def copied(since: dict[type[Model], int]) -> tuple[int, float]:
    """How many rows were written since, and the seconds that PostgreSQL takes to COPY them, indexes and all."""
    count, seconds = 0, 0.0
    for model, last in since.items():
        rows, table = model._base_manager.filter(pk__gt=last).count(), model._meta.db_table
        if rows:
            count, seconds = count + rows, seconds + _copied(table, last)
    return count, seconds


def _copied(table: str, last: int) -> float:
    with connection.cursor() as cursor, ExitStack() as after:
        with cursor.copy(f'COPY (SELECT * FROM "{table}" WHERE id > {last}) TO STDOUT (FORMAT binary)') as copy:
            rows = b"".join(map(bytes, copy))
        cursor.execute(f'CREATE TABLE bench_copy (LIKE "{table}" INCLUDING ALL)')
        after.callback(cursor.execute, "DROP TABLE bench_copy")
        began = perf_counter()
        with transaction.atomic(), cursor.copy("COPY bench_copy FROM STDIN (FORMAT binary)") as copy:
            copy.write(rows)
        return perf_counter() - began
