from django.urls import path

from encore.books import views

app_name = "books"
urlpatterns = [
    path("money/", views.entrance, name="entrance"),
    path("money/budget/", views.budget, name="budget"),
    path("money/budget/new/", views.new_line, name="new-line"),
    path("money/budget/<str:reference>/", views.line, name="line"),
    path("money/budget/<str:reference>/move-back/", views.move_back, name="move-back"),
    path("money/costs/", views.costs, name="costs"),
    path("money/costs/<str:reference>/", views.cost, name="cost"),
    path("money/costs/<str:reference>/pay/", views.pay, name="pay"),
    path("money/months/", views.months, name="months"),
    path("money/months/<str:reference>/", views.period, name="period"),
]
