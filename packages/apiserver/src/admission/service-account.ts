// Every pod runs as a service account of its namespace and finds the account's token where clients look for it.

import { randomInt } from 'node:crypto'
import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import { podReferences } from '../auth/authorizers/pod-references.ts'
import type { ObjectReader } from '../registry/reader.ts'
import type { AdmissionDeps } from './deps.ts'
import { mountableSecretsViolation } from './mountable-secrets.ts'
import { createdPod, forbid, isMirrorPod, type Json } from './request.ts'
import type { AdmissionPlugin, AdmissionRequest } from './types.ts'

const DEFAULT_ACCOUNT = 'default'
const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
const VOLUME_PREFIX = 'kube-api-access-'
const TOKEN_SECONDS = 3607
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'
/** A new namespace gets its default account a moment after it exists: a pod waits this long for it. */
const DEFAULT_ACCOUNT_WAIT_MS = 2000

export function serviceAccount({ reader, clock }: Pick<AdmissionDeps, 'reader' | 'clock'>): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    mutate(request) {
      const pod = createdPod(request)
      if (pod === undefined || isMirrorPod(pod)) return
      const spec = pod['spec']
      const name: string = spec.serviceAccountName || spec.serviceAccount || DEFAULT_ACCOUNT
      spec.serviceAccountName = name
      spec.serviceAccount = name
      const account = reader.get('', 'serviceaccounts', request.namespace, name)
      if (account === undefined)
        return lateAccount(request, name, reader, clock).then((late) => join(spec, late))
      join(spec, account)
    },
    validate(request) {
      const pod = createdPod(request)
      if (pod === undefined) return
      if (isMirrorPod(pod)) {
        refuseReferences(request, pod)
        return
      }
      const name = String(pod['spec'].serviceAccountName ?? '')
      const account = reader.get('', 'serviceaccounts', request.namespace, name)
      if (account === undefined) throw missing(request, name)
      const violation = mountableSecretsViolation(pod, account)
      if (violation !== undefined) throw forbid(request, violation)
    },
  }
}

/** What the account gives to a pod that runs as it. */
function join(spec: Json, account: KubeObject): void {
  const automount = spec.automountServiceAccountToken ?? account['automountServiceAccountToken'] ?? true
  if (automount) mountToken(spec)
  if ((spec.imagePullSecrets ?? []).length === 0 && (account['imagePullSecrets'] ?? []).length > 0) {
    spec.imagePullSecrets = account['imagePullSecrets'].map((ref: Json) => ({ ...ref }))
  }
}

async function lateAccount(
  request: AdmissionRequest,
  name: string,
  reader: ObjectReader,
  clock: Clock,
): Promise<KubeObject> {
  const find = () => reader.get('', 'serviceaccounts', request.namespace, name)
  if (name !== DEFAULT_ACCOUNT) throw missing(request, name)
  const late = await new Promise<KubeObject | undefined>((resolve) => {
    const finish = () => {
      stop()
      timer.cancel()
      resolve(find())
    }
    const stop = reader.onChange('', 'serviceaccounts', () => {
      if (find() !== undefined) finish()
    })
    const timer = clock.after(DEFAULT_ACCOUNT_WAIT_MS, finish)
  })
  if (late === undefined) throw missing(request, name)
  return late
}

function missing(request: AdmissionRequest, name: string) {
  const which = `${request.namespace}/${name}`
  return forbid(
    request,
    `error looking up service account ${which}: serviceaccount ${JSON.stringify(name)} not found`,
  )
}

/** Every container without a mount of its own at the place gets the token, the CA and the namespace. */
function mountToken(spec: Json): void {
  const volumes: Json[] = spec.volumes ?? []
  const existing: string | undefined = volumes.find((volume) => volume.name.startsWith(VOLUME_PREFIX))?.name
  const name = existing ?? `${VOLUME_PREFIX}${suffix()}`
  let isNeeded = false
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    const mounts: Json[] = container.volumeMounts ?? []
    if (mounts.some((mount) => mount.mountPath === MOUNT_PATH)) continue
    container.volumeMounts = [...mounts, { name, readOnly: true, mountPath: MOUNT_PATH }]
    isNeeded = true
  }
  if (isNeeded && existing === undefined) spec.volumes = [...volumes, tokenVolume(name)]
}

function tokenVolume(name: string): object {
  const namespace = { path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }
  const sources = [
    { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    { downwardAPI: { items: [namespace] } },
  ]
  return { name, projected: { sources, defaultMode: 0o644 } }
}

function refuseReferences(request: AdmissionRequest, pod: KubeObject): void {
  if (pod['spec'].serviceAccountName) {
    throw forbid(request, 'a mirror pod may not reference service accounts')
  }
  if (podReferences(pod).secrets.size > 0) throw forbid(request, 'a mirror pod may not reference secrets')
  const projected = (pod['spec'].volumes ?? []).flatMap((volume: Json) => volume.projected?.sources ?? [])
  if (projected.some((source: Json) => source.serviceAccountToken !== undefined)) {
    throw forbid(request, 'a mirror pod may not use ServiceAccountToken volume projections')
  }
}

function suffix(): string {
  let text = ''
  for (let i = 0; i < 5; i++) text += ALPHABET[randomInt(ALPHABET.length)]
  return text
}
