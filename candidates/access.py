"""Who may see and do what. Every page and every verb asks here, and nowhere else.

A foreign row answers like an unknown one, with 404, so that ids tell nothing; a visible row that
the role may not act on answers 403.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal, TypeVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    BooleanField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    TextChoices,
)
from django.db.models.sql.compiler import SQLCompiler
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from candidates.models import (
    Application,
    Employee,
    Hold,
    Job,
    Note,
    Read,
    Request,
    Scorecard,
    User,
)
from candidates.models.applications import Applications
from candidates.models.jobs import Jobs
from candidates.models.requests import Requests
from storage.models import Attachment

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class Role(TextChoices):
    """The groups that give access. Their names are the values."""

    RECRUITER = "recruiter", _("Recruiter")
    HIRING_MANAGER = "hiring_manager", _("Hiring manager")
    PERSONNEL = "personnel", _("Personnel")
    PRIVACY_OFFICER = "privacy_officer", _("Privacy officer")
    ADMINISTRATOR = "administrator", _("Administrator")


#: Who reads applications, and who moves and decides them.
READERS = (Role.RECRUITER, Role.HIRING_MANAGER, Role.PRIVACY_OFFICER)
DECIDERS = (Role.RECRUITER, Role.HIRING_MANAGER)
#: Who may be the second person of an early erasure.
CONFIRMERS = (Role.RECRUITER, Role.PERSONNEL, Role.PRIVACY_OFFICER, Role.ADMINISTRATOR)


def roles(user: User | AnonymousUser) -> frozenset[Role]:
    """Return the roles of a user: one query for each request's user object."""
    if isinstance(user, AnonymousUser) or not user.is_active:
        return frozenset()
    if not hasattr(user, "_roles"):
        names = set(user.groups.values_list("name", flat=True))
        with_roles(user, frozenset(role for role in Role if role in names))
    return user._roles  # type: ignore[attr-defined,no-any-return]


def with_roles(user: User, known: frozenset[Role]) -> User:
    """Return the user with roles that have been read already."""
    user._roles = known  # type: ignore[attr-defined]
    return user


def has(user: User | AnonymousUser, *wanted: Role) -> bool:
    """Whether the user has any of these roles."""
    return not roles(user).isdisjoint(wanted)


def may_decide(user: User | AnonymousUser) -> bool:
    return has(user, *DECIDERS)


def may_edit_jobs(user: User | AnonymousUser) -> bool:
    """Whether the user may make, change, publish and close jobs: those that the user sees."""
    return has(user, Role.RECRUITER)


def deciders() -> QuerySet[User]:
    """Return those who may decide on applications: whoever a hiring team is made of."""
    names = [role.value for role in DECIDERS]
    return User.objects.filter(is_active=True, groups__name__in=names).distinct()


def may_erase(user: User | AnonymousUser) -> bool:
    return has(user, Role.PERSONNEL)


def allow(*wanted: Role) -> Callable[[View], View]:
    """Let only these roles into a view; others get 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not has(person(request), *wanted):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded  # type: ignore[return-value]

    return decorate


def person(request: HttpRequest) -> User:
    """Return the logged-in user. LoginRequiredMiddleware has seen to it that there is one."""
    if isinstance(request.user, AnonymousUser):
        raise PermissionDenied
    return request.user


class OfJobs(Func):
    """Whether a column names a job of the user's: of their team, or for recruiters no secret one.

    It stands in every query, often many times. Written out it costs nothing; as a queryset, most of
    what it takes to build a page's queries.
    """

    output_field = BooleanField()
    mine = "SELECT job_id FROM candidates_job_hiring_team WHERE user_id = %s"
    of_recruiter = f"SELECT id FROM candidates_job WHERE NOT is_confidential OR id IN ({mine})"  # noqa: S608

    def __init__(self, column: str, user_id: int, *, is_recruiter: bool) -> None:
        super().__init__(F(column))
        self.user_id = user_id
        self.wanted = self.of_recruiter if is_recruiter else self.mine

    @property
    def identity(self) -> tuple[Any, ...]:
        return (*super().identity, self.user_id, self.wanted)

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, list[Any]]:
        column, params = compiler.compile(self.source_expressions[0])
        return f"({column} IN ({self.wanted}))", [*params, self.user_id]


def _of_jobs(user: User, column: str) -> OfJobs:
    return OfJobs(column, user.pk, is_recruiter=has(user, Role.RECRUITER))


def jobs(user: User) -> Jobs:
    """Return the jobs whose applications the user may see."""
    if has(user, Role.PRIVACY_OFFICER):
        return Job.objects.all()
    return Job.objects.filter(_of_jobs(user, "pk")) if may_decide(user) else Job.objects.none()


def applications(user: User) -> Applications:
    """Return the applications the user may see: never one with the user's own address.

    Restricted ones are the privacy officer's alone.
    """
    seen = of_jobs(user).exclude(email__iexact=user.email)
    return seen if has(user, Role.PRIVACY_OFFICER) else seen.unrestricted()


def of_jobs(user: User) -> Applications:
    """Return the applications to the user's jobs, `kept_back` ones too: for counting alone.

    An index counts these by itself; who is kept back are few, and counted apart.
    """
    if not has(user, *READERS):
        return Application.objects.none()
    if has(user, Role.PRIVACY_OFFICER):
        return Application.objects.all()
    within = Q(_of_jobs(user, "job"))
    if has(user, Role.RECRUITER):
        within |= Q(job__isnull=True)
    return Application.objects.filter(within)


def kept_back(user: User) -> Applications:
    """Return those to the user's jobs that the user does not see all the same."""
    why = Q(email__iexact=user.email)
    if not has(user, Role.PRIVACY_OFFICER):
        why |= Q(restricted_at__isnull=False)
    return of_jobs(user).filter(why)


