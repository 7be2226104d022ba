"""Who may open and send what: every address of the site, every role, own and foreign.

A new address fails here until it has a row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.http import HttpRequest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from candidates import copies, holds, jobs, requests, tokens
from candidates.access import Role
from candidates.models import (
    Application,
    Employee,
    Hold,
    Job,
    MailTemplate,
    Request,
    SavedView,
    StrayMail,
    Token,
    User,
)
from storage.models import Attachment
from tests import world

WHO = ("anonymous", "nobody", *(role.value for role in Role))

#: `own` is what the recruiter and the hiring manager are on the team of; `foreign` belongs to a
#: confidential job of somebody else, or for lists and forms without an object is not there.
#: `mine` is a room that is open in the browser, `key` a link that opens one.
#: The columns are those of `WHO`: nobody is logged in without a role.
MATRIX = """
method url                     object   anon nobo recr mana pers offi admi

GET    careers:jobs            -        200  200  200  200  200  200  200
GET    careers:feed            -        200  200  200  200  200  200  200
GET    careers:sitemap         -        200  200  200  200  200  200  200
GET    careers:job             own      200  200  200  200  200  200  200
GET    careers:apply           own      200  200  200  200  200  200  200
GET    careers:thanks          own      200  200  200  200  200  200  200
GET    careers:speculative     -        200  200  200  200  200  200  200
GET    careers:speculative_thanks -     200  200  200  200  200  200  200
POST   careers:stage           -        400  400  400  400  400  400  400
POST   careers:unstage         unknown  204  204  204  204  204  204  204
GET    room:home               -        403  403  403  403  403  403  403
POST   room:leave              -        403  403  403  403  403  403  403
GET    room:download           -        403  403  403  403  403  403  403
GET    room:copy               -        403  403  403  403  403  403  403
POST   room:copy               -        403  403  403  403  403  403  403
GET    room:lost               -        200  200  200  200  200  200  200
GET    room:link               unknown  404  404  404  404  404  404  404
POST   room:link               unknown  404  404  404  404  404  404  404
GET    room:home               mine     200  200  200  200  200  200  200
POST   room:leave              mine     303  303  303  303  303  303  303
POST   room:lost               -        422  422  422  422  422  422  422
GET    room:link               key      200  200  200  200  200  200  200
POST   room:link               key      303  303  303  303  303  303  303
GET    room:withdraw           -        403  403  403  403  403  403  403
POST   room:withdraw           -        403  403  403  403  403  403  403
GET    room:withdraw           mine     200  200  200  200  200  200  200
POST   room:withdraw           mine     303  303  303  303  303  303  303
GET    room:erase              -        403  403  403  403  403  403  403
POST   room:erase              -        403  403  403  403  403  403  403
GET    room:erase              mine     200  200  200  200  200  200  200
POST   room:erase              mine     303  303  303  303  303  303  303
GET    room:request            -        403  403  403  403  403  403  403
POST   room:request            -        403  403  403  403  403  403  403
GET    room:request            mine     200  200  200  200  200  200  200
POST   room:request            mine     303  303  303  303  303  303  303
POST   room:certificate        -        403  403  403  403  403  403  403
POST   room:certificate        mine     303  303  303  303  303  303  303
POST   room:replace            -        403  403  403  403  403  403  403
POST   room:replace            mine     303  303  303  303  303  303  303
GET    room:details            -        403  403  403  403  403  403  403
POST   room:details            -        403  403  403  403  403  403  403
GET    room:address            -        403  403  403  403  403  403  403
POST   room:address            -        403  403  403  403  403  403  403
GET    room:files              -        403  403  403  403  403  403  403
POST   room:files              -        403  403  403  403  403  403  403
GET    room:file               own      403  403  403  403  403  403  403
GET    room:remove             own      403  403  403  403  403  403  403
POST   room:remove             own      403  403  403  403  403  403  403
GET    privacy                 -        200  200  200  200  200  200  200
GET    imprint                 -        200  200  200  200  200  200  200
GET    accessibility           -        200  200  200  200  200  200  200
GET    verify                  -        200  200  200  200  200  200  200
POST   verify                  -        422  422  422  422  422  422  422
GET    /                       -        302  302  302  302  302  302  302
GET    logo                    -        404  404  404  404  404  404  404
GET    accent                  -        404  404  404  404  404  404  404
GET    robots                  -        200  200  200  200  200  200  200
GET    health                  -        ***  ***  ***  ***  ***  ***  ***
GET    metrics                 -        404  404  404  404  404  404  404
POST   set_language            -        302  302  302  302  302  302  302

