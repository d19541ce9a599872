// PodSecurity: pods keep to the level that their namespace's labels enforce; what would break a level that is only
// warned of is told in the Warning header, and what breaks the level to be audited in the audit log, also for templates of
// pods.

import type { KubeObject } from '@brume/api/object'
import type { AdmissionDeps } from '../deps.ts'
import { forbid, type Json } from '../request.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../types.ts'
import type { PodTemplate } from './check.ts'
import { checkNamespace } from './namespace.ts'
import { describeViolations, formatLevel, type LevelVersion, readPolicy, violations } from './policy.ts'

/** Where kinds keep the template of their pods. */
const TEMPLATES: Readonly<Record<string, (object: Json) => Json>> = {
  '/replicationcontrollers': ({ spec }) => spec?.template,
  '/podtemplates': ({ template }) => template,
  'apps/replicasets': ({ spec }) => spec?.template,
  'apps/deployments': ({ spec }) => spec?.template,
  'apps/statefulsets': ({ spec }) => spec?.template,
  'apps/daemonsets': ({ spec }) => spec?.template,
  'batch/jobs': ({ spec }) => spec?.template,
  'batch/cronjobs': ({ spec }) => spec?.jobTemplate?.spec?.template,
}
/** Subresources that cannot change what a pod is. */
const HARMLESS = ['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status']

export function podSecurity({ reader }: Pick<AdmissionDeps, 'reader'>): AdmissionPlugin {
  return {
    name: 'PodSecurity',
    validate(request) {
      const { operation, resource, object } = request
      if ((operation !== 'CREATE' && operation !== 'UPDATE') || object === undefined) return
      const kind = `${resource.group}/${resource.plural}`
      if (kind === '/namespaces') checkNamespace(request, object, reader)
      const template = kind === '/pods' ? undefined : TEMPLATES[kind]?.(object)
      const isPod = kind === '/pods' && isSignificant(request, object)
      if (!isPod && (template === undefined || request.subresource !== '')) return
      const namespace = reader.get('', 'namespaces', '', request.namespace)
      const labels = namespace?.metadata.labels ?? {}
      if (isPod) checkPod(request, object as PodTemplate & KubeObject, labels)
      else {
        const { policy } = readPolicy(labels)
        tell(request, { metadata: template.metadata ?? {}, spec: template.spec ?? {} }, policy)
      }
    },
  }
}

function checkPod(request: AdmissionRequest, pod: PodTemplate, labels: Record<string, string>): void {
  const { policy } = readPolicy(labels)
  request.annotate('pod-security.kubernetes.io/enforce-policy', formatLevel(policy.enforce))
  const found = violations(pod, policy.enforce)
  if (found.length > 0) {
    const level = JSON.stringify(formatLevel(policy.enforce))
    throw forbid(request, `violates PodSecurity ${level}: ${describeViolations(found)}`)
  }
  tell(request, pod, policy)
}

/** What does not refuse. */
function tell(
  request: AdmissionRequest,
  pod: PodTemplate,
  { audit, warn }: Record<'audit' | 'warn', LevelVersion>,
) {
  const recorded = breach(pod, audit)
  if (recorded !== undefined) request.annotate('pod-security.kubernetes.io/audit-violations', recorded)
  const warned = breach(pod, warn)
  if (warned !== undefined) request.warn(warned)
}

function breach(pod: PodTemplate, level: LevelVersion): string | undefined {
  const found = violations(pod, level)
  if (found.length === 0) return undefined
  return `would violate PodSecurity ${JSON.stringify(formatLevel(level))}: ${describeViolations(found)}`
}

/** Updates change little of a pod: images, and added containers. */
function isSignificant({ operation, subresource, oldObject }: AdmissionRequest, pod: KubeObject): boolean {
  if (HARMLESS.includes(subresource)) return false
  if (operation === 'CREATE' || oldObject === undefined) return true
  const [spec, old] = [pod['spec'], oldObject['spec']]
  return ['containers', 'initContainers', 'ephemeralContainers'].some((field) => {
    const [now, before]: [Json[], Json[]] = [spec[field] ?? [], old[field] ?? []]
    if (now.length !== before.length) return true
    return now.some((one) => before.find(({ name }) => name === one.name)?.image !== one.image)
  })
}
