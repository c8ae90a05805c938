from django.urls import path

from encore.customers import views

app_name = "customers"
urlpatterns = [
    path("privacy/", views.privacy, name="privacy"),
    path("my-data/<str:token>/", views.own, name="own"),
    path("customers/", views.guests, name="list"),
    path("customers/register/", views.register, name="register"),
    path("customers/requests/", views.requests, name="requests"),
    path("customers/<str:reference>/", views.customer, name="customer"),
    path("customers/<str:reference>/reveal/", views.reveal, name="reveal"),
    path("customers/<str:reference>/copy/<str:kind>/", views.copy, name="copy"),
    path("customers/<str:reference>/requests/<int:number>/", views.answer_request, name="answer-request"),
    path("customers/<str:reference>/<slug:name>/", views.act, name="act"),
]
