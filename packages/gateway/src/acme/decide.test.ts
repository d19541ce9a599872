import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { INGRESSES } from '@brume/client/builtin'
import { newProgress } from './act.ts'
import { type Attempt, afterFailure, newAttempt } from './attempt.ts'
import {
  type Action,
  decide,
  MAX_ORDERS_AN_HOUR,
  MAX_UNDER_WAY,
  type Observed,
  ORDER_LIMIT_MS,
} from './decide.ts'
import { AcmeError } from './protocol/error.ts'
import type { Authorization, Order } from './protocol/orders.ts'
import type { Look } from './reach.ts'
import type { Want } from './wants.ts'

const NOW = Date.parse('2030-01-01T00:00:00Z')
const DAY_MS = 24 * 3600_000
const ISSUER = 'https://ca.example.org/dir'
const OWNER = { apiVersion: 'v1', kind: 'Ingress', metadata: { name: 'web', namespace: 'd' } }
const WANT: Want = {
  ...{ namespace: 'd', secret: 's', hosts: ['a.org'], explicit: true, precheck: true, problem: undefined },
  owners: [{ owner: OWNER, ref: INGRESSES, entries: [] }],
}
const PROGRESS = { ...newProgress(), probe: 'probe' }
const PROBES = [{ host: 'a.org', token: 'probe', answer: 'probe' }]
const GOOD: Look = { unanswered: undefined, problems: [] }

function observed(more: Partial<Observed> = {}): Observed {
  return {
    ...{ want: WANT, left: [], issuer: ISSUER, secret: { type: 'absent' }, attempt: undefined },
    ...{ progress: PROGRESS, othersUnderWay: 0, ordersInLastHour: 0 },
    ...more,
  }
}

const withOrder = (startedAt = NOW): Attempt => ({
  ...newAttempt(['a.org']),
  order: { url: 'https://ca/o', privateKeyPem: 'key', startedAt },
})

function order(status: Order['status'], authorizations: Authorization[] = []): Order {
  return { status, finalize: '', certificate: '', error: undefined, authorizations, pollAfterMs: undefined }
}

function authorization(status: string, error?: AcmeError): Authorization {
  const challenge = { url: 'https://ca/c', token: 't', answer: 't.k', status, error }
  return { host: 'a.org', status, challenge }
}

const own = (
  renewAt: number,
  names = ['a.org'],
  issuer = ISSUER,
  id: string | undefined = undefined,
): Observed['secret'] => ({
  type: 'own',
  certificate: {
    ...{ names, issuer, renewAt, notAfter: renewAt + 30 * DAY_MS },
    ...{ earliestAt: renewAt - 20 * DAY_MS, latestAt: renewAt + 20 * DAY_MS, id },
  },
})

const types = (of: Observed) => decide(of, NOW).actions.map(({ type }) => type)
function failure(of: Observed): { kind: string; message: string } {
  const [action] = decide(of, NOW).actions as Action[]
  assert.ok(action?.type === 'fail', action?.type)
  return action.failure
}
function said(of: Observed): string {
  const found = decide(of, NOW).actions.find((action) => action.type === 'say')
  return found?.type === 'say' ? found.sentence : ''
}

