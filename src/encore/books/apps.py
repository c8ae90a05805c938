from django.apps import AppConfig


class BooksConfig(AppConfig):
    name = "encore.books"
    label = "books"
