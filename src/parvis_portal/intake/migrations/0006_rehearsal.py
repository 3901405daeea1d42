"""What publishing a table under the decisions taken so far would give."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("intake", "0005_chosen_schema")]

    operations = [migrations.AddField(model_name="draft", name="rehearsal", field=models.JSONField(default=dict))]
