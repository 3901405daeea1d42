"""Which schema a person chose for a table, and for the next ones of its source."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("intake", "0004_files_of_a_source")]

    operations = [
        migrations.AddField(
            model_name="draft",
            name="schema",
            field=models.CharField(blank=True, default="", max_length=80),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="sourcetable",
            name="schema",
            field=models.CharField(blank=True, default="", max_length=80),
            preserve_default=False,
        ),
    ]
