// Random requests over real HTTPS against a whole server. BRUME_SOAK=1: for minutes; BRUME_SEED: another seed.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { builtinResources } from '@brume/api/kinds/builtin'
import { seededRandom } from '@brume/base/seeded-random'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { complaintOf } from './oracle.ts'
import { type FuzzRequest, NAMESPACE, randomRequest } from './requests.ts'
import { openSession, type Session } from './session.ts'

const SOAK = process.env['BRUME_SOAK'] === '1'
const SEED = Number(process.env['BRUME_SEED'] ?? 1)
const REQUESTS = SOAK ? 200_000 : 4_000
const PARALLEL = 8
const MAX_COMPLAINTS = 20

let plane: TestControlPlane
let session: Session
const errors: string[] = []
const warnings: string[] = []

before(async () => {
  const logged = (text: string, fields?: object) => {
    // Controllers say when they cannot do what an odd object asks for.
    if (text !== 'keeps failing') errors.push(`${text} ${inspected(fields)}`)
  }
  plane = await startTestControlPlane({
    logger: { debug() {}, info() {}, warn() {}, error: logged },
  })
  session = await openSession(plane)
  await session.ask({
    method: 'POST',
    path: '/api/v1/namespaces',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }),
  })
  process.on('warning', (warning) => warnings.push(String(warning.stack)))
})

after(async () => {
  session.close()
  await plane.stop()
})

function inspected(fields: object | undefined): string {
  const error = (fields as { error?: unknown } | undefined)?.error
  return error instanceof Error ? String(error.stack) : JSON.stringify(fields)
}

interface Found {
  request: FuzzRequest
  complaint: string
}

test('no request crashes the server, shows its inside, or leaves half a write', async () => {
  const random = seededRandom(SEED)
  const found: Found[] = []
  const statuses = new Map<number, number>()
  let left = REQUESTS
  const worker = async () => {
    while (left-- > 0 && found.length < MAX_COMPLAINTS) {
      const request = randomRequest(random)
      const complaint = await probe(request, statuses)
      if (complaint !== undefined) found.push({ request, complaint })
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
  assert.deepEqual(errors, [], `logged as errors of the server, seed ${SEED}`)
  assert.deepEqual(found.map(show), [], `seed ${SEED}`)
  assert.deepEqual(warnings, [])
  assert.deepEqual(Object.keys(Object.prototype), [], 'a key named __proto__ reached what all objects share')
  // Most requests would prove nothing if none of them got through.
  assert.ok((statuses.get(201) ?? 0) > REQUESTS / 100, `few writes succeed: ${JSON.stringify([...statuses])}`)
})

/** When a request about an object, or (`*`) about nobody knows which, was last begun. */
const begun = new Map<string, number>()
/** Kinds that controllers write too. */
const CONTROLLED =
  /^(pods|nodes|services|endpoints|events|namespaces|serviceaccounts|persistentvolume\w*|replicationcontrollers|(deployments|statefulsets|daemonsets|replicasets)\.apps|\w+\.batch|endpointslices\S*|customresourcedefinitions\S*|poddisruptionbudgets\S*|horizontal\S*|certificatesigning\S*|clusterroles\S*|leases\S*)\//

let turns = 0
let underWay = 0

async function probe(request: FuzzRequest, statuses: Map<number, number>): Promise<string | undefined> {
  const { target } = request
  const turn = ++turns
  const wasAlone =
    underWay === 0 || !(begun.get(target)! > turn - 10 * PARALLEL || begun.get('*')! > turn - 10 * PARALLEL)
  begun.set(target, turn)
  underWay++
  const before = plane.plane.store.get(target)?.revision
  try {
    const reply = await session.ask(request)
    statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1)
    const isAlone = wasAlone && begun.get(target) === turn && !(begun.get('*')! > turn)
    const wrote = plane.plane.store.get(target)?.revision !== before
    const mayWrite = reply.status < 300 && request.mayWrite
    if (wrote && isAlone && !mayWrite && !CONTROLLED.test(target))
      return `${reply.status}, and yet ${target} was written`
    return complaintOf(request, reply)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    underWay--
  }
}

const show = ({ request, complaint }: Found) =>
  `${complaint} <- ${request.method} ${request.path.slice(0, 300)} ${JSON.stringify(request.headers)} ${String(request.body ?? '').slice(0, 600)}`

test('what was stored meanwhile is readable in every form', async () => {
  const forms = [
    'application/json',
    'application/yaml',
    'application/vnd.kubernetes.protobuf',
    'application/json;as=Table;v=v1;g=meta.k8s.io',
    'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  ]
  for (const { group, version, plural, stored } of builtinResources()) {
    if (!stored) continue
    for (const accept of forms) {
      const path = `${group === '' ? '/api' : `/apis/${group}`}/${version}/${plural}?includeObject=Object`
      const request = { method: 'GET', path, headers: { accept } }
      const reply = await session.ask(request)
      assert.equal(complaintOf(request, reply), undefined, `${path} as ${accept}`)
      assert.equal(reply.status, 200, `${path} as ${accept}: ${reply.body}`)
    }
  }
  assert.deepEqual(errors, [])
})
