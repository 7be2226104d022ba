"""Views of the list that somebody has saved: filters with a name, each person's own."""

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from candidates import access
from candidates.forms.views import SaveForm
from candidates.models import SavedView
from candidates.views import applications


@require_POST
@access.allow(*access.READERS)
def save(request: HttpRequest) -> HttpResponse:
    user = access.person(request)
    form = SaveForm(request.POST, user=user)
    if not form.is_valid():
        # The list as it was, with what is wrong.
        request.GET = QueryDict(request.POST.get("query", ""))
        return applications.draw(request, save=form, status=422)
    try:
        with transaction.atomic():
            view = SavedView.objects.create(user=user, **form.cleaned_data)
    except IntegrityError:  # saved in another window this very moment
        view = SavedView.objects.get(user=user, name=form.cleaned_data["name"])
    messages.success(request, _("The view is saved."))
    return HttpResponseRedirect(f"{reverse('hr:applications')}?{view.query}")


@require_POST
@access.allow(*access.READERS)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(SavedView, pk=pk, user=access.person(request)).delete()
    messages.success(request, _("The view is deleted. The applications are untouched."))
    return redirect("hr:applications")
