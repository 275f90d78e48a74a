"""What arrives: a form's file is cut off at the limit, a chunk is read only after everything else was looked at."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest
from django.utils.translation import gettext as _

from marketplace.errors import Refused, TooLarge

OFFSET = "Upload-Offset"
CHUNK_TYPE = "application/octet-stream"
LARGEST_CHUNK = 8 * 1024 * 1024


class LimitedUploadHandler(FileUploadHandler):
    """Stops the upload as soon as a request's files are together larger than UPLOAD_LIMIT; notes it for `faces.py`.

    A somewhat larger body is read to its end, so that the browser can show the answer; a huge one is cut off.
    """

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        self.cut_off = content_length > 10 * settings.UPLOAD_LIMIT
        self.received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        if self.received > settings.UPLOAD_LIMIT:
            self.request.upload_too_large = True  # type: ignore[union-attr]
            raise StopUpload(connection_reset=self.cut_off)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def read_chunk(request: HttpRequest) -> tuple[int, bytes]:
    """Offset and bytes of a PUT. Raises Refused where a header is missing or the connection broke off, TooLarge."""
    offset, length = request.headers.get(OFFSET, ""), request.headers.get("Content-Length", "")
    if request.content_type != CHUNK_TYPE or not _is_number(offset) or not _is_number(length):
        raise Refused(
            _("Send the chunk as application/octet-stream with Content-Length, and its place in Upload-Offset.")
        )
    if int(length) > LARGEST_CHUNK:
        raise TooLarge(_("A chunk has at most 8 MiB."))
    content = request.read(int(length))
    if len(content) != int(length):
        raise Refused(_("The chunk broke off on its way: send it again."))
    return int(offset), content


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16
