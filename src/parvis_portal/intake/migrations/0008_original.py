"""Whether a person wants the file itself to be given beside its published copy."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("intake", "0007_doors")]

    operations = [migrations.AddField(model_name="draft", name="original", field=models.BooleanField(null=True))]
