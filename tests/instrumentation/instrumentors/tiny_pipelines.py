"""Pipelines of transformers with networks of a few numbers, made here; nothing comes from a hub."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"
import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers

torch.set_num_threads(1)
NAMES = ("cat", "dog", "owl")
CANDIDATES = ["up", "down", "flat"]
SMALL = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
WORDS = {word: place for place, word in enumerate(("[PAD]", "[UNK]", *CANDIDATES))}
CLIP_SIZE = {"size": {"shortest_edge": 8}, "crop_size": {"height": 8, "width": 8}}


def tokenizer() -> Any:
    words = Tokenizer(models.WordLevel(WORDS, "[UNK]"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()  # type: ignore[assignment]
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=words,
        pad_token="[PAD]",
        unk_token="[UNK]",
        eos_token="[PAD]",
        model_input_names=["input_ids", "attention_mask"],
    )


def processor(name: str, **settings: Any) -> Any:
    """Without torchvision: of newer versions the one that is made with Pillow."""
    kind = getattr(transformers, f"{name}Pil", None) or getattr(transformers, name)
    return kind(**settings)


def labels(*names: str) -> dict[str, Any]:
    return {"id2label": dict(enumerate(names)), "label2id": {name: place for place, name in enumerate(names)}}


def _text() -> dict[str, Any]:
    config = transformers.BertConfig(vocab_size=len(WORDS), initializer_range=1.0, **SMALL, **labels(*NAMES))
    return {"model": transformers.BertForSequenceClassification(config), "tokenizer": tokenizer()}


def _image() -> dict[str, Any]:
    config = transformers.ViTConfig(image_size=8, patch_size=4, initializer_range=1.0, **SMALL, **labels(*NAMES))
    return {
        "model": transformers.ViTForImageClassification(config),
        "image_processor": processor("ViTImageProcessor", size={"height": 8, "width": 8}),
    }


def _audio() -> dict[str, Any]:
    config = transformers.Wav2Vec2Config(
        conv_dim=(4,), conv_kernel=(8,), conv_stride=(4,), num_feat_extract_layers=1, num_conv_pos_embeddings=2,
        num_conv_pos_embedding_groups=1, classifier_proj_size=4, mask_time_prob=0.0, initializer_range=1.0,
        **SMALL, **labels(*NAMES),
    )  # fmt: skip
    network = transformers.Wav2Vec2ForSequenceClassification(config)
    return {"model": network, "feature_extractor": transformers.Wav2Vec2FeatureExtractor()}


def _video() -> dict[str, Any]:
    config = transformers.VideoMAEConfig(
        image_size=8, patch_size=4, num_frames=2, tubelet_size=2, initializer_range=1.0, **SMALL, **labels(*NAMES)
    )
    network = transformers.VideoMAEForVideoClassification(config)
    return {"model": network, "image_processor": processor("VideoMAEImageProcessor", **CLIP_SIZE)}


def _zero_shot() -> dict[str, Any]:
    told = labels("contradiction", "neutral", "entailment")
    config = transformers.BertConfig(vocab_size=len(WORDS), initializer_range=1.0, **SMALL, **told)
    return {"model": transformers.BertForSequenceClassification(config), "tokenizer": tokenizer()}


def _zero_shot_image() -> dict[str, Any]:
    ends = {"eos_token_id": 0, "bos_token_id": 0, "pad_token_id": 0}
    config = transformers.CLIPConfig(
        text_config={"vocab_size": len(WORDS), **SMALL, **ends},
        vision_config={"image_size": 8, "patch_size": 4, **SMALL},
        projection_dim=4,
    )
    return {
        "model": transformers.CLIPModel(config),
        "tokenizer": tokenizer(),
        "image_processor": processor("CLIPImageProcessor", **CLIP_SIZE),
    }


def _zero_shot_audio() -> dict[str, Any]:
    sound = {
        "patch_embeds_hidden_size": 8, "depths": [1], "num_attention_heads": [1], "hidden_size": 8, "num_mel_bins": 16,
        "spec_size": 32, "window_size": 2, "patch_size": 4, "patch_stride": [4, 4], "num_hidden_layers": 1,
        "projection_dim": 4,
    }  # fmt: skip
    words = {"vocab_size": len(WORDS), "max_position_embeddings": 40, "pad_token_id": 0, "projection_dim": 4, **SMALL}
    extractor = transformers.ClapFeatureExtractor(
        feature_size=16, sampling_rate=8000, hop_length=160, max_length_s=1, fft_window_size=64, frequency_min=0,
        frequency_max=4000, truncation="rand_trunc", padding="repeatpad",
    )  # fmt: skip
    config = transformers.ClapConfig(text_config=words, audio_config=sound, projection_dim=4)
    return {"model": transformers.ClapModel(config), "tokenizer": tokenizer(), "feature_extractor": extractor}


_MADE = {
    "text-classification": _text,
    "image-classification": _image,
    "audio-classification": _audio,
    "video-classification": _video,
    "zero-shot-classification": _zero_shot,
    "zero-shot-image-classification": _zero_shot_image,
    "zero-shot-audio-classification": _zero_shot_audio,
}


@cache
def pipeline(task: str) -> Any:
    """The pipeline of a task, the same one each time."""
    return another(task)


def another(task: str, **settings: Any) -> Any:
    torch.manual_seed(1)
    parts: Mapping[str, Any] = _MADE[task]()
    parts["model"].eval()
    return transformers.pipeline(task, **parts, device="cpu", **settings)  # type: ignore[call-overload]


def image(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (8, 8, 3), dtype=np.uint8))


def sound(seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=400).astype(np.float32)


def film(path: str) -> str:
    """Four frames that become brighter."""
    import av

    with av.open(path, "w") as file:
        stream: Any = file.add_stream("mpeg4", rate=4)
        stream.width = stream.height = 16
        stream.pix_fmt = "yuv420p"
        for bright in range(0, 160, 40):
            frame = av.VideoFrame.from_ndarray(np.full((16, 16, 3), bright, dtype=np.uint8), format="rgb24")
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path
