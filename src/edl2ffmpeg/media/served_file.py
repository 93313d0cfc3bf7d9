"""What tells one version of a file on a server from another, as far as FFmpeg lets it be known."""

from __future__ import annotations

from hashlib import sha256
from itertools import islice

from edl2ffmpeg.media._translate import decoding
from edl2ffmpeg.media.access import AccessRules

__all__ = ["served_state"]

_PACKETS = 32


def served_state(access: AccessRules, location: str) -> tuple[int, str]:
    """The size in bytes that the server tells (0 or less if it does not), and a digest.

    The digest is of the first packets.  Raises as ``AccessRules.open`` does, and
    ``MediaReadError``.
    """
    with access.open(location) as media, decoding(location, None):
        container = media.container
        # Not the length, which FFmpeg may have guessed.
        digest = sha256(f"{len(container.streams)}".encode())
        for packet in islice(container.demux(), _PACKETS):
            digest.update(f"|{packet.stream_index}|{packet.pts}|{packet.size}|".encode())
            digest.update(packet)
        return container.size, digest.hexdigest()
