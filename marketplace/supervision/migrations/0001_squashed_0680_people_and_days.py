import django.core.validators
import django.db.models.deletion
import django.db.models.fields.json
from django.conf import settings
from django.db import migrations, models

import listings.models.purposes
import marketplace.supervision.models


class Migration(migrations.Migration):
    replaces = [
        ("supervision", "0001_initial"),
        ("supervision", "0040_metered_use"),
        ("supervision", "0090_ceased"),
        ("supervision", "0110_listed_as"),
        ("supervision", "0200_findings_about_versions"),
        ("supervision", "0201_every_finding_is_somebodys"),
        ("supervision", "0210_standing_rules"),
        ("supervision", "0430_occasions"),
        ("supervision", "0431_explanations"),
        ("supervision", "0440_concerns"),
        ("supervision", "0450_incidents"),
        ("supervision", "0460_kinds_of_measures"),
        ("supervision", "0461_take_downs"),
        ("supervision", "0470_reviews"),
        ("supervision", "0480_inquiries"),
        ("supervision", "0520_emergency_plans"),
        ("supervision", "0530_second_pair_and_service"),
        ("supervision", "0540_reports_to_judge"),
        ("supervision", "0541_reported_until"),
        ("supervision", "0550_whereabouts"),
        ("supervision", "0551_certificates"),
        ("supervision", "0552_cautions"),
        ("supervision", "0553_review_of_cautions"),
        ("supervision", "0560_inspections"),
        ("supervision", "0561_joint_inspectors"),
        ("supervision", "0570_evidence_readings"),
        ("supervision", "0571_recusals"),
        ("supervision", "0580_occasions_told"),
        ("supervision", "0590_review_of_refusals"),
        ("supervision", "0600_whole_product"),
        ("supervision", "0601_second_pair_of_endings"),
        ("supervision", "0610_recusals_of_every_case"),
        ("supervision", "0611_recusals_are_kept_with_accounts"),
        ("supervision", "0612_findings_of_overseers"),
        ("supervision", "0613_review_of_each_barring"),
        ("supervision", "0620_stated_purposes"),
        ("supervision", "0630_statements_before_a_hearing"),
        ("supervision", "0640_grants_signed_for"),
        ("supervision", "0650_causes_of_precautions"),
        ("supervision", "0651_acknowledgements"),
        ("supervision", "0652_wish_about_copies"),
        ("supervision", "0653_incident_deliveries"),
        ("supervision", "0660_thin_reports"),
        ("supervision", "0661_judge_what_was_filed"),
        ("supervision", "0670_inquiries_about_each_case"),
        ("supervision", "0680_people_and_days"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0610_recusals"),
        ("applications", "0001_squashed_0551_words_of_precautions"),
        ("clock", "0001_squashed_0441_kinds_by_a_function"),
        ("delivery", "0001_squashed_0570_attempts_to_judge"),
        ("listings", "0001_squashed_0590_whole_product"),
    ]

    operations = [
        migrations.CreateModel(
            name="Occasion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=120, unique=True)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Caution",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cautions",
                        to="accounts.party",
                        verbose_name="about",
                    ),
                ),
                (
                    "authority",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="issued by",
                    ),
                ),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("all", "every case of the party"),
                            ("purpose", "one purpose"),
                            ("region", "one region"),
                            ("kind", "one kind of data"),
                        ],
                        default="all",
                        max_length=8,
                        verbose_name="scope",
                    ),
                ),
                (
                    "purpose",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="listings.purpose",
                        verbose_name="purpose",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.region",
                        verbose_name="region",
                    ),
                ),
                (
                    "nature",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("government", "government data"),
                            ("public_service", "public-service data"),
                            ("public_utility", "public-utility data"),
                            ("non_public", "non-public data"),
                            ("built", "built on public data"),
                        ],
                        max_length=16,
                        verbose_name="kind of data",
                    ),
                ),
                (
                    "article",
                    models.CharField(
                        choices=[
                            ("Art. 16", "Art. 16: use, reports, attribution"),
                            ("Art. 33", "Art. 33: correction after an order"),
                            ("Art. 34", "Art. 34: security"),
                            ("Art. 46", "Art. 46: duties of an institution or developer"),
                        ],
                        max_length=10,
                        verbose_name="article",
                    ),
                ),
                ("reason", models.TextField(max_length=4000, verbose_name="reason")),
                ("ends", models.DateField(verbose_name="last day")),
                (
                    "issued_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("issued_at", models.DateTimeField(verbose_name="issued")),
                (
                    "state",
                    models.CharField(
                        choices=[("in_force", "in force"), ("lifted", "lifted"), ("annulled", "annulled")],
                        default="in_force",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "lifted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("lifted_at", models.DateTimeField(blank=True, null=True, verbose_name="lifted")),
            ],
            options={
                "verbose_name": "caution",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "in_force")), fields=["party", "ends"], name="caution_in_force"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("nature", ""), ("purpose", None), ("region", None), ("scope", "all")),
                            models.Q(
                                ("nature", ""), ("purpose__isnull", False), ("region", None), ("scope", "purpose")
                            ),
                            models.Q(("nature", ""), ("purpose", None), ("region__isnull", False), ("scope", "region")),
                            models.Q(
                                ("purpose", None),
                                ("region", None),
                                ("scope", "kind"),
                                models.Q(("nature", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="caution_says_what_it_is_for",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="caution_has_a_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("party", models.F("authority")), _negated=True),
                        name="caution_about_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lifted_at", None), ("lifted_by", None), ("state__in", ["in_force", "annulled"])),
                            models.Q(("lifted_at__isnull", False), ("lifted_by__isnull", False), ("state", "lifted")),
                            _connector="OR",
                        ),
                        name="caution_lifted_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Certificate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "grant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="certificate",
                        to="applications.grant",
                        verbose_name="grant",
                    ),
                ),
                ("destroyed", models.TextField(max_length=4000, verbose_name="what was destroyed")),
                ("places", models.TextField(max_length=4000, verbose_name="where it was")),
                ("method", models.TextField(max_length=4000, verbose_name="how it was destroyed")),
                ("done_by", models.TextField(max_length=1000, verbose_name="who destroyed it, and who was present")),
                ("destroyed_on", models.DateField(verbose_name="day of the destruction")),
                ("kept", models.TextField(blank=True, max_length=4000, verbose_name="what a law says to keep")),
                (
                    "kept_why",
                    models.TextField(blank=True, max_length=4000, verbose_name="which law, for how long, who keeps it"),
                ),
                (
                    "filed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="filed by",
                    ),
                ),
                ("filed_at", models.DateTimeField(verbose_name="filed")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("filed", "filed"),
                            ("returned", "returned"),
                            ("accepted", "accepted"),
                            ("ceased", "no longer owed: nobody is left to certify"),
                        ],
                        default="filed",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "checked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("checked_at", models.DateTimeField(blank=True, null=True, verbose_name="checked")),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
            ],
            options={
                "verbose_name": "certificate of destruction",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kept", ""), ("kept_why", "")),
                            models.Q(models.Q(("kept", ""), _negated=True), models.Q(("kept_why", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="certificate_kept_with_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["accepted", "returned"]), _negated=True),
                            models.Q(("checked_at__isnull", False), ("checked_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="certificate_checked_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DerivedProduct",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="derived_products",
                        to="accounts.party",
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("description", models.TextField(verbose_name="description")),
                ("url", models.URLField(blank=True, verbose_name="where it can be found")),
                (
                    "token",
                    models.CharField(default=marketplace.supervision.models.new_token, max_length=24, unique=True),
                ),
                (
                    "listed_as",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="built_as",
                        to="listings.product",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("registered", "registered"),
                            ("published", "published"),
                            ("flagged", "flagged"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="registered",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "derived product",
            },
        ),
        migrations.CreateModel(
            name="DerivedFrom",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "derived",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="built_from",
                        to="supervision.derivedproduct",
                    ),
                ),
                (
                    "grant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="derived_uses",
                        to="applications.grant",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="derived_uses", to="listings.version"
                    ),
                ),
                ("named_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("derived", "grant", "version"), name="derived_from_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="EmergencyPlan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="emergency_plans",
                        to="accounts.party",
                        verbose_name="unit",
                    ),
                ),
                (
                    "authority",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="authority",
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("contact", models.CharField(max_length=200, verbose_name="who is called, day and night")),
                ("covers", models.TextField(max_length=4000, verbose_name="what it covers: data, systems, roles")),
                ("adopted_on", models.DateField(blank=True, null=True, verbose_name="adopted")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("in_force", "in force"),
                            ("superseded", "no longer in force"),
                            ("discarded", "discarded"),
                        ],
                        default="draft",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "emergency plan",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "in_force")), fields=("unit",), name="plan_one_in_force"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "draft")), fields=("unit",), name="plan_one_draft"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("adopted_on", None), ("state__in", ["draft", "discarded"])),
                            models.Q(("adopted_on__isnull", False), ("state__in", ["in_force", "superseded"])),
                            _connector="OR",
                        ),
                        name="plan_adopted_iff_in_force",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Exercise",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exercises",
                        to="supervision.emergencyplan",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("drill", "emergency drill"),
                            ("evaluation", "security evaluation"),
                            ("risk", "risk assessment"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("people", models.PositiveIntegerField(verbose_name="people who took part")),
                ("scenario", models.TextField(max_length=4000, verbose_name="what was tried or looked at")),
                ("lessons", models.TextField(max_length=4000, verbose_name="what was found, and what changes")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "exercise",
            },
        ),
        migrations.CreateModel(
            name="Explanation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "clock",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="explanations", to="clock.clock"
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("is_at_fault", models.BooleanField(verbose_name="at fault")),
                ("reason", models.TextField(verbose_name="reason")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("clock", "due_at"), name="explanation_once"),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="explanation_has_reason"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("occasion_key", models.CharField(max_length=120, unique=True)),
                ("rule", models.CharField(max_length=40, verbose_name="rule")),
                ("article", models.CharField(max_length=40)),
                (
                    "grant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
                        to="applications.grant",
                        verbose_name="grant",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
                        to="listings.version",
                        verbose_name="version",
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="party",
                    ),
                ),
                (
                    "authority",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.party"
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                    ),
                ),
                ("text", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("dismissed", "dismissed"),
                            ("measure", "led to a measure"),
                            ("remedied", "remedied"),
                            ("merged", "merged into another"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged",
                        to="supervision.finding",
                    ),
                ),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "finding",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("grant__isnull", False), ("reviewer", None), ("version", None)),
                            models.Q(("grant", None), ("version__isnull", False)),
                            _connector="OR",
                        ),
                        name="finding_about_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("merged_into__isnull", False), ("state", "merged")),
                            models.Q(models.Q(("state", "merged"), _negated=True), ("merged_into", None)),
                            _connector="OR",
                        ),
                        name="finding_merged_into_one",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Concern",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("person_sealed", models.TextField(blank=True, editable=False)),
                ("code_hash", models.CharField(editable=False, max_length=64)),
                (
                    "kind",
                    models.CharField(
                        choices=[("misuse", "misuse of data"), ("fault", "faulty data")],
                        max_length=10,
                        verbose_name="what it is about",
                    ),
                ),
                (
                    "grant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="concerns",
                        to="applications.grant",
                        verbose_name="grant",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="concerns",
                        to="listings.product",
                        verbose_name="data product",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="concerns",
                        to="listings.catalogueentry",
                        verbose_name="catalogue entry",
                    ),
                ),
                (
                    "derived",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="concerns",
                        to="supervision.derivedproduct",
                        verbose_name="derived product",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="concerns",
                        to="listings.version",
                        verbose_name="version",
                    ),
                ),
                ("article", models.CharField(blank=True, max_length=40, verbose_name="article")),
                ("place", models.CharField(blank=True, max_length=300, verbose_name="where it was seen")),
                ("text", models.TextField(max_length=4000, verbose_name="facts")),
                (
                    "wish",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("suspend", "suspend the data service"),
                            ("terminate", "terminate the data service"),
                            ("destroy", "have the copies destroyed, and check it"),
                        ],
                        max_length=10,
                        verbose_name="what is asked for",
                    ),
                ),
                (
                    "reporter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="reported by",
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="party",
                    ),
                ),
                (
                    "authority",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="authority",
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                    ),
                ),
                (
                    "responder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="answered by",
                    ),
                ),
                (
                    "finding",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="concerns",
                        to="supervision.finding",
                        verbose_name="finding",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("taken_up", "taken up"),
                            ("dismissed", "not followed"),
                            ("corrected", "corrected"),
                            ("settled", "settled with its finding"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("answer", models.TextField(blank=True, verbose_name="answer")),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("outcome", models.TextField(blank=True, verbose_name="outcome")),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "report of misuse or faulty data",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at", None), ("answered_by", None), ("state", "open")),
                            models.Q(
                                models.Q(("state", "open"), _negated=True),
                                ("answered_at__isnull", False),
                                ("answered_by__isnull", False),
                                models.Q(("answer", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="concern_answered_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("state__in", ["open", "taken_up"])),
                            models.Q(
                                models.Q(("state__in", ["open", "taken_up"]), _negated=True),
                                ("closed_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="concern_closed_at",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("finding", None), ("kind", "fault"), ("party__isnull", False), ("reviewer", None)
                            ),
                            ("kind", "misuse"),
                            _connector="OR",
                        ),
                        name="concern_fault_is_somebodys",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "misuse"), ("state__in", ["taken_up", "settled"]), _negated=True),
                            ("finding__isnull", False),
                            _connector="OR",
                        ),
                        name="concern_misuse_is_a_finding",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ConcernNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "concern",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notes", to="supervision.concern"
                    ),
                ),
                ("is_reporter", models.BooleanField()),
                ("text", models.TextField(max_length=4000, verbose_name="text")),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Incident",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents",
                        to="listings.version",
                        verbose_name="version",
                    ),
                ),
                (
                    "reporter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="reported by",
                    ),
                ),
                (
                    "authority",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="authority",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("leak", "data came into wrong hands"),
                            ("recognised", "people were recognised, or may be"),
                            ("tampering", "data was changed"),
                            ("loss", "data was lost or cannot be reached"),
                            ("other", "something else"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="what happened, in one line")),
                ("facts", models.TextField(max_length=8000, verbose_name="what is known: how, since when, which data")),
                (
                    "may_identify",
                    models.BooleanField(default=False, verbose_name="people may have become recognisable"),
                ),
                ("noticed_at", models.DateTimeField(verbose_name="noticed")),
                ("contained_at", models.DateTimeField(blank=True, null=True, verbose_name="contained")),
                (
                    "authority_told_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="reported to the authority"),
                ),
                (
                    "cyberspace_told_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="reported to the cyberspace office"),
                ),
                ("holders_told_at", models.DateTimeField(blank=True, null=True, verbose_name="holders told")),
                ("public_told_at", models.DateTimeField(blank=True, null=True, verbose_name="public told")),
                ("public_text", models.TextField(blank=True, verbose_name="notice to the public")),
                ("lessons", models.TextField(blank=True, verbose_name="lessons")),
                (
                    "people",
                    models.PositiveBigIntegerField(
                        blank=True, null=True, verbose_name="people in the data, as far as known"
                    ),
                ),
                ("people_at_most", models.BooleanField(default=False)),
                ("open_downloads", models.PositiveIntegerField(default=0, verbose_name="downloads of open data")),
                ("counted_at", models.DateTimeField(verbose_name="reach computed")),
                (
                    "state",
                    models.CharField(
                        choices=[("opened", "open"), ("closed", "closed"), ("false_alarm", "false alarm")],
                        default="opened",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("only_under", models.ManyToManyField(related_name="+", to="applications.grant")),
                ("only_deliveries", models.ManyToManyField(related_name="+", to="delivery.delivery")),
                ("derived", models.ManyToManyField(related_name="incidents", to="supervision.derivedproduct")),
            ],
            options={
                "verbose_name": "incident",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "opened")),
                        fields=("version", "reporter", "kind", "noticed_at"),
                        name="incident_reported_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("public_text", ""), ("public_told_at", None)),
                            models.Q(("public_told_at__isnull", False), models.Q(("public_text", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="incident_public_told_with_a_text",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "closed"), _negated=True),
                            models.Q(("lessons", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="incident_closed_with_lessons",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IncidentAcknowledgement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acknowledgements",
                        to="supervision.incident",
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.party"
                    ),
                ),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("incident", "party"), name="incident_acknowledged_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("acknowledged_at", None), ("acknowledged_by", None)),
                            models.Q(("acknowledged_at__isnull", False), ("acknowledged_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="incident_acknowledged_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IncidentCopy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="copies", to="supervision.incident"
                    ),
                ),
                (
                    "grant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="applications.grant"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="listings.version"
                    ),
                ),
                ("deliveries", models.PositiveIntegerField()),
                ("rows", models.PositiveBigIntegerField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("incident", "grant", "version"), name="incident_copy_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="IncidentNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notes", to="supervision.incident"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("contained", "containment"),
                            ("authority", "first report to the authority"),
                            ("cyberspace", "first report to the cyberspace office"),
                            ("supplement", "supplement"),
                        ],
                        max_length=12,
                    ),
                ),
                ("text", models.TextField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="IncidentNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notices", to="supervision.incident"
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.party"
                    ),
                ),
                ("text", models.TextField()),
                ("sent_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("incident", "party"), name="incident_holder_told_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed_at", None), ("confirmed_by", None)),
                            models.Q(("confirmed_at__isnull", False), ("confirmed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="incident_notice_confirmed_both",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InspectionPlan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "authority",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="authority",
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("first", models.DateField(verbose_name="from")),
                ("last", models.DateField(verbose_name="until")),
                (
                    "method",
                    models.CharField(
                        choices=[("random", "at random"), ("risk", "weighted by risk")],
                        max_length=8,
                        verbose_name="how grants are drawn",
                    ),
                ),
                (
                    "strata",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "not divided"),
                            ("purpose", "by purpose"),
                            ("region", "by the buyer's region"),
                            ("buyer", "by the buyer's kind"),
                        ],
                        max_length=8,
                        verbose_name="divided",
                    ),
                ),
                (
                    "size",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(500),
                        ],
                        verbose_name="how many grants",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.region",
                        verbose_name="only buyers of this region",
                    ),
                ),
                ("purpose", models.CharField(blank=True, max_length=200, verbose_name="only for this purpose")),
                (
                    "buyer_kind",
                    models.CharField(
                        blank=True,
                        choices=[("person", "person"), ("organisation", "organisation")],
                        max_length=20,
                        verbose_name="only buyers of this kind",
                    ),
                ),
                (
                    "seller_kind",
                    models.CharField(
                        blank=True,
                        choices=[("person", "person"), ("organisation", "organisation")],
                        max_length=20,
                        verbose_name="only sellers of this kind",
                    ),
                ),
                ("seed", models.CharField(max_length=64, verbose_name="seed")),
                ("frame", models.JSONField(default=list)),
                (
                    "frame_hash",
                    models.CharField(blank=True, max_length=64, verbose_name="hash of what it was drawn from"),
                ),
                ("frame_count", models.PositiveIntegerField(blank=True, null=True, verbose_name="grants to draw from")),
                ("drawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "drawn_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "draft"), ("drawn", "sample drawn"), ("dropped", "dropped")],
                        default="draft",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "inspection plan",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last__gte", models.F("first"))), name="inspection_plan_period_order"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("drawn_at__isnull", False),
                                ("drawn_by__isnull", False),
                                ("frame_count__gte", 1),
                                ("state", "drawn"),
                                models.Q(("frame_hash", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "drawn"), _negated=True),
                                ("drawn_at", None),
                                ("drawn_by", None),
                                ("frame_count", None),
                                ("frame_hash", ""),
                            ),
                            _connector="OR",
                        ),
                        name="inspection_plan_drawn_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Inspection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "plan",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inspections",
                        to="supervision.inspectionplan",
                        verbose_name="plan",
                    ),
                ),
                (
                    "grant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inspections",
                        to="applications.grant",
                        verbose_name="grant",
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inspections",
                        to="accounts.party",
                        verbose_name="party",
                    ),
                ),
                (
                    "authority",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="authority",
                    ),
                ),
                ("stratum", models.CharField(blank=True, max_length=200)),
                ("weight", models.FloatField(default=1.0, verbose_name="weight")),
                ("figures", models.JSONField(default=dict)),
                ("reason", models.TextField(blank=True, verbose_name="why it is inspected")),
                ("edition", models.PositiveSmallIntegerField(default=1)),
                ("announced_at", models.DateTimeField(blank=True, null=True, verbose_name="announced")),
                ("announcement", models.TextField(blank=True, verbose_name="notice")),
                ("unannounced", models.TextField(blank=True, verbose_name="why it was not announced")),
                ("begun_at", models.DateTimeField(blank=True, null=True, verbose_name="begun")),
                ("report", models.TextField(blank=True, verbose_name="inspection report")),
                ("inspectors", models.JSONField(blank=True, default=list, verbose_name="inspected by")),
                ("reported_at", models.DateTimeField(blank=True, null=True, verbose_name="reported")),
                ("answer", models.TextField(blank=True, verbose_name="answer of the party")),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("in_order", "everything in order"),
                            ("put_right", "points put right"),
                            ("followed_up", "points followed up as findings"),
                        ],
                        max_length=12,
                        verbose_name="outcome",
                    ),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="over")),
                ("closing", models.TextField(blank=True, verbose_name="words on the outcome")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "planned"),
                            ("announced", "announced"),
                            ("under_way", "under way"),
                            ("reported", "reported"),
                            ("answered", "answered"),
                            ("closed", "closed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="planned",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "inspection",
                "constraints": [
                    models.UniqueConstraint(fields=("plan", "grant"), name="inspection_drawn_once"),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("plan", None), ("state__in", ("planned", "announced", "under_way", "reported", "answered"))
                        ),
                        fields=("grant",),
                        name="inspection_for_cause_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("plan__isnull", False), models.Q(("reason", ""), _negated=True), _connector="OR"
                        ),
                        name="inspection_has_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("begun_at", None),
                            ("announced_at__isnull", False),
                            models.Q(("unannounced", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="inspection_announced_or_says_why_not",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "closed"), _negated=True),
                            models.Q(models.Q(("outcome", ""), _negated=True), ("closed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="inspection_closed_with_outcome",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InspectionPoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "inspection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="points", to="supervision.inspection"
                    ),
                ),
                ("code", models.CharField(max_length=20)),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("in_order", "in order"),
                            ("not_in_order", "not in order"),
                            ("serious", "not in order, serious"),
                            ("not_applicable", "not applicable"),
                        ],
                        max_length=16,
                    ),
                ),
                ("words", models.TextField(blank=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("inspection", "code"), name="inspection_point_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("verdict__in", ("not_in_order", "serious")), _negated=True),
                            models.Q(("words", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="inspection_point_says_what",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="JointInspector",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "inspection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="joint", to="supervision.inspection"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("department", models.CharField(max_length=200, verbose_name="department")),
                ("role", models.CharField(max_length=100, verbose_name="role in the inspection")),
                ("named_at", models.DateTimeField()),
                (
                    "named_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "joint inspector",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("inspection", "user"),
                        name="joint_inspector_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Measure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("occasion_key", models.CharField(max_length=120, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("order_33", "order to correct, with suspension (Art. 33)"),
                            ("order_46", "order to correct, without suspension (Art. 46)"),
                            ("order_47", "order that addresses the platform (Art. 47)"),
                            ("notice", "contract notice of a seller (Art. 40)"),
                            ("take_down", "take-down by the platform (Art. 40)"),
                        ],
                        default="order_33",
                        max_length=10,
                    ),
                ),
                ("number", models.CharField(blank=True, max_length=40, null=True, unique=True, verbose_name="number")),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="measures",
                        to="accounts.party",
                        verbose_name="against",
                    ),
                ),
                (
                    "authority",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="authority",
                    ),
                ),
                (
                    "issuer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="issued by",
                    ),
                ),
                (
                    "finding",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="measures",
                        to="supervision.finding",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="take_downs",
                        to="listings.version",
                        verbose_name="version",
                    ),
                ),
                ("whole_product", models.BooleanField(default=False, verbose_name="the whole product")),
                (
                    "required_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="required by",
                    ),
                ),
                ("clause", models.TextField(blank=True, verbose_name="clause or rule that is broken")),
                ("facts", models.TextField(verbose_name="facts")),
                ("demand", models.TextField(verbose_name="what has to be corrected")),
                ("article", models.CharField(max_length=40)),
                ("remedy", models.TextField(blank=True, verbose_name="remedy")),
                ("referred_to", models.CharField(blank=True, max_length=200, verbose_name="referred to")),
                ("referral", models.TextField(blank=True, verbose_name="referral")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "proposed"),
                            ("dropped", "dropped"),
                            ("issued", "issued"),
                            ("evidence_filed", "evidence filed"),
                            ("refused_to_correct", "refusal to correct found"),
                            ("lifted", "lifted"),
                            ("terminated", "service terminated"),
                            ("referred", "referred for discipline"),
                            ("final", "take-down made final"),
                            ("annulled", "annulled"),
                        ],
                        default="proposed",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("issued_at", models.DateTimeField(blank=True, null=True)),
                (
                    "issued_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("deemed_served_at", models.DateTimeField(blank=True, null=True)),
                ("seen_at", models.DateTimeField(blank=True, null=True)),
                (
                    "seen_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("hearing_opened_at", models.DateTimeField(blank=True, null=True)),
                ("refuses", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "measure",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("seen_at", None), ("seen_by", None)),
                            models.Q(("seen_at__isnull", False), ("seen_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="measure_seen_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("issued_at", None), ("issued_by", None), ("number", None)),
                            models.Q(
                                ("issued_at__isnull", False), ("issued_by__isnull", False), ("number__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="measure_issued_all",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["proposed", "dropped"]), ("issued_at__isnull", False), _connector="OR"
                        ),
                        name="measure_standing_was_issued",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("issuer__isnull", False),
                                ("kind__in", ["notice", "take_down"]),
                                models.Q(("clause", ""), _negated=True),
                            ),
                            models.Q(models.Q(("kind__in", ["notice", "take_down"]), _negated=True), ("issuer", None)),
                            _connector="OR",
                        ),
                        name="measure_issuer_by_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "take_down"), ("version__isnull", False)),
                            models.Q(
                                models.Q(("kind", "take_down"), _negated=True),
                                ("required_by", None),
                                ("version", None),
                                ("whole_product", False),
                            ),
                            _connector="OR",
                        ),
                        name="measure_take_down_of_version",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("state__in", ["issued", "evidence_filed", "refused_to_correct"]), ("whole_product", False)
                        ),
                        fields=("version",),
                        name="measure_one_take_down",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state__in", ["referred", "annulled"]),
                                models.Q(("referral", ""), _negated=True),
                                models.Q(("referred_to", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "referred"), _negated=True), ("referral", ""), ("referred_to", "")
                            ),
                            _connector="OR",
                        ),
                        name="measure_referral_iff_referred",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Inquiry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "application",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inquiries",
                        to="applications.application",
                    ),
                ),
                (
                    "finding",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inquiries",
                        to="supervision.finding",
                    ),
                ),
                (
                    "measure",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inquiries",
                        to="supervision.measure",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inquiries",
                        to="supervision.incident",
                    ),
                ),
                (
                    "concern",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inquiries",
                        to="supervision.concern",
                    ),
                ),
                (
                    "inspection",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inquiries",
                        to="supervision.inspection",
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.party"
                    ),
                ),
                (
                    "authority",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.party"
                    ),
                ),
                (
                    "above",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.party"
                    ),
                ),
                ("question", models.TextField(max_length=4000, verbose_name="question")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("at", models.DateTimeField()),
                ("answer", models.TextField(blank=True, max_length=8000, verbose_name="answer")),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "report asked of an authority",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("application__isnull", False),
                                ("concern__isnull", True),
                                ("finding__isnull", True),
                                ("incident__isnull", True),
                                ("inspection__isnull", True),
                                ("measure__isnull", True),
                            ),
                            models.Q(
                                ("application__isnull", True),
                                ("concern__isnull", True),
                                ("finding__isnull", False),
                                ("incident__isnull", True),
                                ("inspection__isnull", True),
                                ("measure__isnull", True),
                            ),
                            models.Q(
                                ("application__isnull", True),
                                ("concern__isnull", True),
                                ("finding__isnull", True),
                                ("incident__isnull", True),
                                ("inspection__isnull", True),
                                ("measure__isnull", False),
                            ),
                            models.Q(
                                ("application__isnull", True),
                                ("concern__isnull", True),
                                ("finding__isnull", True),
                                ("incident__isnull", False),
                                ("inspection__isnull", True),
                                ("measure__isnull", True),
                            ),
                            models.Q(
                                ("application__isnull", True),
                                ("concern__isnull", False),
                                ("finding__isnull", True),
                                ("incident__isnull", True),
                                ("inspection__isnull", True),
                                ("measure__isnull", True),
                            ),
                            models.Q(
                                ("application__isnull", True),
                                ("concern__isnull", True),
                                ("finding__isnull", True),
                                ("incident__isnull", True),
                                ("inspection__isnull", False),
                                ("measure__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="inquiry_about_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at", None), ("answered_by", None)),
                            models.Q(
                                ("answered_at__isnull", False),
                                ("answered_by__isnull", False),
                                models.Q(("answer", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="inquiry_answered_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EvidenceReading",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="readings", to="supervision.measure"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("at", models.DateTimeField()),
                ("last_text", models.PositiveBigIntegerField(default=0)),
                ("last_file", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("measure", "by"), name="reading_once")],
            },
        ),
        migrations.CreateModel(
            name="Evidence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="evidence", to="supervision.measure"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("correction", "evidence of correction"), ("statement", "statement")], max_length=12
                    ),
                ),
                ("text", models.TextField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="MeasureGrant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="held", to="supervision.measure"
                    ),
                ),
                (
                    "grant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="measures", to="applications.grant"
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("resumed", "this hold was lifted"),
                            ("terminated", "terminated"),
                            ("annulled", "annulled"),
                        ],
                        max_length=10,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("measure", "grant"), name="measure_grant_once")],
            },
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "measure",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="supervision.measure",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="applications.item",
                    ),
                ),
                (
                    "application",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="applications.application",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="listings.version",
                    ),
                ),
                (
                    "caution",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="supervision.caution",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="listings.releaserule",
                    ),
                ),
                (
                    "edition",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="applications.grantedition",
                    ),
                ),
                (
                    "grant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="applications.grant",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                    ),
                ),
                ("against", models.JSONField(default=dict)),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="accounts.party",
                        verbose_name="asked by",
                    ),
                ),
                (
                    "authority",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="authority",
                    ),
                ),
                (
                    "above",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="level above",
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="compliance review",
                    ),
                ),
                ("text", models.TextField(max_length=8000, verbose_name="why it is asked for")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("lodged", "lodged"),
                            ("upheld", "decision upheld"),
                            ("varied", "decision varied"),
                            ("annulled", "decision annulled"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="lodged",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("stayed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "stayed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("stay_ended_at", models.DateTimeField(blank=True, null=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("remedy", models.TextField(blank=True, verbose_name="remedy")),
            ],
            options={
                "verbose_name": "review",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("application__isnull", True),
                                ("caution__isnull", True),
                                ("edition__isnull", True),
                                ("grant__isnull", True),
                                ("item__isnull", True),
                                ("measure__isnull", False),
                                ("registration__isnull", True),
                                ("rule__isnull", True),
                                ("version__isnull", True),
                            ),
                            models.Q(
                                ("application__isnull", True),
                                ("caution__isnull", True),
                                ("edition__isnull", True),
                                ("grant__isnull", True),
                                ("item__isnull", False),
                                ("measure__isnull", True),
                                ("registration__isnull", True),
                                ("rule__isnull", True),
                                ("version__isnull", True),
                            ),
                            models.Q(
                                ("application__isnull", False),
                                ("caution__isnull", True),
                                ("edition__isnull", True),
                                ("grant__isnull", True),
                                ("item__isnull", True),
                                ("measure__isnull", True),
                                ("registration__isnull", True),
                                ("rule__isnull", True),
                                ("version__isnull", True),
                            ),
                            models.Q(
                                ("application__isnull", True),
                                ("caution__isnull", True),
                                ("edition__isnull", True),
                                ("grant__isnull", True),
                                ("item__isnull", True),
                                ("measure__isnull", True),
                                ("registration__isnull", True),
                                ("rule__isnull", True),
                                ("version__isnull", False),
                            ),
                            models.Q(
                                ("application__isnull", True),
                                ("caution__isnull", False),
                                ("edition__isnull", True),
                                ("grant__isnull", True),
                                ("item__isnull", True),
                                ("measure__isnull", True),
                                ("registration__isnull", True),
                                ("rule__isnull", True),
                                ("version__isnull", True),
                            ),
                            models.Q(
                                ("application__isnull", True),
                                ("caution__isnull", True),
                                ("edition__isnull", True),
                                ("grant__isnull", True),
                                ("item__isnull", True),
                                ("measure__isnull", True),
                                ("registration__isnull", True),
                                ("rule__isnull", False),
                                ("version__isnull", True),
                            ),
                            models.Q(
                                ("application__isnull", True),
                                ("caution__isnull", True),
                                ("edition__isnull", False),
                                ("grant__isnull", True),
                                ("item__isnull", True),
                                ("measure__isnull", True),
                                ("registration__isnull", True),
                                ("rule__isnull", True),
                                ("version__isnull", True),
                            ),
                            models.Q(
                                ("application__isnull", True),
                                ("caution__isnull", True),
                                ("edition__isnull", True),
                                ("grant__isnull", False),
                                ("item__isnull", True),
                                ("measure__isnull", True),
                                ("registration__isnull", True),
                                ("rule__isnull", True),
                                ("version__isnull", True),
                            ),
                            models.Q(
                                ("application__isnull", True),
                                ("caution__isnull", True),
                                ("edition__isnull", True),
                                ("grant__isnull", True),
                                ("item__isnull", True),
                                ("measure__isnull", True),
                                ("registration__isnull", False),
                                ("rule__isnull", True),
                                ("version__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="review_of_one",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "lodged")), fields=("measure",), name="review_open_once_measure"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "lodged")), fields=("item",), name="review_open_once_item"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "lodged")),
                        fields=("application",),
                        name="review_open_once_application",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "lodged")), fields=("version",), name="review_open_once_version"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "lodged")), fields=("caution",), name="review_open_once_caution"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "lodged")), fields=("rule",), name="review_open_once_rule"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "lodged")), fields=("edition",), name="review_open_once_edition"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "lodged")), fields=("grant",), name="review_open_once_grant"
                    ),
                    models.UniqueConstraint(
                        models.F("registration"),
                        django.db.models.fields.json.KeyTextTransform("at", "against"),
                        condition=models.Q(("state", "lodged")),
                        name="review_open_once_registration",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at", None), ("decided_by", None), ("state__in", ["lodged", "withdrawn"])
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("state__in", ["upheld", "varied", "annulled"]),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="review_decided_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("stay_ended_at", None), ("stayed_at", None), ("stayed_by", None)),
                            models.Q(
                                ("measure__isnull", False), ("stayed_at__isnull", False), ("stayed_by__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="review_stays_a_measure",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SecondPairRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "authority",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="second_pair_rule",
                        to="accounts.party",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("since", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Signature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="signatures", to="supervision.measure"
                    ),
                ),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("issue", "issue the order"),
                            ("terminate", "terminate the service"),
                            ("refer", "refer for discipline"),
                            ("make_final", "make the take-down final"),
                        ],
                        max_length=10,
                    ),
                ),
                ("texts", models.JSONField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("confirmed", "confirmed"),
                            ("sent_back", "sent back"),
                            ("overtaken", "overtaken: the case ended otherwise"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("outcome", "")), fields=("measure",), name="signature_one_waiting"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("ended_by", None), ("outcome", "")),
                            models.Q(
                                models.Q(("outcome", ""), _negated=True),
                                ("ended_at__isnull", False),
                                ("ended_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="signature_ended_all",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("outcome__in", ["", "overtaken"]),
                            models.Q(("ended_by", models.F("by")), _negated=True),
                            _connector="OR",
                        ),
                        name="signature_two_persons",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StandingRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("monitor", models.CharField(max_length=40, verbose_name="monitor")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("record", "keep the site's own records"),
                            ("remind", "remind whoever must act"),
                            ("finding", "open a finding and tell the party"),
                            ("hold", "pause by the grant's own terms"),
                            ("propose", "propose an order, which an officer issues or drops"),
                        ],
                        max_length=10,
                        verbose_name="what may follow by itself",
                    ),
                ),
                (
                    "authority",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.party"
                    ),
                ),
                ("is_for_all", models.BooleanField()),
                ("text", models.TextField(blank=True, verbose_name="text")),
                (
                    "signed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("signed_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "standing rule",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("action__in", ["record", "remind", "finding", "hold", "propose"])),
                        name="standing_rule_orders_nothing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("authority", None), ("is_for_all", True), ("signed_by", None)),
                            models.Q(("authority__isnull", False), ("signed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="standing_rule_signed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("withdrawn_at", None), ("withdrawn_by", None)),
                            models.Q(("withdrawn_at__isnull", False), ("withdrawn_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="standing_rule_withdrawn_both",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_for_all", True), ("withdrawn_at", None)),
                        fields=("monitor", "action"),
                        name="standing_rule_one_for_all",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_for_all", False), ("withdrawn_at", None)),
                        fields=("monitor", "action", "authority"),
                        name="standing_rule_one_of_an_authority",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "grant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="applications.grant",
                        verbose_name="grant",
                    ),
                ),
                ("start", models.DateField()),
                ("end", models.DateField()),
                ("due_at", models.DateTimeField()),
                ("late_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("filed", "filed"),
                            ("returned", "returned"),
                            ("accepted", "accepted"),
                            ("ceased", "no longer owed: nobody is left to report"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("round", models.PositiveSmallIntegerField(default=0)),
                ("thin", models.CharField(blank=True, max_length=8)),
            ],
            options={
                "verbose_name": "usage report",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["open", "returned"])), fields=["due_at"], name="report_owed"
                    ),
                    models.Index(condition=models.Q(("state", "filed")), fields=["grant"], name="report_to_judge"),
                    models.Index(
                        condition=models.Q(("state", "filed"), models.Q(("thin", ""), _negated=True)),
                        fields=["grant"],
                        name="report_thin",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("grant", "start"), name="report_period_once"),
                    models.CheckConstraint(
                        condition=models.Q(("end__gte", models.F("start"))), name="report_period_order"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportFiling",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="filings",
                        to="supervision.usagereport",
                    ),
                ),
                ("round", models.PositiveSmallIntegerField()),
                ("is_nil", models.BooleanField(verbose_name="the data was not used in this period")),
                (
                    "purposes",
                    listings.models.purposes.PurposesField(
                        blank=True, null=True, verbose_name="which of the grant's purposes it was used for"
                    ),
                ),
                (
                    "other_purpose",
                    models.CharField(blank=True, max_length=300, verbose_name="other purposes it was used for"),
                ),
                ("use", models.TextField(blank=True, verbose_name="what the data was used for")),
                ("results", models.TextField(blank=True, verbose_name="results and benefits")),
                ("security", models.TextField(blank=True, verbose_name="security: measures, incidents")),
                ("metered", models.JSONField(default=list)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            models.Q(("other_purpose", ""), _negated=True),
                            models.Q(("is_nil", False), ("purposes", "")),
                            _connector="OR",
                        ),
                        fields=["report"],
                        name="filing_beyond",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("report", "round"), name="filing_once"),
                    models.CheckConstraint(
                        condition=models.Q(("is_nil", True), models.Q(("use", ""), _negated=True), _connector="OR"),
                        name="filing_says_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_nil", False),
                            models.Q(
                                ("other_purpose", ""), models.Q(("purposes", None), ("purposes", ""), _connector="OR")
                            ),
                            _connector="OR",
                        ),
                        name="filing_nil_has_no_purpose",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Whereabouts",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "grant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="whereabouts",
                        to="applications.grant",
                        verbose_name="grant",
                    ),
                ),
                ("suspended_at", models.DateTimeField(verbose_name="suspended")),
                ("places", models.TextField(max_length=4000, verbose_name="where the copies are")),
                ("systems", models.TextField(max_length=4000, verbose_name="in which systems, on which media")),
                ("kept_by", models.TextField(max_length=1000, verbose_name="who keeps them")),
                ("was_passed_on", models.BooleanField(verbose_name="passed on to others")),
                (
                    "passed_to",
                    models.TextField(blank=True, max_length=4000, verbose_name="to whom they were passed on"),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="stated")),
            ],
            options={
                "verbose_name": "statement where copies are",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("grant", "suspended_at"), name="whereabouts_once_for_each_suspension"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("places", ""), _negated=True),
                            models.Q(("systems", ""), _negated=True),
                            models.Q(("kept_by", ""), _negated=True),
                        ),
                        name="whereabouts_say_where",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("was_passed_on", True), models.Q(("passed_to", ""), _negated=True)),
                            models.Q(("passed_to", ""), ("was_passed_on", False)),
                            _connector="OR",
                        ),
                        name="whereabouts_name_who_got_them",
                    ),
                ],
            },
        ),
    ]
