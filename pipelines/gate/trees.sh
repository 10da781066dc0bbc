# Compares /slim with /stock. Arguments: the search path of libraries that the image's environment sets, maybe empty, and the
# folder of the weights, which the stock tree does not have.
# Writes /compared/loading, /compared/changed and /compared/files; images/gate/files.ts reads them.
set -eu
export LIBRARIES=$1
weights=$2
mkdir /compared
cd /slim
find . -xdev -path ".$weights" -prune -o -type f -print0 > /tmp/regular
tr -cd '\0' < /tmp/regular | wc -c > /compared/files
sums() { xargs -0 -n 500 xxhsum -H2 < /tmp/regular 2> /dev/null | sort; }
sums > /tmp/slim-sums
(cd /stock && sums) > /tmp/stock-sums
comm -23 /tmp/slim-sums /tmp/stock-sums | sed 's/^[0-9a-f]*  *\.//' > /compared/changed

# ldd -r: maps the object and everything it needs with the image's own loader and relocates all of it. Addresses vary, and
# symbols of Python come from the interpreter that loads a module.
cat > /tmp/load.sh << 'LOAD'
trace() {
  LD_TRACE_LOADED_OBJECTS=1 LD_WARN=yes LD_BIND_NOW=yes LD_LIBRARY_PATH="$LIBRARIES" \
    busybox chroot "$1" "$loader" "/$file" 2>&1 || echo "exit $?"
}
plain() { sed -E 's/ \(0x[0-9a-f]+\)//; s/^[[:space:]]+//; /undefined symbol: _?Py/d'; }
for file; do
  file=${file#./}
  slim=$(trace /slim | plain)
  stock=$(trace /stock | plain)
  trouble=$(printf '%s\n' "$slim" | grep -m 1 -E 'not found|undefined symbol|error|cannot|exit [0-9]' | tr '\t' ' ' || true)
  case $trouble in *'statically linked'* | *'not a dynamic executable'*) trouble= ;; esac
  if [ "$slim" = "$stock" ]; then
    printf 'same\t/%s\t%s\n' "$file" "$trouble"
  else
    new=$(printf '%s\n' "$slim" | grep -v -x -F -m 1 -e "$stock" | tr '\t' ' ' || true)
    printf 'worse\t/%s\t%s\n' "$file" "${trouble:-${new:-fewer libraries than in the stock image}}"
  fi
done
LOAD

loader=
for place in lib64/ld-linux-x86-64.so.2 lib/ld-linux-aarch64.so.1; do
  if busybox chroot /slim "/$place" --version > /dev/null 2>&1; then loader=/$place; fi
done
export loader
: > /compared/loading
if [ -z "$loader" ]; then exit 0; fi
scanelf -R -y -B -E ET_DYN -F '%F' . 2> /dev/null | tr '\n' '\0' > /tmp/objects
xargs -0 -r -n 8 -P "$(nproc)" sh /tmp/load.sh < /tmp/objects | sort -k 2 > /compared/loading
