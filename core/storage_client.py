"""The one place that loads boto3: a client that any S3 service understands, and its errors in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.storage_config import StorageConfig
from core.storage_errors import translate


def make_client(config: StorageConfig, attempts: int) -> Any:
    from boto3.session import Session
    from botocore.config import Config

    session = Session(
        aws_access_key_id=config.access_key,
        aws_secret_access_key=config.secret_key,
        region_name=config.region or "us-east-1",
    )
    settings = Config(
        signature_version="s3v4",
        s3={"addressing_style": config.addressing_style},
        # The checksums of newer versions go into trailers, which many services other than AWS refuse.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=10,
        read_timeout=300,
        max_pool_connections=10,
    )
    return session.client("s3", endpoint_url=config.endpoint_url, config=settings, verify=config.ca_bundle)


def failures() -> tuple[type[Exception], ...]:
    """Return what boto3 raises."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError
    from urllib3.exceptions import HTTPError

    return BotoCoreError, Boto3Error, ClientError, HTTPError  # the last from a body that is read


@contextmanager
def translated(doing: str, config: StorageConfig) -> Iterator[None]:
    """Turn every error of boto3 into a StorageError; `doing` as in "storing runs/x"."""
    try:
        yield
    except failures() as error:
        raise translate(error, doing, config) from None
