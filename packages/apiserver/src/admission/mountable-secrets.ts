// A service account may say that its pods use no Secret but those it lists (kubernetes.io/enforce-mountable-secrets).

import type { KubeObject } from '@brume/api/object'
import type { Json } from './request.ts'

const ANNOTATION = 'kubernetes.io/enforce-mountable-secrets'
/** What Go's strconv.ParseBool takes for true. */
const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True']

/** The first Secret that the pod must not use, in words; undefined: none, or not enforced. */
export function mountableSecretsViolation(pod: KubeObject, account: KubeObject): string | undefined {
  if (!TRUE.includes(account.metadata.annotations?.[ANNOTATION] ?? '')) return undefined
  const because = `is not allowed because service account ${account.metadata.name} does not reference that`
  const listed = new Set<string>((account['secrets'] ?? []).map((ref: Json) => ref.name))
  const spec = pod['spec']
  for (const { secret } of spec.volumes ?? []) {
    if (secret !== undefined && !listed.has(secret.secretName)) {
      return `volume with secret.secretName="${secret.secretName}" ${because} secret`
    }
  }
  const kinds = [
    ['init container', spec.initContainers],
    ['container', spec.containers],
  ] as const
  for (const [kind, containers] of kinds) {
    for (const { name, env, envFrom } of containers ?? []) {
      for (const { name: variable, valueFrom } of env ?? []) {
        const secret = valueFrom?.secretKeyRef?.name
        if (secret !== undefined && !listed.has(secret)) {
          return `${kind} ${name} with envVar ${variable} referencing secret.secretName="${secret}" ${because} secret`
        }
      }
      for (const { secretRef } of envFrom ?? []) {
        if (secretRef !== undefined && !listed.has(secretRef.name)) {
          return `${kind} ${name} with envFrom referencing secret.secretName="${secretRef.name}" ${because} secret`
        }
      }
    }
  }
  const pulls = new Set<string>((account['imagePullSecrets'] ?? []).map((ref: Json) => ref.name))
  const refs: Json[] = spec.imagePullSecrets ?? []
  const index = refs.findIndex((ref) => !pulls.has(ref.name))
  if (index < 0) return undefined
  return `imagePullSecrets[${index}].name="${refs[index].name}" ${because} imagePullSecret`
}
