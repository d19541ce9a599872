// Warnings on writes of custom resources: a deprecated version, finalizers that could collide with others'.

import type { KindBehaviour } from '@brume/api/resource'
import { isQualifiedName } from '@brume/api/validate/names'

const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(['orphan', 'foregroundDeletion', 'kubernetes'])

export function customWarnings(
  group: string,
  kind: string,
  version: { name: string; deprecated?: boolean; deprecationWarning?: string },
): NonNullable<KindBehaviour['warnings']> {
  const deprecation =
    version.deprecated === true
      ? [version.deprecationWarning || `${group}/${version.name} ${kind} is deprecated`]
      : []
  return (object, old) => {
    const before = new Set(old?.metadata.finalizers ?? [])
    const added = (object.metadata.finalizers ?? []).filter((finalizer) => !before.has(finalizer))
    return [...deprecation, ...[...new Set(added)].sort().flatMap(finalizerWarnings)]
  }
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
