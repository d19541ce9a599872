// Writes packages/api/src/facts/generated/*.json (shipped) and, with --all DIR, the facts of every other API group
// into DIR for the round-trip tests.
//   node tools/facts/generate.ts [--from DIR] [--all DIR]
// --from: a folder with the unpacked Debian packages; without it they are downloaded under .state/ (debian.ts).

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { kubernetesSources, sourceFolder } from './debian.ts'
import { type FactFile, factsOf, type LoadedPackage } from './facts.ts'
import { readGoPackage } from './go-source.ts'
import { type SourcePackage, sourcePackages } from './packages.ts'

const SHIPPED_FOLDER = join(import.meta.dirname, '../../packages/api/src/facts/generated')

/** Facts by package name (`apps/v1`) of everything under the unpacked packages. */
export function generateFacts(root: string): { source: SourcePackage; facts: FactFile }[] {
  const packages = new Map<string, LoadedPackage>()
  for (const source of sourcePackages(groupVersions(root))) {
    const folder = sourceFolder(root, source.importPath)
    packages.set(source.importPath, {
      source,
      go: readGoPackage(source.files.map((file) => join(folder, file))),
      protoMessages: messagesOf(join(folder, 'generated.proto')),
    })
  }
  return [...packages.values()].map((loaded) => ({ source: loaded.source, facts: factsOf(loaded, packages) }))
}

export function writeFacts(folder: string, source: SourcePackage, facts: FactFile): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${source.name.replace('/', '.')}.json`), `${JSON.stringify(facts, null, 1)}\n`)
}

function groupVersions(root: string): string[] {
  const folder = sourceFolder(root, 'k8s.io/api')
  const found: string[] = []
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const group = entry.name
    for (const version of readdirSync(join(folder, group))) {
      if (existsSync(join(folder, group, version, 'types.go'))) found.push(`${group}/${version}`)
    }
  }
  return found.sort()
}

function messagesOf(proto: string): Set<string> {
  const names = readFileSync(proto, 'utf8').matchAll(/^message (\w+) \{/gm)
  return new Set([...names].map((match) => match[1]!))
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { from: { type: 'string' }, all: { type: 'string' } } })
  const root = values.from ?? (await kubernetesSources())
  for (const { source, facts } of generateFacts(root)) {
    if (source.shipped) writeFacts(SHIPPED_FOLDER, source, facts)
    else if (values.all !== undefined) writeFacts(values.all, source, facts)
  }
}
