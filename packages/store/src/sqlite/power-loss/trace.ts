// A recording of strace, read: what a process asked of its files, call by call, each with its beginning and its end.
// strace writes a line when a thread enters or leaves a call, so the lines are in an order in which it happened.

/** Of `strace`: every call that changes a file, with its data, and those that make it durable. */
export const STRACE = [
  'strace',
  ...['-f', '--seccomp-bpf', '-qqq', '-y', '-xx'],
  ...['-s', String(1 << 24), '-e', 'signal=none', '-e'],
  'trace=openat,write,pwrite64,ftruncate,fsync,fdatasync,unlink,rename,mkdir,rmdir,copy_file_range,' +
    // Nothing here knows what these would do: they must not occur.
    'pwritev,pwritev2,writev,fallocate,sync_file_range,sendfile,link,linkat,symlink,renameat,renameat2,unlinkat,mkdirat',
] as const

export type Call =
  | { name: 'open'; path: string; create: boolean; truncate: boolean }
  /** `at` undefined: where the last write to the descriptor ended. */
  | { name: 'write'; descriptor: number; path: string; at: number | undefined; bytes: Buffer }
  /** Of one file, from its beginning, into another. */
  | { name: 'copy'; descriptor: number; path: string; from: string; size: number }
  | { name: 'truncate'; path: string; size: number }
  | { name: 'sync' | 'unlink' | 'mkdir' | 'rmdir'; path: string }
  | { name: 'rename'; path: string; to: string }

/** `result` undefined: the process ended in the middle; negative: refused. */
export type Step = { begin: Call } | { end: Call; result: number | undefined }

const LINE = /^(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)$/s
const UNFINISHED = ' <unfinished ...>'
const RESULT = /\) += (\?|-?\d+)/
const STRING = '"((?:\\\\x[0-9a-f]{2})*)"'
const DESCRIPTOR = '(\\d+)<((?:\\\\x[0-9a-f]{2})*)>(?:\\(deleted\\))?'
const FOLDER = '(?:AT_FDCWD(?:<[^>]*>)?, )'

const PATTERNS = {
  openat: new RegExp(`^${FOLDER}${STRING}, ([A-Z_|]+)`),
  write: new RegExp(`^${DESCRIPTOR}, ${STRING}, (\\d+)`),
  pwrite64: new RegExp(`^${DESCRIPTOR}, ${STRING}, (\\d+), (\\d+)`),
  copy_file_range: new RegExp(`^${DESCRIPTOR}, \\[0\\], ${DESCRIPTOR}, NULL, (\\d+)`),
  ftruncate: new RegExp(`^${DESCRIPTOR}, (\\d+)`),
  fsync: new RegExp(`^${DESCRIPTOR}`),
  fdatasync: new RegExp(`^${DESCRIPTOR}`),
  unlink: new RegExp(`^${STRING}`),
  rmdir: new RegExp(`^${STRING}`),
  mkdir: new RegExp(`^${STRING}`),
  rename: new RegExp(`^${STRING}, ${STRING}`),
} as const

/** Throws on a call that it does not know and that is about something below `root`. */
export function readTrace(text: string, root: string): Step[] {
  const below = Buffer.from(root).toString('hex').replaceAll(/../g, '\\x$&')
  const steps: Step[] = []
  const open = new Map<string, Call>()
  for (const line of text.split('\n')) {
    const [, thread, resumed, started, rest] = LINE.exec(line) ?? []
    if (thread === undefined || rest === undefined) continue
    if (started !== undefined && !(started in PATTERNS) && !rest.includes(below)) continue
    const call = started !== undefined ? callOf(started, rest) : open.get(thread)
    if (started !== undefined && call !== undefined) steps.push({ begin: call })
    if (rest.endsWith(UNFINISHED)) {
      if (call !== undefined) open.set(thread, call)
      continue
    }
    if (resumed !== undefined) open.delete(thread)
    if (call === undefined) continue
    const result = RESULT.exec(rest)?.[1]
    steps.push({ end: call, result: result === undefined || result === '?' ? undefined : Number(result) })
  }
  return steps
}

/** undefined: of no interest, because nothing is opened for writing. */
function callOf(name: string, rest: string): Call | undefined {
  if (!(name in PATTERNS))
    throw new Error(`the recording has a call that it cannot play: ${name}(${rest.slice(0, 200)}`)
  const known = name as keyof typeof PATTERNS
  const [, ...found] = PATTERNS[known].exec(rest) ?? []
  if (found.length === 0) {
    throw new Error(`the recording has a line that it cannot read: ${name}(${rest.slice(0, 200)}`)
  }
  const text = (at: number) => bytesOf(found[at] ?? '').toString()
  const number = (at: number) => Number(found[at])
  switch (known) {
    case 'openat': {
      const flags = found[1]!.split('|')
      if (flags.includes('O_RDONLY') && !flags.includes('O_CREAT')) return undefined
      return {
        name: 'open',
        path: text(0),
        create: flags.includes('O_CREAT'),
        truncate: flags.includes('O_TRUNC'),
      }
    }
    case 'write':
      return {
        name: 'write',
        descriptor: number(0),
        path: text(1),
        at: undefined,
        bytes: bytesOf(found[2]!),
      }
    case 'pwrite64':
      return {
        name: 'write',
        descriptor: number(0),
        path: text(1),
        at: number(4),
        bytes: bytesOf(found[2]!),
      }
    case 'copy_file_range':
      return { name: 'copy', from: text(1), descriptor: number(2), path: text(3), size: number(4) }
    case 'ftruncate':
      return { name: 'truncate', path: text(1), size: number(2) }
    case 'fsync':
    case 'fdatasync':
      return { name: 'sync', path: text(1) }
    case 'rename':
      return { name: 'rename', path: text(0), to: text(1) }
    default:
      return { name: known, path: text(0) }
  }
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex')
}
