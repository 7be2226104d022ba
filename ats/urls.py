"""Every address of the site. The paths are fixed: people, mails and scripts outside use them."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from ats import accounts, metrics, views

handler400 = "ats.errors.bad_request"
handler403 = "ats.errors.permission_denied"
handler404 = "ats.errors.page_not_found"
handler429 = "ats.errors.too_many_requests"
handler500 = "ats.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", login_not_required(RedirectView.as_view(pattern_name="careers:jobs"))),
    path("", include("candidates.urls.careers")),
    path("", include("candidates.urls.notices")),
    path("my/", include("candidates.urls.room")),
    path("hr/", include("candidates.urls.hr")),
    path("accounts/", include(accounts.urlpatterns)),
    path("admin/", admin.site.urls),
    path("health/", views.health, name="health"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("metrics/", metrics.metrics, name="metrics"),
    path("robots.txt", views.robots, name="robots"),
]

if settings.DEBUG:
    urlpatterns += [
        path("dev/mail/", views.dev_mails, name="dev_mails"),
        path("dev/mail/<str:name>/", views.dev_mail, name="dev_mail"),
        path("dev/mail/<str:name>/<int:number>/", views.dev_html, name="dev_html"),
    ]
