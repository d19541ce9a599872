// Every kind of k8s.io/api in JSON, YAML and protobuf, as Kubernetes itself wrote them: read and written back byte for
// byte. The fixtures come from Debian's package; BRUME_K8S_SOURCES names a folder with the unpacked packages.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodeJson, parseJsonBody } from '@brume/api/codec/json'
import { decodeEnvelope, decodeProtobuf, encodeProtobuf } from '@brume/api/codec/protobuf'
import { encodeYaml, parseYamlBody } from '@brume/api/codec/yaml'
import { registerFacts } from '@brume/api/facts/facts'
import { definitionNames, schemaFor } from '@brume/api/schema/compile'
import { decodeBuiltin } from '@brume/api/schema/decode'
import type { ObjectSchema } from '@brume/api/schema/schema'
import { fixtureFolder, kubernetesSourcesIfAny } from './debian.ts'
import { generateFacts } from './generate.ts'

const folder = await fixtureFolder()
const sources = await kubernetesSourcesIfAny()
const skip =
  folder === undefined || sources === undefined
    ? 'no Kubernetes fixtures: they come with Debian packages that cannot be had here'
    : false

/** API group -> folder of its Go package, where it is not the first label. */
const GROUP_FOLDERS: Record<string, string> = { '': 'core', 'internal.apiserver.k8s.io': 'apiserverinternal' }

function schemaOf(fixture: string): ObjectSchema {
  const [, group = '', version = '', kind = ''] = /^(?:core|(.+))\.(v\w+)\.(\w+)$/.exec(fixture)!
  const goFolder = GROUP_FOLDERS[group] ?? group.split('.')[0]!
  const name = `io.k8s.api.${goFolder}.${version}.${kind}`
  return schemaFor(known.has(name) ? name : `io.k8s.apimachinery.pkg.apis.meta.v1.${kind}`)
}

const known = new Set<string>()

test('every fixture is the same after a round trip', { skip }, async (t) => {
  for (const { source, facts } of generateFacts(sources!)) {
    if (!source.shipped) registerFacts(source.name, facts)
  }
  for (const name of definitionNames()) known.add(name)
  const fixtures = readdirSync(folder!).flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -5)] : []))
  assert.ok(fixtures.length > 150, 'the fixtures are there')
  for (const fixture of fixtures) await t.test(fixture, () => roundTrip(fixture))
})

function roundTrip(fixture: string): void {
  const schema = schemaOf(fixture)
  const json = readFileSync(join(folder!, `${fixture}.json`), 'utf8')
  const yaml = readFileSync(join(folder!, `${fixture}.yaml`), 'utf8')
  const protobuf = readFileSync(join(folder!, `${fixture}.pb`))
  const { value, strictErrors } = parseJsonBody(json)
  const fromJson = decodeBuiltin(value, schema)
  assert.deepEqual([...strictErrors, ...fromJson.unknownFields], [])
  assert.equal(encodeJson(fromJson.value, true).trimEnd(), json.trimEnd(), 'JSON')
  assert.equal(encodeYaml(fromJson.value), yaml, 'YAML')
  const fromYaml = decodeBuiltin(parseYamlBody(yaml).value, schema).value
  assert.equal(encodeJson(fromYaml, true).trimEnd(), json.trimEnd(), 'YAML to JSON')
  const fromProtobuf = decodeProtobuf(protobuf, () => schema)
  // WatchEvent is the one kind without apiVersion and kind.
  const { apiVersion, kind } = decodeEnvelope(protobuf)
  if (kind !== '') assert.equal(encodeJson(fromProtobuf, true).trimEnd(), json.trimEnd(), 'protobuf to JSON')
  assert.ok(encodeProtobuf({ ...fromJson.value, apiVersion, kind }, schema).equals(protobuf), 'protobuf')
}
