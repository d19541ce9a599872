// Mounting and unmounting, with the machine's own programs, and what is mounted.

import { readFile } from 'node:fs/promises'
import { RunError, run } from '@brume/machine/run'

export interface MountPoint {
  path: string
  type: string
}

/** Of this process's mount namespace, in the order in which they were mounted (proc_pid_mountinfo(5)). */
export async function mountPoints(): Promise<MountPoint[]> {
  return parseMountInfo(await readFile('/proc/self/mountinfo', 'utf8'))
}

export function parseMountInfo(text: string): MountPoint[] {
  const found: MountPoint[] = []
  for (const line of text.split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const path = before.split(' ')[4]
    if (path !== undefined) found.push({ path: unescapePath(path), type: after.split(' ')[0] ?? '' })
  }
  return found
}

/** `dir` itself and what is below, the last mounted first. `dir` without symbolic links. */
export async function mountsBelow(dir: string): Promise<MountPoint[]> {
  const all = await mountPoints()
  return all.filter(({ path }) => path === dir || path.startsWith(`${dir}/`)).reverse()
}

/** Throws RunError. `noswap` (Linux 6.4) is given where the kernel takes it. */
export async function mountTmpfs(dir: string, options: readonly string[]): Promise<void> {
  const mount = (all: readonly string[]) => run(['mount', '-t', 'tmpfs', '-o', all.join(','), 'tmpfs', dir])
  try {
    await mount([...options, 'noswap'])
  } catch (error) {
    if (!(error instanceof RunError) || error.code === 'ENOENT') throw error
    await mount(options)
  }
}

/** `source` is taken as it is, links of /proc/PID/fd too. Throws RunError. */
export async function bindMount(source: string, target: string): Promise<void> {
  try {
    await run(['mount', '--no-canonicalize', '--bind', source, target])
  } catch (error) {
    // Busybox never looks at the path itself, and has no such option.
    const unknown = error instanceof RunError && /(unrecognized|unknown|invalid) option/.test(error.stderr)
    if (!unknown) throw error
    await run(['mount', '-o', 'bind', source, target])
  }
}

/** Throws RunError; something that is not mounted any more is fine. */
export async function unmount(path: string): Promise<void> {
  try {
    await run(['umount', path])
  } catch (error) {
    const gone =
      error instanceof RunError && /not mounted|Invalid argument|no mount point/i.test(error.stderr)
    if (!gone) throw error
  }
}

function unescapePath(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}
