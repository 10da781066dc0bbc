"""Source files of one version of vLLM, which lie in the folder that is the first argument, as modules that can be imported. Modules around
them that need torch or a card are replaced by the few names that are read here, of which none decides a number."""

import ast
import functools
import sys
import types
from pathlib import Path

source = Path(sys.argv[1])
sys.path.insert(0, str(source))

# Bytes of one element, which stand for types.
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2, "uint8": 1}


def module(name, **names):
    sys.modules[name] = types.ModuleType(name)
    for key, value in names.items():
        setattr(sys.modules[name], key, value)
    return sys.modules[name]


@functools.cache
def tree_of(path):
    return ast.parse((source / path).read_text())


def taken(path, wanted, scope):
    """Functions, methods and classes of a source file by name, without the imports of the file."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in wanted:
            decorated = [ast.unparse(item) for item in node.decorator_list]
            node.decorator_list = []
            if isinstance(node, ast.FunctionDef):
                node.returns = None
                for argument in node.args.args:
                    argument.annotation = None
            exec(compile(ast.Module([node], []), path, "exec"), scope)
            if "classmethod" in decorated:
                scope[node.name] = classmethod(scope[node.name])
            wanted = [name for name in wanted if name != node.name]
    assert not wanted, f"{path} has no {wanted}"
    return scope


class Silent:
    def __getattr__(self, _name):
        return lambda *_args, **_kwargs: None


class Dense:
    """A backend whose pages are as their specification says, and whose kernels take multiples of 16 tokens."""

    @staticmethod
    def get_supported_kernel_block_sizes():
        return [16]

    @staticmethod
    def customize_spec(spec):
        return spec


def prepare():
    module("torch", dtype=object, Tensor=object)
    module("vllm.config", SpeculativeConfig=object, VllmConfig=object)
    module("vllm.logger", init_logger=lambda _name: Silent())
    module("vllm.utils.mem_utils", format_gib=lambda size: f"{size / 1024**3:.2f}")
    module("vllm.utils.torch_utils", get_dtype_size=lambda name: BYTES[name], STR_DTYPE_TO_TORCH_DTYPE={})
    module("vllm.v1.attention.backends.registry", MambaAttentionBackendEnum=types.SimpleNamespace(MAMBA2="mamba2"))
    backend = taken("vllm/v1/attention/backend.py", ["MultipleOf"], {})
    module("vllm.v1.attention.backend", MultipleOf=backend["MultipleOf"])
    hisparse = taken("vllm/v1/hisparse/layout.py", ["get_hisparse_kv_cache_groups"], {})
    unused = ["get_hisparse_host_pool_bytes", "get_hisparse_kv_cache_config"]
    module("vllm.v1.hisparse.layout", **{name: None for name in unused}, **{"get_hisparse_kv_cache_groups": hisparse["get_hisparse_kv_cache_groups"]})
    module("vllm.v1.core.kv_cache_utils", _kv_cache_device_name=lambda _config: "GPU")
    builder = "vllm.v1.core.kv_cache_planning.DefaultKVCacheConfigBuilder"
    platform = types.SimpleNamespace(
        get_kv_cache_config_builder_cls=lambda _config: builder,
        register_custom_kv_cache_specs=lambda _config: None,
    )
    module("vllm.platforms", current_platform=platform)

    def resolve(name):
        where, _, what = name.rpartition(".")
        return getattr(sys.modules[where], what)

    module("vllm.utils.import_utils", resolve_obj_by_qualname=resolve)
