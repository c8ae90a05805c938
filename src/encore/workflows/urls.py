from django.urls import path

from encore.workflows import views

app_name = "workflows"
urlpatterns = [
    path("money/costs/new/", views.new_cost, name="new-cost"),
    path("money/costs/<str:reference>/approval/", views.approval, name="approval"),
]
