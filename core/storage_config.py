"""Where the bucket is and with which keys it opens; the app and the remote workers read the same environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from core.errors import InvalidInputError

AddressingStyle = Literal["path", "virtual", "auto"]
_NEEDED = ("BUCKET_NAME", "BUCKET_ACCESS_KEY_ID", "BUCKET_SECRET_ACCESS_KEY")
_RUNPOD = re.compile(r"https://s3api-([a-z0-9-]+)\.runpod\.io/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageConfig:
    """A bucket and its keys, which no repr shows.

    `endpoint_url` None means AWS. `region` None is filled in for RunPod, whose regions are data centres, from the
    endpoint. `ca_bundle` is a file of certificates to trust instead of the usual ones.
    """

    bucket: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    endpoint_url: str | None = None
    region: str | None = None
    addressing_style: AddressingStyle = "path"
    ca_bundle: str | None = None

    def __post_init__(self) -> None:
        if not self.bucket or "/" in self.bucket:
            raise InvalidInputError(f"bucket must be a name without slashes, got {self.bucket!r}")
        if not self.access_key or not self.secret_key:
            raise InvalidInputError("access key and secret key must not be empty; make an S3 key and set both")
        if self.endpoint_url is not None and not re.fullmatch(r"https?://[^/@\s]+(/[^@\s]*)?", self.endpoint_url):
            raise InvalidInputError(
                "endpoint_url must begin with https:// (or http://) and hold no blank and no password; RunPod's is "
                "https://s3api-<data centre>.runpod.io"
            )
        if self.addressing_style not in get_args(AddressingStyle):
            raise InvalidInputError(f"addressing_style must be path, virtual or auto, got {self.addressing_style!r}")
        if self.region is None and (runpod := _RUNPOD.fullmatch((self.endpoint_url or "").lower())):
            object.__setattr__(self, "region", runpod[1].upper())

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> StorageConfig | None:
        """Read BUCKET_NAME, BUCKET_ACCESS_KEY_ID, BUCKET_SECRET_ACCESS_KEY, BUCKET_ENDPOINT_URL and BUCKET_REGION,
        and for unusual services BUCKET_ADDRESSING_STYLE and BUCKET_CA_BUNDLE.

        None when no bucket and no key is set; InvalidInputError names what is missing when only some are.
        """
        values = {
            name: value.strip()
            for name, value in (os.environ if environ is None else environ).items()
            if name.startswith("BUCKET_") and value.strip()
        }
        missing = [name for name in _NEEDED if name not in values]
        if len(missing) == len(_NEEDED):
            return None
        if missing:
            raise InvalidInputError(f"object storage is only half set up: set {' and '.join(missing)} too")
        return cls(
            bucket=values["BUCKET_NAME"],
            access_key=values["BUCKET_ACCESS_KEY_ID"],
            secret_key=values["BUCKET_SECRET_ACCESS_KEY"],
            endpoint_url=values.get("BUCKET_ENDPOINT_URL"),
            region=values.get("BUCKET_REGION"),
            addressing_style=cast("AddressingStyle", values.get("BUCKET_ADDRESSING_STYLE", "path")),
            ca_bundle=values.get("BUCKET_CA_BUNDLE"),
        )
