"""The seed: the secret that decides the texts of all tokens of a folder."""

from __future__ import annotations

import hmac
import os
import secrets
import uuid
from pathlib import Path

from mini_tb.diagnostics import UserError

NAME = "seed"


def read_seed(home: Path) -> bytes:
    """The seed kept in `home`, made on first use and readable by its owner only."""
    path = home / NAME
    try:
        home.mkdir(parents=True, exist_ok=True)
        # Exclusive creation: of two processes that start at once, one makes it.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        text = path.read_text(encoding="ascii").strip()
        try:
            return bytes.fromhex(text)
        except ValueError:
            hint = "delete it to get new tokens"
            raise UserError.of("CF102", f"`{path}` is no seed", hint=hint) from None
    except OSError as error:
        raise UserError.of("CF103", f"`{path}` cannot be written: {error.strerror}") from error
    seed = secrets.token_bytes(32)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(seed.hex() + "\n")
    return seed


def identity(seed: bytes, what: str) -> str:
    """An id that the seed gives: the same for the same folder."""
    digest = hmac.digest(seed, f"identity/{what}".encode(), "sha256")
    return str(uuid.UUID(bytes=digest[:16]))
