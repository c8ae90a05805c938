"""What allauth asks of us: who may come in, what it says when somebody may not, how it keeps secrets."""

from base64 import urlsafe_b64encode
from functools import cache
from hashlib import sha256
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from encore.accounts import access
from encore.accounts.models import User

_WRONG = _("Name and password do not belong together.")
_SAID = {
    "account/messages/password_changed.txt": _("Your password is changed."),
    "mfa/messages/totp_activated.txt": _("The second step is on."),
    "mfa/messages/totp_deactivated.txt": _("The app is removed."),
    "mfa/messages/webauthn_added.txt": _("The passkey is added."),
    "mfa/messages/webauthn_removed.txt": _("The passkey is removed."),
    "mfa/messages/recovery_codes_generated.txt": _("New recovery codes are made; the old ones are worthless."),
}


class Backend(AuthenticationBackend):  # type: ignore[misc]
    """Brings a person's organisation along: every page asks for it."""

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).select_related("organisation").first()


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages: ClassVar[dict[str, str | Promise]] = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _WRONG,
        "email_password_mismatch": _WRONG,
        "too_many_login_attempts": _("Too many tries. Wait five minutes, then try again."),
        "incorrect_password": _("This is not your password."),
        "enter_current_password": _("This is not your password."),
        "incorrect_code": _("This code is not right, or no longer."),
        "rate_limited": _("Too many tries. Wait five minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        super().login(request, user)
        access.note("signed_in", user=user, at=now())

    def logout(self, request: HttpRequest) -> None:
        if isinstance(request.user, User):
            access.note("signed_out", user=request.user, at=now())
        super().logout(request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        access.note("turned_away", user=access.named(credentials.get("username", "")), at=now())

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        access.note("turned_away", user=user, at=now(), reason="post_ended")
        response: HttpResponse = super().respond_user_inactive(request, user)
        return response

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *rest: Any, **options: Any
    ) -> None:
        """Says in our words what allauth has done; what is not among them needs no saying."""
        said = _SAID.get(message_template or "") or options.get("message")
        if said:
            super().add_message(request, level, message=str(said))

    def send_notification_mail(self, *arguments: Any, **options: Any) -> None:
        """Nothing is mailed: there is no channel for it yet."""


class SecondSteps(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps the secrets of authenticator apps and recovery codes encrypted by a key that is not in the database."""

    error_messages: ClassVar[dict[str, str | Promise]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code is not right, or no longer."),
    }

    def encrypt(self, text: str) -> str:
        return _cipher(settings.SECRET_KEY).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher(settings.SECRET_KEY).decrypt(encrypted_text.encode()).decode()

    def get_totp_issuer(self) -> str:
        return "Encore 返场"

    def _get_site_name(self) -> str:
        return "Encore 返场"

    def _get_user_identifier(self, user: AbstractBaseUser) -> str:
        return user.get_username()


@cache
def _cipher(secret: str) -> Fernet:
    return Fernet(urlsafe_b64encode(sha256(b"second steps\n" + secret.encode()).digest()))
