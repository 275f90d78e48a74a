"""Uploads are cut off at the limit while they arrive, before anything else looks at them."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, StopUpload


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
