import django.core.validators
import django.db.models.deletion
import django.db.models.fields.json
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models

import listings.models.purposes


class Migration(migrations.Migration):
    replaces = [
        ("applications", "0001_initial"),
        ("applications", "0002_consultation_closed"),
        ("applications", "0040_dialogue_and_questions"),
        ("applications", "0041_experts_and_splits"),
        ("applications", "0042_editions_and_users"),
        ("applications", "0043_standing_consents"),
        ("applications", "0044_scenario_draft"),
        ("applications", "0070_seller_decides"),
        ("applications", "0090_linkage"),
        ("applications", "0091_systems"),
        ("applications", "0110_route_of_built_products"),
        ("applications", "0200_when_upstream_grants_are_over"),
        ("applications", "0210_purposes"),
        ("applications", "0400_terms_of_editions"),
        ("applications", "0480_public_register"),
        ("applications", "0481_taken_cases"),
        ("applications", "0482_annulled_holds"),
        ("applications", "0530_words_of_holds"),
        ("applications", "0540_reported_until"),
        ("applications", "0550_sweep_indexes"),
        ("applications", "0551_words_of_precautions"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0610_recusals"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("listings", "0001_squashed_0590_whole_product"),
    ]

    operations = [
        migrations.CreateModel(
            name="StandingConsent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="standing_consents",
                        to="accounts.party",
                        verbose_name="providing unit",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="listings.catalogueentry",
                        verbose_name="catalogue entry",
                    ),
                ),
                ("document", models.CharField(max_length=200, verbose_name="written document: title, number, date")),
                ("purposes", models.TextField(verbose_name="purposes")),
                ("fields", models.JSONField(verbose_name="fields")),
                ("conditions", models.TextField(blank=True, verbose_name="conditions")),
                ("valid_from", models.DateField(verbose_name="from")),
                ("valid_until", models.DateField(verbose_name="until")),
                (
                    "state",
                    models.CharField(
                        choices=[("given", "given"), ("withdrawn", "withdrawn")],
                        default="given",
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
                "verbose_name": "standing consent",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_from__lte", models.F("valid_until"))),
                        name="standing_term",
                        violation_error_message="The term cannot end before it begins.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TwoPersonRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "party",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="two_person_rule", to="accounts.party"
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
            name="Application",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "buyer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="applications",
                        to="accounts.party",
                        verbose_name="buyer",
                    ),
                ),
                (
                    "applicant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
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
                    ),
                ),
                (
                    "seller",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                    ),
                ),
                (
                    "taken_from",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("submitted", "submitted"),
                            ("returned", "returned"),
                            ("accepted", "accepted for processing"),
                            ("in_consultation", "in consultation"),
                            ("under_review", "under review"),
                            ("expert_review", "expert review"),
                            ("decided", "decided"),
                            ("refused", "refused"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="draft",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("round", models.PositiveSmallIntegerField(default=1)),
                ("title", models.CharField(max_length=200, verbose_name="name of the scenario")),
                ("beneficiaries", models.TextField(blank=True, verbose_name="who benefits")),
                ("what_is_built", models.TextField(blank=True, verbose_name="what is built")),
                (
                    "purposes",
                    listings.models.purposes.PurposesField(
                        blank=True,
                        help_text="What the data is to be used for, of what is permitted.",
                        verbose_name="purposes",
                    ),
                ),
                ("why_these_fields", models.TextField(blank=True, verbose_name="which fields and why")),
                ("period_from", models.DateField(blank=True, null=True, verbose_name="use from")),
                ("period_until", models.DateField(blank=True, null=True, verbose_name="use until")),
                ("security", models.TextField(blank=True, verbose_name="how the data is protected")),
                ("people_with_access", models.TextField(blank=True, verbose_name="who has access")),
                (
                    "public_summary",
                    models.TextField(
                        blank=True,
                        help_text="What the data is used for, in a few sentences that anybody may read. You can write it later, too.",
                        max_length=500,
                        verbose_name="summary for the public register",
                    ),
                ),
                (
                    "wait_months",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="The use stands in the public register from the decision on. With a reason it may wait up to 12 months.",
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(12)],
                        verbose_name="months that its publication should wait",
                    ),
                ),
                ("wait_reason", models.TextField(blank=True, max_length=1000, verbose_name="why it should wait")),
                ("submitted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "prepared_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("question_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "application",
                "permissions": (
                    ("officer_in_charge", "officer in charge of the case"),
                    ("expert", "expert asked to assess the case"),
                ),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("period_from", None),
                            ("period_until", None),
                            ("period_from__lte", models.F("period_until")),
                            _connector="OR",
                        ),
                        name="application_period",
                        violation_error_message="The use cannot end before it begins.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Item",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="items", to="applications.application"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="items", to="listings.product"
                    ),
                ),
                ("fields", models.JSONField()),
                (
                    "route",
                    models.CharField(
                        choices=[
                            (
                                "on_application",
                                "open on application: every unit consents, then the authority (Art. 15)",
                            ),
                            (
                                "secondary_development",
                                "through a primary developer: the authority, units heard (Art. 16)",
                            ),
                            (
                                "non_public",
                                "non-public data: the seller accepts or refuses, the authority is told (Art. 40)",
                            ),
                            (
                                "built",
                                "built on public data: the authority and its developer, units heard (Arts 16, 17)",
                            ),
                        ],
                        max_length=24,
                        verbose_name="route",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("approved", "approved"),
                            ("refused", "refused"),
                            ("split_off", "split off"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
            ],
            options={
                "verbose_name": "item",
                "constraints": [models.UniqueConstraint(fields=("application", "product"), name="item_once")],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="applications.application",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.party"
                    ),
                ),
                ("text", models.TextField(verbose_name="message")),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ScenarioDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "application",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scenario_draft",
                        to="applications.application",
                    ),
                ),
                ("data", models.JSONField()),
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
            name="ApplicationGroupObjectPermission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
                ("group", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.group")),
                (
                    "content_object",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="applications.application"),
                ),
            ],
            options={
                "abstract": False,
                "unique_together": {("group", "permission", "content_object")},
            },
        ),
        migrations.CreateModel(
            name="ApplicationUserObjectPermission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                (
                    "content_object",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="applications.application"),
                ),
            ],
            options={
                "abstract": False,
                "unique_together": {("user", "permission", "content_object")},
            },
        ),
        migrations.CreateModel(
            name="Consultation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consultations",
                        to="applications.application",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="consultations", to="accounts.party"
                    ),
                ),
                ("round", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "asked"),
                            ("question", "question to the buyer"),
                            ("consented", "consented"),
                            ("consented_in_part", "consented in part"),
                            ("refused", "refused"),
                            ("no_answer", "no answer"),
                            ("closed", "no longer asked"),
                        ],
                        default="asked",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                ("conditions", models.TextField(blank=True, verbose_name="conditions")),
                ("fields", models.JSONField(blank=True, null=True)),
                (
                    "standing",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uses",
                        to="applications.standingconsent",
                    ),
                ),
                ("escalated_at", models.DateTimeField(blank=True, null=True)),
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
                "verbose_name": "consultation",
                "constraints": [
                    models.UniqueConstraint(fields=("application", "unit", "round"), name="consultation_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at", None), ("answered_by", None)),
                            models.Q(("answered_at__isnull", False), ("answered_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="consultation_answered_both",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decision", to="applications.item"
                    ),
                ),
                ("is_approval", models.BooleanField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("at", models.DateTimeField()),
                ("reason", models.TextField(verbose_name="reason")),
                ("article", models.CharField(max_length=40)),
                ("remedy", models.TextField(blank=True, verbose_name="remedy")),
                ("linkage_reason", models.TextField(blank=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_approval", True), models.Q(("remedy", ""), _negated=True), _connector="OR"
                        ),
                        name="decision_refusal_has_remedy",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="decision_has_reason"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ExpertOpinion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="opinions",
                        to="applications.application",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("opinion", models.TextField(verbose_name="opinion")),
                ("measures", models.TextField(blank=True, verbose_name="measures that should be taken")),
                ("at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "expert opinion",
            },
        ),
        migrations.CreateModel(
            name="Grant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="grant", to="applications.item"
                    ),
                ),
                (
                    "buyer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grants",
                        to="accounts.party",
                        verbose_name="buyer",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grants",
                        to="listings.product",
                        verbose_name="data product",
                    ),
                ),
                (
                    "from_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="listings.version"
                    ),
                ),
                (
                    "authority",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="competent authority",
                    ),
                ),
                ("starts", models.DateField(verbose_name="from")),
                ("ends", models.DateField(verbose_name="until")),
                ("fields", models.JSONField(verbose_name="fields")),
                ("terms", models.JSONField(verbose_name="terms")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("offered", "offered"),
                            ("active", "active"),
                            ("declined", "declined"),
                            ("closed", "closed"),
                            ("surrendered", "surrendered"),
                            ("terminated", "terminated"),
                            ("revoked", "revoked"),
                        ],
                        default="offered",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("activated_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("reported_until", models.DateField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "grant",
                "indexes": [
                    models.Index(condition=models.Q(("state", "active")), fields=["ends"], name="grant_active_ends"),
                    models.Index(
                        condition=models.Q(("state__in", ["surrendered", "closed", "terminated", "revoked"])),
                        fields=["state"],
                        name="grant_ended",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("activated_at__isnull", False),
                            models.Q(
                                ("reported_until", None), ("reported_until__lt", models.F("ends")), _connector="OR"
                            ),
                        ),
                        fields=["reported_until"],
                        name="grant_reports_to_come",
                    ),
                    models.Index(
                        django.db.models.functions.comparison.Cast(
                            django.db.models.fields.json.KeyTextTransform("quota", "terms"), models.IntegerField()
                        ),
                        condition=models.Q(("state", "active")),
                        name="grant_active_quota",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends__gte", models.F("starts"))), name="grant_ends_after_start"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["offered", "declined"]), ("activated_at__isnull", False), _connector="OR"
                        ),
                        name="grant_active_has_date",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GrantEdition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "grant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="editions", to="applications.grant"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("people", "people who may use it: notice by the buyer"),
                            ("systems", "systems that may use it: notice by the buyer"),
                            ("change", "terms: by decision on the old file"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "requested"),
                            ("agreed", "agreed"),
                            ("refused", "refused"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="requested",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("before", models.JSONField()),
                ("after", models.JSONField()),
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
                "verbose_name": "edition of a grant",
                "constraints": [
                    models.UniqueConstraint(fields=("grant", "number"), name="edition_number"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "requested")), fields=("grant",), name="edition_one_requested"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("number__isnull", False), ("state", "agreed")),
                            models.Q(models.Q(("state", "agreed"), _negated=True), ("number", None)),
                            _connector="OR",
                        ),
                        name="edition_numbered_iff_agreed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GrantSystem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "grant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="systems", to="applications.grant"
                    ),
                ),
                (
                    "credential",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.credential"
                    ),
                ),
                ("until", models.DateField(blank=True, null=True, verbose_name="until")),
                ("named_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("removed_at", None)),
                        fields=("grant", "credential"),
                        name="grant_system_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="GrantUser",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "grant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="users", to="applications.grant"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("until", models.DateField(blank=True, null=True, verbose_name="until")),
                ("named_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("removed_at", None)), fields=("grant", "user"), name="grant_user_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "grant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="applications.grant"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        choices=[
                            ("measure", "an order or a contract notice suspends it"),
                            ("report_overdue", "a term of the grant: a usage report is overdue"),
                            ("precaution", "a precaution"),
                        ],
                        max_length=16,
                    ),
                ),
                ("source_ref", models.CharField(max_length=80)),
                ("reason", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "open"), ("lifted", "lifted"), ("annulled", "annulled")],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("opened_by_ref", models.CharField(max_length=80)),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                ("lifted_by_ref", models.CharField(blank=True, max_length=80)),
            ],
            options={
                "indexes": [models.Index(condition=models.Q(("state", "open")), fields=["grant"], name="hold_open")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("grant", "code", "source_ref"),
                        name="hold_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lifted_at", None), ("lifted_by_ref", ""), ("state", "open")),
                            models.Q(("lifted_at__isnull", False), ("state__in", ["lifted", "annulled"])),
                            _connector="OR",
                        ),
                        name="hold_lifted_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("code", "precaution"), _negated=True), ("ends_at__isnull", False), _connector="OR"
                        ),
                        name="hold_precaution_ends",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LinkageResult",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="linkages", to="applications.item"
                    ),
                ),
                (
                    "with_grant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="applications.grant",
                    ),
                ),
                (
                    "with_item",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="applications.item",
                    ),
                ),
                (
                    "first",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="listings.version"
                    ),
                ),
                (
                    "second",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="listings.version"
                    ),
                ),
                ("fields", models.JSONField()),
                ("with_fields", models.JSONField()),
                ("inputs", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "waiting"),
                            ("running", "running"),
                            ("done", "done"),
                            ("failed", "failed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="queued",
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("figure", models.JSONField(blank=True, null=True)),
                ("error", models.JSONField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                ("measured_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "linkage",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["queued", "running"])), fields=["id"], name="linkage_due"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("item", "inputs"), name="linkage_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("with_grant", None), ("with_item__isnull", False)),
                            models.Q(("with_grant__isnull", False), ("with_item", None)),
                            _connector="OR",
                        ),
                        name="linkage_with_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("figure__isnull", False), ("state", "done")),
                            models.Q(models.Q(("state", "done"), _negated=True), ("figure", None)),
                            _connector="OR",
                        ),
                        name="linkage_done_has_figure",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Disclosure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "grant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="disclosure", to="applications.grant"
                    ),
                ),
                ("public_from", models.DateField(verbose_name="in the public register from")),
                ("wait_reason", models.TextField(blank=True, max_length=1000, verbose_name="why it waits")),
                ("summary", models.TextField(blank=True, max_length=500, verbose_name="summary for the public")),
                (
                    "language",
                    models.CharField(
                        choices=[("zh-hans", "Chinese"), ("en", "English")],
                        default="zh-hans",
                        max_length=10,
                        verbose_name="language",
                    ),
                ),
                ("is_named", models.BooleanField(default=False, verbose_name="named in the register")),
                (
                    "written_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("written_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "entry in the public register",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("written_at", None), ("written_by", None)),
                            models.Q(("written_at__isnull", False), ("written_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="disclosure_written_both",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="Application",
            name="split_from",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="split_into",
                to="applications.item",
            ),
        ),
    ]
