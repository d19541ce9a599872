// The shipped facts against the sources they come from. BRUME_K8S_SOURCES names a folder with the unpacked packages.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { compareMerge } from './compare-merge.ts'
import { protoDifferences } from './compare-proto.ts'
import { kubernetesSourcesIfAny } from './debian.ts'
import { generateFacts } from './generate.ts'

const root = await kubernetesSourcesIfAny()
const skip =
  root === undefined ? 'no Kubernetes sources: they come with Debian packages that cannot be had here' : false
const SHIPPED_FOLDER = join(import.meta.dirname, '../../packages/api/src/facts/generated')

test('the shipped facts are what the generator writes', { skip }, () => {
  for (const { source, facts } of generateFacts(root!)) {
    if (!source.shipped) continue
    const shipped = JSON.parse(
      readFileSync(join(SHIPPED_FOLDER, `${source.name.replace('/', '.')}.json`), 'utf8'),
    )
    assert.deepEqual(shipped, facts, source.name)
  }
})

test('list types, keys and granularity are those of the apply schema', { skip }, () => {
  const { compared, differences } = compareMerge(root!)
  assert.ok(compared > 300, `${compared} types were compared`)
  assert.deepEqual(differences, [])
})

test('every field number of the protos is known, and no other', { skip }, () => {
  for (const { source } of generateFacts(root!)) {
    if (source.shipped) assert.deepEqual(protoDifferences(root!, source), [], source.name)
  }
})
