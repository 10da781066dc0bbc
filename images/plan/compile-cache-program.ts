import { cacheLine } from '../boot/compile-cache-check.ts'

/**
 * A program of Python's standard library. Compilers write beside what they load, and the root may be read-only, so what the
 * layer has is copied to its places below /tmp. It is left out on a processor that lacks an instruction of the one it was
 * compiled on: inductor compiles for the machine (`-march=native`) and does not ask again. Nothing that fails here keeps the
 * server from starting.
 */
const program = `# Puts what the engine compiled in an earlier boot where it looks for it, then becomes the server.
import os
import re
import shutil
import sys

FOLDER = "@folder@"
SAID = "${cacheLine}"
# Names of /proc/cpuinfo that compilers choose instructions by; on Arm all of them.
CODE = re.compile(
    r"(sse|ssse|avx|amx|fma|f16c|bmi|v?aes|v?pclmul|gfni|sha|sm[34]|movbe|movdir|popcnt|abm|adx|rdrand|rdseed|rdpid|clflushopt|clwb|xsave|fsgsbase|serialize|waitpkg)"
)


def instructions(path):
    with open(path) as text:
        for line in text:
            name, _, words = line.partition(":")
            if name.strip() == "flags":
                return {word for word in words.split() if CODE.match(word)}
            if name.strip() == "Features":
                return set(words.split())
    return set()


def copied():
    done, count, size = [], 0, 0
    try:
        for place, _, names in os.walk(os.path.join(FOLDER, "tmp")):
            target = "/" + os.path.relpath(place, FOLDER)
            os.makedirs(target, exist_ok=True)
            for name in names:
                path = os.path.join(target, name)
                if os.path.lexists(path):
                    continue
                done.append(path)
                shutil.copy2(os.path.join(place, name), path, follow_symlinks=False)
                count += 1
                size += os.lstat(path).st_size
    except OSError:
        for path in done:
            if os.path.lexists(path):
                os.unlink(path)
        raise
    return count, size


def say():
    if not os.path.isdir(FOLDER):
        return "the image has none"
    lacking = instructions(os.path.join(FOLDER, "processor")) - instructions("/proc/cpuinfo")
    if lacking:
        return "left out, as this processor lacks " + " ".join(sorted(lacking))
    count, size = copied()
    return f"{count} files, {size} bytes, put into /tmp"


try:
    said = say()
except (OSError, ValueError) as error:
    said = f"left out: {error}"
print(SAID, said, file=sys.stderr, flush=True)
os.execv(sys.argv[1], sys.argv[1:])
`

/** `folder` is where the layer has its files. The program's own arguments are the command line of the server. */
export function compileCacheProgram(folder: string): string {
  return program.replace('@folder@', folder)
}
