import type { Client, Container } from '@dagger.io/dagger'
import type { UpstreamSource } from '../../images/engines/engine.ts'
import type { LockedRuntime } from '../../recipes/lock.ts'
import { StageError } from '../error.ts'
import { anyExit, imageFrom, pinImage, pinnedReference } from './debian.ts'
import { environmentOwnersScript } from './owners.ts'

type UpstreamLock = Extract<LockedRuntime, { type: 'upstream' }>

/** Variables of a build or a shell, and those that every image sets for itself. */
const notKept =
  /^(HOME|USER|LOGNAME|PWD|OLDPWD|HOSTNAME|TERM|SHLVL|DEBIAN_FRONTEND|.*_PROXY|.*_proxy|.*(TOKEN|SECRET|PASSWORD).*)$/

/** Pins an official image and what its programs expect of their variables. `said` is what the version command printed. */
export async function resolveUpstream(
  client: Client,
  source: Pick<UpstreamSource, 'base' | 'versionCommand'>,
  platform: string,
): Promise<{ runtime: UpstreamLock; said: string }> {
  const base = await pinImage(client, source.base, platform)
  const image = imageFrom(client, pinnedReference(base), platform)
  const [said, environment, listing] = await Promise.all([
    image.withExec(['sh', '-c', `${source.versionCommand.map(quoted).join(' ')} 2>&1`]).stdout(),
    variablesOf(image),
    image
      .withUser('0:0')
      .withExec(['sh', '-c', distributionsScript('/')])
      .stdout(),
  ])
  const distributions = parseDistributions(listing)
  return { runtime: { type: 'upstream', base, environment, distributions }, said }
}

/** Every Python distribution below a folder as a line `Name<tab>Version`. */
export function distributionsScript(folder: string): string {
  return `find ${folder} -xdev -path '*-packages/*.dist-info/METADATA' -type f \\
  -exec awk '/^Name: / && n == "" { n = $2 } /^Version: / && v == "" { v = $2 } /^$/ { exit } END { print n "\t" v }' {} ';' 2> /dev/null || true`
}

/** Names as the index writes them. One that is there in two versions is left out: no rule may take it for either. */
export function parseDistributions(listing: string): Record<string, string> {
  const found = new Map<string, Set<string>>()
  for (const line of listing.split('\n')) {
    const [name = '', version = ''] = line.split('\t')
    const key = name.toLowerCase().replaceAll(/[-_.]+/g, '-')
    if (key !== '' && version !== '') found.set(key, (found.get(key) ?? new Set()).add(version))
  }
  const single = [...found].flatMap(([name, versions]) => {
    const [version, ...others] = versions
    return version === undefined || others.length > 0 ? [] : [[name, version] as const]
  })
  return Object.fromEntries(single.sort(([a], [b]) => (a < b ? -1 : 1)))
}

async function variablesOf(image: Container): Promise<Record<string, string>> {
  const variables = await image.envVariables()
  const pairs = await Promise.all(
    variables.map(async (variable) => [await variable.name(), await variable.value()] as const),
  )
  return Object.fromEntries(
    pairs.filter(([name]) => !notKept.test(name)).sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

/**
 * The official image, readable for every user: folders that only root may enter moved, with the links and texts that name
 * them, and modes opened. Who owns which file is written down before package lists are slimmed away.
 */
export async function installUpstream(
  client: Client,
  source: UpstreamSource,
  lock: UpstreamLock,
  platform: string,
): Promise<Container> {
  const prepared = imageFrom(client, pinnedReference(lock.base), platform)
    .withUser('0:0')
    .withNewFile('/tmp/ingot/owners.sh', environmentOwnersScript)
    .withNewFile('/tmp/ingot/prepare.sh', prepareScript(source.moves ?? []))
    .withExec(['sh', '/tmp/ingot/prepare.sh'], { expect: anyExit })
  if ((await prepared.exitCode()) === 0) return prepared
  throw new StageError('engine-failed', {
    attempted: `prepare ${lock.base.reference}`,
    found: (await prepared.stderr()).trim().split('\n').slice(-20).join('\n  '),
    hint: 'the image has another layout than images/*.ts expects; pin the version that is named there',
  })
}

/** Folders of an image that hold programs; others, such as /etc/shadow, keep their modes. */
const programFolders = ['/usr', '/opt', '/app', '/kernels', '/lib', '/sgl-workspace', '/workspace']

export function prepareScript(moves: readonly { from: string; to: string }[]): string {
  return `
set -eu
cd /tmp/ingot
${moves.map(({ from, to }) => moveCommands(from, to)).join('\n')}
for folder in ${programFolders.join(' ')}; do
  [ -d "$folder" ] && [ ! -L "$folder" ] || continue
  find "$folder" -xdev -type d ! -perm -005 -exec chmod a+rx {} +
  find "$folder" -xdev -type f ! -perm -004 -exec chmod a+r {} +
  find "$folder" -xdev -type f -perm /110 ! -perm -001 -exec chmod a+x {} +
done
: > owners
for list in /var/lib/dpkg/info/*.list; do
  [ -e "$list" ] || continue
  name=\${list##*/}
  sed "s|^|\${name%.list}\t|" "$list" >> owners
done
if command -v dpkg-query > /dev/null; then dpkg-query -W -f '\${Package}\\n' > base-packages; else : > base-packages; fi
find / -xdev -type d \\( -name site-packages -o -name dist-packages \\) -not -path '/proc/*' > environments
while read -r folder; do sh owners.sh "$folder" >> owners; done < environments
`
}

/** Links keep their own form, relative or absolute; only texts that are small enough to be scripts or settings are read. */
function moveCommands(from: string, to: string): string {
  const parent = to.slice(0, to.lastIndexOf('/'))
  return `
[ -d ${quoted(from)} ] || { echo "there is no ${from}" >&2; exit 1; }
mkdir -p ${quoted(parent)}
mv ${quoted(from)} ${quoted(to)}
find / -xdev -type l -lname ${quoted(`${from}/*`)} > links
while read -r link; do
  target=$(readlink "$link")
  ln -snf ${quoted(to)}"\${target#${from}}" "$link"
done < links
find /usr /opt -xdev -type f -size -64k \\( -path '*/bin/*' -o -name 'pyvenv.cfg' -o -name '*.pth' -o -name '_sysconfigdata*' -o -name '*.pc' \\) \\
  -exec grep -lF ${quoted(from)} {} + > texts || true
while read -r text; do sed -i 's|${from}|${to}|g' "$text"; done < texts
`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
