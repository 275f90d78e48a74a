"""A passkey, added and used through a browser's virtual authenticator, under the site's own security policy."""

from typing import Any

from allauth.mfa.models import Authenticator

from tests.actors import PASSWORD, World

OPTIONS = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def test_officer_is_sent_to_add_a_passkey_and_logs_in_with_it(
    browser: Any, live_server: Any, world: World, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    context = browser.new_context(locale="en", extra_http_headers={"Accept-Language": "en"})
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": OPTIONS})

    page.goto(f"{live_server.url}/accounts/login/?next=/todo/")
    page.fill("[name=login]", world["officer"].email)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/2fa/")
    page.get_by_role("link", name="Add a passkey").click()
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/webauthn/add/")
    page.fill("[name=name]", "phone")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url(lambda url: "/webauthn/add/" not in url)
    page.wait_for_load_state()
    assert Authenticator.objects.filter(user=world["officer"], type="webauthn").count() == 1

    context.clear_cookies()
    page.goto(f"{live_server.url}/accounts/login/?next=/todo/")
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url(f"{live_server.url}/todo/")
    assert page.get_by_role("heading", level=1).inner_text() == "To do"
    assert complaints == []
    context.close()
