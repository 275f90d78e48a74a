from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by the operator for now: allauth gives login, logout and its rate limits."""

    def is_open_for_signup(self, request):  # type: ignore[no-untyped-def]
        return False

    def post_login(self, request, user, **kwargs):  # type: ignore[no-untyped-def]
        """Go on in the language the person once chose, unless this browser was switched to one.

        The site's own language may be nobody's choice, so for it the browser's wish stands.
        """
        response = super().post_login(request, user, **kwargs)
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES and user.language != settings.LANGUAGE_CODE:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                user.language,
                max_age=settings.LANGUAGE_COOKIE_AGE,
                path=settings.LANGUAGE_COOKIE_PATH,
                domain=settings.LANGUAGE_COOKIE_DOMAIN,
                secure=settings.LANGUAGE_COOKIE_SECURE,
                httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
                samesite=settings.LANGUAGE_COOKIE_SAMESITE,
            )
        return response