def is_own(user: User, application: Application) -> bool:
    """Whether the user applies here, as far as the addresses tell."""
    return user.email.casefold() == application.email.casefold()


def scorecards(user: User) -> QuerySet[Scorecard]:
    """Return the scorecards that the user may read, of applications that the user sees.

    Whoever decides judges first: others' are hidden until their own is in, or the decision made.
    """
    if not may_decide(user):
        return Scorecard.objects.all()
    own = Scorecard.objects.filter(application=OuterRef("application"), by=user)
    return Scorecard.objects.filter(Exists(own) | Q(application__delete_on__isnull=False))


def readers(application: Application) -> QuerySet[User]:
    """Return who may see an application: `applications`, asked the other way round."""
    people = User.objects.filter(is_active=True).exclude(email__iexact=application.email)
    may = Q(groups__name=Role.PRIVACY_OFFICER)
    job = application.job
    if application.restricted_at is None and job is None:
        may |= Q(groups__name=Role.RECRUITER)
    elif application.restricted_at is None and job:
        deciding = [Role.HIRING_MANAGER, Role.RECRUITER]
        may |= Q(groups__name__in=deciding, jobs=job)
        if not job.is_confidential:
            may |= Q(groups__name=Role.RECRUITER)
    return people.filter(may).distinct().order_by("first_name", "last_name", "pk")


def requests(user: User) -> Requests:
    """Return the requests the user may see: never one of the user's own address.

    The privacy officer sees all, a second person the erasures that wait for one, unless the
    application is restricted.
    """
    seen = Request.objects.exclude(application__email__iexact=user.email)
    if has(user, Role.PRIVACY_OFFICER):
        return seen
    if has(user, *CONFIRMERS):
        return seen.filter(state=Request.State.GRANTED, application__restricted_at=None)
    return Request.objects.none()


def reads(user: User) -> QuerySet[Read]:
    """Return the lines of the read log the user may see: the officer all but of the own address."""
    if has(user, Role.PRIVACY_OFFICER):
        return Read.objects.exclude(application__email__iexact=user.email)
    return Read.objects.none()


def employees(user: User) -> QuerySet[Employee]:
    """Return the employees the user may see."""
    if has(user, Role.PERSONNEL):
        return Employee.objects.all()
    return Employee.objects.none()


def employee_of(user: User, application: Application) -> Employee | None:
    """Return the record that a hire made of an application, if the user may see it."""
    return getattr(application, "employee", None) if has(user, Role.PERSONNEL) else None


def get_job(request: HttpRequest, slug: str) -> Job:
    return get_object_or_404(jobs(person(request)), slug=slug)


def check_named(request: HttpRequest, field: str) -> None:
    """Raise Http404 if a form names a job by its slug that the user does not see, or none at all.

    The form itself says what is wrong with one that is seen, as when it has been closed meanwhile.
    """
    slug = request.POST.get(field)
    if slug and slug not in jobs(person(request)).values_list("slug", flat=True):
        raise Http404


def get_application(
    request: HttpRequest,
    pk: UUID,
    *,
    may: Literal["see", "decide"] = "see",
    add: Callable[[Applications], Applications] = lambda rows: rows,
) -> Application:
    """Return an application that the user may see; `add` is what else is read with it."""
    user = person(request)
    rows = add(applications(user).select_related("job", "stage", "employee"))
    found = get_object_or_404(rows, pk=pk)
    if may == "decide" and not may_decide(user):
        raise PermissionDenied
    return found


def get_note(request: HttpRequest, pk: int) -> Note:
    """Return a note that the user may read, of an application that the user may see."""
    user = person(request)
    notes = Note.objects.seen_by(user).filter(application__in=applications(user))
    return get_object_or_404(notes.select_related("application"), pk=pk)


def get_hold(request: HttpRequest, pk: int) -> Hold:
    holds = Hold.objects.filter(application__in=applications(person(request)))
    return get_object_or_404(holds.select_related("application", "request"), pk=pk)


def get_request(request: HttpRequest, pk: UUID) -> Request:
    rows = requests(person(request)).select_related(
        "application", "application__job", "registered_by", "decided_by", "confirmed_by"
    )
    return get_object_or_404(rows, pk=pk)


def get_employee(
    request: HttpRequest, pk: UUID, *, may: Literal["see", "erase"] = "see"
) -> Employee:
    user = person(request)
    found = get_object_or_404(employees(user).select_related("application", "hired_by"), pk=pk)
    if may == "erase" and not may_erase(user):
        raise PermissionDenied
    return found


def get_document(request: HttpRequest, pk: UUID) -> Attachment:
    """Return an attachment of an application or employee that the user may see, in any state."""
    user = person(request)
    mine = Q(application__in=applications(user)) | Q(employee__in=employees(user))
    return get_object_or_404(Attachment.objects.filter(mine).select_related("application"), pk=pk)


def get_attachment(request: HttpRequest, pk: UUID) -> Attachment:
    """Return such an attachment if it may be served."""
    found = get_document(request, pk)
    if not found.is_servable:
        raise Http404
    return found
