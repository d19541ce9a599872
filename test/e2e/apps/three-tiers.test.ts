// An application of three tiers as a team would run it: nginx in front of an API in front of PostgreSQL, all from images
// that were built here. They find each other by their Services, and are reached by pod address and by port-forward;
// its data outlives its pods, and all of it the agent.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { PODS, SERVICES } from '@brume/client/builtin'
import { whyNoContainers } from '@brume/testkit/containerd'
import { eventually } from '@brume/testkit/eventually'
import { whyNoPackages } from '@brume/testkit/package-sources'
import { kubectls } from '../kubectl/kubectls.ts'
import { type Apps, containersOf, startApps } from './cloud.ts'

const all = kubectls()
const noKubectl = all.length === 0 ? 'kubectl is not installed' : undefined
const skip = whyNoContainers() ?? noKubectl ?? (await whyNoPackages()) ?? false

/** POST keeps a note, GET lists all of them: a line each. psql quotes what comes from outside. */
const API = `#!/bin/sh
export PGHOST="$DB" PGUSER=postgres PGPASSWORD=secret PGCONNECT_TIMEOUT=5
export PGOPTIONS='-c client_min_messages=warning'
echo "Content-Type: text/plain"
echo
psql -qAt -c 'CREATE TABLE IF NOT EXISTS notes (id serial, text text)' 2>&1
if [ "$REQUEST_METHOD" = POST ]; then
  note=$(head -c "$CONTENT_LENGTH")
  echo "INSERT INTO notes (text) VALUES (:'note')" | psql -qAt -v note="$note" 2>&1
fi
psql -qAt -c 'SELECT text FROM notes ORDER BY id' 2>&1
`
/** A first process that does not ask for SIGTERM does not get it. */
const SERVE = `mkdir -p /tmp/www/cgi-bin && printf '%s' "$API" > /tmp/www/cgi-bin/notes && chmod +x /tmp/www/cgi-bin/notes
trap 'exit 0' TERM
httpd -f -p 8080 -h /tmp/www & wait`

const PROXY = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'proxy' },
  data: { 'notes.conf': 'location /notes { proxy_pass http://api.default:8080/cgi-bin/notes; }' },
}

describe('an application of three tiers', { skip, timeout: 240_000 }, () => {
  let apps: Apps
  before(async () => {
    apps = await startApps()
    for (const recipe of ['postgresql', 'web']) await apps.build(recipe)
  })
  after(() => apps?.stop())

  const addressOf = async (app: string) => (await apps.ready(`app=${app}`)).status!.podIP as string
  const ask = async (base: string, note?: string) => {
    const options = note === undefined ? {} : { method: 'POST', body: note }
    const answer = await fetch(`${base}/notes`, { ...options, signal: AbortSignal.timeout(10_000) })
    return (await answer.text()).trim()
  }
  const web = async (note?: string) => ask(`http://${await addressOf('web')}:8080`, note)

  it('is started with three commands', async () => {
    const secret = ['--env', 'POSTGRES_PASSWORD=secret']
    // Above the directory of its data: what the image lays there must not hide what is kept.
    const data = ['--volume', '1Gi:/var/lib/postgresql']
    await apps.brume('run', 'db', '--image', 'postgresql', '--port', '5432', ...secret, ...data)
    // Names are answered by the agent, and are not while it is down; addresses of Services are the kernel's.
    const { spec } = await apps.client.resource(SERVICES).get({ namespace: 'default', name: 'db' })
    const api = [
      '--image',
      'postgresql',
      '--port',
      '8080',
      '--env',
      `DB=${spec.clusterIP}`,
      '--env',
      `API=${API}`,
    ]
    await apps.brume('run', 'api', ...api, '--size', 'xs', '--command', '--', 'sh', '-c', SERVE)
    await apps.apply(PROXY)
    const conf = ['--volume', 'configmap:proxy:/etc/nginx/server.d:ro']
    const { err } = await apps.brume(
      'run',
      'web',
      '--image',
      'web',
      '--port',
      '8080',
      '--size',
      'xs',
      ...conf,
    )
    assert.match(err, /registry\.brume\.internal\/library\/web:latest, from the cloud's own registry/)
  })

  it('keeps notes in its database, asked at its pod address', async () => {
    await eventually('the database takes connections', async () => (await web()) === '')
    assert.equal(await web("it's one"), "it's one")
    assert.equal(await web('two'), "it's one\ntwo")
  })

  for (const kubectl of new Set([...all.slice(0, 1), ...all.slice(-1)])) {
    it(`is reached through port-forward of kubectl ${kubectl.version}`, async () => {
      const forward = apps.follow(kubectl, ['port-forward', 'service/web', ':8080'])
      try {
        const port = await eventually('the port is forwarded', async () => {
          return /127\.0\.0\.1:(\d+) ->/.exec(forward.stdout)?.[1]
        })
        assert.equal(await ask(`http://127.0.0.1:${port}`), "it's one\ntwo")
      } finally {
        forward.stop()
        await forward.result
      }
    })
  }

  it('has its data again when the database crashes: the same pod, another container', async () => {
    const { metadata } = await apps.ready('app=db')
    await apps.kubectl(['exec', metadata.name!, '--', 'sh', '-c', 'kill -9 1; kill -INT 1'])
    const again = await eventually('the container was started again', async () => {
      const pod = await apps.client.resource(PODS).get({ namespace: 'default', name: metadata.name! })
      const [status] = pod.status?.containerStatuses ?? []
      return status?.restartCount === 1 && status.ready === true ? pod : undefined
    })
    assert.equal(again.metadata.uid, metadata.uid)
    await eventually('the notes are there', async () => (await web()) === "it's one\ntwo")
  })

  it('has its data again in a new pod of the database, which the API finds by its Service', async () => {
    const { metadata } = await apps.ready('app=db')
    await apps.kubectl(['delete', 'pod', metadata.name!])
    assert.notEqual((await apps.ready('app=db')).metadata.uid, metadata.uid)
    await eventually('the notes are there', async () => (await web()) === "it's one\ntwo")
  })

  it('goes on with a new version of its API', async () => {
    await apps.kubectl(['set', 'env', 'deployment/api', 'VERSION=2'])
    await apps.kubectl(['rollout', 'status', 'deployment/api', '--timeout=60s'])
    await eventually('the notes are there', async () => (await web()) === "it's one\ntwo")
  })

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    it(`answers while the cloud is down after ${signal}, and nothing of it restarts when that comes back`, async () => {
      const pods = await Promise.all(['db', 'api', 'web'].map((app) => apps.ready(`app=${app}`)))
      const base = `http://${pods[2]!.status!.podIP}:8080`
      const text = await web(`before ${signal}`)
      await apps.restart(signal, async () => assert.equal(await ask(base), text))
      assert.equal(await ask(base), text)
      const after = await Promise.all(['db', 'api', 'web'].map((app) => apps.ready(`app=${app}`)))
      assert.deepEqual(containersOf(after), containersOf(pods))
    })
  }
})
