// A whole machine of its own for tests: Debian with systemd and control groups of version 2, in QEMU without the help of
// hardware, reached over SSH. It has this project's folder, and gets what else it needs as a new machine does.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { findExecutable } from '@brume/machine/executables'
import { run } from '@brume/machine/run'
import { eventually } from '@brume/testkit/eventually'
import { freePort } from '@brume/testkit/free-port'
import { kubectls } from '../kubectl/kubectls.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
/** Debian as its mirror has it: unpacked once, kept for the next run. */
const DEBIAN = join(ROOT, '.state/vm/debian.tar')
const PROGRAMS = ['qemu-system-x86_64', 'mmdebstrap', 'mke2fs', 'ssh', 'ssh-keygen']
const PACKAGES = ['systemd-sysv', 'udev', 'dbus', 'libpam-systemd', 'openssh-server', 'iproute2', 'kmod']
const MORE_PACKAGES = ['procps', 'curl', 'ca-certificates', 'netbase', 'linux-image-cloud-amd64']
const NETWORK = '[Match]\nName=en*\n[Network]\nDHCP=yes\n'
/** QEMU's own, before the user's network (slirp). */
const RESOLVER = 'nameserver 10.0.2.3\n'
const SCRIPT = '/run/script'
const MEMORY_MIB = 3072
/** Emulation is about ten times as slow as the machine. */
const BOOT_LIMIT_MS = 300_000
const COMMAND_LIMIT_MS = 900_000

/** Why there can be none here; '' when there can. */
export function whyNoGuest(): string {
  if (process.env['BRUME_TEST_VM'] !== '1') return 'it takes ten minutes: BRUME_TEST_VM=1 asks for it'
  const missing = PROGRAMS.filter((name) => findExecutable(name) === undefined)
  return missing.length === 0 ? '' : `${missing.join(', ')} not on this machine`
}

export class Guest {
  readonly #dir: string
  readonly #port: number
  readonly #qemu: ChildProcess

  private constructor(dir: string, port: number) {
    this.#dir = dir
    this.#port = port
    this.#qemu = spawn('qemu-system-x86_64', argvOf(dir, port), { stdio: 'ignore' })
  }

  /** Resolves when it lets SSH in. */
  static async start(): Promise<Guest> {
    const dir = mkdtempSync(join(tmpdir(), 'brume-vm-'))
    try {
      await makeDisk(dir)
    } catch (error) {
      rmSync(dir, { recursive: true, force: true })
      throw error
    }
    const guest = new Guest(dir, await freePort())
    try {
      await eventually(
        'SSH answers',
        () => guest.run('systemctl is-system-running --wait', 60_000),
        BOOT_LIMIT_MS,
      )
      return guest
    } catch (error) {
      await guest.stop()
      throw error
    }
  }

  /** A script of its shell, which ends at the first command that fails: its standard output. */
  async run(script: string, timeoutMs = COMMAND_LIMIT_MS): Promise<string> {
    const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'ConnectTimeout=10']
    const argv = ['-q', ...options.flatMap((one) => ['-o', one]), '-i', join(this.#dir, 'key')]
    const ssh = [
      'ssh',
      ...argv,
      '-p',
      String(this.#port),
      'root@127.0.0.1',
      `cat > ${SCRIPT} && bash -eo pipefail ${SCRIPT} < /dev/null`,
    ]
    return (await run(ssh, { input: `${script}\n`, timeoutMs })).stdout
  }

  async reboot(): Promise<void> {
    const boot = () => this.run('cat /proc/sys/kernel/random/boot_id', 30_000)
    const before = await boot()
    await this.run('systemctl reboot').catch(() => {})
    await eventually('it runs again', async () => (await boot()) !== before, BOOT_LIMIT_MS)
  }

  async stop(): Promise<void> {
    if (this.#qemu.exitCode === null) {
      const ended = once(this.#qemu, 'exit')
      this.#qemu.kill('SIGKILL')
      await ended
    }
    rmSync(this.#dir, { recursive: true, force: true })
  }
}

/** Without memory keys: the way in which QEMU emulates them ends V8 now and then. */
function argvOf(dir: string, port: number): string[] {
  return [
    ...[
      '-machine',
      'pc-q35-7.2',
      '-accel',
      'tcg,thread=multi,tb-size=256',
      '-cpu',
      'max',
      '-smp',
      '2',
      '-m',
      `${MEMORY_MIB}`,
    ],
    ...['-kernel', join(dir, 'vmlinuz'), '-initrd', join(dir, 'initrd')],
    ...['-append', 'root=/dev/vda rw console=ttyS0 quiet', '-serial', `file:${join(dir, 'console')}`],
    ...['-drive', `file=${join(dir, 'disk')},if=virtio,format=raw,cache=unsafe`, '-display', 'none'],
    ...['-nic', `user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:${port}-:22`, '-device', 'virtio-rng-pci'],
  ]
}

/** The disk, its kernel and a key for SSH, in `dir`. */
async function makeDisk(dir: string): Promise<void> {
  if (!existsSync(DEBIAN)) {
    mkdirSync(resolve(DEBIAN, '..'), { recursive: true })
    const include = `--include=${[...PACKAGES, ...MORE_PACKAGES].join(',')}`
    await run(['mmdebstrap', '--variant=minbase', include, 'bookworm', `${DEBIAN}.new.tar`], {
      timeoutMs: 600_000,
    })
    await run(['mv', `${DEBIAN}.new.tar`, DEBIAN])
  }
  const root = join(dir, 'root')
  mkdirSync(root)
  await run(['tar', '-xf', DEBIAN, '-C', root], { timeoutMs: 300_000 })
  const boot = readdirSync(join(root, 'boot'))
  const ofBoot = (start: string) => join(root, 'boot', boot.find((name) => name.startsWith(start))!)
  await run(['mv', ofBoot('vmlinuz-'), join(dir, 'vmlinuz')])
  await run(['mv', ofBoot('initrd.img-'), join(dir, 'initrd')])
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'key')])
  mkdirSync(join(root, 'root/.ssh'), { recursive: true, mode: 0o700 })
  await run(['cp', join(dir, 'key.pub'), join(root, 'root/.ssh/authorized_keys')])
  writeFileSync(join(root, 'etc/systemd/network/10-all.network'), NETWORK)
  writeFileSync(join(root, 'etc/resolv.conf'), RESOLVER)
  writeFileSync(join(root, 'etc/hostname'), 'guest\n')
  await run(['chroot', root, 'systemctl', 'enable', 'systemd-networkd', 'ssh'])
  mkdirSync(join(root, 'root/brume'))
  const without = ['./.git', './.state', './node_modules/.cache'].map((name) => `--exclude=${name}`)
  await run(['tar', '-C', ROOT, ...without, '-cf', join(dir, 'brume.tar'), '.'], { timeoutMs: 300_000 })
  await run(['tar', '-C', join(root, 'root/brume'), '-xf', join(dir, 'brume.tar')], { timeoutMs: 300_000 })
  rmSync(join(dir, 'brume.tar'))
  await run(['cp', kubectls().at(-1)!.path, join(root, 'usr/local/bin/kubectl')])
  await run(['mke2fs', '-q', '-t', 'ext4', '-d', root, join(dir, 'disk'), '8G'], { timeoutMs: 300_000 })
  rmSync(root, { recursive: true })
}
