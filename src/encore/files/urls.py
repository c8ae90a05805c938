from django.urls import path

from encore.files import views

app_name = "files"
urlpatterns = [
    path("files/", views.every, name="list"),
    path("files/of/<slug:noun>/<str:reference>/", views.of, name="of"),
    path("files/of/<slug:noun>/<str:reference>/hold/", views.hold_all, name="hold-all"),
    path("files/of/<slug:noun>/<str:reference>/export/", views.export, name="export"),
    path("files/<str:reference>/", views.file, name="file"),
    path("files/<str:reference>/view/", views.view, name="view"),
    path("files/<str:reference>/thumbnail/", views.thumbnail, name="thumbnail"),
    path("files/<str:reference>/play/", views.play, name="play"),
    path("files/<str:reference>/download/", views.download, name="download"),
    path("files/<str:reference>/hold/", views.hold, name="hold"),
    path("files/<str:reference>/release/", views.release, name="release"),
    path("f/<str:key>/", views.guest, name="guest"),
    path("uploads/", views.begin, name="begin"),
    path("uploads/<str:token>/", views.upload, name="upload"),
]
