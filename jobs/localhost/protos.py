"""Stand-ins for the protobuf messages that the host and the worker library exchange over gRPC.

The library never imports protobuf: it builds and reads whatever classes come with the request
(docs/reference/azure.md, "Driving the worker without the host").
"""

from types import SimpleNamespace
from typing import Any

from jobs.sentences import Sentence


class UnknownRetryStrategy(Sentence, ValueError):
    """The retry strategy {strategy!r} is unknown to the host. Write fixed_delay or exponential_backoff."""

    def __init__(self, strategy: str) -> None:
        super().__init__(strategy=strategy)


class Message:
    """Any message: keyword fields; a field never set reads as None."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def __getattr__(self, name: str) -> Any:
        # The library looks up dunder names, and TypedData to distinguish an envelope from the datum itself.
        if name.startswith("__") or name == "TypedData":
            raise AttributeError(name)
        return None

    def WhichOneof(self, _: str) -> str | None:
        return next(iter(self.__dict__), None)


class ParameterBinding(Message):
    def WhichOneof(self, _: str) -> str:
        return "data"


class RpcRetryOptions(Message):
    def __init__(self, **fields: Any) -> None:
        # The real message has an enum there, which takes no other word.
        if fields["retry_strategy"] not in {"fixed_delay", "exponential_backoff"}:
            raise UnknownRetryStrategy(fields["retry_strategy"])
        super().__init__(**fields)


def _numbered(**values: Any) -> type[Message]:
    return type("Numbered", (Message,), values)


NAMES = (
    *("WorkerInitResponse", "WorkerMetadata", "RpcException", "FunctionMetadataResponse", "RpcFunctionMetadata"),
    *("FunctionLoadResponse", "InvocationResponse", "TypedData", "RpcHttp", "NullableString", "NullableBool"),
    *("NullableDouble", "NullableTimestamp", "Timestamp", "FunctionEnvironmentReloadResponse"),
)
SAME_SITE = {"None": 0, "Lax": 1, "Strict": 2, "ExplicitNone": 3}
PROTOS = SimpleNamespace(
    **{name: type(name, (Message,), {}) for name in NAMES},
    ParameterBinding=ParameterBinding,
    RpcRetryOptions=RpcRetryOptions,
    StatusResult=_numbered(Failure=0, Success=1, Cancelled=2),
    BindingInfo=_numbered(**{"in": 0, "out": 1, "inout": 2, "undefined": 0}),
    RpcHttpCookie=_numbered(SameSite=SimpleNamespace(**SAME_SITE)),
)


def typed(**data: Any) -> Message:
    """One datum: `string=`, `json=`, `bytes=` or `http=`."""
    datum: Message = PROTOS.TypedData(**data)
    return datum


def request(**content: Any) -> Message:
    """A request of the host to the worker."""
    return Message(request=Message(**content), properties={"host": "127.0.0.1", "protos": PROTOS})
