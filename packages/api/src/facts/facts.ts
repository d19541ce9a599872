// The fact tables that ship with the product, by the name that other facts use for them (`core/v1`); README.md describes
// the format. Files, not JSON modules: those take ten times as long to load, and here each is read when first needed.

import { readFileSync } from 'node:fs'

export interface FactPackage {
  /** Prefix of the OpenAPI definition names: `io.k8s.api.core.v1`. */
  package: string
  /** Type name -> its header and its lines. */
  types: Readonly<Record<string, readonly string[]>>
}

const GENERATED = [
  'admission/v1',
  'admissionregistration/v1',
  'apidiscovery/v2',
  'apidiscovery/v2beta1',
  'apps/v1',
  'authentication/v1',
  'authorization/v1',
  'autoscaling/v1',
  'autoscaling/v2',
  'batch/v1',
  'certificates/v1',
  'coordination/v1',
  'core/v1',
  'discovery/v1',
  'events/v1',
  'flowcontrol/v1',
  'meta/v1',
  'metrics/v1beta1',
  'networking/v1',
  'node/v1',
  'policy/v1',
  'rbac/v1',
  'scheduling/v1',
  'storage/v1',
]
const HAND = ['apiextensions/v1', 'apiregistration/v1']

/** Definition prefixes that do not follow `io.k8s.api.<group>.<version>`. */
const PREFIXES = new Map([
  ['io.k8s.apimachinery.pkg.apis.meta.v1', 'meta/v1'],
  ['io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1', 'apiextensions/v1'],
  ['io.k8s.kube-aggregator.pkg.apis.apiregistration.v1', 'apiregistration/v1'],
  ['io.k8s.metrics.pkg.apis.metrics.v1beta1', 'metrics/v1beta1'],
])

const files = new Map([
  ...GENERATED.map((name) => [name, fileOf('generated', name)] as const),
  ...HAND.map((name) => [name, fileOf('hand', name)] as const),
])
const loaded = new Map<string, FactPackage>()

/** Facts of a package such as `core/v1`; undefined when there are none. */
export function factPackage(name: string): FactPackage | undefined {
  const known = loaded.get(name)
  const file = files.get(name)
  if (known !== undefined || file === undefined) return known
  const facts = JSON.parse(readFileSync(file, 'utf8')) as FactPackage
  loaded.set(name, facts)
  return facts
}

/** Names of all known packages. */
export function factPackageNames(): string[] {
  return [...new Set([...files.keys(), ...loaded.keys()])]
}

/** `io.k8s.api.core.v1` -> `core/v1`, whether there are facts of it or not. */
export function packageOfDefinitions(prefix: string): string {
  return PREFIXES.get(prefix) ?? prefix.replace(/^io\.k8s\.api\./, '').replace('.', '/')
}

/** Adds facts beyond those shipped: the round-trip tests cover groups that the product does not serve. */
export function registerFacts(name: string, facts: FactPackage): void {
  loaded.set(name, facts)
}

function fileOf(folder: string, name: string): URL {
  return new URL(`./${folder}/${name.replace('/', '.')}.json`, import.meta.url)
}
