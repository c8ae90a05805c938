from django.urls import path

from encore.home import views

app_name = "home"
urlpatterns = [
    path("", views.board, name="board"),
    path("reminders/", views.reminders, name="reminders"),
    path("board/<str:reference>/", views.contract, name="contract"),
    path("board/<str:reference>/running/", views.running, name="running"),
    path("board/<str:reference>/clocks/", views.clocks, name="clocks"),
]
