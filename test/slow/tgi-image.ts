import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client, Container } from '@dagger.io/dagger'

const files = join(import.meta.dirname, '../servers/tgi')
export const tgiBase = 'ingot-test/tgi:3.3.7'

/** Where uv puts a Python for root, as the image of TGI 3.3.7 has it. */
const python = '/root/.local/share/uv/python/cpython-3.11.11-linux-x86_64-gnu'

/** Debian's Python finds its library beside itself, as uv's own builds do. */
const pythonScript = `
apt-get update -qq
apt-get install -y -qq --no-install-recommends python3.11 libpython3.11-dev python3-pip gcc libc6-dev > /dev/null
mkdir -p ${python}/bin ${python}/lib
cp /usr/bin/python3.11 ${python}/bin/
ln -s python3.11 ${python}/bin/python3
cp -a /usr/lib/python3.11 ${python}/lib/
cp -a /usr/lib/*-linux-gnu/libpython3.11.so* ${python}/lib/
python3 -m pip install -q --break-system-packages uv==0.13.9
uv venv --quiet --no-cache --python ${python}/bin/python3.11 /usr/src/.venv
`

/** The server is an editable install with a script that names the environment's Python; the router links to libpython. */
const engineScript = `
gcc -O2 -I/usr/include/python3.11 router.c -L${python}/lib -lpython3.11 -o /usr/local/bin/text-generation-router
install -m 755 launcher.sh /usr/local/bin/text-generation-launcher
mkdir -p /usr/src/server/text_generation_server
cp shard.py /usr/src/server/text_generation_server/cli.py
cp router.py /usr/src/router.py
echo /usr/src/server > /usr/src/.venv/lib/python3.11/site-packages/text_generation_server.pth
printf '%s\\n' '#!/usr/src/.venv/bin/python' 'from text_generation_server.cli import serve' 'serve()' > /usr/src/.venv/bin/text-generation-server
printf '%s\\n' '#!${python}/bin/python3.11' 'print("a script with the whole path")' > /usr/src/.venv/bin/absolute
chmod 755 /usr/src/.venv/bin/text-generation-server /usr/src/.venv/bin/absolute
chmod 700 /root
`

/**
 * An image of the same shape as TGI's: uv's Python below a /root that nobody else may enter, an environment linked to it, a
 * script and a router that need it. What it serves is test/servers/tgi.
 */
export async function tgiImage(client: Client): Promise<Container> {
  const names = ['router.c', 'launcher.sh', 'shard.py', 'router.py']
  const texts = await Promise.all(names.map((name) => readFile(join(files, name), 'utf8')))
  const sources = names.reduce(
    (container, name, index) => container.withNewFile(`/build/${name}`, texts[index] ?? ''),
    debian(client).withExec(['sh', '-ceu', pythonScript]).withWorkdir('/build'),
  )
  const built = sources.withExec(['sh', '-ceu', engineScript])
  return ['/root', '/usr/src', '/usr/local/bin']
    .reduce(
      (image, folder) => image.withDirectory(folder, built.directory(folder)),
      debian(client).withExec([
        'sh',
        '-ceu',
        'apt-get update -qq; apt-get install -y -qq --no-install-recommends libexpat1 zlib1g libssl3 libffi8 > /dev/null',
      ]),
    )
    .withExec(['chmod', '700', '/root'])
    .withEnvVariable('LD_LIBRARY_PATH', `:${python}/lib/`)
    .withEnvVariable('VIRTUAL_ENV', '/usr/src/.venv')
    .withWorkdir('/usr/src')
}

function debian(client: Client): Container {
  return client.container().from('debian:bookworm-slim').withEnvVariable('DEBIAN_FRONTEND', 'noninteractive')
}
