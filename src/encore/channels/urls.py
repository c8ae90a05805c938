from django.urls import path

from encore.channels import views

app_name = "channels"
urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("messages/", views.messages, name="messages"),
    path("messages/limits/", views.limits, name="limits"),
    path("messages/limits/secret/", views.secret, name="secret"),
    path("messages/simulator/", views.simulator, name="simulator"),
    path("messages/from/<slug:transport>/", views.callback, name="callback"),
    path("messages/<str:reference>/", views.message, name="message"),
    path("messages/<str:reference>/<slug:name>/", views.act, name="act"),
]
