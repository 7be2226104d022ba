"""What time it is: the database's, the one clock that all processes share."""

from datetime import UTC, datetime, timedelta

from django.db import connection


def database_now() -> datetime:
    """Return the database's time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_TIMESTAMP")
        (moment,) = cursor.fetchone()
    if isinstance(moment, str):  # SQLite gives text, in UTC
        moment = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    return moment  # type: ignore[no-any-return]


def drift(database: datetime) -> timedelta:
    """Return how far this process's time is from the database's, which was read just now."""
    return abs(datetime.now(UTC) - database)
