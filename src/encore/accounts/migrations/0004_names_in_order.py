from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from encore.accounts.names import initials, sort_key


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    User = apps.get_model("accounts", "User")
    for person in User.objects.only("name").iterator():
        User.objects.filter(pk=person.pk).update(sort_key=sort_key(person.name), initials=initials(person.name))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_access_log_stays")]

    operations = [
        migrations.AddField("user", "sort_key", models.CharField(max_length=200, editable=False, db_default="")),
        migrations.AddField("user", "initials", models.CharField(max_length=100, editable=False, db_default="")),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
