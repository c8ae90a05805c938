from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_people_by_name")]
    operations = [
        migrations.AddIndex(
            model_name="accesslog",
            index=models.Index(fields=["noun", "noun_id", "at"], name="access_by_row"),
        ),
    ]
