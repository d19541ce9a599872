// Signs approved requests of the kubernetes.io signers, after checking once more that they may be signed.

import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import { CERTIFICATE_SIGNING_REQUESTS } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer, type Plan } from '@brume/client/controller'
import type { Dependencies } from '../dependencies.ts'
import { parseRequest } from './request.ts'
import {
  CLIENT_SIGNER,
  hasCondition,
  KUBELET_CLIENT_SIGNER,
  KUBELET_SERVING_SIGNER,
  refusal,
} from './rules.ts'

export interface SignRequestInput {
  /** `-----BEGIN CERTIFICATE REQUEST-----`. */
  requestPem: string
  signerName: string
  /** Names as in certificates.k8s.io, e.g. `client auth`. */
  usages: readonly string[]
  durationSeconds: number
}

/** The certificate's PEM, possibly with intermediates after it. */
export type SignRequest = (input: SignRequestInput) => Promise<string>

export type SignerAction =
  | { type: 'sign'; request: KubeObject; input: SignRequestInput }
  | { type: 'fail'; request: KubeObject }

const SIGNERS = [CLIENT_SIGNER, KUBELET_CLIENT_SIGNER, KUBELET_SERVING_SIGNER]
/** Kubernetes' default and bounds: a year, at least ten minutes. */
const MAX_SECONDS = 365 * 24 * 3600
const MIN_SECONDS = 600

export function certificateSigner({ client, informers }: Dependencies, sign: SignRequest): ControllerSpec {
  const requests = informers.for(CERTIFICATE_SIGNING_REQUESTS)
  const resource = client.resource(CERTIFICATE_SIGNING_REQUESTS)
  return defineController<KubeObject, SignerAction>({
    name: 'csr-signer',
    sources: [fromInformer(requests)],
    observe: (name) => requests.store.get('', name),
    decide: decideSigning,
    async act(action) {
      if (action.type === 'fail') {
        await resource.updateStatus(action.request)
        return
      }
      const { request, input } = action
      const certificate = Buffer.from(await sign(input)).toString('base64')
      await resource.updateStatus({ ...request, status: { ...request.status, certificate } })
    },
  })
}

export function decideSigning(request: KubeObject, now: number): Plan<SignerAction> {
  const { signerName, usages = [], expirationSeconds } = request.spec ?? {}
  const signable = hasCondition(request, 'Approved') && !hasCondition(request, 'Denied')
  if (!signable || request.status?.certificate || hasCondition(request, 'Failed')) return { actions: [] }
  if (!SIGNERS.includes(signerName)) return { actions: [] }
  const parsed = parseRequest(request.spec.request)
  const why =
    parsed === undefined ? 'the request is not a certificate request' : refusal(signerName, parsed, usages)
  if (why !== undefined) return { actions: [{ type: 'fail', request: failed(request, why, now) }] }
  const wanted = Number(expirationSeconds ?? MAX_SECONDS)
  const input = {
    requestPem: Buffer.from(request.spec.request, 'base64').toString('latin1'),
    signerName,
    usages,
    durationSeconds: Math.min(Math.max(wanted, MIN_SECONDS), MAX_SECONDS),
  }
  return { actions: [{ type: 'sign', request, input }] }
}

function failed(request: KubeObject, message: string, now: number): KubeObject {
  const time = formatTime(now)
  const condition = {
    type: 'Failed',
    status: 'True',
    reason: 'SignerValidationFailure',
    message,
    lastUpdateTime: time,
    lastTransitionTime: time,
  }
  const conditions = [...(request.status?.conditions ?? []), condition]
  return { ...request, status: { ...request.status, conditions } }
}
