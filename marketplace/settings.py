"""All settings of the site, read from the environment once (`.env` in development).

Every variable is listed with its meaning in `docs/settings.md`, which is generated from `VARIABLES`.
With nothing set, this is the embedded default: SQLite, a Valkey server from the `embedded` extra started by
`manage.py up`, a folder of files, and DEBUG. In production (`DEBUG=false`) every secret must be given.
"""

import os
import sys
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from redis.backoff import NoBackoff
from redis.retry import Retry

from listings.deidentification import engines
from listings.deidentification.reasons import BadCommand
from listings.deidentification.rules import Rules

BASE_DIR = Path(__file__).resolve().parent.parent

# name -> (type, default, meaning). The one table of what can be set from outside.
VARIABLES: dict[str, tuple[type, object, str]] = {
    "DEBUG": (bool, True, "Development mode. `false` in production: secrets, hosts and HTTPS become mandatory."),
    "SECRET_KEY": (str, "", "Signs sessions, links and printed notices. At least 50 characters in production."),
    "SECRET_KEY_FALLBACKS": (
        list,
        [],
        "Earlier values of SECRET_KEY: what was signed with them stays good. Keep one as long as printed notices are about.",
    ),
    "ALLOWED_HOSTS": (list, ["127.0.0.1", "localhost", "[::1]"], "Host names the site answers to."),
    "SITE_URL": (str, "http://127.0.0.1:8000", "Address printed in notices and attributions."),
    "DATABASE_URL": (str, "", "PostgreSQL in production; empty: SQLite in VAR_DIR."),
    "REDIS_URL": (str, "", "Any Redis; empty: the embedded server's socket in VAR_DIR."),
    "VAR_DIR": (str, str(BASE_DIR / "var"), "Where the embedded default keeps database, files and sockets."),
    "EMAIL_URL": (str, "", "e.g. `smtp+tls://user:password@host:587`; empty: mails are written to VAR_DIR/mail."),
    "FIELD_KEYS": (
        list,
        [],
        "Seal identity numbers and second factors: at least 32 characters each, commas between. The first seals, the others still open: `manage.py rotate_field_keys`.",
    ),
    "REQUIRE_SECOND_FACTOR": (
        bool,
        None,
        "Officers, reviewers, operators, experts and overseers need a second factor. Unset: true, but false where DEBUG is on.",
    ),
    "DEFAULT_FROM_EMAIL": (str, "Minshu <noreply@localhost>", "Sender of the site's mails."),
    "DIGEST_HOUR": (int, 8, "Hour, in China, at which the mails that gather notices go out on working days."),
    "DEMO": (bool, True, "May hold demo data and play the walkthrough. Never true in production."),
    "API_RATE": (str, "600/min", "Requests that the API takes from one credential, or one address without."),
    "PARTY_QUOTA_GIB": (int, 20, "GiB that the files of one party may take: those kept and those on their way in."),
    "OBJECTION_RATE": (
        str,
        "10/hour",
        "Objections and reports, and looks at their answers, that one address may send.",
    ),
    "LINKAGE_SHARE": (
        float,
        0.0,
        "Largest share (0 to 1) of linked subjects that two data sets of one buyer may single out together without a reason of the officer's.",
    ),
    "RISK_RULES": (
        dict,
        {},
        "Thresholds of the assessment (Art. 17) other than `k_platform=5,k_download=20,l=2,t=0.5,unique_share=0,suggest_share=0.01`, written like these. Another threshold makes another rule set.",
    ),
    "RISK_ENGINE": (
        str,
        "duckdb",
        "Where files are assessed: `duckdb`, in the worker; `ibis`, the same through Ibis; or the master of a Spark, such as `spark://host:7077` or `local[4]`, for files that are too large for one machine.",
    ),
    "LOG_LEVEL": (str, "INFO", "Level of the log on standard error."),
}

env = environ.Env(**{name: (kind, default) for name, (kind, default, _meaning) in VARIABLES.items()})
env.read_env(BASE_DIR / ".env")

DEBUG = env("DEBUG")
DEMO = env("DEMO") and DEBUG
VAR_DIR = Path(env("VAR_DIR")).absolute()
SITE_URL = env("SITE_URL").rstrip("/")
ALLOWED_HOSTS = env("ALLOWED_HOSTS")

