import { createServer, type Server } from 'node:http'
import { openReference } from '../../../pipelines/image-reader/open.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { sizeImage } from '../../../pipelines/size/size.ts'

const retry = { attempts: 3, firstDelayMs: 5, maxDelayMs: 20 }

/** Three layers with everything that makes the sum of layers differ from what a container sees. */
export const makeLayers = `
mkdir -p one/usr/lib one/etc one/srv/cache one/srv/deep/er one/opt/app two/usr/lib two/srv/deep two/opt three/opt/app three/etc
bytes() { head -c "$1" /dev/zero | tr '\\0' "$2"; }
ln -s usr/lib one/lib
bytes 9000 a > one/usr/lib/a.so; bytes 7000 b > one/usr/lib/b.so; ln one/usr/lib/b.so one/usr/lib/b.so.1
bytes 5000 c > one/etc/config; bytes 40000 d > one/srv/cache/big; bytes 300 e > one/srv/deep/er/small; bytes 6000 f > one/opt/app/old
bytes 9000 a > two/usr/lib/copy.so; bytes 8000 g > two/usr/lib/a.so; : > two/srv/.wh.cache; bytes 10 h > two/srv/deep/.wh..wh..opq; : > two/srv/deep/.wh..wh..opq
bytes 20 i > two/srv/deep/new
bytes 6500 j > three/opt/app/new; : > three/opt/app/.wh..wh..opq; bytes 4999 k > three/etc/config; chmod 4755 three/opt/app/new
for layer in one two three; do tar --create --file $layer.tar --directory $layer .; done
gzip --keep two.tar
`

/** Passes requests on and ends the first `cuts` answers with a layer after half of their bytes. */
export async function cuttingProxy(
  origin: string,
  cuts: number,
): Promise<{ server: Server; host: string; ranges: string[] }> {
  let left = cuts
  const ranges: string[] = []
  const server = createServer(async (request, answer) => {
    const { range } = request.headers
    const given = await fetch(`${origin}${request.url}`, {
      headers: { accept: String(request.headers.accept ?? '*/*'), ...(range ? { range } : {}) },
    })
    const body = Buffer.from(await given.arrayBuffer())
    const { status, headers } = given
    answer.writeHead(status, { ...Object.fromEntries(headers), 'content-length': body.length })
    const isLayer = request.url?.includes('/blobs/') && range !== undefined
    if (isLayer) ranges.push(String(range))
    if (!isLayer || left-- <= 0) return void answer.end(body)
    answer.write(body.subarray(0, body.length >> 1), () => answer.destroy())
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { server, host: `127.0.0.1:${port}`, ranges }
}

/** An image that is found by its reference, and its size. */
export async function sizeOf(
  reference: string,
  given: { platform?: string; environment?: NodeJS.ProcessEnv } = {},
) {
  const { platform = 'linux/amd64', environment = {} } = given
  const image = await openReference(reference, {
    store: null,
    platform,
    settings: readSettings(environment),
    retry,
  })
  try {
    return { image, found: await sizeImage(image, { gpuCode: false }) }
  } finally {
    await image.close()
  }
}
