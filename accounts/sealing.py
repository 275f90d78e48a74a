"""What only this site may read, sealed: identity numbers, the secrets of second factors,
and the files of evidence.

Each key of FIELD_KEYS gives two: one that seals (Fernet) and one for the blind index (HMAC-SHA256), by which equal
numbers are found without opening any. The first key is in use; the others still open and still find.
"""

import base64
import hmac
from hashlib import sha256

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def seal(text: str) -> str:
    return _sealer().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Raises cryptography.fernet.InvalidToken when no key of FIELD_KEYS opens it."""
    return _sealer().decrypt(sealed.encode()).decode()


def reseal(sealed: str) -> str:
    """The same text under the first key."""
    return _sealer().rotate(sealed.encode()).decode()


def seal_bytes(content: bytes) -> bytes:
    """A file's content as it lies in storage."""
    return _sealer().encrypt(content)


def unseal_bytes(sealed: bytes) -> bytes:
    return _sealer().decrypt(sealed)


def reseal_bytes(sealed: bytes) -> bytes:
    return _sealer().rotate(sealed)


def blind_indexes(text: str) -> list[str]:
    """The text's index under each key, the one in use first."""
    return [hmac.new(_derive(key, b"blind index"), text.encode(), sha256).hexdigest() for key in settings.FIELD_KEYS]


def _sealer() -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derive(key, b"seal"))) for key in settings.FIELD_KEYS])


def _derive(key: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"minshu " + purpose).derive(key.encode())
