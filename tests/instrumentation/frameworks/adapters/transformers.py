"""transformers: text classification with a tiny network and a tokenizer made here; nothing comes from a hub."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"
import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast, pipeline
from transformers.pipelines.audio_classification import AudioClassificationPipeline
from transformers.pipelines.image_classification import ImageClassificationPipeline
from transformers.pipelines.pt_utils import PipelineIterator
from transformers.pipelines.text_classification import TextClassificationPipeline
from transformers.pipelines.video_classification import VideoClassificationPipeline
from transformers.pipelines.zero_shot_audio_classification import ZeroShotAudioClassificationPipeline
from transformers.pipelines.zero_shot_classification import ZeroShotClassificationPipeline
from transformers.pipelines.zero_shot_image_classification import ZeroShotImageClassificationPipeline

import miops
from tests.instrumentation.frameworks.adapter import Adapter, Expected, Way

torch.set_num_threads(1)
PIPELINES = (
    TextClassificationPipeline,
    ImageClassificationPipeline,
    AudioClassificationPipeline,
    VideoClassificationPipeline,
    ZeroShotClassificationPipeline,
    ZeroShotImageClassificationPipeline,
    ZeroShotAudioClassificationPipeline,
)
LABELS = {1: ("amount",), 2: ("bad", "good"), 3: ("high", "low", "mid")}
WORDS = {word: place for place, word in enumerate(("[PAD]", "[UNK]", "up", "down", "flat"))}


def _text(row: Any) -> str:
    """Four words of three, and something that tells the row from others."""
    words = (("down", "flat", "up")[int(np.digitize(value, [-0.3, 0.3]))] for value in row)
    return " ".join((*words, repr(float(row[0]))))


class _Texts(list):  # type: ignore[type-arg]
    """A list that can be weakly referenced."""


def _texts(x: Any) -> Any:
    return _Texts(_text(row) if len(row) == 4 else None for row in x)


def _pipeline(labels: int, **settings: Any) -> Callable[[Any, Any], Any]:
    def fit(x: Any, y: Any) -> Any:
        tokenizer = Tokenizer(models.WordLevel(WORDS, "[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()  # type: ignore[assignment]
        torch.manual_seed(5)
        config = BertConfig(
            vocab_size=len(WORDS),
            hidden_size=8,
            num_hidden_layers=1,
            num_attention_heads=1,
            intermediate_size=8,
            initializer_range=1.0,
            id2label=dict(enumerate(LABELS[labels])),
            label2id={name: place for place, name in enumerate(LABELS[labels])},
            **settings,
        )
        fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
        network = BertForSequenceClassification(config).eval()
        return pipeline("text-classification", model=network, tokenizer=fast, device="cpu", batch_size=500)

    return fit


def _call(model: Any, texts: Any) -> Any:
    return model.__call__(texts)


def _all(model: Any, texts: Any) -> Any:
    return model.__call__(texts, top_k=None)


def _of_two(result: Any) -> Expected:
    scores = [one["score"] if one["label"] == "good" else 1 - one["score"] for one in result]
    return Expected(value=[one["label"] for one in result], score=scores)


def _of_three(result: Any) -> Expected:
    return Expected(value=[one["label"] for one in result], score=[one["score"] for one in result])


def _by_label(names: Any) -> Callable[[Any], Expected]:
    def expect(result: Any) -> Expected:
        rows = [{one["label"]: one["score"] for one in row} for row in result]
        best = [max(row, key=row.__getitem__) for row in rows]
        if len(names) == 2:
            return Expected(value=best, score=[row[names[1]] for row in rows])
        scores = [row[label] for row, label in zip(rows, best, strict=True)]
        return Expected(value=best, score=scores, scores=[[row[name] for name in names] for row in rows])

    return expect


def _outputs(result: Any) -> Expected:
    rows = [{one["label"]: one["score"] for one in row} for row in result]
    return Expected(outputs=[[row[name] for name in LABELS[3]] for row in rows])


def _one_text() -> None:
    BINARY.model("up up down flat")
    BINARY.model("up up down flat", top_k=None)
    BINARY.model({"text": "up", "text_pair": "down"})


def _registered_inside() -> None:
    model = _pipeline(2)(None, None)
    miops.register(model.model, classes=LABELS[2])
    model(["up", "down"])


def _registered_inside_a_stream() -> None:
    model = _pipeline(2)(None, None)
    miops.register(model.model, classes=LABELS[2])
    list(model(text for text in ("up", "down")))


def _streamed() -> None:
    list(BINARY.model(text for text in ("up", "down")))


def _way(name: str, labels: int, call: Any, expect: Any, task: str, **said: Any) -> Way:
    settings = said.pop("settings", {})
    classes = LABELS[labels] if labels > 1 and not settings else None
    return Way(
        name,
        _pipeline(labels, **settings),
        call,
        expect,
        task,
        _texts,
        classes=list(classes) if classes else None,
        features=("text",),
        seen=lambda x: [[_text(row) if len(row) == 4 else math.nan] for row in x],
        **said,
    )


BINARY = _way("of two", 2, _call, _of_two, "binary")
_WAYS = [
    BINARY,
    _way("of two, all scores", 2, _all, _by_label(LABELS[2]), "binary"),
    _way("of three", 3, _call, _of_three, "multiclass"),
    _way("of three, all scores", 3, _all, _by_label(LABELS[3]), "multiclass"),
    _way(
        "one number",
        1,
        _call,
        lambda result: Expected(value=[one["score"] for one in result]),
        "regression",
        settings={"problem_type": "regression"},
    ),
    _way(
        "several labels",
        3,
        _all,
        _outputs,
        "several outputs",
        settings={"problem_type": "multi_label_classification"},
    ),
]

_TEXTS = "The pipeline takes texts; whoever has {} takes them out first"

ADAPTER = Adapter(
    package="transformers",
    ways=_WAYS,
    containers={
        "numpy": _TEXTS.format("an array"),
        "pandas": _TEXTS.format("a frame"),
        "polars": _TEXTS.format("a frame"),
        "sparse": "Texts are not sparse",
        "native": lambda x: (_call, [{"text": _text(row)} for row in x]),
    },
    patched=lambda: [
        *((kind, "__call__") for kind in PIPELINES),
        *((kind, "preprocess") for kind in (TextClassificationPipeline, ZeroShotClassificationPipeline)),
        *((PipelineIterator, name) for name in ("__iter__", "__next__")),
    ],
    nested={
        "one text, in three ways": (_one_text, 3),
        "a registered network inside": (_registered_inside, 2),
        "streamed texts": (_streamed, 2),
        "a registered network inside a stream": (_registered_inside_a_stream, 2),
    },
)
