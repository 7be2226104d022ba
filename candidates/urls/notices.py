"""The pages that the law asks for."""

from django.urls import path

from candidates.views import certificates, notices

urlpatterns = [
    path("privacy/", notices.privacy, name="privacy"),
    path("imprint/", notices.imprint, name="imprint"),
    path("accessibility/", notices.accessibility, name="accessibility"),
    path("verify/", certificates.verify, name="verify"),
]
