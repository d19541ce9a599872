// Warnings about custom resources: a deprecated version, finalizers that could collide with others'.

import type { KubeObject } from '@brume/api/object'
import { isQualifiedName } from '@brume/api/validate/names'
import { compareVersions } from '../registry/resources.ts'

const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(['orphan', 'foregroundDeletion', 'kubernetes'])

interface Version {
  name: string
  served?: boolean
  deprecated?: boolean
  deprecationWarning?: string
}

/** What every request to a deprecated version is told: the author's words, or which version to use. */
export function deprecationOf(
  { group, kind }: { group: string; kind: string },
  version: Version,
  all: readonly Version[],
): { deprecation?: string } {
  if (version.deprecated !== true) return {}
  if (version.deprecationWarning) return { deprecation: version.deprecationWarning }
  const better = all
    .filter(
      ({ name, served, deprecated }) => served && !deprecated && compareVersions(name, version.name) < 0,
    )
    .map(({ name }) => name)
    .sort(compareVersions)[0]
  const instead = better === undefined ? '' : `; use ${group}/${better} ${kind}`
  return { deprecation: `${group}/${version.name} ${kind} is deprecated${instead}` }
}

export function customWarnings(object: KubeObject, old: KubeObject | undefined): string[] {
  const before = new Set(old?.metadata.finalizers ?? [])
  const added = (object.metadata.finalizers ?? []).filter((finalizer) => !before.has(finalizer))
  return [...new Set(added)].sort().flatMap(finalizerWarnings)
}

function finalizerWarnings(finalizer: string): string[] {
  const at = `metadata.finalizers: ${JSON.stringify(finalizer)}`
  const warnings = isQualifiedName(finalizer).map((message) => `${at}: ${message}`)
  if (finalizer.includes('/') || STANDARD_FINALIZERS.has(finalizer)) return warnings
  const path = finalizer.includes('.') ? ' including a path (/)' : ''
  return [
    ...warnings,
    `${at}: prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`,
  ]
}
