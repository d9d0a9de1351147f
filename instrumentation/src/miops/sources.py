"""Where predictions come from: one :class:`Source` per model identity, found by model object in one lookup."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np

from miops import semconv
from miops.config import Config
from miops.explaining import Plan, plans
from miops.faults import Faults
from miops.frame_blocks import Blocks
from miops.layouts import Frames, Mappings, Matrix, Nothing
from miops.models import Model
from miops.names import distinct
from miops.privacy import Privacy
from miops.transforms import Rule
from miops.weak import WeakIdMap

__all__ = ["Source", "Sources"]

_LAYOUT_LIMIT: Final = 64
_SOURCE_LIMIT: Final = 1000


class Source:
    """A model as its calls see it: what to put on spans, and the layouts its inputs have had.

    ``matrix``, ``frames`` and ``blocks`` are the layouts used last: nearly always the ones needed next.
    """

    __slots__ = (
        "_fault",
        "_layouts",
        "arrangements",
        "blocks",
        "classes",
        "frames",
        "labels",
        "matrix",
        "max_features",
        "model",
        "nothing",
        "plan",
        "positive",
        "privacy",
        "span_attributes",
        "span_name",
    )

    def __init__(
        self, model: Model, *, max_features: int, fault: Callable[[str], None], privacy: Privacy | None = None
    ) -> None:
        self.model = model
        self.privacy = privacy or Privacy()
        self.max_features = max_features
        self.classes = None if model.classes is None else np.array(model.classes)
        self.labels: list[Any] = [] if self.classes is None else self.classes.tolist()
        self.positive = model.positive_index
        self.span_name = f"predict {model.name}"
        self.span_attributes = _span_attributes(model)
        self.matrix: Matrix | None = None
        self.frames: Frames | None = None
        self.blocks: Blocks | None = None
        self.arrangements = 0
        """How many layouts of such frames there have been."""
        self.nothing = Nothing(self)
        self.plan: Plan | None = None
        """How its model object is explained."""
        self._layouts: dict[Any, Any] = {}
        self._fault = fault

    def feature_names(self, width: int) -> tuple[str, ...]:
        """Names for inputs without names: the model's if they fit, else ``x0``, ``x1`` … as scikit-learn has it."""
        known = self.model.features
        return distinct(known) if known is not None and len(known) == width else tuple(f"x{i}" for i in range(width))

    def matrix_layout(self, names: tuple[str, ...], dtype: np.dtype[Any], index: Any = None) -> Matrix:
        key = (names, dtype.str, index is not None)
        self.matrix = self._interned(key, lambda: Matrix(self, names, dtype, index))
        return self.matrix

    def frames_layout(self, names: tuple[str, ...]) -> Frames:
        self.frames = self._interned(names, lambda: Frames(self, names))
        return self.frames

    def blocks_layout(self, frame: Any, shape: tuple[Any, ...]) -> Blocks:
        key = (tuple(map(str, frame.columns)), shape)

        def build() -> Blocks:
            self.arrangements += 1
            return Blocks(self, frame, shape)

        self.blocks = self._interned(key, build)
        return self.blocks

    def mapping_layout(self, names: tuple[str, ...], *, single: bool) -> Mappings:
        layout: Mappings = self._interned((names, single), lambda: Mappings(self, names, single=single))
        return layout

    def too_wide(self) -> Nothing:
        """The layout of inputs with more columns than are captured; counted."""
        self._fault("too_many_features")
        return self.nothing

    def uneven(self) -> Nothing:
        """The layout of columns that have not one value per row; counted."""
        self._fault("uneven_columns")
        return self.nothing

    def _interned(self, key: Any, build: Callable[[], Any]) -> Any:
        layout = self._layouts.get(key)
        if layout is None:
            if len(self._layouts) >= _LAYOUT_LIMIT:
                self._layouts.clear()
            layout = self._layouts[key] = build()
        return layout


def _span_attributes(model: Model) -> dict[str, Any]:
    told = model.attributes()
    on_spans = (
        semconv.MODEL_NAME, semconv.MODEL_VERSION, semconv.MODEL_TASK, semconv.MODEL_FRAMEWORK, semconv.MODEL_ROLE
    )  # fmt: skip
    return {**{name: told[name] for name in on_spans if name in told}, semconv.RECORDED: True}


class Sources:
    """All sources of the process; bounded, because names may be made up per call."""

    __slots__ = ("_by_model", "_by_object", "_config", "_faults", "known")

    def __init__(self, config: Config, faults: Faults) -> None:
        self._by_object: WeakIdMap[Source] = WeakIdMap()
        self.known = self._by_object.entries
        """By ``id`` of a model object seen before: a weak reference to it, and its source."""
        self._by_model: dict[Any, Source] = {}
        self._config, self._faults = config, faults

    def keep(self, model: object, source: Source) -> None:
        plan = plans.get(model)
        if plan is not None and self._config.capture_features == "all":
            source.plan = plan
        elif plan is not None:  # what features contribute tells their values
            self._faults.add("explanations_kept_back")
        self._by_object.set(model, source)

    def of(self, model: Model) -> Source:
        """The source of an identity: models that are equal share it, and so their events."""
        key = (model, tuple(map(type, model.classes or ())))
        source = self._by_model.get(key)
        if source is None:
            if len(self._by_model) >= _SOURCE_LIMIT:
                self._by_model.clear()
            source = self._by_model[key] = self._made(model)
        return source

    def privacy(self, name: str | None) -> Privacy:
        """The rules of whatever is known by this name; of everything, if no model is named."""
        known = (source.model for source in list(self._by_model.values()))
        rules = (rule for model in known if name in (None, model.name) for rule in model.transforms)
        return self._rules((*dict.fromkeys(rules), *self._config.transforms), lambda _: None)

    def _rules(self, rules: Iterable[Rule], fault: Callable[[str], None]) -> Privacy:
        config = self._config
        return Privacy(
            tuple(rules),
            allow=config.capture_allow,
            deny=config.capture_deny,
            key=config.hash_key,
            salt=config.entity_salt,
            features=config.capture_features == "all",
            fault=fault,
        )

    def _made(self, model: Model) -> Source:
        config, privacy = self._config, self._rules(model.transforms, self._faults.add)
        self._faults.private = self._faults.private or privacy.private
        return Source(model, max_features=config.max_features, fault=self._faults.add, privacy=privacy)

    def discard(self, model: object) -> None:
        """Forget what was told about an object: it is being fitted, or registered anew."""
        self._by_object.discard(model)
