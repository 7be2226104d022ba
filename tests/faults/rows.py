"""The rows of a database, all of them, seen and put back past the ORM."""

from collections import Counter
from pathlib import Path
from shutil import copyfile

from django.apps import apps
from django.db import connection

#: What a purge writes beside what it erases, judged by other means: numbers of its own, the
#: ledger, the counters, the certificates that it orders.
WRITTEN = {
    *("candidates_ledgerline", "candidates_run", "candidates_heartbeat"),
    *("candidates_tally", "candidates_duration", "candidates_certificatemail"),
    "sqlite_sequence",
}

Rows = dict[str, Counter[str]]


def names() -> list[str]:
    """Return the names of all tables."""
    with connection.cursor() as cursor:
        return connection.introspection.table_names(cursor)


def dump() -> Rows:
    """Return every row of every table as text, but for `WRITTEN`."""
    return {table: _rows(table) for table in names() if table not in WRITTEN}


def _rows(table: str) -> Counter[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
        return Counter(map(repr, cursor.fetchall()))


def clear() -> None:
    """Empty the tables of ours, and what names records elsewhere."""
    connection.close()
    foreign = ("django_session", "django_q_ormq", "django_q_task", "django_admin_log")
    models = [*apps.get_app_config("candidates").get_models()]
    models += apps.get_app_config("storage").get_models()
    ours = {model._meta.db_table for model in models}
    ours |= {field.m2m_db_table() for model in models for field in model._meta.local_many_to_many}
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join([*ours, *foreign])} CASCADE")
            return
        for table in (*ours, *foreign):
            cursor.execute(f"DELETE FROM {table}")


def snapshot() -> "SqliteSnapshot | PostgresSnapshot":
    """Remember all rows as they are."""
    return PostgresSnapshot() if connection.vendor == "postgresql" else SqliteSnapshot()


class SqliteSnapshot:
    """A copy of the file."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        self.file = Path(connection.settings_dict["NAME"])
        self.copy = self.file.with_name("snapshot.sqlite3")
        copyfile(self.file, self.copy)

    def restore(self) -> None:
        connection.close()
        for end in ("", "-wal", "-shm"):
            self.file.with_name(self.file.name + end).unlink(missing_ok=True)
        copyfile(self.copy, self.file)

    def forget(self) -> None:
        self.copy.unlink(missing_ok=True)


class PostgresSnapshot:
    """A copy of each table in a schema of its own, put back in one go without its triggers."""

    def __init__(self) -> None:
        self.tables = names()
        self.forget()
        copies = "; ".join(
            f"CREATE TABLE snapshot.{table} AS TABLE public.{table}" for table in self.tables
        )
        self._do(f"CREATE SCHEMA snapshot; {copies}")
        back = "; ".join(
            f"DELETE FROM public.{table}; INSERT INTO public.{table} SELECT * FROM snapshot.{table}"
            for table in self.tables
        )
        self.statement = f"BEGIN; SET LOCAL session_replication_role = replica; {back}; COMMIT"

    def restore(self) -> None:
        connection.close()
        self._do(self.statement)

    def forget(self) -> None:
        self._do("DROP SCHEMA IF EXISTS snapshot CASCADE")

    @staticmethod
    def _do(statements: str) -> None:
        connection.ensure_connection()
        connection.connection.execute(statements)
