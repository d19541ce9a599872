// The certificates that a listener names: those that are good, and what is wrong with the others.

import type { KubeObject } from '@brume/api/object'
import { type Json, listOf } from '@brume/api/validate/json'
import type { Certificate } from '../../model.ts'
import { ageOf } from '../../source.ts'
import { type Finding, no } from './condition.ts'
import { grantNeeded, isGranted } from './grants.ts'
import type { Surroundings } from './observed.ts'

export interface CertificateParts extends Pick<Surroundings, 'certificateProblem'> {
  grants: readonly KubeObject[]
}

/** The first that is wrong is told; the good ones are used. */
export function certificatesOf(
  gateway: KubeObject,
  { tls, hostname }: Json,
  { grants, certificateProblem }: CertificateParts,
): { certificates: Certificate[]; broken: Finding | undefined } {
  const refs = listOf(tls?.certificateRefs)
  const certificates: Certificate[] = []
  const hosts = hostname === undefined || hostname === '' ? [] : [hostname.toLowerCase()]
  const by = { object: gateway, order: ageOf(gateway) }
  let broken: Finding | undefined
  const breaks = (reason: string, message: string) => {
    broken ??= no('ResolvedRefs', reason, `tls.certificateRefs: ${message}`)
  }
  if (refs.length === 0) breaks('InvalidCertificateRef', 'empty; name a Secret of type kubernetes.io/tls')
  for (const { group = '', kind = 'Secret', namespace = gateway.metadata.namespace, name } of refs) {
    const reference = {
      fromKind: 'Gateway',
      fromNamespace: gateway.metadata.namespace ?? '',
      toGroup: group,
      toKind: kind,
      toNamespace: namespace,
      toName: name,
    }
    if (group !== '' || kind !== 'Secret') {
      breaks('InvalidCertificateRef', `${kind} ${name} is no Secret; name one of type kubernetes.io/tls`)
    } else if (isGranted(reference, grants)) {
      const problem = certificateProblem(namespace, name)
      if (problem === undefined) certificates.push({ namespace, secret: name, hosts, by })
      else breaks('InvalidCertificateRef', `Secret ${namespace}/${name} ${problem}`)
    } else breaks('RefNotPermitted', grantNeeded(reference))
  }
  return { certificates, broken }
}
