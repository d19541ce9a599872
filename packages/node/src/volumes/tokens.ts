// Tokens of service accounts, bound to their pods, asked for as the node. One is kept until it has used up 80 % of its
// time, or a day; while a new one cannot be had the old one does, as long as it holds.

import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import { SERVICE_ACCOUNTS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { Pod } from '../contract.ts'

const KEPT_SHARE = 0.8
const MAX_KEPT_MS = 24 * 3_600_000
const DEFAULT_SECONDS = 3600

export interface TokenRequest {
  /** '' for the API server's own. */
  audience: string
  expirationSeconds?: number
}

interface KnownToken {
  token: string
  renewAtMs: number
  expiresAtMs: number
}

export class PodTokens {
  readonly #client: Client
  readonly #clock: Clock
  readonly #known = new Map<string, Map<string, KnownToken>>()

  constructor({ client, clock }: { client: Client; clock: Clock }) {
    this.#client = client
    this.#clock = clock
  }

  /** Throws StatusError or TransportError when there is no token that holds. */
  async get(pod: Pod, { audience, expirationSeconds = DEFAULT_SECONDS }: TokenRequest): Promise<string> {
    const ofPod = this.#ofPod(pod.metadata.uid ?? '')
    const key = JSON.stringify([pod['spec'].serviceAccountName, audience, expirationSeconds])
    const known = ofPod.get(key)
    if (known !== undefined && this.#clock.now() < known.renewAtMs) return known.token
    try {
      const fresh = await this.#ask(pod, audience, expirationSeconds)
      ofPod.set(key, fresh)
      return fresh.token
    } catch (error) {
      if (known !== undefined && this.#clock.now() < known.expiresAtMs) return known.token
      throw error
    }
  }

  forget(podUid: string): void {
    this.#known.delete(podUid)
  }

  async #ask(pod: Pod, audience: string, expirationSeconds: number): Promise<KnownToken> {
    const { namespace = '', name, uid } = pod.metadata
    const body: KubeObject = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: {
        audiences: audience === '' ? [] : [audience],
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    }
    const account = { namespace, name: pod['spec'].serviceAccountName || 'default' }
    const askedAtMs = this.#clock.now()
    const accounts = this.#client.resource(SERVICE_ACCOUNTS)
    const { spec, status } = await accounts.createSubresource(account, 'token', body)
    // The server may have chosen another time than was asked for.
    const expiresAtMs = Date.parse(status.expirationTimestamp)
    const lifetimeMs = (spec.expirationSeconds ?? expirationSeconds) * 1000
    const renewAtMs = expiresAtMs - lifetimeMs * (1 - KEPT_SHARE)
    return { token: status.token, expiresAtMs, renewAtMs: Math.min(renewAtMs, askedAtMs + MAX_KEPT_MS) }
  }

  #ofPod(uid: string): Map<string, KnownToken> {
    let known = this.#known.get(uid)
    if (known === undefined) {
      known = new Map()
      this.#known.set(uid, known)
    }
    return known
  }
}
