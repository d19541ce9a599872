import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client } from '@brume/client/client'
import { delegatedAccess } from './access.ts'
import { AgentError } from './agent-error.ts'

interface Review {
  kind: string
  spec: { token?: string; user?: string; groups?: string[]; resourceAttributes?: { subresource: string } }
}

/** An API server that knows the token `good` of `robot`, who may get metrics; its answers are counted. */
function apiServer() {
  const asked: Review[] = []
  const create = async (review: Review) => {
    asked.push(review)
    const { kind, spec } = review
    if (kind === 'TokenReview') {
      return { status: spec.token === 'good' ? { authenticated: true, user: { username: 'robot' } } : {} }
    }
    const allowed = spec.user === 'robot' && spec.resourceAttributes?.subresource === 'metrics'
    return { status: { allowed: allowed || (spec.groups ?? []).includes('readers') } }
  }
  return { asked, client: { resource: () => ({ create }) } as unknown as Client }
}

async function statusOf(check: Promise<void>): Promise<number> {
  try {
    await check
    return 200
  } catch (error) {
    assert.ok(error instanceof AgentError)
    return error.status
  }
}

function accessAt(now: { ms: number }) {
  const { asked, client } = apiServer()
  const clock = { now: () => now.ms, after: () => ({ cancel() {} }) }
  return { asked, access: delegatedAccess({ client, nodeName: 'n1', clock }) }
}

test('who asks and whether they may is for the API server to say', async () => {
  const { access } = accessAt({ ms: 0 })
  assert.equal(await statusOf(access.check({}, '/metrics')), 401)
  assert.equal(await statusOf(access.check({ token: 'bad' }, '/metrics')), 401)
  assert.equal(await statusOf(access.check({ token: 'good' }, '/metrics/cadvisor')), 200)
  assert.equal(await statusOf(access.check({ token: 'good' }, '/stats/summary')), 403)
  assert.equal(await statusOf(access.check({ token: 'good' }, '/metricsx')), 403)
  const certificate = { name: 'someone', groups: ['readers'] }
  assert.equal(await statusOf(access.check({ certificate }, '/pods')), 200)
  // A token counts, whoever's certificate the connection has.
  assert.equal(await statusOf(access.check({ certificate, token: 'bad' }, '/pods')), 401)
})

test('an answer is kept for a while: a right for a minute, a refusal for ten seconds', async () => {
  const now = { ms: 0 }
  const { access, asked } = accessAt(now)
  const both = async () => {
    await access.check({ token: 'good' }, '/metrics')
    await statusOf(access.check({ token: 'bad' }, '/metrics'))
    return asked.splice(0).map(({ kind }) => kind)
  }
  assert.deepEqual(await both(), ['TokenReview', 'SubjectAccessReview', 'TokenReview'])
  assert.deepEqual(await both(), [])
  now.ms = 11_000
  assert.deepEqual(await both(), ['TokenReview'])
  now.ms = 61_000
  assert.deepEqual(await both(), ['TokenReview', 'SubjectAccessReview', 'TokenReview'])
})

test('many who ask at once do not pile up, and are told to come back', async () => {
  const { access } = accessAt({ ms: 0 })
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => statusOf(access.check({ token: `bad ${i}` }, '/metrics'))),
  )
  assert.equal(answers.filter((status) => status === 401).length, 16)
  assert.equal(answers.filter((status) => status === 429).length, 84)
  assert.equal(await statusOf(access.check({ token: 'good' }, '/metrics')), 200)
})
