import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import listings.models.purposes


class Migration(migrations.Migration):
    replaces = [
        ("listings", "0001_initial"),
        ("listings", "0002_version_discarded"),
        ("listings", "0060_uploads_and_jobs"),
        ("listings", "0070_both_routes_of_review"),
        ("listings", "0080_search"),
        ("listings", "0110_built_products"),
        ("listings", "0111_release_rules"),
        ("listings", "0112_expert_review_of_versions"),
        ("listings", "0200_reassessment_and_descriptions"),
        ("listings", "0210_purposes_and_invited_persons"),
        ("listings", "0230_recipes"),
        ("listings", "0240_sign_off_on_an_assessment"),
        ("listings", "0250_objection_deadlines"),
        ("listings", "0260_in_house_reports"),
        ("listings", "0300_irreversibility_declaration"),
        ("listings", "0320_authorised_operation"),
        ("listings", "0321_product_class"),
        ("listings", "0410_own_hierarchies"),
        ("listings", "0411_stages_of_recipes"),
        ("listings", "0460_take_downs"),
        ("listings", "0500_samples"),
        ("listings", "0570_held_by_hand"),
        ("listings", "0590_whole_product"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0610_recusals"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="Purpose",
            fields=[
                ("code", models.SlugField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                ("name_en", models.CharField(max_length=100, verbose_name="name in English")),
                ("is_used", models.BooleanField(default=False)),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="CatalogueEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="catalogue_entries",
                        to="accounts.party",
                        verbose_name="providing unit",
                    ),
                ),
                (
                    "authority",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.party"
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("description", models.TextField(verbose_name="description")),
                (
                    "sharing",
                    models.CharField(
                        choices=[
                            ("unconditional", "shared unconditionally"),
                            ("conditional", "shared on conditions"),
                            ("withheld", "withheld"),
                        ],
                        max_length=20,
                        verbose_name="sharing type",
                    ),
                ),
                (
                    "withheld_basis",
                    models.CharField(blank=True, max_length=300, verbose_name="legal basis where withheld"),
                ),
                (
                    "opening",
                    models.CharField(
                        choices=[
                            ("openly_available", "openly available"),
                            ("on_application", "open on application"),
                            ("not_open", "not open"),
                        ],
                        max_length=20,
                        verbose_name="opening type",
                    ),
                ),
                (
                    "frequency",
                    models.CharField(
                        choices=[
                            ("real_time", "real time"),
                            ("daily", "daily"),
                            ("monthly", "monthly"),
                            ("quarterly", "quarterly"),
                            ("yearly", "yearly"),
                            ("irregular", "irregular"),
                        ],
                        max_length=12,
                        verbose_name="update frequency",
                    ),
                ),
                ("contact", models.CharField(max_length=200, verbose_name="quality contact")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "proposed"),
                            ("returned", "returned"),
                            ("published", "published"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="proposed",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "catalogue entry",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("sharing", "withheld"), _negated=True),
                            models.Q(("withheld_basis", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="entry_withheld_has_basis",
                        violation_error_message="Data may be withheld only on a legal basis: name it (Art. 14).",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "seller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="accounts.party",
                        verbose_name="seller",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="listings.catalogueentry",
                        verbose_name="catalogue entry",
                    ),
                ),
                (
                    "nature",
                    models.CharField(
                        choices=[
                            ("government", "government data"),
                            ("public_service", "public-service data"),
                            ("public_utility", "public-utility data"),
                            ("non_public", "non-public data"),
                            ("built", "built on public data"),
                        ],
                        max_length=16,
                        verbose_name="nature",
                    ),
                ),
                (
                    "acquisition",
                    models.CharField(
                        choices=[
                            ("own_duty", "own collection in duty"),
                            ("primary_developer", "gathered and governed by a primary developer"),
                            ("authorised", "authorised operation"),
                            ("own_business", "collected in own business"),
                            ("bought", "bought with the right to resell"),
                            ("sharing", "received by inter-agency sharing"),
                            ("grant", "built under a grant"),
                        ],
                        max_length=20,
                        verbose_name="acquisition basis",
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("industry", "industry"),
                            ("telecom", "telecommunications"),
                            ("finance", "finance"),
                            ("energy", "energy"),
                            ("transport", "transport"),
                            ("resources", "natural resources"),
                            ("health", "health"),
                            ("education", "education"),
                            ("science", "science and technology"),
                            ("agriculture", "agriculture"),
                            ("culture", "culture and tourism"),
                            ("environment", "environment and weather"),
                            ("trade", "trade and consumption"),
                            ("public", "public administration"),
                            ("other", "another field"),
                        ],
                        default="other",
                        max_length=12,
                        verbose_name="class",
                    ),
                ),
                (
                    "grade",
                    models.CharField(
                        choices=[("general", "general data"), ("important", "important data"), ("core", "core data")],
                        max_length=10,
                        verbose_name="grade",
                    ),
                ),
                (
                    "visibility",
                    models.CharField(
                        choices=[("all", "everybody"), ("invited", "invited parties only")],
                        default="all",
                        max_length=8,
                        verbose_name="who sees it",
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("summary", models.CharField(max_length=400, verbose_name="summary")),
                ("description", models.TextField(verbose_name="description")),
                ("purposes", listings.models.purposes.PurposesField(blank=True, verbose_name="permitted purposes")),
                ("terms", models.TextField(blank=True, verbose_name="terms of use")),
                ("price_text", models.CharField(blank=True, max_length=200, verbose_name="price")),
                (
                    "frequency",
                    models.CharField(
                        choices=[
                            ("real_time", "real time"),
                            ("daily", "daily"),
                            ("monthly", "monthly"),
                            ("quarterly", "quarterly"),
                            ("yearly", "yearly"),
                            ("irregular", "irregular"),
                        ],
                        max_length=12,
                        verbose_name="update frequency",
                    ),
                ),
                ("declared_at", models.DateTimeField(blank=True, null=True)),
                (
                    "declared_by",
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
                        choices=[("active", "active"), ("withdrawn", "withdrawn")],
                        default="active",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("taken_down_by", models.CharField(blank=True, max_length=40)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "data product",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("grade", "general")),
                        name="product_grade_general",
                        violation_error_message="Core and important data cannot be listed here.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("acquisition", "sharing"), _negated=True),
                        name="product_not_from_sharing",
                        violation_error_message="Data received by inter-agency sharing may go to no third party (Art. 14).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("entry", None), ("nature", "non_public")),
                            models.Q(models.Q(("nature", "non_public"), _negated=True), ("entry__isnull", False)),
                            _connector="OR",
                        ),
                        name="product_entry_iff_public",
                        violation_error_message="Public data is made from a catalogue entry, non-public data from none.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("acquisition__in", ("own_business", "bought")), ("nature", "non_public")),
                            models.Q(
                                models.Q(("nature", "non_public"), _negated=True),
                                models.Q(("acquisition__in", ("own_business", "bought")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="product_basis_fits_nature",
                        violation_error_message="This basis and this nature do not go together.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("visibility", "all"), ("nature", "non_public"), _connector="OR"),
                        name="product_public_data_for_all",
                        violation_error_message="Public data is shown to everybody.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("declared_at", None), ("declared_by", None)),
                            models.Q(("declared_at__isnull", False), ("declared_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="product_declared_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("acquisition", "grant"), ("nature", "built")),
                            models.Q(
                                models.Q(("nature", "built"), _negated=True),
                                models.Q(("acquisition", "grant"), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="product_built_under_grant",
                        violation_error_message="“Built on public data” and “built under a grant” go together.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProductInvitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="invitations", to="listings.product"
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
                    ),
                ),
                ("email", models.EmailField(blank=True, max_length=254)),
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
                    models.UniqueConstraint(
                        condition=models.Q(("email", "")), fields=("product", "party"), name="product_invitation_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("email", ""), _negated=True),
                        fields=("product", "email"),
                        name="product_invitation_by_email_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("party__isnull", False), models.Q(("email", ""), _negated=True), _connector="OR"
                        ),
                        name="product_invitation_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProductStop",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="stops", to="listings.product"
                    ),
                ),
                ("source_ref", models.CharField(max_length=80)),
                ("reason", models.CharField(max_length=300)),
                ("opened_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at", None)),
                        fields=("product", "source_ref"),
                        name="product_stop_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("product", "data product"), ("entry", "catalogue entry")], max_length=8),
                ),
                ("object_id", models.PositiveBigIntegerField()),
                ("title", models.CharField(max_length=200)),
                ("title_tokens", models.TextField()),
                ("body_tokens", models.TextField()),
                ("newest_at", models.DateTimeField()),
                ("nature", models.CharField(blank=True, max_length=30)),
                ("opening", models.CharField(blank=True, max_length=30)),
                ("frequency", models.CharField(blank=True, max_length=30)),
                (
                    "region",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.region"
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.party"
                    ),
                ),
                (
                    "seller",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.party"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["kind", "-newest_at", "-id"], name="search_newest"),
                    models.Index(fields=["kind", "title", "id"], name="search_title"),
                ],
                "constraints": [models.UniqueConstraint(fields=("kind", "object_id"), name="search_one_row")],
            },
        ),
        migrations.CreateModel(
            name="SearchValue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "row",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="values_of", to="listings.searchrow"
                    ),
                ),
                ("facet", models.CharField(max_length=8)),
                ("value", models.CharField(max_length=60)),
            ],
            options={
                "indexes": [models.Index(fields=["facet", "value", "row"], name="search_value_rows")],
                "constraints": [models.UniqueConstraint(fields=("row", "facet", "value"), name="search_value")],
            },
        ),
        migrations.CreateModel(
            name="SourceFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="source_files", to="listings.product"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("statute", "notice or statute"),
                            ("consent", "consent or other basis"),
                            ("authorisation", "authorisation chain"),
                        ],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="document")),
                ("reference", models.CharField(max_length=200, verbose_name="number or place of publication")),
                ("summary", models.TextField(verbose_name="public summary")),
                ("valid_until", models.DateField(blank=True, null=True, verbose_name="valid until")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("unchecked", "not checked yet"),
                            ("accepted", "checked: in order"),
                            ("rejected", "checked: not in order"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="unchecked",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("check_words", models.TextField(blank=True, verbose_name="what the check found")),
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
                ("checked_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "item of the lawful-source file",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("checked_at", None), ("checked_by", None)),
                            models.Q(("checked_at__isnull", False), ("checked_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="source_checked_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["accepted", "rejected"]), _negated=True),
                            ("checked_at__isnull", False),
                            _connector="OR",
                        ),
                        name="source_checked_has_date",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Assessment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule_set", models.CharField(max_length=40)),
                ("report", models.JSONField()),
                ("file_sha256", models.CharField(max_length=64)),
                ("passes", models.BooleanField()),
                ("sample", models.JSONField(blank=True, default=dict)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="listings.product"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
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
                ("is_taken_down", models.BooleanField(default=False)),
                ("is_held_by_hand", models.BooleanField(default=False)),
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
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("assessed", "assessed"),
                            ("submitted", "submitted"),
                            ("expert_review", "expert review"),
                            ("returned", "returned"),
                            ("refused", "refused"),
                            ("in_publicity", "in publicity"),
                            ("published", "published"),
                            ("held", "held"),
                            ("recalled", "recalled"),
                            ("retired", "retired"),
                            ("discarded", "discarded"),
                        ],
                        default="draft",
                        max_length=14,
                        verbose_name="state",
                    ),
                ),
                (
                    "about",
                    models.CharField(
                        choices=[
                            ("persons", "persons"),
                            ("households", "households"),
                            ("organisations", "organisations"),
                            ("none", "nothing of the kind"),
                        ],
                        max_length=14,
                        verbose_name="what a row is about",
                    ),
                ),
                ("data_from", models.DateField(verbose_name="data as of: from")),
                ("data_until", models.DateField(verbose_name="data as of: until")),
                ("collected_from", models.DateField(verbose_name="date collected: from")),
                ("collected_until", models.DateField(verbose_name="date collected: until")),
                (
                    "deidentification_tool",
                    models.CharField(max_length=300, verbose_name="how it was de-identified, with which tool"),
                ),
                (
                    "tool_version",
                    models.CharField(
                        blank=True,
                        help_text="Of a script of your own, its date.",
                        max_length=100,
                        verbose_name="version of the tool",
                    ),
                ),
                (
                    "key_is_kept",
                    models.BooleanField(
                        help_text="A salt, a secret, a list of old and new numbers: whatever could restore a value (Art. 17).",
                        verbose_name="Does anybody keep a key or mapping table?",
                    ),
                ),
                ("key_kept_by", models.CharField(blank=True, max_length=200, verbose_name="if so, who keeps it")),
                (
                    "key_kept_where",
                    models.CharField(
                        blank=True,
                        help_text="The system or the place, no secret.",
                        max_length=200,
                        verbose_name="if so, where",
                    ),
                ),
                (
                    "pseudonyms",
                    models.TextField(
                        blank=True,
                        help_text="For instance: digest with a random salt, deleted on the day of processing. Needed for such columns.",
                        max_length=4000,
                        verbose_name="digests and tokens: how they were made, and what became of the key",
                    ),
                ),
                (
                    "shows_sample",
                    models.BooleanField(
                        default=False,
                        help_text="Up to twenty rows, drawn when the file is assessed: only of groups large enough to be downloaded, without sensitive columns and without rare values. You see it before you submit.",
                        verbose_name="show a sample to everybody",
                    ),
                ),
                ("rows", models.PositiveBigIntegerField(blank=True, null=True)),
                ("allowed_modes", models.JSONField(blank=True, default=list)),
                (
                    "checked_sources_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "signed_off_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("signed_off_at", models.DateTimeField(blank=True, null=True)),
                (
                    "signed_assessment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="listings.assessment",
                    ),
                ),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "version",
                "permissions": (("expert", "expert asked to assess the version"),),
                "constraints": [
                    models.UniqueConstraint(fields=("product", "number"), name="version_number"),
                    models.UniqueConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["draft", "assessed", "submitted", "expert_review", "returned", "in_publicity"],
                            )
                        ),
                        fields=("product",),
                        name="version_one_in_work",
                        violation_error_message="Another version of this product is still in work.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("data_from__lte", models.F("data_until"))),
                        name="version_data_from_until",
                        violation_error_message="The data cannot end before it begins.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("collected_from__lte", models.F("collected_until"))),
                        name="version_collected_from_until",
                        violation_error_message="The collection cannot end before it begins.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("signed_assessment", None), ("signed_off_at", None), ("signed_off_by", None)),
                            models.Q(
                                ("signed_assessment__isnull", False),
                                ("signed_off_at__isnull", False),
                                ("signed_off_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="version_signed_off_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("key_is_kept", False), ("key_kept_by", ""), ("key_kept_where", "")),
                            models.Q(
                                ("key_is_kept", True),
                                models.Q(("key_kept_by", ""), _negated=True),
                                models.Q(("key_kept_where", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="version_key_kept_by_whom_and_where",
                        violation_error_message="Say who keeps the key and where, or that nobody does.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="uploads", to="listings.version"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="file name")),
                ("size", models.PositiveBigIntegerField(verbose_name="size in bytes")),
                (
                    "modified",
                    models.BigIntegerField(
                        blank=True, null=True, verbose_name="last changed, in milliseconds since 1970"
                    ),
                ),
                ("sha256", models.CharField(blank=True, max_length=64, verbose_name="SHA-256")),
                ("received", models.PositiveBigIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("received", "received"),
                            ("done", "done"),
                            ("refused", "refused"),
                            ("abandoned", "abandoned"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("problem", models.JSONField(blank=True, default=dict)),
                ("expires_at", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "upload",
                "indexes": [
                    models.Index(condition=models.Q(("state", "open")), fields=["expires_at"], name="upload_expiring")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["open", "received"])),
                        fields=("version",),
                        name="upload_one_under_way",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("received__lte", models.F("size"))), name="upload_within_size"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="jobs", to="listings.version"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("read", "reading"),
                            ("assess", "assessment"),
                            ("reassess", "re-assessment"),
                            ("suggest", "search for a recipe"),
                            ("apply", "application of a recipe"),
                        ],
                        default="assess",
                        max_length=8,
                    ),
                ),
                (
                    "upload",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="jobs",
                        to="listings.upload",
                    ),
                ),
                (
                    "requested_by",
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
                        choices=[
                            ("queued", "waiting"),
                            ("running", "running"),
                            ("done", "done"),
                            ("failed", "failed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "stage",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("reading", "reading the file"),
                            ("checking", "checking its form"),
                            ("typing", "finding the types of the columns"),
                            ("identifiers", "searching every cell for identifiers"),
                            ("classes", "counting who looks alike"),
                            ("profile", "describing the columns"),
                            ("searching", "looking for what loses least"),
                            ("applying", "changing the file step by step"),
                            ("comparing", "comparing before and after"),
                        ],
                        max_length=12,
                    ),
                ),
                ("percent", models.PositiveSmallIntegerField(default=0)),
                ("wish", models.JSONField(blank=True, default=dict)),
                ("problem", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["queued", "running"])),
                        fields=("version",),
                        name="job_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "read"), ("upload__isnull", False)),
                            models.Q(models.Q(("kind", "read"), _negated=True), ("upload", None)),
                            _connector="OR",
                        ),
                        name="job_upload_iff_read",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind", "reassess"), ("requested_by__isnull", False), _connector="OR"),
                        name="job_requested_but_by_beat",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Recipe",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="recipes", to="listings.version"
                    ),
                ),
                (
                    "assessment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="recipes", to="listings.assessment"
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="recipes", to="listings.job"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("found", "found: least is lost"),
                            ("chosen", "found: by levels the seller chose"),
                            ("alternative", "found: the next best"),
                            ("written", "written by the seller"),
                        ],
                        max_length=12,
                        verbose_name="where it is from",
                    ),
                ),
                ("document", models.JSONField(null=True)),
                ("bounds", models.JSONField(default=dict)),
                ("suggestion", models.JSONField(default=dict)),
                ("figures", models.JSONField(default=dict)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "recipe",
                "constraints": [models.UniqueConstraint(fields=("version", "number"), name="recipe_number")],
            },
        ),
        migrations.CreateModel(
            name="AppliedRecipe",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "recipe",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="applied", to="listings.recipe"
                    ),
                ),
                ("record", models.JSONField()),
                ("sha256_in", models.CharField(max_length=64)),
                ("sha256_out", models.CharField(max_length=64)),
                (
                    "by",
                    models.ForeignKey(
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
            name="UploadChunk",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "upload",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="chunks", to="listings.upload"
                    ),
                ),
                ("offset", models.PositiveBigIntegerField()),
                ("key", models.CharField(max_length=200)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("upload", "offset"), name="upload_chunk_once")],
            },
        ),
        migrations.CreateModel(
            name="Upstream",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="upstream", to="listings.product"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="downstream", to="listings.version"
                    ),
                ),
                ("grant_ref", models.CharField(max_length=80)),
                ("conditions", models.JSONField(default=list)),
                ("over_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("product", "version", "grant_ref"), name="upstream_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ReleaseRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="release_rules", to="listings.product"
                    ),
                ),
                (
                    "basis",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="listings.version"
                    ),
                ),
                (
                    "authority",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.party"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "proposed"),
                            ("returned", "returned"),
                            ("approved", "approved"),
                            ("refused", "refused"),
                            ("revoked", "revoked"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="proposed",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("min_rows", models.PositiveBigIntegerField(verbose_name="fewest rows")),
                ("max_rows", models.PositiveBigIntegerField(verbose_name="most rows")),
                (
                    "min_k",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Not less than a download needs. Leave it empty where the rows are about nobody.",
                        null=True,
                        verbose_name="smallest group (k) at least",
                    ),
                ),
                (
                    "max_drift",
                    models.PositiveSmallIntegerField(
                        help_text="How many of a hundred rows may fall into other classes than in the version reviewed.",
                        verbose_name="greatest shift of any distribution, in per cent",
                    ),
                ),
                ("valid_until", models.DateField(verbose_name="valid until")),
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
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "release rule",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["proposed", "returned", "approved"])),
                        fields=("product",),
                        name="rule_one_living",
                        violation_error_message="This product has a release rule already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("min_rows__lte", models.F("max_rows"))),
                        name="rule_rows",
                        violation_error_message="The fewest rows cannot be more than the most.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("max_drift__lte", 100)),
                        name="rule_drift",
                        violation_error_message="A shift is at most 100 per cent.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "approved"), _negated=True),
                            models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="rule_approved_by",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReleaseCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="release_check", to="listings.version"
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="checks", to="listings.releaserule"
                    ),
                ),
                ("bounds", models.JSONField()),
                ("holds", models.BooleanField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ProcessingStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="listings.version"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("step", models.CharField(max_length=200)),
                ("tool", models.CharField(max_length=200)),
                ("operator", models.CharField(max_length=120)),
                ("at", models.DateTimeField()),
                ("is_measured", models.BooleanField()),
                ("hash_in", models.CharField(blank=True, max_length=64)),
                ("hash_out", models.CharField(blank=True, max_length=64)),
                ("facts", models.JSONField(blank=True, default=dict)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("version", "number"), name="step_number")],
            },
        ),
        migrations.CreateModel(
            name="Objection",
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
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="objections",
                        to="listings.version",
                        verbose_name="version",
                    ),
                ),
                ("text", models.TextField(max_length=4000, verbose_name="objection")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "open"), ("upheld", "upheld"), ("dismissed", "dismissed")],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("answer", models.TextField(blank=True, verbose_name="answer")),
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
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "objection",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decided_by", None), ("state", "open")),
                            models.Q(
                                models.Q(("state", "open"), _negated=True),
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                models.Q(("answer", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="objection_answered_whole",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="InHouseReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="in_house_reports",
                        to="listings.version",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("at", models.DateTimeField()),
                ("name", models.CharField(max_length=255, verbose_name="file name")),
                ("size", models.PositiveBigIntegerField(verbose_name="size in bytes")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("engine", models.CharField(max_length=40, verbose_name="engine version")),
                ("mode", models.CharField(max_length=10)),
                ("passes", models.BooleanField()),
                ("assessed_at", models.DateTimeField()),
                ("public_key", models.CharField(max_length=64)),
                ("document", models.JSONField()),
            ],
            options={
                "verbose_name": "report made in house",
                "constraints": [
                    models.UniqueConstraint(fields=("version", "sha256", "assessed_at"), name="in_house_report_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Hierarchy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="hierarchies", to="listings.version"
                    ),
                ),
                ("column", models.CharField(max_length=255)),
                ("rows", models.JSONField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "hierarchy",
                "constraints": [models.UniqueConstraint(fields=("version", "column"), name="hierarchy_of_column")],
            },
        ),
        migrations.CreateModel(
            name="DescriptionChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="description_changes",
                        to="listings.product",
                    ),
                ),
                (
                    "basis",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="listings.version"
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
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "proposed"),
                            ("returned", "returned"),
                            ("accepted", "accepted"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="proposed",
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
                ("created_at", models.DateTimeField()),
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
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("holders_told_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "change of a description",
                "indexes": [
                    models.Index(
                        condition=models.Q(("holders_told_at", None), ("state", "accepted")),
                        fields=["decided_at"],
                        name="description_untold",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["proposed", "returned"])),
                        fields=("product",),
                        name="description_one_open",
                        violation_error_message="A change of this description is proposed already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "accepted"), _negated=True),
                            models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="description_accepted_by",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Column",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="columns", to="listings.version"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=255)),
                ("type", models.CharField(max_length=16)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("plain", "none of these"),
                            ("quasi_identifier", "quasi-identifier"),
                            ("sensitive", "sensitive attribute"),
                            ("subject", "subject column"),
                        ],
                        default="plain",
                        max_length=16,
                    ),
                ),
                ("is_pseudonym", models.BooleanField(default=False)),
                ("hint", models.JSONField(blank=True, default=dict)),
                ("profile", models.JSONField(default=dict)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("version", "position"), name="column_position"),
                    models.UniqueConstraint(fields=("version", "name"), name="column_name"),
                    models.UniqueConstraint(
                        condition=models.Q(("role", "subject")), fields=("version",), name="column_one_subject"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="VersionFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="files", to="listings.version"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("original", "original"), ("parquet", "canonical Parquet")], max_length=10
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.PositiveBigIntegerField()),
                ("key", models.CharField(blank=True, max_length=200)),
                ("destroyed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("destroyed_at", None)), fields=("version", "kind"), name="version_file_kind"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="VersionGroupObjectPermission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
                ("group", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.group")),
                (
                    "content_object",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="listings.version"),
                ),
            ],
            options={
                "abstract": False,
                "unique_together": {("group", "permission", "content_object")},
            },
        ),
        migrations.CreateModel(
            name="VersionOpinion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="opinions", to="listings.version"
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
            name="VersionSource",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sources", to="listings.version"
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.party"
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="listings.catalogueentry"
                    ),
                ),
                (
                    "upstream_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inherited_by",
                        to="listings.version",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("upstream_version", None)),
                        fields=("version", "entry"),
                        name="version_source",
                    ),
                    models.UniqueConstraint(
                        fields=("version", "entry", "upstream_version"), name="version_source_upstream"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="VersionUserObjectPermission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                (
                    "content_object",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="assigned", to="listings.version"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "unique_together": {("user", "permission", "content_object")},
            },
        ),
        migrations.AddField(
            model_name="Assessment",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="assessments", to="listings.version"
            ),
        ),
    ]
