"""What an EDL may open: local regular files, and only what the caller allowed beyond that.

It decides and opens; it does not probe or decode.  An EDL often comes from elsewhere, so
nothing here trusts a path, a scheme or the contents of a file.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import av
from av.codec.hwaccel import HWAccel
from av.container import InputContainer

from edl2ffmpeg.errors import MediaAccessError, MediaOpenError, MediaReadError
from edl2ffmpeg.media._translate import opening
from edl2ffmpeg.media.open_media import OpenMedia
from edl2ffmpeg.media.storage import StorageFile, is_on_storage, refuse_chain, scheme_of

__all__ = ["AccessRules"]

# Note [Demuxers]: an allow list, because FFmpeg grows demuxers that open further files
# (concat, hls, dash, imf, sdp, image sequences, vobsub, ...), and a deny list would lag.
_DEMUXERS = (
    "aac,ac3,aiff,amr,ape,apng,asf,au,av1,avi,bmp_pipe,caf,dnxhd,dpx_pipe,dts,dv,eac3,exr_pipe,"
    "flac,flv,gif,gxf,h264,hevc,ivf,j2k_pipe,jpeg_pipe,lxf,m4v,matroska,mjpeg,mov,mp3,mpeg,mpegts,"
    "mpegvideo,mpc,mpc8,mxf,nut,obu,ogg,pgm_pipe,png_pipe,ppm_pipe,rm,tiff_pipe,tta,vc1,voc,vvc,w64,wav,webm,"
    "webp_pipe,wtv,wv,yuv4mpegpipe"
)

# Stills whose name alone makes FFmpeg choose the image sequence demuxer, which is not allowed:
# what a file starts with, and the demuxer of that one picture.
_STILLS = (
    (re.compile(rb"\xff\xd8\xff"), "jpeg_pipe"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "png_pipe"),
    (re.compile(rb"P[36]\s"), "ppm_pipe"),
    (re.compile(rb"P[25]\s"), "pgm_pipe"),
    (re.compile(rb"BM"), "bmp_pipe"),
    (re.compile(rb"II\*\0|MM\0\*"), "tiff_pipe"),
    (re.compile(rb"RIFF....WEBP", re.S), "webp_pipe"),
    (re.compile(rb"SDPX|XPDS"), "dpx_pipe"),
    (re.compile(rb"v/1\x01"), "exr_pipe"),
    (re.compile(rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51"), "j2k_pipe"),
)

# Seconds for a server to open a file, and for it to send the next piece: a stalled one would
# otherwise hold the render for ever.
_TIMEOUT = (30, 30)

# How much of a file is looked at for what it is.
_HEAD_BYTES = 4096

# What a protocol is built on; FFmpeg's allow list covers the layers below as well.
_LAYERS = {"http": ("tcp",), "https": ("tls", "tcp"), "ftp": ("tcp",), "rtmp": ("tcp",)}

# PyAV 18 refuses a file whose title is not UTF-8 unless told otherwise; 19 never does.
_METADATA: dict[str, Any] = (
    {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
)

_INDIRECT = (
    (re.compile(rb"\s*(\xef\xbb\xbf)?#EXTM3U"), "an HLS or M3U playlist"),
    (re.compile(rb"\s*ffconcat version"), "an FFmpeg concat script"),
    (re.compile(rb"\s*(<\?xml[^>]*>)?\s*(<!--.*?-->\s*)*<MPD", re.S), "a DASH manifest"),
    (re.compile(rb"\s*(<\?xml[^>]*>)?\s*(<!--.*?-->\s*)*<smil", re.S), "a SMIL playlist"),
    (re.compile(rb"\s*\[playlist\]", re.I), "a PLS playlist"),
    (re.compile(rb"v=0\r?\no="), "an SDP session description"),
)


@dataclass(frozen=True)
class AccessRules:
    """Which locations may be read.

    ``protocols`` are names of FFmpeg's protocols and fsspec's kinds of storage allowed beside
    ``file``; with ``roots`` every file must be local and lie inside one of them, symbolic links
    resolved.  ``locations`` maps the format's location ids to uris.
    """

    protocols: frozenset[str] = frozenset()
    roots: tuple[Path, ...] = ()
    locations: Mapping[str, str] = field(default_factory=dict)

    def resolve(self, uri: str, base_folder: Path) -> str:
        """The absolute path, or the URL with its scheme, that ``uri`` in an EDL means.

        A relative path is looked for in ``base_folder`` (the EDL's), then in the working
        folder, in both only inside the roots; where it is in neither, the path in
        ``base_folder`` is given.  It does not judge: ``check`` does.  Raises ``ValueError`` for
        what no location can be.
        """
        scheme = scheme_of(uri)
        if scheme == "file":
            parts = urlsplit(uri)
            uri = unquote(parts.path) if parts.netloc in ("", "localhost") else uri[5:]
        if "\0" in uri:
            raise ValueError("it holds a zero byte")
        if scheme not in (None, "file"):
            return uri
        here, there = os.path.abspath(base_folder / uri), os.path.abspath(uri)
        # With roots, only what lies inside is looked for: which of the two paths a refusal
        # names would tell whether there is such a file outside.
        possible = [
            path
            for path in (here, there)
            if not self.roots or self._is_inside_roots(os.path.realpath(path))
        ]
        return next((path for path in possible if os.path.lexists(path)), [*possible, here][0])

    def check(self, location: str) -> str:
        """What may be opened for ``location``; raises as ``open`` does.

        Of an address it judges the protocol alone, without asking a server.
        """
        scheme = scheme_of(location)
        return self._check_file(location) if scheme is None else self._check_url(location, scheme)

    def check_local(self, location: str, what: str) -> str:
        """As ``check``, of ``what`` has to be a local file, such as "a font"."""
        if scheme_of(location) is not None:
            raise MediaAccessError(
                f"{location}: {what} must be a local file; download it and name that", location
            )
        return self._check_file(location)

    def _check_url(self, location: str, scheme: str) -> str:
        if self.roots:
            raise MediaAccessError(
                f"{location}: only files inside the --restrict folders may be opened", location
            )
        if is_on_storage(location):
            refuse_chain(location)
        if scheme.split(",")[0] not in self.protocols:
            raise MediaAccessError(
                f"{location}: the protocol {scheme!r} is not allowed; add --allow-protocol "
                f"{scheme} if this EDL may use it, or write './{location}' if it is a file",
                location,
            )
        return location

    def _check_file(self, location: str) -> str:
        if "\0" in location:
            raise MediaOpenError(f"{location!r}: a path cannot hold a zero byte", location)
        real = os.path.realpath(location)
        # The roots are judged before existence, so that a refusal tells nothing about
        # files outside them.
        if self.roots and not self._is_inside_roots(real):
            roots = ", ".join(str(root) for root in self.roots)
            raise MediaAccessError(
                f"{location}: lies outside the folders given with --restrict ({roots})", location
            )
        try:
            status = os.stat(real)
        except FileNotFoundError:
            raise MediaOpenError(
                f"{location}: there is no such file; correct the uri or put the file there",
                location,
            ) from None
        except OSError as error:
            raise MediaOpenError(
                f"{location}: cannot be read: {error.strerror}", location
            ) from None
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            raise MediaOpenError(f"{location}: is {kind}; a media file is needed", location)
        # Judged by its size: reading some of the kernel's files, which have none, never ends.
        if status.st_size == 0:
            raise MediaOpenError(
                f"{location}: cannot be read: the file is empty (0 bytes)", location
            )
        _refuse_indirect(_head_of(real, location), location)
        return f"file:{real}"

    def _is_inside_roots(self, real: str) -> bool:
        return any(_is_inside(real, root) for root in self.roots)

    def open(self, location: str, hwaccel: HWAccel | None = None) -> OpenMedia:
        """Opens ``location`` for reading, if the rules allow it.

        ``hwaccel`` is what its decoders use where they can.

        Raises ``MediaAccessError`` (refused), ``MediaOpenError`` (missing, unreadable, not
        media) or ``MediaReadError`` (a server or storage fails).  The caller closes what it gets.
        """
        target = self.check(location)
        with ExitStack() as undo:
            file = undo.enter_context(StorageFile(location)) if is_on_storage(location) else None
            with _telling_failure(file):
                if file is not None:
                    _refuse_indirect(file.head(_HEAD_BYTES), location)
                container = self._open(target if file is None else file, location, hwaccel)
                undo.callback(container.close)
            undo.pop_all()
        return OpenMedia(container, file)

    def _open(
        self, source: str | StorageFile, location: str, hwaccel: HWAccel | None
    ) -> InputContainer:
        more: dict[str, Any] = dict(_METADATA)
        if isinstance(source, StorageFile):
            # No protocol has this name: nothing beside the file itself is opened.
            allowed = {"none"}
        elif source.startswith("file:"):
            allowed = {"file"}
        else:
            allowed = set(self.protocols)
            more["timeout"] = _TIMEOUT
        for name in tuple(allowed):
            allowed.update(_LAYERS.get(name, ()))
        more["container_options"] = {
            "protocol_whitelist": ",".join(sorted(allowed)),
            "format_whitelist": _DEMUXERS,
        }
        try:
            with opening(location):
                return _container(source, hwaccel=hwaccel, **more)
        except MediaReadError as error:
            if isinstance(error.__cause__, av.error.ExitError):
                raise MediaReadError(
                    f"{location}: the server has not answered for {_TIMEOUT[0]} s", location
                ) from error
            raise
        except MediaOpenError as error:
            # What FFmpeg says when the demuxer is not one of _DEMUXERS.
            if not isinstance(error.__cause__, av.error.ArgumentError):
                raise
            still = _still_demuxer(source, location)
            if still is None:
                raise MediaAccessError(
                    f"{location}: this kind of file is not among those that an EDL may open, or "
                    "the file is damaged; convert it to a common movie, sound or picture format",
                    location,
                ) from error
        with opening(location):
            return _container(source, format=still, **more)


def _container(source: str | StorageFile, **options: Any) -> InputContainer:
    if isinstance(source, StorageFile):
        source.seek(0)
    container: InputContainer = av.open(source, "r", **options)
    return container


@contextmanager
def _telling_failure(file: StorageFile | None) -> Iterator[None]:
    """What has gone wrong in reading ``file`` is told, whatever FFmpeg took it for."""
    try:
        yield
    finally:
        if file is not None:
            file.require_whole()


def _refuse_indirect(head: bytes, location: str) -> None:
    """Raises for what begins as a file that opens others does."""
    for pattern, what in _INDIRECT:
        if pattern.match(head):
            raise MediaAccessError(
                f"{location}: is {what}, which opens further files or addresses; that is "
                "refused: name the media files themselves in the EDL",
                location,
            )


def _head_of(real: str, location: str) -> bytes:
    try:
        with open(real, "rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        raise MediaOpenError(f"{location}: cannot be read: {error.strerror}", location) from None


def _still_demuxer(source: str | StorageFile, location: str) -> str | None:
    """The demuxer of the one picture in a file, by how it starts; None from a server."""
    if isinstance(source, StorageFile):
        head = source.head(_HEAD_BYTES)
    elif source.startswith("file:"):
        head = _head_of(source.removeprefix("file:"), location)
    else:
        return None
    return next((name for pattern, name in _STILLS if pattern.match(head)), None)


def _is_inside(real: str, root: Path) -> bool:
    top = os.path.realpath(root)
    return real == top or real.startswith(top.rstrip(os.sep) + os.sep)