SECRET_KEY = env("SECRET_KEY")
SECRET_KEY_FALLBACKS = env("SECRET_KEY_FALLBACKS")
if not SECRET_KEY and DEBUG:
    SECRET_KEY = "development-only-" + "x" * 40
FIELD_KEYS = env("FIELD_KEYS")
if not FIELD_KEYS and DEBUG:
    FIELD_KEYS = ["development-only-" + "y" * 32]
if not DEBUG:
    if not FIELD_KEYS or any(len(key) < 32 or len(set(key)) < 10 for key in FIELD_KEYS):
        raise ImproperlyConfigured(
            "FIELD_KEYS is missing or weak: set at least 32 random characters for each key, made like SECRET_KEY"
        )
    for name, keys in {"SECRET_KEY": [SECRET_KEY], "SECRET_KEY_FALLBACKS": SECRET_KEY_FALLBACKS}.items():
        if any(len(key) < 50 or len(set(key)) < 10 for key in keys):
            raise ImproperlyConfigured(
                f"{name} is missing or weak: set at least 50 random characters, for example the output of\n"
                "  python -c 'import secrets; print(secrets.token_urlsafe(64))'"
            )
    if not env("DATABASE_URL"):
        raise ImproperlyConfigured(
            "DATABASE_URL is missing: name the PostgreSQL database, postgres://user:password@host/name"
        )
    if not env("REDIS_URL"):
        raise ImproperlyConfigured("REDIS_URL is missing: name the Redis server, for example redis://host:6379/0")
    if not SITE_URL.startswith("https://"):
        raise ImproperlyConfigured(
            "SITE_URL must be the site's https:// address: it is printed in notices and attributions"
        )

INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",  # its lists; the site is ours: marketplace/console/site.py
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "guardian",
    "crispy_forms",
    "crispy_bootstrap5",
    "marketplace.clock",
    "marketplace.ledger",
    "marketplace.notices",
    "accounts",
    "marketplace.documents",
    "listings",
    "marketplace.applications",
    "marketplace.delivery",
    "marketplace.supervision",
    "marketplace.console",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "marketplace.api",
    "marketplace.desk",
    "marketplace.sandboxes",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "marketplace.sandboxes.middleware.Sandboxes",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.reach.LooksOnly",
    "marketplace.middleware.KeepPrivate",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.second_factor.SecondFactorGate",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "marketplace.faces.ErrorPages",
]

ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "marketplace.desk.context.site",
            ],
        },
    }
]

# WAL alone gave lock errors under concurrent writers; with IMMEDIATE there were none (model.md).
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA recursive_triggers=ON;",
}
if env("DATABASE_URL"):
    DATABASES = {"default": {"CONN_MAX_AGE": 60, **env.db("DATABASE_URL"), "CONN_HEALTH_CHECKS": True}}
    if DATABASES["default"]["ENGINE"].endswith("postgresql"):  # no query here runs long enough to be worth compiling
        DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c jit=off")
else:
    VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": VAR_DIR / "minshu.sqlite3",
            "OPTIONS": SQLITE_OPTIONS,
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def embedded_socket(var_dir: Path) -> Path:
    """Where the embedded server listens: in `var_dir`, or, as a socket's address holds about 100 bytes, in a short
    folder of this user that `manage.py up` makes private."""
    socket = var_dir / "valkey.sock"
    if len(os.fsencode(socket)) <= 100:
        return socket
    return Path("/tmp") / f"minshu-{os.getuid()}-{sha256(os.fsencode(var_dir)).hexdigest()[:16]}" / "valkey.sock"


