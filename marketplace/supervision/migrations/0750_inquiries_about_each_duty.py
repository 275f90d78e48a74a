"""A report can be asked for on every kind of case of which a duty of an authority goes up; on exactly one, as before."""

from functools import reduce
from operator import or_

from django.db import migrations, models

NEW = {
    "version": "listings.version", "objection": "listings.objection", "rule": "listings.releaserule",
    "description": "listings.descriptionchange", "edition": "applications.grantedition",
    "report": "supervision.usagereport", "certificate": "supervision.certificate", "review": "supervision.review",
}  # fmt: skip
NAMES = ("application", "finding", "measure", "incident", "concern", "inspection", *NEW)


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0001_squashed_0551_words_of_precautions"),
        ("listings", "0001_squashed_0590_whole_product"),
        ("supervision", "0740_in_whose_place_signed"),
    ]

    operations = [
        migrations.RemoveConstraint("inquiry", "inquiry_about_one"),
        *(
            migrations.AddField(
                "inquiry",
                name,
                models.ForeignKey(
                    blank=True, null=True, on_delete=models.deletion.PROTECT, related_name="inquiries", to=model
                ),
            )
            for name, model in NEW.items()
        ),
        migrations.AddConstraint(
            "inquiry",
            models.CheckConstraint(
                condition=reduce(
                    or_, (models.Q(**{f"{name}__isnull": name != given for name in NAMES}) for given in NAMES)
                ),
                name="inquiry_about_one",
            ),
        ),
    ]
