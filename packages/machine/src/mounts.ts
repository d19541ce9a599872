// The mounts of this machine, as proc(5) describes /proc/self/mountinfo.

import { readFileSync } from 'node:fs'

export interface Mount {
  /** Where it is. */
  path: string
  type: string
  source: string
  /** Of the mount and of the file system together: `rw`, `nosuid`, ... */
  options: readonly string[]
}

/** `text` holds a byte in each letter: paths may be of any encoding, and parts of them are written as octal numbers. */
export function mounts(text = readFileSync('/proc/self/mountinfo', 'latin1')): Mount[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(parseLine)
}

/** Those at `dir` or below it, the innermost and latest first: the order in which they can be taken away. */
export function mountsBelow(dir: string, all = mounts()): Mount[] {
  return all.filter(({ path }) => path === dir || path.startsWith(`${dir}/`)).reverse()
}

/** id, parent, device, root, path, options, optional fields..., `-`, type, source, options of the file system. */
function parseLine(line: string): Mount {
  const [first, second] = line.split(' - ') as [string, string]
  const fields = first.split(' ')
  const [type = '', source = '', superOptions = ''] = second.split(' ')
  return {
    path: plainPath(fields[4]!),
    type,
    source: plainPath(source),
    options: [...fields[5]!.split(','), ...superOptions.split(',')],
  }
}

/** Blanks and backslashes are written as octal numbers, byte by byte; other bytes stand for themselves. */
function plainPath(text: string): string {
  const bytes = text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
