// Requests as someone else, and the roles that people are given in these tests.

import assert from 'node:assert/strict'
import type { TestControlPlane } from '@brume/testkit/control-plane'
import { type Answer, type HttpOptions, httpOf } from '@brume/testkit/http'

const RBAC = 'rbac.authorization.k8s.io/v1'

export interface Person {
  send(method: string, path: string, body?: unknown, options?: HttpOptions): Promise<Answer>
}

/** Impersonated by the administrator, so that no certificate is needed. Several groups: joined by `, `. */
export function personOf(plane: TestControlPlane, user: string, groups: readonly string[] = []): Person {
  const http = httpOf(plane)
  return {
    send(method, path, body, options = {}) {
      const headers = {
        ...options.headers,
        'impersonate-user': user,
        ...(groups.length === 0 ? {} : { 'impersonate-group': groups.join(', ') }),
      }
      return http.send(method, path, body, { ...options, headers })
    },
  }
}

export interface Rule {
  verbs: string[]
  apiGroups?: string[]
  resources?: string[]
  resourceNames?: string[]
  nonResourceURLs?: string[]
}

/** A role and its binding to `user`: in `namespace`, or ('') in the whole cluster. */
export async function grant(
  plane: TestControlPlane,
  { user, namespace, rules }: { user: string; namespace: string; rules: Rule[] },
): Promise<void> {
  const [kind, path] =
    namespace === ''
      ? ['ClusterRole', `/apis/${RBAC}/clusterrole`]
      : ['Role', `/apis/${RBAC}/namespaces/${namespace}/role`]
  const name = `${user}-${namespace === '' ? 'everywhere' : namespace}`
  const whole = rules.map((rule) => (rule.nonResourceURLs ? rule : { apiGroups: [''], ...rule }))
  const role = { apiVersion: RBAC, kind, metadata: { name }, rules: whole }
  const binding = {
    apiVersion: RBAC,
    kind: `${kind}Binding`,
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
  }
  await mustCreate(plane, `${path}s`, role)
  await mustCreate(plane, `${path}bindings`, binding)
}

/** As the administrator. */
export async function mustCreate(plane: TestControlPlane, path: string, body: object): Promise<Answer> {
  const answer = await httpOf(plane).send('POST', path, body)
  assert.equal(answer.status, 201, `POST ${path}: ${answer.text}`)
  return answer
}

export async function makeNamespace(
  plane: TestControlPlane,
  name: string,
  labels: Record<string, string> = {},
): Promise<void> {
  await mustCreate(plane, '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels },
  })
}
