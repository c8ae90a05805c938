from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_names_in_order")]

    operations = [
        migrations.AddIndex("user", models.Index(fields=["organisation", "sort_key", "id"], name="user_by_name")),
    ]