EMBEDDED_SOCKET = None if env("REDIS_URL") else embedded_socket(VAR_DIR)
REDIS_URL = env("REDIS_URL") or f"unix://{quote(str(EMBEDDED_SOCKET))}?db=0"
CACHES = {
    "default": {
        "BACKEND": "marketplace.caching.ResilientRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_FUNCTION": "marketplace.elsewhere.cache_key",
        "OPTIONS": {"retry": Retry(NoBackoff(), 0), "socket_timeout": 2},  # memory stands in: do not wait
    }
}

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_PUBLISH_RETRY = False  # a task only wakes; while the broker is away, beat will
CELERY_BROKER_TRANSPORT_OPTIONS = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ROUTES = {
    "listings.*": {"queue": "assessment"},
    "applications.*": {"queue": "assessment"},
    "notices.*": {"queue": "notices"},
    "supervision.*": {"queue": "supervision"},
}
CELERY_TASK_DEFAULT_QUEUE = "supervision"
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "supervision.sweep", "schedule": 60.0},
    "notices": {"task": "notices.send_due", "schedule": 30.0},
    "uploads": {"task": "listings.sweep_uploads", "schedule": 600.0},
    "digests": {"task": "notices.send_digests", "schedule": 60.0},
    "sandboxes": {"task": "sandboxes.prepare", "schedule": 60.0},
    "assessments": {"task": "listings.assess_due", "schedule": 30.0},
    "evidence": {"task": "accounts.sweep_evidence", "schedule": 3600.0},
    "documents": {"task": "documents.render_due", "schedule": 30.0},
    "linkages": {"task": "applications.link_due", "schedule": 30.0},
}
for _entry in CELERY_BEAT_SCHEDULE.values():  # after a night without a worker, one of each will do
    _entry["options"] = {"expires": _entry["schedule"]}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk:todo"
LOGOUT_REDIRECT_URL = "desk:home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_FORMS = {"signup": "accounts.forms.SignUpForm"}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = SITE_URL.split(":")[0]
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Minshu"
MFA_TOTP_TOLERANCE = 1  # a code of half a minute ago: clocks differ
MFA_RECOVERY_CODES_SHOW_ONCE = False
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
REQUIRE_SECOND_FACTOR = not DEBUG if env("REQUIRE_SECOND_FACTOR") is None else env("REQUIRE_SECOND_FACTOR")

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "marketplace" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
WHITENOISE_USE_FINDERS = DEBUG
MEDIA_ROOT = VAR_DIR / "files"
SANDBOX_DIR = VAR_DIR / "sandboxes"
STORAGES = {
    "default": {"BACKEND": "marketplace.elsewhere.PlacedStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
UPLOAD_LIMIT = 100 * 1024 * 1024  # bytes of all files of a request, checked while they arrive
PARTY_QUOTA = env("PARTY_QUOTA_GIB") * 1024**3  # bytes
FILE_UPLOAD_HANDLERS = [
    "listings.uploads.LimitedUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2500  # a file may have 2,000 columns, and each is a field of the form that marks them
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_TEMP_DIR = None

if env("EMAIL_URL"):
    vars().update(env.email("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR_DIR / "mail"
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL")
EMAIL_TIMEOUT = 30  # seconds: a mail server that says nothing keeps no worker
DIGEST_HOUR = env("DIGEST_HOUR")

API_RATE = env("API_RATE")
OBJECTION_RATE = env("OBJECTION_RATE")
LINKAGE_SHARE = env("LINKAGE_SHARE")
RISK_RULES = Rules.read(env("RISK_RULES"))
try:
    RISK_ENGINE = engines.check(env("RISK_ENGINE"))
except BadCommand:
    raise ImproperlyConfigured(
        "RISK_ENGINE must be duckdb, ibis or the master of a Spark, such as spark://host:7077"
    ) from None
REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "marketplace.api.problems.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "NUM_PROXIES": 0 if DEBUG else 1,  # as for the login: the visitor is in X-Forwarded-For and nowhere else
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Minshu",
    "VERSION": "1",
    "DESCRIPTION": "The trade's API for partner systems: see docs/partner.md.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "COMPONENT_SPLIT_REQUEST": False,
    "POSTPROCESSING_HOOKS": ["marketplace.api.schema.share_problems"],
    "SORT_OPERATION_PARAMETERS": False,
    "ENABLE_DJANGO_DEPLOY_CHECK": False,  # it needs a migrated database; a test compares the description with the code
}

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],  # Bootstrap draws its icons as data: images
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
PERMISSIONS_POLICY = {name: [] for name in ("camera", "geolocation", "microphone", "payment", "usb")}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
if not DEBUG:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1  # nginx before a socket: the visitor is in X-Forwarded-For and nowhere else
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    CSRF_TRUSTED_ORIGINS = [SITE_URL]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL")},
}

# `pytest` and `manage.py test` never touch the site's own files.
TESTING = "pytest" in sys.modules
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # an e-mail address is unique whatever its case: constraint user_email_unique
