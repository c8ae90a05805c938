"""When to warn of a deadline, and which subjects others refer to: of those that are there already, all may be."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_checkpoints")]

    operations = [
        migrations.AddField("clock", "warned", models.SmallIntegerField(db_default=0)),
        migrations.AddField("clock", "warns_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "clock",
            models.Index(
                condition=models.Q(("state", "open"), ("warns_at__isnull", False)),
                fields=["warns_at", "id"],
                name="clock_warns",
            ),
        ),
        migrations.AddField("memo", "is_referred", models.BooleanField(db_default=True)),
        migrations.AlterField("memo", "is_referred", models.BooleanField(db_default=False)),
    ]
