// `awk` is a link that a package's script makes when it is installed. Nothing is run here, so the links are read from
// the scripts: those that are written out plainly.

import { type FileTree, linkNode } from '../build/tree.ts'

interface Alternative {
  link: string
  name: string
  path: string
  priority: number
  slaves: Omit<Alternative, 'priority' | 'slaves'>[]
}

/** Makes the links of the strongest alternatives of these scripts, where nothing is yet. */
export function addAlternatives(tree: FileTree, scripts: readonly string[]): void {
  const best = new Map<string, Alternative>()
  for (const found of scripts.flatMap(parseAlternatives)) {
    if (tree.resolve(found.path.slice(1)) === undefined) continue
    const before = best.get(found.name)
    if (before === undefined || before.priority < found.priority) best.set(found.name, found)
  }
  for (const { slaves, ...master } of best.values()) {
    for (const { link, name, path } of [master, ...slaves]) {
      if (tree.resolve(path.slice(1)) === undefined || tree.get(link.slice(1)) !== undefined) continue
      tree.set(`etc/alternatives/${name}`, linkNode(path))
      tree.set(link.slice(1), linkNode(`/etc/alternatives/${name}`))
    }
  }
}

/** Of `update-alternatives --install LINK NAME PATH PRIORITY [--slave LINK NAME PATH]...`, without variables. */
export function parseAlternatives(script: string): Alternative[] {
  const found: Alternative[] = []
  for (const line of script.replaceAll(/\\\n/g, ' ').split('\n')) {
    const match = /^\s*update-alternatives\s+(?:--quiet\s+)?--install\s+(.*)$/.exec(line)
    if (match === null) continue
    const words = match[1]!
      .replace(/\s[|&;>#].*$/, '')
      .trim()
      .split(/\s+/)
      .map(unquoted)
    const [link = '', name = '', path = '', priority = ''] = words
    if (!isPlain([link, name, path]) || !/^\d+$/.test(priority)) continue
    const slaves: Alternative['slaves'] = []
    for (let at = 4; words[at] === '--slave'; at += 4) {
      const [link = '', name = '', path = ''] = words.slice(at + 1, at + 4)
      if (isPlain([link, name, path])) slaves.push({ link, name, path })
    }
    found.push({ link, name, path, priority: Number(priority), slaves })
  }
  return found
}

const unquoted = (word: string) => word.replaceAll(/^(["'])(.*)\1$/g, '$2')

function isPlain([link, name, path]: [string, string, string]): boolean {
  const plain = /^\/[\w./+-]+$/
  return plain.test(link) && plain.test(path) && /^[\w.+-]+$/.test(name)
}
