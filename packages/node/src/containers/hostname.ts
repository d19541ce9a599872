// A pod's host name and domain.

import { isDNS1123Label } from '@brume/api/validate/names'
import { type Pod, PodProblem } from '../contract.ts'

const MAX_HOSTNAME = 63
/** The kernel's nodename without its final zero. */
const MAX_FQDN = 64

export interface PodHostname {
  hostname: string
  /** '' for a pod without a subdomain. */
  domain: string
}

/** Throws PodProblem for names that are no DNS labels. */
export function podHostname(pod: Pod, clusterDomain: string): PodHostname {
  const { hostname = '', subdomain = '' } = pod['spec']
  check('Hostname', hostname)
  check('Subdomain', subdomain)
  const chosen = hostname === '' ? (pod.metadata.name ?? '') : hostname
  return {
    hostname: chosen.length <= MAX_HOSTNAME ? chosen : chosen.slice(0, MAX_HOSTNAME).replace(/[-.]+$/, ''),
    domain: subdomain === '' ? '' : `${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}`,
  }
}

/** What the kernel is told: the whole name with setHostnameAsFQDN. Throws PodProblem when it is too long for that. */
export function kernelHostname(pod: Pod, { hostname, domain }: PodHostname): string {
  if (domain === '' || pod['spec'].setHostnameAsFQDN !== true) return hostname
  const fqdn = `${hostname}.${domain}`
  if (fqdn.length <= MAX_FQDN) return fqdn
  throw new PodProblem(
    'FailedCreatePodSandBox',
    `failed to construct FQDN from pod hostname and cluster domain, FQDN ${fqdn} is too long (${MAX_FQDN} characters is the max, ${fqdn.length} characters requested)`,
  )
}

function check(field: string, value: string): void {
  if (value === '') return
  const wrong = isDNS1123Label(value)
  if (wrong.length === 0) return
  const message = `pod ${field} ${JSON.stringify(value)} is not a valid DNS label: ${wrong.join(';')}`
  throw new PodProblem('FailedCreatePodSandBox', message)
}
