"""allauth's pages of the second factor, in our words and with what they leave open."""

from typing import Any
from urllib.parse import quote

from allauth.account.forms import LoginForm
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    LoginWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control

from candidates.access import person

from . import proof
from .adapter import Adapter
from .proof import Type

#: No cache keeps a secret, and going back shows none again.
unkept = method_decorator(cache_control(private=True, no_store=True), name="dispatch")


class Index(IndexView):  # type: ignore[misc]
    """What a person logs in with, and how to add to it."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = super().get_context_data(**kwargs)
        codes = found["authenticators"].get(Type.RECOVERY_CODES)
        user = person(self.request)
        said = {
            "codes_left": len(codes.get_unused_codes()) if codes else 0,
            "is_held": settings.ATS_SECOND_FACTOR and not proof.has_factor(user),
        }
        return dict(found | said)


# At log-in --------------------------------------------------------------------------------


class Authenticate(AuthenticateView):  # type: ignore[misc]
    """The second factor at log-in: only those that the person has are offered."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kinds = set(proof.factors(self.stage.login.user).values_list("type", flat=True))
        said = {"has_app": Type.TOTP in kinds, "has_passkey": Type.WEBAUTHN in kinds}
        return dict(super().get_context_data(**kwargs) | said)


class LogInByPasskey(LoginWebAuthnView):  # type: ignore[misc]
    """A passkey alone: with its PIN or finger it is two factors in one."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.accepts("text/html"):
            return HttpResponseRedirect(reverse("account_login"))
        return JsonResponse(auth.begin_authentication(user=None))

    def form_invalid(self, form: Any) -> HttpResponse:
        context = {"form": LoginForm(request=self.request), "passkey_form": form}
        return render(self.request, "account/login.html", context, status=422)


# Once more --------------------------------------------------------------------------------


class AgainByPasskey(ReauthenticateWebAuthnView):  # type: ignore[misc]
    def form_invalid(self, form: Any) -> HttpResponse:
        return refused(self, form, status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return dict(super().get_context_data(**kwargs) | kwargs)


# Adding and taking away -------------------------------------------------------------------


def refused(page: Any, form: Any, *, status: int) -> HttpResponse:
    """Return the page with what is wrong on it."""
    response: HttpResponse = page.render_to_response(page.get_context_data(form=form))
    response.status_code = status
    return response


@unkept
class ActivateApp(ActivateTOTPView):  # type: ignore[misc]
    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        proof.note(self.request, person(self.request), kind=Type.TOTP)
        return response


class DeactivateApp(DeactivateTOTPView):  # type: ignore[misc]
    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        proof.end_sessions(person(self.request), but=self.request.session.session_key)
        return response


class AddPasskey(AddWebAuthnView):  # type: ignore[misc]
    """A passkey that can log in by itself, which allauth makes a choice of."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = super().get_context_data(**kwargs) | kwargs
        options = auth.begin_registration(person(self.request), True)
        return dict(found | {"js_data": options})

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        proof.note(self.request, person(self.request), kind=Type.WEBAUTHN)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        return refused(self, form, status=422)


class RemovePasskey(RemoveWebAuthnView):  # type: ignore[misc]
    success_url = reverse_lazy("mfa_index")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = super().get_context_data(**kwargs)
        return dict(found | {"is_last": not Adapter().can_delete_authenticator(self.object)})

    def form_valid(self, form: Any) -> HttpResponse:
        if not Adapter().can_delete_authenticator(self.get_object()):
            return refused(self, form, status=409)
        response: HttpResponse = super().form_valid(form)
        proof.end_sessions(person(self.request), but=self.request.session.session_key)
        return response


# Recovery codes ---------------------------------------------------------------------------


@unkept
class RecoveryCodes(ViewRecoveryCodesView):  # type: ignore[misc]
    """The codes, once, and the same as a text file that stands in the page itself."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = super().get_context_data(**kwargs)
        codes = [f"{code[:4]} {code[4:]}" for code in found["unused_codes"]]
        context = {"codes": codes, "user": person(self.request), "operator": settings.ATS_OPERATOR}
        text = render_to_string("mfa/recovery_codes/file.txt", context)
        return dict(
            found | {"codes": codes, "file": f"data:text/plain;charset=utf-8,{quote(text)}"}
        )


class NewRecoveryCodes(GenerateRecoveryCodesView):  # type: ignore[misc]
    pass