GET    hr:today                -        302  403  200  200  302  200  302
POST   hr:note_return          returned 302  403  302  302  403  302  403
POST   hr:note_return          elsewhere 302 403  404  404  403  302  403
POST   hr:note_return          no_mail  302  403  404  404  403  404  403
GET    hr:reads                -        302  403  403  403  403  200  403
GET    hr:jobs                 -        302  403  200  200  403  200  403
GET    hr:board                own      302  403  200  200  403  200  403
GET    hr:board                foreign  302  403  404  404  403  200  403
GET    hr:stages               own      302  403  200  200  403  403  403
GET    hr:stages               foreign  302  403  404  404  403  403  403
POST   hr:stages               own      302  403  302  302  403  403  403
POST   hr:stages               foreign  302  403  404  404  403  403  403
GET    hr:new_job              -        302  403  200  403  403  403  403
POST   hr:new_job              -        302  403  302  403  403  403  403
GET    hr:edit_job             own      302  403  200  403  403  403  403
GET    hr:edit_job             foreign  302  403  404  403  403  403  403
POST   hr:edit_job             own      302  403  302  403  403  403  403
POST   hr:edit_job             foreign  302  403  404  403  403  403  403
GET    hr:preview_job          own      302  403  200  200  403  200  403
GET    hr:preview_job          draft    302  403  200  200  403  200  403
GET    hr:preview_job          foreign  302  403  404  404  403  200  403
POST   hr:publish_job          draft    302  403  302  403  403  403  403
POST   hr:publish_job          own      302  403  409  403  403  403  403
POST   hr:publish_job          foreign  302  403  404  403  403  403  403
GET    hr:close_job            own      302  403  200  403  403  403  403
POST   hr:close_job            own      302  403  422  403  403  403  403
POST   hr:close_job            idle     302  403  302  403  403  403  403
POST   hr:close_job            foreign  302  403  404  403  403  403  403
GET    hr:hiring_team          own      302  403  200  200  403  200  403
GET    hr:hiring_team          foreign  302  403  404  404  403  200  403
POST   hr:hiring_team          own      302  403  302  403  403  403  403
POST   hr:hiring_team          foreign  302  403  404  404  403  403  403
GET    hr:criteria             own      302  403  200  200  403  403  403
GET    hr:criteria             foreign  302  403  404  404  403  403  403
POST   hr:criteria             own      302  403  302  302  403  403  403
POST   hr:criteria             foreign  302  403  404  404  403  403  403
GET    hr:applications         -        302  403  200  200  403  200  403
GET    hr:export               -        302  403  200  200  403  200  403
GET    hr:add_application      -        302  403  200  200  403  403  403
POST   hr:add_application      -        302  403  302  302  403  403  403
POST   hr:save_view            -        302  403  302  302  403  302  403
POST   hr:delete_view          view     302  403  302  302  403  302  403
POST   hr:delete_view          foreign  302  403  404  404  403  404  403
GET    hr:application          own      302  404  200  200  404  200  404
GET    hr:application          foreign  302  404  404  404  404  200  404
GET    hr:application          unknown  302  404  404  404  404  404  404
POST   hr:bulk_move            own      302  403  302  302  403  403  403
POST   hr:bulk_move            foreign  302  403  404  404  403  403  403
POST   hr:bulk_move            unknown  302  403  404  404  403  403  403
POST   hr:add_note             own      302  404  302  302  404  302  404
POST   hr:add_note             foreign  302  404  404  404  404  302  404
POST   hr:delete_note          note     302  404  302  302  404  302  404
POST   hr:delete_note          others   302  404  403  403  404  403  404
POST   hr:delete_note          foreign  302  404  404  404  404  403  404
POST   hr:delete_note          private  302  404  404  404  404  404  404
POST   hr:delete_note          unknown  302  404  404  404  404  404  404
GET    hr:score                own      302  404  200  200  404  403  404
POST   hr:score                own      302  404  302  302  404  403  404
POST   hr:score                foreign  302  404  404  404  404  403  404
POST   hr:move                 own      302  404  302  302  404  403  404
POST   hr:move                 foreign  302  404  404  404  404  403  404
GET    hr:reject               own      302  404  200  200  404  403  404
POST   hr:reject               own      302  404  302  302  404  403  404
POST   hr:reject               foreign  302  404  404  404  404  403  404
GET    hr:bulk_reject          -        302  403  302  302  403  403  403
POST   hr:bulk_reject          -        302  403  302  302  403  403  403
POST   hr:bulk_reject          own      302  403  302  302  403  403  403
POST   hr:bulk_reject          foreign  302  403  404  404  403  403  403
POST   hr:bulk_reject          unknown  302  403  404  404  403  403  403
POST   hr:undo_rejection       own      302  404  409  409  404  403  404
POST   hr:undo_rejection       foreign  302  404  404  404  404  403  404
GET    hr:write                own      302  404  200  200  404  403  404
POST   hr:write                own      302  404  302  302  404  403  404
POST   hr:write                foreign  302  404  404  404  404  403  404
GET    hr:templates            -        302  403  200  403  403  403  200
GET    hr:new_template         -        302  403  200  403  403  403  200
POST   hr:new_template         -        302  403  302  403  403  403  302
GET    hr:template             template 302  403  200  403  403  403  200
POST   hr:template             template 302  403  302  403  403  403  302
GET    hr:template             no_template 302 403 404 403  403  403  404
GET    hr:delete_template      template 302  403  200  403  403  403  200
POST   hr:delete_template      template 302  403  302  403  403  403  302
POST   hr:delete_template      no_template 302 403 404 403  403  403  404
GET    hr:reasons              -        302  403  403  403  403  403  200
POST   hr:reasons              -        302  403  403  403  403  403  302
GET    hr:reopen               closed   302  403  200  200  403  200  403
POST   hr:reopen               closed   302  403  302  302  403  302  403
POST   hr:reopen               foreign  302  403  404  404  403  409  403
GET    hr:withdraw             own      302  404  200  200  404  403  404
POST   hr:withdraw             own      302  404  302  302  404  403  404
POST   hr:withdraw             foreign  302  404  404  404  404  403  404
GET    hr:assign               own      302  404  200  200  404  403  404
POST   hr:assign               own      302  404  302  302  404  403  404
POST   hr:assign               foreign  302  404  404  404  404  403  404
GET    hr:hire                 own      302  404  200  200  404  403  404
POST   hr:hire                 own      302  404  302  302  404  403  404
POST   hr:hire                 foreign  302  404  404  404  404  403  404
GET    hr:attachment           own      302  404  200  200  404  200  404
GET    hr:attachment           foreign  302  404  404  404  404  200  404
GET    hr:attachment           employee 302  404  404  404  200  404  404
GET    hr:attachment           staged   302  404  404  404  404  404  404
GET    hr:attachment           pending  302  404  404  404  404  404  404
GET    hr:attachment           quarantined 302 404 404  404  404  404  404
GET    hr:page                 own      302  404  200  200  404  200  404
GET    hr:page                 foreign  302  404  404  404  404  200  404
GET    hr:page                 employee 302  404  404  404  200  404  404
GET    hr:page                 staged   302  404  404  404  404  404  404
GET    hr:page                 pending  302  404  404  404  404  404  404
GET    hr:page                 quarantined 302 404 404  404  404  404  404
GET    hr:page                 picture  302  404  404  404  404  404  404
GET    hr:attachment           picture  302  404  404  404  404  404  404
GET    hr:employees            -        302  403  403  403  200  403  403
GET    hr:employee             employee 302  404  404  404  200  404  404
GET    hr:export_employee      employee 302  404  404  404  200  404  404
GET    hr:export_employee      unknown  302  404  404  404  404  404  404
GET    hr:undo_hire            employee 302  404  404  404  200  404  404
POST   hr:undo_hire            employee 302  404  404  404  302  404  404
GET    hr:erase_employee       employee 302  404  404  404  200  404  404
POST   hr:erase_employee       employee 302  404  404  404  302  404  404
GET    hr:retention            -        302  403  403  403  403  200  403
GET    hr:retention_day        day      302  403  403  403  403  200  403
GET    hr:retention_day        past     302  403  403  403  403  200  403
GET    hr:retention_day        never    302  403  403  403  403  404  403
GET    hr:held                 -        302  403  403  403  403  200  403
GET    hr:undecided            -        302  403  403  403  403  200  403
GET    hr:reopened             -        302  403  403  403  403  200  403
GET    hr:runs                 -        302  403  403  403  403  200  403
GET    hr:tombstones           -        302  403  403  403  403  200  403
GET    hr:ledger               -        302  403  403  403  403  200  403
GET    hr:ledger_file          -        302  403  403  403  403  200  403
GET    hr:dry_run              -        302  403  403  403  403  200  403
GET    hr:confirm_purge        -        302  403  403  403  403  200  403
POST   hr:confirm_purge        -        302  403  403  403  403  409  403
GET    hr:hold                 own      302  403  403  403  403  200  403
POST   hr:hold                 own      302  403  403  403  403  302  403
POST   hr:hold                 unknown  302  403  403  403  403  404  403
GET    hr:renew_hold           hold     302  403  403  403  403  200  403
POST   hr:renew_hold           hold     302  403  403  403  403  302  403
GET    hr:lift_hold            hold     302  403  403  403  403  200  403
POST   hr:lift_hold            hold     302  403  403  403  403  302  403
POST   hr:lift_hold            no_hold  302  403  403  403  403  404  403
GET    hr:register_request     own      302  403  403  403  403  200  403
POST   hr:register_request     own      302  403  403  403  403  302  403
GET    hr:requests             -        302  403  200  403  200  200  200
GET    hr:request              asked    302  403  404  403  404  200  404
GET    hr:request              granted  302  403  200  403  200  200  200
GET    hr:request              unknown  302  403  404  403  404  404  404
GET    hr:answer_request       asked    302  403  403  403  403  200  403
POST   hr:answer_request       asked    302  403  403  403  403  302  403
GET    hr:refuse_request       granted  302  403  403  403  403  200  403
POST   hr:refuse_request       granted  302  403  403  403  403  302  403
GET    hr:grant_request        erasure  302  403  403  403  403  200  403
POST   hr:grant_request        erasure  302  403  403  403  403  302  403
POST   hr:confirm_request      granted  302  403  302  403  302  302  302
POST   hr:confirm_request      erasure  302  403  404  403  404  409  404
GET    hr:copy                 access   302  403  403  403  403  200  403
GET    hr:copy                 asked    302  403  403  403  403  404  403
POST   hr:copy                 access   302  403  403  403  403  200  403
POST   hr:release_copy         access   302  403  403  403  403  302  403
POST   hr:release_copy         asked    302  403  403  403  403  404  403
GET    hr:mails                -        302  403  200  403  403  403  403
GET    hr:mail                 stray    302  403  200  403  403  403  403
GET    hr:mail                 unknown  302  403  404  403  403  403  403
POST   hr:take_mail            stray    302  403  302  403  403  403  403
POST   hr:delete_mail          stray    302  403  302  403  403  403  403
GET    hr:policy               -        302  403  403  403  403  200  403
GET    hr:processing           -        302  403  403  403  403  200  403
GET    hr:certificate          line     302  403  403  403  403  200  403
GET    hr:certificate_json     line     302  403  403  403  403  200  403

