from django.urls import include, path

urlpatterns = [
    path("", include("encore.home.urls")),
    path("", include("encore.workflows.urls")),
    path("", include("encore.complaints.urls")),
    path("", include("encore.contracts.urls")),
    path("", include("encore.jobs.urls")),
    path("", include("encore.files.urls")),
    path("", include("encore.channels.urls")),
    path("", include("encore.approvals.urls")),
    path("", include("encore.documents.urls")),
    path("", include("encore.books.urls")),
    path("", include("encore.people.urls")),
    path("", include("encore.venues.urls")),
    path("", include("encore.customers.urls")),
    path("", include("encore.imports.urls")),
    path("", include("encore.accounts.urls")),
    path("", include("encore.running.urls")),
    path("", include("encore.search.urls")),
    path("", include("encore.statistics.urls")),
    path("", include("encore.ledger.urls")),
    path("", include("encore.web.urls")),
]

handler400 = "encore.web.errors.bad_request"
handler403 = "encore.web.errors.forbidden"
handler404 = "encore.web.errors.not_found"
handler500 = "encore.web.errors.broken"
