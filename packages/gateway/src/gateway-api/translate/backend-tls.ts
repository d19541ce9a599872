// Services that are spoken to by TLS whose certificate is checked. Source: the Gateway API's reference,
// "BackendTLSPolicy". Who is asked by a policy that is no good gets nothing: never a connection that is less than asked for.

import { X509Certificate } from 'node:crypto'
import type { KubeObject } from '@brume/api/object'
import { type Json, listOf } from '@brume/api/validate/json'
import { keyOf } from '@brume/client/resource-ref'
import type { BackendTls } from '../../model.ts'
import { ageOf } from '../../source.ts'
import { type Finding, no, yes } from './condition.ts'
import type { Surroundings } from './observed.ts'

export interface TranslatedPolicy {
  policy: KubeObject
  /** Accepted and ResolvedRefs. */
  findings: Finding[]
  /** Keys of Gateways of ours through which it is used. */
  gateways: Set<string>
}

/** What is to be done: TLS, or nothing since it cannot be as it is asked for. */
export type Asked = { tls: BackendTls } | { problem: string }

export type PolicyParts = Pick<Surroundings, 'configMap' | 'service'>

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g
const HOSTNAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/
/** Of all ports of a Service. */
const WHOLE = ''

export class BackendPolicies {
  readonly all: readonly TranslatedPolicy[]
  /** Service -> name of its port, or WHOLE. */
  readonly #targets = new Map<string, Map<string, Asked>>()
  readonly #byService = new Map<string, TranslatedPolicy[]>()

  constructor(policies: readonly KubeObject[], parts: PolicyParts) {
    const sorted = [...policies].sort((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1))
    const owners = new Map<string, string>()
    this.all = sorted.map((policy) => {
      const judged = judge(policy, parts)
      const one: TranslatedPolicy = { policy, findings: [], gateways: new Set() }
      let accepted = judged.refusal
      for (const { service, section } of targetsOf(policy)) {
        const place = `${service} ${section}`
        const owner = owners.get(place)
        this.#byService.set(service, [...(this.#byService.get(service) ?? []), one])
        const missing = sectionProblem(policy, { service, section }, parts)
        if (missing !== undefined) accepted ??= no('Accepted', 'TargetNotFound', missing)
        else if (owner !== undefined)
          accepted ??= no(
            'Accepted',
            'Conflicted',
            `targetRefs: Service ${service} is that of policy ${owner}, which is older; remove it`,
          )
        else {
          owners.set(place, keyOf(policy))
          const sections = this.#targets.get(service) ?? new Map<string, Asked>()
          this.#targets.set(service, sections.set(section, judged.asked))
        }
      }
      one.findings.push(
        accepted ?? yes('Accepted', 'Accepted', 'the Services are spoken to by TLS'),
        judged.resolved,
      )
      return one
    })
  }

  /** undefined: no policy is for it. That for a port goes before that for the whole Service. */
  askedOf(namespace: string, service: string, port: string): Asked | undefined {
    const sections = this.#targets.get(`${namespace}/${service}`)
    return sections?.get(port) ?? sections?.get(WHOLE)
  }

