"""How it stands with a person's full copy: asked for, ready, fetched."""

from dataclasses import dataclass

from candidates.models import AccessCopy, Application, Request


@dataclass(frozen=True)
class Standing:
    """The newest request for access, if any, and the newest copy that can be fetched, if any."""

    asked: Request | None
    copy: AccessCopy | None


def standing(application: Application) -> Standing:
    copies = AccessCopy.objects.filter(request__application=application).defer("content")
    return Standing(
        asked=application.requests.filter(kind=Request.Kind.ACCESS)
        .order_by("-received_at")
        .first(),
        copy=copies.select_related("request").order_by("-released_at", "-pk").first(),
    )


def of_request(request: Request) -> AccessCopy | None:
    """Return a request's copy, if one was released, without its content."""
    if request.kind != Request.Kind.ACCESS or request.decided_at is None:
        return None
    return AccessCopy.objects.filter(request=request).defer("content").first()
