from django.urls import path

from encore.ledger import views

app_name = "ledger"
urlpatterns = [path("entries/<int:entry>/annul/", views.annul, name="annul")]