  /** A route of some Gateways leads to the Service. */
  use(namespace: string, service: string, gateways: Iterable<string>): void {
    for (const one of this.#byService.get(`${namespace}/${service}`) ?? [])
      for (const gateway of gateways) one.gateways.add(gateway)
  }
}

export const NO_POLICIES = new BackendPolicies([], { configMap: () => undefined, service: () => undefined })

function targetsOf(policy: KubeObject): { service: string; section: string }[] {
  return listOf(policy['spec'].targetRefs)
    .filter(({ group = '', kind }) => group === '' && kind === 'Service')
    .map(({ name, sectionName = WHOLE }) => ({
      service: `${policy.metadata.namespace ?? ''}/${name}`,
      section: sectionName,
    }))
}

function sectionProblem(
  { metadata }: KubeObject,
  { service, section }: { service: string; section: string },
  parts: PolicyParts,
): string | undefined {
  const found = parts.service(metadata.namespace ?? '', service.slice(service.indexOf('/') + 1))
  if (found === undefined) return `targetRefs: Service ${service} does not exist; create it`
  const ports = listOf(found['spec'].ports).map(({ name = '' }) => name)
  return section === WHOLE || ports.includes(section)
    ? undefined
    : `targetRefs: Service ${service} has no port named ${section}; it has ${ports.join(', ')}`
}

function judge(
  policy: KubeObject,
  parts: PolicyParts,
): { asked: Asked; refusal: Finding | undefined; resolved: Finding } {
  const { validation = {} } = policy['spec']
  const good = yes('ResolvedRefs', 'ResolvedRefs', 'all references are good')
  const refuse = (refusal: Finding, resolved = good) => ({
    asked: { problem: `BackendTLSPolicy ${keyOf(policy)}: ${refusal.message}` },
    refusal,
    resolved,
  })
  const fault = faultOf(validation)
  if (fault !== undefined) return refuse(no('Accepted', 'Invalid', `validation.${fault}`))
  const { hostname } = validation
  const refs = listOf(validation.caCertificateRefs)
  if (refs.length === 0)
    return { asked: { tls: { authority: 'system', hostname } }, refusal: undefined, resolved: good }
  const found = refs.map((ref) => authorityOf(policy, ref, parts))
  const broken = found.find((one) => typeof one !== 'string')
  if (broken !== undefined) {
    const resolved = no('ResolvedRefs', broken.reason, broken.message)
    return refuse(no('Accepted', 'NoValidCACertificate', broken.message), resolved)
  }
  return { asked: { tls: { authority: found.join(''), hostname } }, refusal: undefined, resolved: good }
}

/** What the API forbids, and what HAProxy cannot do. */
function faultOf({ caCertificateRefs, wellKnownCACertificates, hostname, subjectAltNames }: Json) {
  const known = wellKnownCACertificates ?? ''
  const some = listOf(caCertificateRefs).length > 0
  if (some && known !== '') return 'wellKnownCACertificates: not beside caCertificateRefs; remove one'
  if (!some && known !== 'System')
    return known === ''
      ? 'caCertificateRefs: empty; name a ConfigMap, or set wellKnownCACertificates to System'
      : `wellKnownCACertificates: ${known} is not served; use System`
  if (!HOSTNAME.test(hostname)) return `hostname: ${JSON.stringify(hostname)} is no name of a host`
  const others = listOf(subjectAltNames).filter((one) => one.type !== 'Hostname' || one.hostname !== hostname)
  return others.length === 0
    ? undefined
    : 'subjectAltNames: the edge checks hostname alone; remove it, and set hostname to what is in the certificate'
}

function authorityOf(
  { metadata }: KubeObject,
  { group = '', kind, name }: Json,
  { configMap }: PolicyParts,
): string | { reason: string; message: string } {
  const wrong = (reason: string, what: string) => ({
    reason,
    message: `validation.caCertificateRefs: ${kind} ${metadata.namespace}/${name} ${what}`,
  })
  if (group !== '' || kind !== 'ConfigMap') return wrong('InvalidKind', 'is no ConfigMap; name one')
  const found = configMap(metadata.namespace ?? '', name)
  if (found === undefined) return wrong('InvalidCACertificateRef', 'does not exist; create it')
  const text = String(found['data']?.['ca.crt'] ?? '')
  try {
    const certificates = (text.match(PEM) ?? [text]).map((pem) => new X509Certificate(pem))
    // Written anew: what else is in it is not for HAProxy.
    return certificates.map((one) => `${one.toString().trim()}\n`).join('')
  } catch {
    return wrong('InvalidCACertificateRef', 'holds no certificate in PEM under the key ca.crt; put one there')
  }
}
