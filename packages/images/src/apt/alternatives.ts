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

/**
 * Of `update-alternatives --install LINK NAME PATH PRIORITY [--slave LINK NAME PATH]...`. Variables that are set to plain
 * text, and loops over words, are followed; what depends on more than that is passed over.
 */
export function parseAlternatives(script: string): Alternative[] {
  const found: Alternative[] = []
  const variables = new Map<string, string>()
  const loops: { variable: string; words: string[] }[] = []
  for (const line of linesOf(script)) {
    const assignment = /^\s*(\w+)=(?:'([^']*)'|"([^"]*)"|([^\s;'"]*))\s*;?$/.exec(line)
    const loop = /^\s*for\s+(\w+)\s+in\s+(.*?)\s*;?(?:\s*do)?\s*$/.exec(line)
    const install = /^\s*update-alternatives\s+(?:--quiet\s+)?--install\s+(.*)$/.exec(line)
    if (assignment !== null) {
      const [, name, single, double, bare] = assignment
      variables.set(name!, single ?? expanded(double ?? bare ?? '', variables))
    } else if (loop !== null) {
      loops.push({ variable: loop[1]!, words: expanded(loop[2]!, variables).split(/\s+/) })
    } else if (/^\s*done\b/.test(line)) loops.pop()
    else if (install !== null) {
      for (const scope of scopesOf(variables, loops)) {
        const one = alternativeOf(expanded(install[1]!, scope))
        if (one !== undefined) found.push(one)
      }
    }
  }
  return found
}

const MAX_SCOPES = 1000
/** Where something stands that is not known without running the script. */
const UNKNOWN = '\0'

/** With what is continued on the next line, by a backslash or an open quote of an assignment, on one. */
function linesOf(script: string): string[] {
  const joined = script.replaceAll(/\\\n/g, ' ')
  return joined.replaceAll(/^(\s*\w+=')([^']*)'/gm, (text) => text.replaceAll('\n', ' ')).split('\n')
}

/** The variables in each turn of the loops around. */
function scopesOf(
  variables: ReadonlyMap<string, string>,
  loops: readonly { variable: string; words: readonly string[] }[],
): ReadonlyMap<string, string>[] {
  let scopes: ReadonlyMap<string, string>[] = [variables]
  for (const { variable, words } of loops) {
    scopes = scopes
      .flatMap((scope) => words.map((word) => new Map([...scope, [variable, word]])))
      .slice(0, MAX_SCOPES)
  }
  return scopes
}

function expanded(text: string, variables: ReadonlyMap<string, string>): string {
  if (/`|\$\(/.test(text)) return UNKNOWN
  return text.replaceAll(
    /\$(?:\{(\w+)\}|(\w+)|.)/g,
    (_, braced, plain) => variables.get(braced ?? plain) ?? UNKNOWN,
  )
}

function alternativeOf(text: string): Alternative | undefined {
  const words = text
    .replace(/\s[|&;>#].*$/, '')
    .trim()
    .split(/\s+/)
    .map(unquoted)
  const [link = '', name = '', path = '', priority = ''] = words
  if (!isPlain([link, name, path]) || !/^\d+$/.test(priority)) return undefined
  const slaves: Alternative['slaves'] = []
  for (let at = 4; words[at] === '--slave'; at += 4) {
    const [link = '', name = '', path = ''] = words.slice(at + 1, at + 4)
    if (isPlain([link, name, path])) slaves.push({ link, name, path })
  }
  return { link, name, path, priority: Number(priority), slaves }
}

const unquoted = (word: string) => word.replaceAll(/^(["'])(.*)\1$/g, '$2')

function isPlain([link, name, path]: [string, string, string]): boolean {
  const plain = /^\/[\w./+-]+$/
  return plain.test(link) && plain.test(path) && /^[\w.+-]+$/.test(name)
}