GET    admin:index             -        302  302  302  302  302  302  200

GET    account_login           -        200  302  302  302  302  302  302
POST   account_logout          -        302  302  302  302  302  302  302
GET    account_inactive        -        200  200  200  200  200  200  200
GET    account_reauthenticate  -        302  200  200  200  200  200  200
GET    account_change_password -        302  200  200  200  200  200  200
GET    account_set_password    -        302  302  302  302  302  302  302
GET    account_reset_password  -        200  200  200  200  200  200  200
GET    account_reset_password_done -    200  200  200  200  200  200  200
GET    account_reset_password_from_key - 200 200  200  200  200  200  200
GET    account_reset_password_from_key_done - 200 200 200 200 200  200  200
GET    mfa_index               -        302  200  200  200  200  200  200
GET    mfa_authenticate        -        302  302  302  302  302  302  302
GET    mfa_reauthenticate      -        302  302  302  302  302  302  302
GET    mfa_activate_totp       -        302  302  302  302  302  302  302
GET    mfa_deactivate_totp     -        302  404  404  404  404  404  404
GET    mfa_view_recovery_codes -        302  404  404  404  404  404  404
GET    mfa_generate_recovery_codes -    302  302  302  302  302  302  302
GET    mfa_login_webauthn      -        302  302  302  302  302  302  302
POST   mfa_login_webauthn      -        422  302  302  302  302  302  302
GET    mfa_add_webauthn        -        302  302  302  302  302  302  302
GET    mfa_remove_webauthn     -        302  302  302  302  302  302  302
POST   mfa_remove_webauthn     -        302  302  302  302  302  302  302
GET    mfa_reauthenticate_webauthn -    302  302  302  302  302  302  302
GET    openid_connect_login    -        404  404  404  404  404  404  404
GET    openid_connect_callback -        404  404  404  404  404  404  404
"""


#: Days to come, gone by, and beyond every clock.
#: What stands in addresses that are the same for everybody.
FIXED: dict[str, dict[str, Any]] = {
    "account_reset_password_from_key": {"uidb36": "1", "key": "unknown"},
    "hr:export": {"ending": "csv"},
    "mfa_remove_webauthn": {"pk": 1},
}
#: What follows the id in an address.
AFTER_ID: dict[str, Any] = {"hr:page": 1, "hr:export_employee": "json"}
#: Addresses below the slug of a job.
OF_JOBS = frozenset(
    f"hr:{name}"
    for name in (
        *("board", "stages", "edit_job", "preview_job", "publish_job", "close_job"),
        *("hiring_team", "criteria"),
    )
)
#: Those whose rows are named in what is sent.
IN_THE_BODY = {"hr:bulk_move", "hr:bulk_reject"}
DAYS = {"day": date.today(), "past": date(2026, 9, 14), "never": date(1900, 1, 1)}  # noqa: DTZ011


#: What a recruiter enters of a job.
JOB = {
    "title": "Pflegefachkraft",
    "language": "de",
    "kind": "full-time",
    "description": "Wir suchen Verstärkung.",
    "team": "Station Süd",
    "place": "Köln",
    "country": "DE",
    "pay_currency": "EUR",
    "pay_period": "year",
    "answer_days": "14",
}


@dataclass(frozen=True)
class Row:
    method: str
    url: str
    thing: str
    expected: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.url} {self.thing}"


ROWS = [
    Row(method, url, thing, tuple(cells))
    for method, url, thing, *cells in (line.split() for line in MATRIX.splitlines()[2:] if line)
]


class World:
    """A job of the user's own and a foreign one, each with an application and its document."""

    def __init__(self, who: str) -> None:
        self.user = None if who == "anonymous" else self._user(who)
        team = [self.user] if self.user else []
        self.job = world.a_job(hiring_team=team)
        self.secret = world.a_job(hiring_team=[world.a_user("recruiter")], is_confidential=True)
        self.other = world.a_job(hiring_team=team)
        self.draft = world.a_job(hiring_team=team, is_published=False, published_on=None)
        self.own = world.an_application(self.job)
        self.closed = world.an_application(self.job, status="rejected")
        self.closed.events.create(kind="rejected", at=timezone.now(), reason="No.")
        self.foreign = world.an_application(self.secret)
        start = timezone.now().date() + timedelta(days=30)
        self.employee = world.an_employee(start_date=start)

    @staticmethod
    def _user(who: str) -> User:
        return world.a_user(None if who == "nobody" else who)

    def path(self, row: Row) -> str:
        name = row.url
        if name == "/":
            return name
        if name in FIXED:
            return reverse(name, kwargs=FIXED[name])
        if name in {"room:link", "room:request"}:
            return reverse(name, args=[self._in_the_room(row)])
        if row.thing in {"-", "mine"} or name in IN_THE_BODY:
            return reverse(name)
        if name == "hr:retention_day":
            return reverse(name, args=[DAYS[row.thing]])
        if (name.startswith("careers:") and row.thing != "unknown") or name in OF_JOBS:
            return reverse(name, args=[self._job(row.thing).slug])
        if row.thing == "line":
            return reverse(name, args=[world.a_ledger_line().sequence])
        if name in AFTER_ID:
            return reverse(name, args=[self._pk(row), AFTER_ID[name]])
        if row.thing in {"hold", "template", "no_hold", "no_template"}:
            return reverse(name, args=[self._number(row.thing)])
        return reverse(name, args=[self._pk(row)])

    def _returned(self, thing: str) -> int:
        """Make a mail that came back, of an own application or elsewhere of a foreign one."""
        if thing == "no_mail":
            return 10**30
        application = self.own if thing == "returned" else self.foreign
        return world.a_mail(application, state="bounced").pk

    def _in_the_room(self, row: Row) -> str:
        if row.url == "room:request":
            return "access"
        if row.thing == "unknown":
            return "a" * tokens.LENGTH
        return tokens.mint(self.own, Token.Purpose.ROOM, now=timezone.now())

    def _job(self, thing: str) -> Job:
        others = {"foreign": self.secret, "draft": self.draft, "idle": self.other}
        return others.get(thing, self.job)

    def _pk(self, row: Row) -> Any:
        if row.url == "hr:delete_note":
            return self._note(row.thing)
        if row.thing == "unknown":
            return uuid4()
        if row.url == "hr:note_return":
            return self._returned(row.thing)
        if row.url in {"hr:attachment", "hr:page", "room:file", "room:remove"}:
            return self._attachment(row.thing).pk
        if row.url == "hr:delete_view":
            owner = self.user if row.thing == "view" else None
            return SavedView.objects.create(user=owner or world.a_user(), name="Open").pk
        if row.thing == "stray":
            return self._stray().pk
        if row.thing in {"access", "asked", "erasure", "granted"}:
            return self._request(row.thing).pk
        return self._record(row.thing).pk

    def _number(self, thing: str) -> int:
        if thing.startswith("no_"):
            return 10**30
        found: int = (self._hold() if thing == "hold" else MailTemplate.objects.all()[0]).pk
        return found

    def _note(self, thing: str) -> int:
        """Write a note of one's own, or somebody else's, and return its number."""
        if thing == "unknown":
            return 10**17
        mine = thing == "note" and self.user
        application = self.foreign if thing == "foreign" else self.own
        by = self.user if mine else world.a_user("recruiter")
        is_private = thing == "private"
        note = application.notes.create(by=by, at=timezone.now(), text="!", is_private=is_private)
        return int(note.pk)

    def _hold(self) -> Hold:
        officer, now = world.a_user("privacy_officer"), timezone.now()
        end = timezone.localdate() + timedelta(days=9)
        claim = Hold.Kind.LEGAL_CLAIM
        return holds.set_hold(self.closed, kind=claim, reason="!", until=end, by=officer, now=now)

    def _request(self, thing: str) -> Request:
        """Make an officer's business: a restriction, an erasure, one that somebody has granted."""
        kinds = {"asked": Request.Kind.RESTRICTION, "access": Request.Kind.ACCESS}
        kind = kinds.get(thing, Request.Kind.ERASURE)
        officer, now = world.a_user("privacy_officer"), timezone.now()
        request = requests.register(self.foreign, kind, by=officer, now=now)
        return requests.grant(request, by=officer, now=now) if thing == "granted" else request

    def _seen(self, row: Row) -> str:
        """Return what stands for the copy that the officer has seen."""
        if row.url != "hr:release_copy":
            return ""
        return copies.digest(copies.compile(self.foreign, timezone.now()))

    @staticmethod
    def _stray() -> StrayMail:
        raw = b"From: Amira Haddad <amira@post.example>\r\n\r\nHallo"
        now = timezone.now()
        return StrayMail.objects.create(
            digest=uuid4().hex, reason="no-job", received_at=now, raw=raw
        )

    def _record(self, thing: str) -> Application | Employee:
        record: Application | Employee = getattr(self, thing)
        return record

    def _chosen(self, row: Row) -> Any:
        return uuid4() if row.thing == "unknown" else getattr(self, row.thing, self.own).pk

    def _rejection(self, row: Row) -> dict[str, str]:
        if row.thing == "-":
            return {}
        stage = self.own.stage_id
        chosen = f"{self._chosen(row)}:{stage}"
        return {"chosen": chosen, "reason": "Another fits better.", "when": "soon"}

    def _attachment(self, thing: str) -> Attachment:
        if thing == "staged":
            return world.an_attachment(None, content=b"%PDF-", staged_by="a" * 64, pages=1)
        if thing in {"pending", "quarantined"}:
            return world.an_attachment(self.own, content=b"%PDF-", verdict=thing, pages=1)
        if thing == "picture":
            # Not yet replaced by a copy that does not say where it was taken.
            return world.an_attachment(
                self.own, "Foto.jpg", b"\xff\xd8", content_type="image/jpeg", pages=1
            )
        attachment = world.an_attachment(self._record(thing), content=b"%PDF-", pages=1)
        attachment.drawn_pages.create(number=1, image=b"RIFF", drawn_at=timezone.now())
        return attachment

    def data(self, row: Row) -> dict[str, Any]:
        stages = [] if self.own.job is None else list(self.own.job.stages.order_by("position"))
        data: dict[str, dict[str, Any]] = {
            "set_language": {"language": "en"},
            "hr:add_application": {
                "source": "agency",
                "introduced_by": "Muster Personal",
                "job": self.job.slug,
                "first_name": "Amira",
                "last_name": "Haddad",
                "email": "amira.haddad@post.example",
                "language": "en",
                "received_on": _in_days(0),
            },
            "hr:save_view": {"name": "Open", "query": "status=open"},
            "hr:bulk_move": {
                "stage": stages[1].pk,
                "chosen": f"{self._chosen(row)}:{stages[0].pk}",
            },
            "hr:add_note": {"text": "Strong on SQL."},
            "hr:score": {"criterion-0": "3"},
            "hr:stages": {f"name-{stage.pk}": stage.name for stage in stages},
            "hr:move": {"stage": stages[1].pk, "seen": stages[0].pk},
            "hr:reject": {"reason": "Another fits better.", "when": "soon"},
            "hr:bulk_reject": self._rejection(row),
            "hr:write": {"subject": "Ihre Bewerbung", "text": "Guten Tag {name}"},
            "hr:new_template": {**A_TEMPLATE, "name": f"New {self.own.pk}"},
            "hr:template": {**A_TEMPLATE, "name": f"Old {self.own.pk}"},
            "hr:reasons": {"reasons": "Experience is missing"},
            "hr:reopen": {"reason": "A mistake."},
            "hr:assign": {"job": self.other.slug},
            "hr:new_job": JOB,
            "hr:edit_job": JOB | {"seen": jobs.digest(self.job)},
            "hr:hiring_team": {"member": self.secret.hiring_team.get().pk},
            "hr:criteria": {"do": "add", "name": "Care"},
            "hr:hire": {
                "start_date": self.employee.start_date,
                "job_title": "Nurse",
                "personnel_number": f"X-{self.own.pk.hex[:8]}",
            },
            "hr:erase_employee": {"rule": "left"},
            "hr:hold": {"kind": "claim", "reason": "A claim.", "until": _in_days(30)},
            "hr:renew_hold": {"reason": "Still a claim.", "until": _in_days(60)},
            "hr:lift_hold": {"reason": "Settled."},
            "hr:register_request": {"kind": "access"},
            "hr:answer_request": {"answer": "It is lifted."},
            "hr:release_copy": {"sure": "yes", "seen": self._seen(row)},
            "hr:refuse_request": {"reason": "A claim is pending."},
        }
        return data.get(row.url, {})


