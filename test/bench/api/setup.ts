// The namespace, accounts and objects that the measurements need. Repeating it is harmless.

import type { Bench } from './bench.ts'
import { type Auth, Connection } from './connection.ts'
import { CONFIG_MAPS, configMapNamed, PODS, podNamed, WATCHED } from './objects.ts'
import { LIMITED_ACCOUNT, NAMESPACE, type Target, WATCHED_NAMESPACE } from './target.ts'

const AT_ONCE = 32
const FILL_LIMIT_MS = 240_000
const RBAC = 'rbac.authorization.k8s.io'

/** An account that may do in the namespace what the load does, among some roles that say nothing of it. */
export async function prepare(target: Target): Promise<{ limited: Auth }> {
  const connection = await Connection.open(target.url, target.admin)
  let token = ''
  const post = async (path: string, object: object) => {
    const body = Buffer.from(JSON.stringify(object))
    const chunks: Buffer[] = []
    const headers = { 'content-type': 'application/json' }
    const onData = (chunk: Buffer) => chunks.push(chunk)
    const { status } = await connection.send({ method: 'POST', path, headers, body, onData })
    const text = Buffer.concat(chunks).toString()
    if (status !== 409 && status > 299)
      throw new Error(`${target.name}: POST ${path} was answered ${status}: ${text}`)
    return JSON.parse(text)
  }
  const namespaced = `/api/v1/namespaces/${NAMESPACE}`
  const rbac = `/apis/${RBAC}/v1/namespaces/${NAMESPACE}`
  for (const name of [NAMESPACE, WATCHED_NAMESPACE]) await post('/api/v1/namespaces', { metadata: { name } })
  for (const name of ['default', LIMITED_ACCOUNT])
    await post(`${namespaced}/serviceaccounts`, { metadata: { name } })
  const subject = { kind: 'ServiceAccount', name: LIMITED_ACCOUNT, namespace: NAMESPACE }
  for (const [name, resources] of Object.entries({
    services: ['services', 'endpoints'],
    jobs: ['jobs'],
    load: ['pods', 'configmaps'],
  })) {
    const rules = [
      { apiGroups: [name === 'jobs' ? 'batch' : ''], resources, verbs: ['get', 'list', 'watch', 'create'] },
    ]
    await post(`${rbac}/roles`, { metadata: { name }, rules })
    const roleRef = { apiGroup: RBAC, kind: 'Role', name }
    await post(`${rbac}/rolebindings`, { metadata: { name }, roleRef, subjects: [subject] })
  }
  await post(CONFIG_MAPS, JSON.parse(configMapNamed('web')))
  for (let n = 0; n < 100; n++) await post(WATCHED, JSON.parse(configMapNamed(`watched-${n}`)))
  const request = { spec: { expirationSeconds: 7200 } }
  ;({ token } = (await post(`${namespaced}/serviceaccounts/${LIMITED_ACCOUNT}/token`, request)).status)
  connection.close()
  return { limited: { token } }
}

/** `scale.objects` pods, pod-0 and on. */
export async function fillPods({ load, scale }: Bench, target: Target): Promise<void> {
  const result = await load.requests({
    url: target.url,
    auth: target.admin,
    method: 'POST',
    path: PODS,
    headers: { 'content-type': 'application/json' },
    body: podNamed('pod-{n}'),
    from: 0,
    count: scale.objects,
    writers: AT_ONCE,
    connections: 4,
    durationMs: FILL_LIMIT_MS,
  })
  if (result.failed > 0 || result.sent < scale.objects) {
    throw new Error(`${target.name}: ${result.sent} pods sent, ${result.failed} failed: ${result.failure}`)
  }
}