describe('what is done next for a certificate', () => {
  it('is to let the edge answer, to look, and only then to order', () => {
    assert.deepEqual(types(observed()), ['show'])
    const shown = { ...PROGRESS, shown: PROBES, shownAt: NOW }
    assert.deepEqual(types(observed({ progress: shown })), ['look'])
    assert.deepEqual(types(observed({ progress: { ...shown, look: GOOD } })), ['order'])
  })

  it('is to wait until the edge has read its files, but not for ever', () => {
    const look = { unanswered: 'nothing', problems: [] }
    const progress = { ...PROGRESS, shown: PROBES, shownAt: NOW - 1000, look }
    const plan = decide(observed({ progress }), NOW)
    assert.deepEqual([plan.actions[0]?.type, plan.requeueAfterMs! > 0], ['look', true])
    const long = { ...progress, shownAt: NOW - 60_000 }
    assert.match(failure(observed({ progress: long })).message, /the edge does not answer the proof itself/)
  })

  it('is not to ask the CA while somebody else answers, unless that is not looked at', () => {
    const look = { unanswered: undefined, problems: ['a.org: somebody else'] }
    const progress = { ...PROGRESS, shown: PROBES, shownAt: NOW, look }
    const { kind, message } = failure(observed({ progress }))
    assert.equal(kind, 'precheck')
    assert.match(message, /brume\.dev\/certificate-precheck=off/)
    assert.deepEqual(types(observed({ progress, want: { ...WANT, precheck: false } })), ['order'])
  })

  it('is to prove, to ask for it and to keep it, as far as the order has come', () => {
    const at = (progress: Partial<Observed['progress']>) =>
      decide(observed({ attempt: withOrder(), progress: { ...PROGRESS, readAt: NOW, ...progress } }), NOW)
    const pending = order('pending', [authorization('pending')])
    const shown = [{ host: 'a.org', token: 't', answer: 't.k' }]
    const seen = { order: pending, shown, look: GOOD }
    const steps = [
      at({}),
      at({ order: pending }),
      at({ order: pending, shown }),
      at(seen),
      at({ order: order('ready') }),
      at({ order: order('valid') }),
    ]
    const done = steps.map(({ actions }) => actions[0]?.type)
    assert.deepEqual(done, ['read', 'show', 'look', 'respond', 'finalize', 'store'])
    for (const waiting of [
      at({ ...seen, responded: ['https://ca/c'] }),
      at({ order: order('processing') }),
    ]) {
      assert.deepEqual(waiting, { actions: [], requeueAfterMs: 1000 })
    }
  })

  it('is to wait as long as the CA asks for, within bounds', () => {
    const at = (pollAfterMs: number) => {
      const progress = { ...PROGRESS, readAt: NOW, order: { ...order('processing'), pollAfterMs } }
      return decide(observed({ attempt: withOrder(), progress }), NOW).requeueAfterMs
    }
    assert.deepEqual([at(0), at(5000), at(DAY_MS)], [1000, 5000, 60_000])
  })

  it('is to begin anew when an order is of long ago, and to give one up that takes too long', () => {
    const attempt = withOrder(NOW - ORDER_LIMIT_MS - 1)
    assert.deepEqual(types(observed({ attempt })), ['show'])
    const progress = { ...PROGRESS, order: order('processing') }
    assert.match(failure(observed({ attempt, progress })).message, /not finished within an hour/)
  })

  it('is to say why the CA refuses, for which host and what to do', () => {
    const refused = authorization('invalid', new AcmeError('caa', 'CAA record for a.org prevents issuance'))
    const progress = { ...PROGRESS, order: order('invalid', [refused]) }
    const { kind, message } = failure(observed({ attempt: withOrder(), progress }))
    assert.equal(kind, 'refused')
    assert.match(message, /^a\.org: CAA record .* \(caa\)\. a CAA record of the domain does not let this CA/)
  })

  it('is nothing while a failure is waited out, and that is said', () => {
    const attempt = afterFailure(withOrder(), { kind: 'refused', message: 'no' }, NOW)
    assert.equal(decide(observed({ attempt }), NOW).requeueAfterMs, 5 * 60_000)
    assert.equal(said(observed({ attempt })), 'failed once, tried again from 2030-01-01T00:05:00Z: no')
    const renewing = observed({ attempt, secret: own(NOW - DAY_MS) })
    assert.match(said(renewing), /^valid until 2030-01-30T00:00:00Z, .*; a new one failed once/)
  })

  it('is to try at once when other hosts are wanted', () => {
    const attempt = afterFailure(newAttempt(['b.org']), { kind: 'refused', message: 'no' }, NOW)
    assert.deepEqual(types(observed({ attempt })), ['show'])
  })

  it('is to renew after two thirds, for other names, and of another CA; else to rest', () => {
    const good = observed({ secret: own(NOW + DAY_MS) })
    assert.match(said(good), /^valid until 2030-02-01T00:00:00Z, renewed from 2030-01-02T00:00:00Z/)
    assert.equal(decide(good, NOW).requeueAfterMs, DAY_MS / 2)
    for (const secret of [
      own(NOW),
      own(NOW + DAY_MS, ['b.org']),
      own(NOW + DAY_MS, ['a.org'], 'https://staging'),
      { type: 'own' as const, certificate: undefined },
    ]) {
      assert.deepEqual(types(observed({ secret })), ['show'])
    }
    assert.deepEqual(types(observed({ secret: own(NOW + DAY_MS), attempt: withOrder() })), ['rest', 'say'])
  })

  it('is to ask the CA when to renew, now and then, and to follow that within bounds', () => {
    const secret = own(NOW + 10 * DAY_MS, ['a.org'], ISSUER, 'me')
    const with_ = (more: object) =>
      observed({
        secret,
        progress: {
          ...PROGRESS,
          advice: { id: 'me', renewAt: undefined, why: '', askAgainAt: NOW + 3600_000, ...more },
        },
      })
    assert.deepEqual(decide(observed({ secret }), NOW).actions, [{ type: 'advise', id: 'me' }])
    for (const asked of [{ askAgainAt: NOW }, { id: 'the one before' }])
      assert.deepEqual(types(with_(asked)), ['advise'])
    assert.equal(decide(with_({}), NOW).requeueAfterMs, 3600_000)
    assert.match(said(with_({})), /renewed from 2030-01-11T00:00:00Z$/)
    const soon = { renewAt: NOW + 1000, why: 'https://ca.example.org/why' }
    assert.equal(decide(with_(soon), NOW).requeueAfterMs, 1000)
    assert.match(said(with_(soon)), /renewed from 2030-01-01T00:00:01Z as the CA advises: https:.*why$/)
    assert.match(said(with_({ renewAt: NOW + 15 * DAY_MS })), /renewed from 2030-01-16T/)
    assert.match(said(with_({ renewAt: NOW + 900 * DAY_MS })), /renewed from 2030-01-31T/, 'not too late')
    const young = own(NOW + 30 * DAY_MS, ['a.org'], ISSUER, 'me')
    assert.match(
      said({ ...with_({ renewAt: 0 }), secret: young }),
      /renewed from 2030-01-11T/,
      'not at once again',
    )
    const now = with_({ renewAt: NOW - 1 })
    assert.deepEqual(types(now), ['show'])
    const shown = { ...now.progress, shown: PROBES, shownAt: NOW, look: GOOD }
    const [order] = decide({ ...now, progress: shown }, NOW).actions
    assert.ok(order?.type === 'order')
    assert.deepEqual([order.replaces, order.why], ['me', 'the CA advises it'])
    const others = own(NOW, ['b.org'], ISSUER, 'me')
    const [first] = decide({ ...now, secret: others, progress: shown }, NOW).actions
    assert.ok(first?.type === 'order')
    assert.equal(first.replaces, undefined, 'it is the next one of nothing')
  })

  it('never touches a Secret of somebody else, and says so to whom asked', () => {
    const secret = { type: 'foreign' as const }
    assert.deepEqual(types(observed({ secret })), ['say', 'warn'])
    assert.match(said(observed({ secret })), /Secret s is somebody else's and is left alone/)
    assert.deepEqual(types(observed({ secret, want: { ...WANT, explicit: false } })), [])
    const warned = { ...PROGRESS, warned: said(observed({ secret })) }
    assert.deepEqual(types(observed({ secret, progress: warned })), ['say'], 'once')
  })

  it('is to tell who asks a cloud without an account how to have one', () => {
    assert.match(said(observed({ issuer: undefined })), /\.\/brume up --acme-email/)
  })

  it('is to wait while many others are on their way, or were ordered', () => {
    const many = decide(observed({ othersUnderWay: MAX_UNDER_WAY }), NOW)
    assert.deepEqual([many.actions, many.requeueAfterMs! > 0], [[], true])
    const started = { ...PROGRESS, shown: PROBES, shownAt: NOW, look: GOOD }
    assert.deepEqual(types(observed({ othersUnderWay: MAX_UNDER_WAY, progress: started })), ['order'])
    assert.deepEqual(types(observed({ ordersInLastHour: MAX_ORDERS_AN_HOUR })), ['say'])
  })

  it('is to forget what nobody wants any more', () => {
    assert.deepEqual(types(observed({ want: undefined, attempt: withOrder() })), ['rest'])
  })
})
