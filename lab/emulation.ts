import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { provideForeignImages } from './base-images.ts'
import { runLogged } from './commands.ts'
import { LabError } from './errors.ts'
import { pathExists } from './files.ts'
import { describeRuntime, findRuntime, needsLab } from './runtime.ts'
import { type LabSettings, labSettings, logFile } from './settings.ts'
import { type Say, say, tell } from './terminal.ts'

// node lab/emulation.ts: programs of linux/arm64 run in the lab, and its base images are there for it. The engine has to be up.

const handlers = '/proc/sys/fs/binfmt_misc'

/** Head of an ELF file of 64 bits for aarch64, and which of its bits count, as Debian's qemu-user-binfmt has them. */
const magic = '\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00'
const mask =
  '\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff'

/** The emulator out of its package, without installing it. */
async function provideEmulator(settings: LabSettings, signal: AbortSignal): Promise<string> {
  const program = join(settings.dir, 'emulator/qemu-aarch64-static')
  if (await pathExists(program)) return program
  const work = join(settings.dir, `tmp/emulator-${process.pid}`)
  await mkdir(work, { recursive: true })
  const script =
    'cd "$1" && apt-get -q -o APT::Sandbox::User=root download qemu-user-static && dpkg-deb --extract *.deb root'
  await runLogged('sh', ['-ceu', script, 'sh', work], logFile(settings, 'emulator'), { signal })
  await mkdir(join(settings.dir, 'emulator'), { recursive: true })
  await rename(join(work, 'root/usr/bin/qemu-aarch64-static'), program)
  await rm(work, { recursive: true, force: true })
  return program
}

/** Whether the kernel already starts such programs by some handler. */
async function isHandled(): Promise<boolean> {
  const names = await readdir(handlers).catch(() => [])
  const texts = await Promise.all(names.map((name) => readFile(join(handlers, name), 'utf8').catch(() => '')))
  return texts.some((text) => /^enabled/.test(text) && text.includes('0200b700'))
}

/** The kernel opens the emulator now (flag F), so that it is found in every root file system. */
async function register(program: string, settings: LabSettings, signal: AbortSignal): Promise<void> {
  const script = `[ -e ${handlers}/register ] || mount -t binfmt_misc binfmt_misc ${handlers}
printf '%s' ":ingot-lab-aarch64:M::${magic}:${mask}:$1:F" > ${handlers}/register`
  await runLogged('sh', ['-ceu', script, 'sh', program], logFile(settings, 'emulator'), { signal })
  if (await isHandled()) return
  throw new LabError(
    'command-failed',
    'the kernel took no handler for programs of linux/arm64',
    `see ${logFile(settings, 'emulator')}; a container may need more rights for ${handlers}`,
  )
}

export async function provideEmulation(
  settings: LabSettings,
  tellOf: Say,
  signal: AbortSignal,
): Promise<void> {
  if (!(await isHandled())) {
    tellOf('registering an emulator for programs of linux/arm64')
    await register(await provideEmulator(settings, signal), settings, signal)
  }
  await provideForeignImages(settings, 'arm64', tellOf, signal)
}

await tell(async (signal) => {
  const runtime = await findRuntime()
  if (!needsLab(runtime)) return say(`not needed: ${describeRuntime(runtime)} brings its own emulators`)
  await provideEmulation(labSettings(), say, signal)
})
