// Mounting and unmounting, with the machine's own programs.

import { RunError, run } from '@brume/machine/run'

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

/** Throws RunError: also for a page size that the machine does not have. */
export async function mountHugetlbfs(dir: string, options: readonly string[]): Promise<void> {
  await run(['mount', '-t', 'hugetlbfs', '-o', options.join(','), 'hugetlbfs', dir])
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
      error instanceof RunError &&
      /not mounted|Invalid argument|no mount point|No such file/i.test(error.stderr)
    if (!gone) throw error
  }
}
