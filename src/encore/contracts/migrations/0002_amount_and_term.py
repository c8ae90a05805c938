from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contracts", "0001_initial")]

    operations = [
        migrations.AddField("contract", "amount", models.DecimalField(decimal_places=2, max_digits=14, null=True)),
        migrations.AddField("contract", "currency", models.CharField(default="CNY", max_length=3)),
        migrations.AddField("contract", "term_from", models.DateField(null=True)),
        migrations.AddField("contract", "term_to", models.DateField(null=True)),
        migrations.AddConstraint(
            "contract", models.CheckConstraint(condition=models.Q(("amount__gte", 0)), name="contract_amount")
        ),
        migrations.AddConstraint(
            "contract",
            models.CheckConstraint(condition=models.Q(("term_to__gt", models.F("term_from"))), name="contract_term"),
        ),
    ]
