"""What AWS answers when it fails, as errors of ours: the place, what happened, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from boto3.exceptions import Boto3Error
from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from etl.errors import Conflict, NotFound, StorageError

_GONE = (NotFound, "there is no such object; it may have been removed since")
_ABSENT = (NotFound, "there is no such object here, or no such bucket; check the location")
_OTHER = (Conflict, "another version is here than the one expected; run it again")
_BUSY = (Conflict, "somebody else is writing it at this moment; run it again")
_DENIED = (StorageError, "access is denied; allow this role to get, put, delete and list objects here")
_REFUSED = (StorageError, "access is denied; log in again, or allow this role to get, put, delete and list objects")
_LOGIN = (StorageError, "the credentials are not accepted; log in again, then run it again")
_UNREACHED = "S3 can't be reached; check the network and AWS_ENDPOINT_URL, then run it again"
_BROKEN = "the connection broke off; run it again"
_THROTTLED = (StorageError, "S3 asks to slow down, after several attempts too; run it again later")

_CODES: dict[str, tuple[type[StorageError], str]] = {
    **dict.fromkeys(("NoSuchKey", "NoSuchVersion"), _GONE),
    **dict.fromkeys(("NotFound", "404"), _ABSENT),
    **dict.fromkeys(("PreconditionFailed", "412"), _OTHER),
    **dict.fromkeys(("ConditionalRequestConflict", "OperationAborted", "409"), _BUSY),
    **dict.fromkeys(("AccessDenied", "AllAccessDisabled"), _DENIED),
    **dict.fromkeys(("Forbidden", "403"), _REFUSED),  # a HEAD: its answer has no body that says more
    **dict.fromkeys(("ExpiredToken", "InvalidToken", "InvalidAccessKeyId", "SignatureDoesNotMatch"), _LOGIN),
    **dict.fromkeys(("SlowDown", "ServiceUnavailable", "Throttling", "ThrottlingException", "503"), _THROTTLED),
    "NoSuchBucket": (StorageError, "there is no such bucket; check ORDERS_BUCKET and the contract's servers"),
    "InvalidObjectState": (StorageError, "the object is archived; restore it, then run it again"),
}

_KINDS: tuple[tuple[type[BotoCoreError], str], ...] = (
    (boto.NoCredentialsError, "there are no AWS credentials; set AWS_PROFILE or log in, then run it again"),
    (boto.PartialCredentialsError, "the AWS credentials are incomplete; set both the key and its secret"),
    (boto.CredentialRetrievalError, "the AWS credentials can't be had; log in, then run it again"),
    (boto.ParamValidationError, "this is not a location S3 knows; s3://bucket/key is expected"),
    (boto.ResponseStreamingError, _BROKEN),
    (boto.HTTPClientError, _UNREACHED),
    (boto.ConnectionError, _UNREACHED),
    (boto.IncompleteReadError, _BROKEN),
)


@contextmanager
def translated(location: str) -> Iterator[None]:
    """Raise what S3, the network or the temporary folder raises within as an error of ours that names `location`."""
    try:
        yield
    except ClientError as error:
        raise _of_code(location, error) from error
    except BotoCoreError as error:
        raise StorageError(f"{location}: {_kind(error)}") from error
    except HTTPError as error:  # urllib3's: botocore lets through what TLS finds wrong within a body
        raise StorageError(f"{location}: {_BROKEN}") from error
    except Boto3Error as error:  # a transfer's failure: what S3 answered is its context
        cause = error.__context__
        if isinstance(cause, ClientError):
            raise _of_code(location, cause) from error
        raise StorageError(f"{location}: {_line(error)}; run it again") from error
    except OSError as error:
        raise StorageError(
            f"{location}: it can't be held in the temporary folder ({error.strerror or error}); free some space there "
            "(on AWS: raise EphemeralStorage), then run it again"
        ) from error


def _of_code(location: str, error: ClientError) -> StorageError:
    found = error.response.get("Error", {})
    code = str(found.get("Code", "?"))
    kind, text = _CODES.get(
        code, (StorageError, f"S3 answered {code} ({_line(found.get('Message', ''))}); run it again")
    )
    return kind(f"{location}: {text}")


def _kind(error: BotoCoreError) -> str:
    return next((text for kind, text in _KINDS if isinstance(error, kind)), f"{_line(error)}; run it again")


def _line(text: object) -> str:
    return " ".join(str(text).split())
