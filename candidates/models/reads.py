"""The read log: who opened which application, who took which document away, and when."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connections, models
from django.db.models import Exists, F, Q, Value

from .applications import Application
from .employees import Employee

if TYPE_CHECKING:
    from .users import User

#: Within this time several looks at an application by one person are one.
ONE_LOOK = timedelta(minutes=10)


class Reads(models.QuerySet["Read"]):
    def write_opening(self, application: Application, *, by: "User", now: datetime) -> bool:
        """Write that somebody opened an application, unless they did within `ONE_LOOK`.

        One statement; returns whether it wrote. Raises `IntegrityError` if the purge takes the
        application meanwhile.
        """
        recent = self.filter(application=application, by=by, document="", at__gt=now - ONE_LOOK)
        values = (F("pk"), Value(by.pk), Value(now), Value(""))
        row = Application.objects.filter(~Exists(recent), pk=application.pk).values_list(*values)
        connection = connections[self.db]
        sql, params = row.query.get_compiler(connection=connection).as_sql()
        into = f'INSERT INTO {self.model._meta.db_table} (application_id, by_id, "at", document)'
        with connection.cursor() as cursor:
            cursor.execute(f"{into} {sql}", params)
            return bool(cursor.rowcount)


class Read(models.Model):
    """One opening of an application, or one download of a document.

    Gone with the application or employee that it was of then.
    """

    #: In the place of the name of a document that its person has removed.
    REMOVED = "–"

    application = models.ForeignKey(
        Application, models.CASCADE, null=True, related_name="document_reads"
    )
    employee = models.ForeignKey(Employee, models.CASCADE, null=True, related_name="document_reads")
    #: Which one, by its name then: the document itself may change its owner or go before.
    #: "" for the application itself.
    document = models.CharField(max_length=150, blank=True)
    by: "models.ForeignKey[User | None, User | None]" = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField()

    objects = Reads.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(application__isnull=False, employee__isnull=True)
                | Q(application__isnull=True, employee__isnull=False),
                name="read_has_one_owner",
            ),
        ]
        indexes = [
            models.Index(fields=["application", "-at"], name="read_of_application"),
            models.Index(fields=["employee", "-at"], name="read_of_employee"),
            models.Index(fields=["-at", "-id"], name="read_log"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
