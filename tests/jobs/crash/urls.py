from django.urls import include, path

from tests.jobs.crash import work

urlpatterns = [path("trial/jobs/", work.put_in), path("", include("encore.config.urls"))]

handler500 = "encore.web.errors.broken"
