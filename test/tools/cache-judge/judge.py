"""Reads cases as JSON on standard input and prints what vLLM's own code makes of them: blocks, groups, tokens and sequences of a pool.

The code is that of one version, whose source files lie in the folder that is the argument."""

import ast
import json
import sys
import types

from engine import Dense, Silent, module, prepare, taken, tree_of

prepare()

import vllm.v1.core.kv_cache_planning as planning  # noqa: E402
import vllm.v1.kv_cache_interface as interface  # noqa: E402
from vllm.utils.math_utils import cdiv  # noqa: E402
from vllm.v1.kv_cache_layout import KVCacheLayout  # noqa: E402
from vllm.v1.kv_cache_spec_registry import KVCacheSpecRegistry  # noqa: E402


def register():
    """Which specifications form one group: the engine's own list, whose managers are not asked anything."""
    path = "vllm/v1/core/single_type_kv_cache_manager.py"
    managers = [node.name for node in tree_of(path).body if isinstance(node, ast.ClassDef)]
    scope = {**vars(interface), **{name: type(name, (), {}) for name in managers}}
    scope["KVCacheSpecRegistry"] = KVCacheSpecRegistry
    taken(path, ["register_all_kvcache_specs"], scope)["register_all_kvcache_specs"](None)


register()
capacity = taken(
    "vllm/v1/core/kv_cache_utils.py",
    ["get_max_concurrency_for_kv_cache_config", "get_kv_cache_capacity"],
    {"cdiv": cdiv},
)


def config_of(case):
    cache = types.SimpleNamespace(
        num_gpu_blocks_override=None,
        mamba_cache_mode="align" if case["prefixCaching"] else "none",
        block_size=case["blockTokens"],
        cache_dtype="auto",
        kv_cache_dtype_skip_layers=[],
        mamba_page_size_padded=None,
        prefix_cache_retention_interval=None,
        get_resolved_kv_cache_layout=lambda: KVCacheLayout[case["layout"]],
    )
    return types.SimpleNamespace(
        cache_config=cache,
        model_config=types.SimpleNamespace(
            max_model_len=case["maxModelLen"], original_max_model_len=None, supports_kv_cache_grouping=False
        ),
        scheduler_config=types.SimpleNamespace(disable_hybrid_kv_cache_manager=False),
        parallel_config=types.SimpleNamespace(
            decode_context_parallel_size=case["dcp"], tensor_parallel_size=case["tp"]
        ),
        attention_config=types.SimpleNamespace(hisparse_config=None),
        speculative_config=None,
        num_prefill_lookahead_tokens=0,
        max_in_flight_tokens=case["inFlightTokens"],
        device_config=types.SimpleNamespace(device_type="cuda"),
    )


def attention(cls, layer, block, **more):
    """A layer with keys and values; `packedBytes` is what a token takes where it is packed."""
    names = {"packedBytes": "state_content_bytes", "alignment": "alignment", "tokensPerState": "tokens_per_state"}
    packed = {name: layer[key] for key, name in names.items() if key in layer}
    return cls(
        block_size=layer.get("blockTokens", block),
        num_kv_heads=layer["heads"],
        head_size=layer["keyDim"],
        head_size_v=layer["valueDim"],
        dtype=layer["type"],
        **packed,
        **more,
    )


def spec_of(layer, config, case):
    block = config.cache_config.block_size
    kind = layer["kind"]
    if kind == "state":
        aligned = config.cache_config.mamba_cache_mode == "align"
        return interface.MambaSpec(
            block_size=block if aligned else case["maxModelLen"],
            shapes=((layer["convElements"],), (layer["stateElements"],)),
            dtypes=(layer["convType"], layer["stateType"]),
            page_size_padded=config.cache_config.mamba_page_size_padded,
            mamba_cache_mode=config.cache_config.mamba_cache_mode,
            num_speculative_blocks=case["drafted"],
        )
    if kind == "window":
        return attention(interface.SlidingWindowSpec, layer, block, sliding_window=layer["span"], dcp_sharded=False)
    if kind == "chunked":
        return attention(interface.ChunkedLocalAttentionSpec, layer, block, attention_chunk_size=layer["span"])
    if kind == "latentWindow":
        window = {"sliding_window": layer["span"], "dcp_sharded": False}
        return attention(interface.SlidingWindowMLASpec, layer, block, **window)
    if kind == "mla":
        return attention(interface.MLAAttentionSpec, layer, block)
    return attention(interface.FullAttentionSpec, layer, block)


rule = taken("vllm/platforms/interface.py", ["_align_hybrid_block_size"], {"logger": Silent()})["_align_hybrid_block_size"]


def align(config, case):
    """Blocks of models with recurrent layers, by the platform's own rule."""
    states = [layer for layer in case["layers"] if layer["kind"] == "state"]
    others = [layer for layer in case["layers"] if layer["kind"] != "state"]
    if not states or not others:
        return
    first, state = others[0], states[0]

    class Model:
        @staticmethod
        def get_mamba_state_shape_from_config(_config):
            return ((state["convElements"],), (state["stateElements"],))

        @staticmethod
        def get_mamba_state_dtype_from_config(_config):
            return (state["convType"], state["stateType"])

    model = config.model_config
    model.use_mla = first["kind"] == "mla"
    model.dtype = first["type"]
    model.architecture = "any"
    model.get_num_kv_heads = lambda _parallel: first["heads"]
    model.get_head_size = lambda: first["keyDim"]

    class Current:
        def __init__(self, _config):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_error):
            return None

    module("vllm.config.vllm", set_current_vllm_config=Current)
    module("vllm.config.cache", get_kv_cache_dtype_handler=lambda _name: None)
    module(
        "vllm.model_executor.layers.mamba.abstract",
        get_mamba_prefill_checkpoint_alignment=lambda _config: None,
    )
    registry = types.SimpleNamespace(resolve_model_cls=lambda *_args, **_kwargs: (Model, None))
    module("vllm.model_executor.models", ModelRegistry=registry)
    platform = type("Platform", (), {"align": rule, "_find_non_ssm_backends": classmethod(lambda _cls, _config: [Dense])})
    platform.align(config, Dense)


def answer(case):
    config = config_of(case)
    align(config, case)
    specs = {f"layers.{index}": spec_of(layer, config, case) for index, layer in enumerate(case["layers"])}
    groups = planning.get_global_kv_cache_groups(config, [specs])
    builder = planning.DefaultKVCacheConfigBuilder()
    block_bytes = planning._pool_bytes_per_block_from_builder(builder, config, groups)
    usable = case["poolBytes"] - block_bytes
    longest = planning._estimate_max_model_len_from_groups(builder, config, groups, usable)
    made = builder.get_kv_cache_config_from_groups(config, groups, case["poolBytes"] // block_bytes)
    tokens, sequences = capacity["get_kv_cache_capacity"](config, made)
    return {
        "blocks": made.num_blocks,
        "blockBytes": block_bytes,
        "blockTokens": min(group.kv_cache_spec.block_size for group in groups),
        "groups": len(groups),
        "tokens": tokens,
        "sequences": sequences,
        "longest": longest,
        "fits": planning._max_memory_usage_bytes_from_groups(builder, config, groups) <= usable,
    }


answers = []
for one in json.load(sys.stdin):
    try:
        answers.append({"id": one["id"], "answer": answer(one)})
    except Exception as error:
        answers.append({"id": one["id"], "refused": f"{type(error).__name__}: {error}"})
print(json.dumps(answers))
