"""A signed JWT by which a client asks for an access token."""

from __future__ import annotations

import base64
import binascii
import json
import time
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from ingestion.sandbox.apis.salesforce.refusal import OAuthRefusal

if TYPE_CHECKING:
    from ingestion.sandbox.apis.salesforce.options import Options


def check_assertion(assertion: str, options: Options, site: str) -> None:
    """Check signature, issuer, audience, subject and expiry; `site` is an audience too.

    The expiry is judged by the machine's clock, which the client signs with, not by the company's.
    Raises OAuthRefusal, and TypeError if the public key is not of RSA.
    """
    head, body, signed, signature = _parts(assertion)
    if head.get("alg") != "RS256" or not _is_signed(options, signed, signature):
        raise _invalid("invalid assertion")
    if body.get("iss") != options.client_id:
        raise OAuthRefusal("invalid_client_id", "client identifier invalid")
    if not _audiences(body) & {*options.audiences, site}:
        raise _invalid("audience is invalid")
    if body.get("sub") != options.username:
        raise _invalid("user hasn't approved this consumer")
    ahead = _expiry(body) - time.time()
    if not 0 < ahead <= options.longest_assertion:
        raise _invalid("expired authorization code" if ahead <= 0 else "expiry is too far ahead")


def _parts(assertion: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    signed, _, signature = assertion.rpartition(".")
    try:
        head, body = (json.loads(_decoded(part)) for part in signed.split("."))
        return dict(head), dict(body), signed.encode(), _decoded(signature)
    except (ValueError, TypeError, binascii.Error) as error:
        raise _invalid("invalid assertion") from error


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _is_signed(options: Options, signed: bytes, signature: bytes) -> bool:
    if options.public_key is None:
        return False
    key = load_pem_public_key(options.public_key)
    if not isinstance(key, RSAPublicKey):
        raise TypeError("RS256 needs a public key of RSA")
    try:
        key.verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _audiences(body: dict[str, Any]) -> set[str]:
    told = body.get("aud")
    return {str(one) for one in told} if isinstance(told, list) else {str(told)}


def _expiry(body: dict[str, Any]) -> float:
    try:
        return float(body["exp"])
    except (KeyError, TypeError, ValueError) as error:
        raise _invalid("invalid assertion") from error


def _invalid(description: str) -> OAuthRefusal:
    return OAuthRefusal("invalid_grant", description)
