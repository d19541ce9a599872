// Who may approve and sign certificate requests of which signer, and what nobody may ask for.

import { deepEqual } from '@brume/base/values'
import { parseCertificateRequest } from '../auth/pki/certificate-request.ts'
import type { Authorizer, UserInfo } from '../auth/types.ts'
import type { AdmissionDeps } from './deps.ts'
import { concerns, forbid, quoted } from './request.ts'
import type { AdmissionPlugin } from './types.ts'

const GROUP = 'certificates.k8s.io'
const REQUESTS = 'certificatesigningrequests'
const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client'
const SUPERUSERS = 'system:masters'

export function certificateApproval({ authorizer }: Pick<AdmissionDeps, 'authorizer'>): AdmissionPlugin {
  return {
    name: 'CertificateApproval',
    validate(request) {
      if (request.operation !== 'UPDATE' || !concerns(request, GROUP, REQUESTS, 'approval')) return
      const signer = String(request.oldObject?.['spec']?.signerName ?? '')
      if (may('approve', request.user, signer, authorizer)) return
      throw forbid(request, `user not permitted to approve requests with signerName ${quoted(signer)}`)
    },
  }
}

export function certificateSigning({ authorizer }: Pick<AdmissionDeps, 'authorizer'>): AdmissionPlugin {
  return {
    name: 'CertificateSigning',
    validate(request) {
      if (request.operation !== 'UPDATE' || !concerns(request, GROUP, REQUESTS, 'status')) return
      const [status = {}, old = {}] = [request.object?.['status'], request.oldObject?.['status']]
      if (deepEqual(status.certificate, old.certificate) && deepEqual(status.conditions, old.conditions))
        return
      const signer = String(request.oldObject?.['spec']?.signerName ?? '')
      if (may('sign', request.user, signer, authorizer)) return
      throw forbid(request, `user not permitted to sign requests with signerName ${quoted(signer)}`)
    },
  }
}

export function certificateSubjectRestriction(): AdmissionPlugin {
  return {
    name: 'CertificateSubjectRestriction',
    validate(request) {
      if (request.operation !== 'CREATE' || !concerns(request, GROUP, REQUESTS)) return
      const spec = request.object?.['spec'] ?? {}
      if (spec.signerName !== CLIENT_SIGNER) return
      const parsed = parseCertificateRequest(
        Buffer.from(String(spec.request ?? ''), 'base64').toString('latin1'),
      )
      if (parsed === undefined)
        throw forbid(request, 'unable to parse CSR: it is not a certificate request in PEM form')
      if (!parsed.subject.organizations.includes(SUPERUSERS)) return
      throw forbid(request, `use of ${CLIENT_SIGNER} signer with ${SUPERUSERS} group is not allowed`)
    },
  }
}

/** The right to one signer, or to all of its domain (`example.com/*`). */
function may(verb: string, user: UserInfo, signer: string, authorizer: Authorizer): boolean {
  const ask = (name: string) =>
    authorizer.authorize({
      ...{ resourceRequest: true, user, verb, group: GROUP, version: '*' },
      ...{ resource: 'signers', subresource: '', namespace: '', name },
    }).allowed
  return ask(signer) || ask(`${signer.split('/')[0]}/*`)
}
