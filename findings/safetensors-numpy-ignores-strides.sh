#!/usr/bin/env bash
# Package: safetensors 0.8.0 (PyPI), its functions for numpy arrays.
# Behaviour: `save_file` writes the memory behind an array in the order in which it lies there, under the shape of the array. A transposed array, a
# choice of columns and an array in Fortran's order come back with the right shape and wrong numbers, without an error or a warning. 0.7.0 wrote them
# right. The function for torch refuses such tensors; numpy's only says in its documentation that arrays have to be contiguous.
# Who meets it: converters that transpose weights or cut them with numpy before they save them. `numpy.ascontiguousarray` around each array helps.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv

cat > roundtrip.py <<'SCRIPT'
import numpy
from safetensors.numpy import load_file, save_file

weights = numpy.arange(6, dtype=numpy.float32).reshape(2, 3)
arrays = {"as it is": weights, "transposed": weights.T, "two columns": weights[:, ::2], "in Fortran's order": numpy.asfortranarray(weights)}
arrays["transposed, made contiguous"] = numpy.ascontiguousarray(weights.T)
save_file(arrays, "model.safetensors")
read = load_file("model.safetensors")
for name, array in arrays.items():
    same = numpy.array_equal(array, read[name])
    print(f"{name}: {'same' if same else f'{array.tolist()} comes back as {read[name].tolist()}'}")
SCRIPT

for version in 0.7.0 0.8.0; do
  venv/bin/pip --quiet --disable-pip-version-check install "safetensors==$version" numpy==2.4.6
  venv/bin/pip list --disable-pip-version-check 2> /dev/null | grep '^safetensors '
  venv/bin/python roundtrip.py | tee "seen-$version"
done
test "$(grep -c ': same$' seen-0.7.0)" = 5
test "$(grep -c ': same$' seen-0.8.0)" = 2
grep -qF 'transposed: [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]] comes back as [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]' seen-0.8.0
