from django.urls import path

from encore.home import views

app_name = "home"
urlpatterns = [
    path("", views.board, name="board"),
    path("start/", views.start, name="start"),
    path("start/own-house/", views.own_house, name="own-house"),
    path("board/<str:reference>/", views.contract, name="contract"),
    path("board/<str:reference>/running/", views.running, name="running"),
    path("board/<str:reference>/clocks/", views.clocks, name="clocks"),
]