A_TEMPLATE = {"purpose": "rejection", "language": "de", "subject": "{job}", "body": "Hallo {name}"}


def _in_days(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


@pytest.mark.django_db
@pytest.mark.once("sqlite")
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_each_role_gets_what_the_matrix_says_and_nothing_of_it_is_kept(row: Row) -> None:
    answers = tuple(_answer(row, who) for who in WHO)
    assert answers == tuple(
        answer if expected == "***" else expected
        for answer, expected in zip(answers, row.expected, strict=True)
    )


def _kept(client: Client) -> str:
    """Return all that the browser and the session hold, readable."""
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    said = CookieStorage(HttpRequest())._decode(cookies.get("messages")) or []  # type: ignore[attr-defined]
    sessions = [session.get_decoded() for session in Session.objects.all()]
    return " ".join(map(str, [cookies, *said, *sessions]))


def _send(row: Row, scene: World, client: Client) -> Any:
    if scene.user:
        client.force_login(scene.user)
    if row.thing == "mine":  # what a role may do in a room that is open in its browser
        world.open_room(client, scene.own)
    path = scene.path(row)
    response = client.post(path, scene.data(row)) if row.method == "POST" else client.get(path)
    if response.streaming:
        b"".join(response)  # to its end, which closes the file
    return response


def _answer(row: Row, who: str) -> str:
    cache.clear()
    scene, client = World(who), Client()
    response = _send(row, scene, client)
    if row.url.startswith("hr:"):
        _assert_nothing_is_kept(response, scene, client)
        if who == "anonymous":
            assert response["Location"].startswith(reverse("account_login"))
    return str(response.status_code)


def _assert_nothing_is_kept(response: Any, scene: World, client: Client) -> None:
    """Check that no cache keeps an answer of the workspace, and no cookie names anybody."""
    assert response["Cache-Control"] == "private, no-store"
    kept = _kept(client)
    names = {part for each in (scene.own, scene.employee) for part in each.name.split()}
    assert not [name for name in names if name in kept]


def _names(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _names(
                pattern, f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            )
        elif isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name or f'/{pattern.pattern}'}"


def test_every_address_has_its_row() -> None:
    addresses = {name for name in _names(get_resolver()) if not name.startswith("admin:")}
    assert addresses | {"admin:index"} == {row.url for row in ROWS}
