from django.urls import path

from encore.people import views

app_name = "people"
urlpatterns = [
    path("join/<str:token>/", views.join, name="join"),
    path("people/", views.staff_list, name="list"),
    path("people/invite/", views.invite, name="invite"),
    path("people/list/", views.bring_in, name="bring-in"),
    path("people/<str:reference>/", views.person, name="person"),
    path("people/<str:reference>/<slug:name>/", views.act, name="act"),
    path("promoters/", views.promoters, name="promoters"),
    path("assignments/<str:reference>/", views.assignment, name="assignment"),
    path("who-sees-what/", views.sight, name="sight"),
]
