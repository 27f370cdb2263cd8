"""What can go wrong with object storage, in words that say what to do. No message holds a key."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from core.errors import LabError
from core.storage_config import StorageConfig

_MISSING = {"404", "NoSuchKey", "NotFound"}
_WRONG_KEY = {"InvalidAccessKeyId", "InvalidClientTokenId"}
_WRONG_SECRET = {"SignatureDoesNotMatch"}
_SKEW = {"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"}
_REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_WORST_SKEW = 15 * 60  # seconds that AWS tolerates; RunPod an hour
_REGION = {"AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException"}
_FULL = {"507", "InsufficientStorage", "XMinioStorageFull", "QuotaExceeded", "EntityTooLarge"}
# A gateway gave up waiting, or answered before the work was done: it may well have been done.
_UNKNOWN_OUTCOME = {500, 502, 503, 504, 524}
_PASSING_STATUS = {408, 429, 500, 502, 503, 504, 524}
_PASSING = {"SlowDown", "RequestTimeout", "Throttling", "TooManyRequests", "InternalError", "ServiceUnavailable"}


class StorageError(LabError):
    """Object storage refused or could not be reached; `transient` tells whether trying again may help."""

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient


def is_missing(error: Any) -> bool:
    """Tell whether a ClientError only says that there is no such object."""
    return _code(error) in _MISSING


def outcome_unknown(error: BaseException) -> bool:
    """Tell whether the request may have been carried out although it failed."""
    cause = _cause(error)
    return _status(cause) in _UNKNOWN_OUTCOME if _answered(cause) else True


def translate(error: Exception, doing: str, config: StorageConfig) -> StorageError:
    """Say what an error of boto3 means; `doing` is what was tried, as in "storing runs/x"."""
    cause = _cause(error)
    return (_refusal if _answered(cause) else _no_answer)(cause, doing, config)


def _cause(error: BaseException) -> BaseException:
    """boto3's S3UploadFailedError keeps what the service said only as its context."""
    context = error.__context__
    return context if context is not None and _answered(context) and not _answered(error) else error


def _answered(error: BaseException) -> bool:
    return isinstance(getattr(error, "response", None), dict)


def _refusal(error: Any, doing: str, config: StorageConfig) -> StorageError:
    code, status = _code(error), _status(error)
    where = config.endpoint_url or "AWS"
    if code in _WRONG_KEY:
        return StorageError(
            f"{doing} failed: {where} does not know the access key; set BUCKET_ACCESS_KEY_ID to a valid one"
        )
    if code in _WRONG_SECRET:
        return StorageError(
            f"{doing} failed: {where} says that the secret key does not fit the access key; set "
            "BUCKET_SECRET_ACCESS_KEY to the secret that was shown with the key"
        )
    if code in _SKEW or (status in _REFUSED and _clocks_differ(error)):
        return StorageError(
            f"{doing} failed: the clock of this machine and that of {where} differ too much ({code}); set this clock"
        )
    if code == "NoSuchBucket":
        return StorageError(
            f"{doing} failed: {where} has no bucket {config.bucket!r}; set BUCKET_NAME to an existing one (at RunPod "
            "the id of the network volume, in the data centre of the endpoint)"
        )
    if code in _REGION:
        return StorageError(
            f"{doing} failed: {where} expects another region than {config.region!r} ({code}); set BUCKET_REGION"
        )
    if code in _FULL or status == HTTPStatus.INSUFFICIENT_STORAGE:
        return StorageError(
            f"{doing} failed: the bucket {config.bucket!r} has no room left; delete old runs there or enlarge it"
        )
    if status in _REFUSED[1:] or code == "AccessDenied":
        return StorageError(
            f"{doing} failed: {where} refuses these keys ({code}); check BUCKET_ACCESS_KEY_ID, "
            f"BUCKET_SECRET_ACCESS_KEY and their rights on the bucket {config.bucket!r}"
        )
    passing = code in _PASSING or status in _PASSING_STATUS
    hint = "it may pass: try again" if passing else "check BUCKET_ENDPOINT_URL and the other BUCKET_* variables"
    return StorageError(f"{doing} failed: {where} answered {code} (HTTP {status}); {hint}", transient=passing)


def _no_answer(error: BaseException, doing: str, config: StorageConfig) -> StorageError:
    kind, where = type(error).__name__, config.endpoint_url or "AWS"
    if kind == "SSLError":
        return StorageError(
            f"{doing} failed: the certificate of {where} is not trusted; use the right address, or name its "
            "authority's file in BUCKET_CA_BUNDLE"
        )
    if kind in ("ParamValidationError", "InvalidRegionError", "UnsupportedSignatureVersionError"):
        return StorageError(f"{doing} failed: {error}; check the settings of the object storage")
    return StorageError(
        f"{doing} failed: no connection to {where}, or it broke ({kind}); check the network and BUCKET_ENDPOINT_URL",
        transient=True,
    )


def _clocks_differ(error: Any) -> bool:
    """Compare the answer's date with our clock, since many services only say that they refuse."""
    date = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        theirs = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return False
    return abs(theirs - _now()) > _WORST_SKEW


def _now() -> float:
    return time.time()


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def _status(error: Any) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
