import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { withIssued } from './served.ts'
import type { Want } from './wants.ts'

const want = (secret: string): [string, Want] => [
  `d/${secret}`,
  {
    ...{ namespace: 'd', secret, hosts: ['a.org'], owners: [] },
    ...{ explicit: true, precheck: true, problem: undefined },
  },
]

test('certificates of a CA are shown once they are there, also where no Secret is named', () => {
  const labels = { 'brume.dev/certificate': 'acme' }
  const there: Record<string, object> = { named: {}, unnamed: { labels }, other: {} }
  const secretOf = (_: string, name: string) =>
    there[name] === undefined ? undefined : ({ metadata: there[name] } as KubeObject)
  const listed = ['named', 'coming', 'missing'].map((secret) => ({ namespace: 'd', secret, hosts: [] }))
  const wants = new Map(['named', 'coming', 'unnamed', 'later', 'other'].map(want))
  const shown = withIssued(listed, wants, secretOf).map(({ secret }) => secret)
  assert.deepEqual(shown, ['named', 'missing', 'unnamed'], 'one that nobody gets is told of as ever')
})
