"""A small server of the KServe v2 protocol over HTTP and gRPC, for Triton itself cannot be installed by ``pip``.

It speaks the parts of the protocol that asking with arrays needs, binary tensors and gRPC's streams too, and has a
linear model with a head for every task. The model ``slow`` takes its time, ``gated`` waits for the test, ``silent``
never answers, ``twice`` answers twice and ``broken`` ends the stream (over gRPC). That Triton answers the same bytes is
what the protocol says, and not seen here.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import np_to_triton_dtype, serialize_byte_tensor

SLOW_SECONDS = 0.2
gate = threading.Event()
"""What ``gated`` waits for."""
WEIGHTS = np.random.default_rng(9).normal(size=(4, 3)).astype(np.float32)
NAMES = np.array(["high", "low", "mid"])


def answer(model: str, x: NDArray[Any]) -> Mapping[str, NDArray[Any]]:
    """What a model says of rows of four numbers."""
    if x.ndim != 2 or x.shape[1] != 4:
        raise ValueError(f"unexpected shape for input 'X' for model {model!r}")
    scores = x.astype(np.float32) @ WEIGHTS
    second = 1 / (1 + np.exp(-scores[:, 0]))
    odds = np.exp(scores - scores.max(axis=1, keepdims=True)) if len(scores) else scores
    table = {
        "binary": {"label": (second >= 0.5).astype(np.int64), "probabilities": np.stack((1 - second, second), axis=1)},
        "one": {"probability": second[:, None]},
        "three": {"probabilities": odds / odds.sum(axis=1, keepdims=True)},
        "texts": {"label": np.array([one.encode() for one in NAMES[scores.argmax(axis=1)]], dtype=np.object_)},
        "number": {"value": scores[:, 0]},
        "several": {"values": scores[:, :2]},
    }
    return table.get(model, table["binary"])


def delay(model: str) -> None:
    """What a model waits for before it answers."""
    if model == "slow":
        time.sleep(SLOW_SECONDS)
    elif model == "gated":
        gate.wait()


def _bytes(array: NDArray[Any]) -> bytes:
    if array.dtype == np.object_:
        packed: Any = serialize_byte_tensor(array)
        return bytes(packed.item()) if packed.size else b""
    return array.tobytes()


class _Http(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = int(self.headers.get("Inference-Header-Content-Length", len(body)))
        (given,) = json.loads(body[:head])["inputs"]
        raw = np.frombuffer(body[head:], np.float32) if "data" not in given else np.array(given["data"], np.float32)
        delay(self.path.split("/")[3])
        try:
            outputs = answer(self.path.split("/")[3], raw.reshape(given["shape"]))
        except ValueError as error:
            self._send(400, json.dumps({"error": str(error)}).encode(), None)
            return
        told = [
            {
                "name": name,
                "datatype": np_to_triton_dtype(array.dtype),
                "shape": list(array.shape),
                "parameters": {"binary_data_size": len(_bytes(array))},
            }
            for name, array in outputs.items()
        ]
        header = json.dumps({"model_name": "m", "model_version": "1", "outputs": told}).encode()
        self._send(200, header + b"".join(map(_bytes, outputs.values())), len(header))

    def _send(self, status: int, body: bytes, head: int | None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if head is not None:
            self.send_header("Inference-Header-Content-Length", str(head))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Silence."""


class _Grpc(service_pb2_grpc.GRPCInferenceServiceServicer):  # type: ignore[misc]
    def ModelInfer(self, request: Any, context: Any) -> Any:
        while request.model_name == "silent" and context.is_active():
            time.sleep(SLOW_SECONDS)
        delay(request.model_name)
        try:
            return _answered(request)
        except ValueError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))

    def ModelStreamInfer(self, requests: Any, context: Any) -> Iterator[Any]:
        """One after the other."""
        for request in requests:
            if request.model_name == "broken":
                context.abort(grpc.StatusCode.UNAVAILABLE, "the server is going away")
            if request.model_name == "silent":
                continue
            delay(request.model_name)
            try:
                response = _answered(request)
            except ValueError as error:
                yield service_pb2.ModelStreamInferResponse(error_message=str(error))
                continue
            if request.model_name == "twice":
                response.parameters["triton_final_response"].bool_param = False
                yield service_pb2.ModelStreamInferResponse(infer_response=response)
            response.parameters["triton_final_response"].bool_param = True
            yield service_pb2.ModelStreamInferResponse(infer_response=response)


def _answered(request: Any) -> Any:
    x = np.frombuffer(request.raw_input_contents[0], np.float32).reshape(list(request.inputs[0].shape))
    outputs = answer(request.model_name, x)
    response = service_pb2.ModelInferResponse(model_name=request.model_name, model_version="1", id=request.id)
    for name, array in outputs.items():
        response.outputs.add(name=name, datatype=np_to_triton_dtype(array.dtype), shape=array.shape)
        response.raw_output_contents.append(_bytes(array))
    return response


def serve() -> tuple[str, str]:
    """Start both, for the life of the process; their addresses, HTTP first."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Http)
    http.daemon_threads = True
    threading.Thread(target=http.serve_forever, daemon=True).start()
    server = grpc.server(ThreadPoolExecutor(4))
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(_Grpc(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    _running.append(server)
    return f"127.0.0.1:{http.server_port}", f"127.0.0.1:{port}"


_running: list[Any] = []
"""A server that nobody refers to stops."""
