// Ten thousand watches at once. BRUME_SOAK=1: as many as the server allows, for longer.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { configMap, type Http, httpOf } from '@brume/testkit/http'
import { openSession, type Session } from './session.ts'

/** Of the controllers: some watch kinds that are defined after the start. */
const MAX_OWN = 20
const SOAK = process.env['BRUME_SOAK'] === '1'
const WATCHERS = SOAK ? 18_000 : 10_000
const PER_SESSION = 200
const EVENTS = SOAK ? 500 : 20
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const MIB = 1024 * 1024

let plane: TestControlPlane
let http: Http
const sessions: Session[] = []

before(async () => {
  plane = await startTestControlPlane()
  http = httpOf(plane)
})
after(async () => {
  for (const session of sessions) session.close()
  await plane.stop()
})

/** One watch in four forms, by turns: most share their bytes, those with a selector do not. */
const FORMS: readonly { query: string; accept: string }[] = [
  { query: '', accept: 'application/json' },
  { query: '&labelSelector=watched', accept: 'application/json' },
  { query: '', accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
  { query: '&allowWatchBookmarks=true', accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
]

async function openWatches(amount: number, seen: Int32Array): Promise<void> {
  const from = plane.plane.store.revision
  for (let done = 0; done < amount; done += PER_SESSION) {
    const session = await openSession(plane, { headers: { 'impersonate-user': 'watcher' } })
    sessions.push(session)
    const opened = Array.from({ length: Math.min(PER_SESSION, amount - done) }, async (_, i) => {
      const { query, accept } = FORMS[i % FORMS.length]!
      const path = `${CONFIG_MAPS}?watch=1&resourceVersion=${from}${query}`
      const { stream, status } = await session.open({ method: 'GET', path, headers: { accept } })
      assert.equal(status, 200)
      stream.on('data', (chunk: Buffer) => {
        for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) seen[done + i]!++
      })
    })
    await Promise.all(opened)
  }
}

test(`${WATCHERS} watchers all get every event, and leave nothing behind`, async () => {
  const bound = await http.send('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'watcher' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'watcher' }],
  })
  assert.equal(bound.status, 201)
  const count = async () => {
    const { text } = await http.send('GET', '/metrics')
    return Number(/^apiserver_longrunning_requests (\d+)/m.exec(text)?.[1])
  }
  const before = await count()
  const rss = process.memoryUsage().rss
  const seen = new Int32Array(WATCHERS)
  await openWatches(WATCHERS, seen)
  assert.ok((await count()) >= before + WATCHERS)
  const labels = { watched: 'yes' }
  for (let i = 0; i < EVENTS; i++) {
    const body = configMap('seen', { round: String(i) }, { labels })
    const { status } = await http.send(
      i === 0 ? 'POST' : 'PUT',
      i === 0 ? CONFIG_MAPS : `${CONFIG_MAPS}/seen`,
      body,
    )
    assert.ok(status < 300)
  }
  await eventually('every event at every watcher', () => seen.every((events) => events === EVENTS))
  // Server and clients together: they are one process here.
  const grown = process.memoryUsage().rss - rss
  assert.ok(grown < WATCHERS * 100 * 1024, `${grown / MIB} MiB for ${WATCHERS} watches`)
  for (const session of sessions.splice(0)) session.close()
  await eventually('all watches to be gone', async () => (await count()) <= before + MAX_OWN)
})
