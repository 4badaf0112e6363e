"""The address that alerts go to: Slack's incoming webhook, or whatever takes the same JSON.

The address is the secret: whoever has it can write there. It is in no log and in no error.
"""

from __future__ import annotations

import json
import os
import urllib.request
from dataclasses import dataclass, field
from http.client import HTTPException, InvalidURL
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from ingestion.errors import FunnelError, TerminalError, TransientError
from orchestration.workspace import PREFIX

VARIABLE = f"{PREFIX}ALERT_WEBHOOK_SECRET"

# A tick of a sensor has 60 s for all that it does.
TIMEOUT_SECONDS = 10

# Too many, and what a server says that is about to come back.
_WORTH_A_RETRY = {408, 425, 429}

_MEND = "Set it to the webhook's whole address, https://…"


@dataclass(frozen=True)
class Webhook:
    """Where to send; the address does not show in its representation."""

    url: str = field(repr=False)

    def send(self, text: str) -> None:
        """Send a message and return once it was taken (an answer of 2xx).

        Raises TransientError if nobody could be reached within 10 s or the receiver is not well,
        TerminalError if it refuses. Neither holds the address, nor does what they were raised from.
        """
        if (problem := self._problem(text)) is not None:
            raise problem

    def _problem(self, text: str) -> FunnelError | None:
        """Send and return what went wrong: raised outside, it drags along no error with the URL."""
        body = json.dumps({"text": text}).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        try:
            request = urllib.request.Request(self.url, body, headers)  # noqa: S310  # read_webhook
            with _OPENER.open(request, timeout=TIMEOUT_SECONDS):
                return None
        except HTTPError as error:
            error.close()
            return _refused(error.code)
        except (InvalidURL, ValueError):
            return TerminalError("the address cannot be called", where=VARIABLE, mend=_MEND)
        except URLError as error:
            return _unreachable(error.reason)
        except (OSError, HTTPException) as error:
            return _unreachable(error)


def read_webhook() -> Webhook | None:
    """Return the webhook that the environment names, None if it names none.

    Raises TerminalError if that is not an address of http or https.
    """
    url = os.environ.get(VARIABLE, "").strip()
    if not url:
        return None
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address:
        raise TerminalError("this is no address of http or https", where=VARIABLE, mend=_MEND)
    return Webhook(url)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A message is told to whoever was named and to nobody else."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow nowhere; the answer then counts as a refusal."""


_OPENER = urllib.request.build_opener(_NoRedirect)


def _refused(status: int) -> FunnelError:
    if status >= 500 or status in _WORTH_A_RETRY:
        return TransientError(
            f"the receiver answered {status}",
            where="alert webhook",
            mend="Nothing is lost: it is told at the next tick",
        )
    return TerminalError(
        f"the receiver answered {status} and does not take the message",
        where="alert webhook",
        mend=f"Look whether {VARIABLE} is still the webhook's address; until then nothing is lost",
    )


def _unreachable(cause: object) -> FunnelError:
    # Its kind alone: words of its own may quote the address.
    return TransientError(
        f"the receiver could not be reached ({type(cause).__name__})",
        where="alert webhook",
        mend="Nothing is lost: it is told at the next tick",
    )
