// Compares the facts, which come from the Go types' tags, with the messages of generated.proto: every field of a
// message must be here under its number, and no other.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { messagePlan } from '@brume/api/codec/protobuf-plan'
import { definitionNames, schemaFor } from '@brume/api/schema/compile'
import { sourceFolder } from './debian.ts'
import type { SourcePackage } from './packages.ts'

const MESSAGE = /^message (\w+) \{\n([\s\S]*?)^\}/gm
const FIELD = /^ {2}(?:optional|repeated|required|map<[^>]*>)[^=]*? (\w+) = (\d+);/gm

/** One line for each field number that one side lacks. */
export function protoDifferences(root: string, source: SourcePackage): string[] {
  const text = readFileSync(join(sourceFolder(root, source.importPath), 'generated.proto'), 'utf8')
  const known = new Set(definitionNames())
  const differences: string[] = []
  for (const [, name = '', body = ''] of text.matchAll(MESSAGE)) {
    const definition = `${source.definitions}.${name}`
    if (!known.has(definition)) continue
    const ours = messagePlan(schemaFor(definition)).entries.map((entry) => entry.number)
    const theirs = [...body.matchAll(FIELD)].map((match) => Number(match[2]))
    for (const number of theirs)
      if (!ours.includes(number)) differences.push(`${definition}: lacks ${number}`)
    for (const number of ours) if (!theirs.includes(number)) differences.push(`${definition}: has ${number}`)
  }
  return differences
}
