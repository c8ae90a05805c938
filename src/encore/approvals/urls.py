from django.urls import path

from encore.approvals import views

app_name = "approvals"
urlpatterns = [
    path("approvals/", views.approvals, name="list"),
    path("approvals/new/", views.ask, name="ask"),
    path("approvals/tiers/", views.tiers, name="tiers"),
    path("approvals/absence/", views.absence, name="absence"),
    path("approvals/<str:reference>/", views.approval, name="approval"),
    path("approvals/<str:reference>/<slug:name>/", views.act, name="act"),
]
