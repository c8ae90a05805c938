from django.urls import path

from encore.venues import views

app_name = "venues"
urlpatterns = [
    path("r/", views.enter, name="enter"),
    path("venues/", views.venues, name="list"),
    path("venues/open/", views.open_venue, name="open"),
    path("venues/<str:reference>/", views.venue, name="venue"),
    path("venues/<str:reference>/change/", views.change, name="change"),
    path("venues/<str:reference>/rooms/", views.add_rooms, name="add-rooms"),
    path("venues/<str:reference>/hours/", views.hours, name="hours"),
    path("venues/<str:reference>/shifts/", views.shifts, name="shifts"),
    path("venues/<str:reference>/range/", views.offered, name="range"),
    path("venues/<str:reference>/floor/", views.floor, name="floor"),
    path("rooms/<str:reference>/", views.room, name="room"),
    path("rooms/<str:reference>/<slug:name>/", views.room_act, name="room-act"),
    path("products/<str:reference>/", views.product, name="product"),
    path("products/<str:reference>/price/", views.price, name="price"),
    path("room-sessions/", views.sessions, name="sessions"),
    path("room-sessions/<str:reference>/", views.session, name="session"),
    path("room-sessions/<str:reference>/close/", views.close_session, name="close-session"),
    path("sales/", views.sales, name="sales"),
]
