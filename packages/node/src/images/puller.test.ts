import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { fakeClock } from '@brume/client/testing/fake-clock'
import { eventually } from '@brume/testkit/eventually'
import { PodProblem } from '../contract.ts'
import type { AuthConfig } from '../cri/cri.ts'
import { type TestNodeContext, testNodeContext } from '../testing/node-context.ts'
import { RuntimeFault, type ScriptedRuntime, startScriptedRuntime } from '../testing/scripted-runtime.ts'
import { imagePuller } from './puller.ts'

const pod = (uid: string, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'ns', name: 'p', uid },
  spec: { containers: [{ name: 'web' }], ...more },
})
const container = (image: string, imagePullPolicy = 'IfNotPresent') => ({
  name: 'web',
  image,
  imagePullPolicy,
})

describe('images for containers', { timeout: 60_000 }, () => {
  let runtime: ScriptedRuntime
  let context: TestNodeContext
  let folder: string
  const clock = fakeClock()
  const present = new Map<string, object>()
  const pulls: { image: string; auth: AuthConfig | undefined }[] = []
  let answer: (image: string, auth: AuthConfig | undefined) => void | Promise<void> = () => {}

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'brume-pull-'))
    runtime = await startScriptedRuntime({
      ImageStatus: ({ image }) => {
        const found = present.get(image?.image ?? '')
        return found === undefined ? {} : { image: found }
      },
      PullImage: async ({ image, auth }) => {
        const name = image?.image ?? ''
        pulls.push({ image: name, auth })
        await answer(name, auth)
        present.set(name, { id: `sha256:${name}`, size: 1234, uid: { value: 65535 } })
        return { imageRef: `sha256:${name}` }
      },
    })
  })
  after(async () => {
    await runtime.stop()
    await rm(folder, { recursive: true })
  })
  const puller = (options: { secrets?: Record<string, KubeObject>; maxParallel?: number } = {}) => {
    context = testNodeContext({ root: folder, cri: runtime.cri, clock })
    pulls.length = 0
    present.clear()
    answer = () => {}
    return imagePuller(context, {
      contentDir: folder,
      objects: { get: async (_kind, namespace, name) => options.secrets?.[`${namespace}/${name}`] },
      ...options,
    })
  }
  const problem = async (promise: Promise<unknown>): Promise<PodProblem> => {
    const error = await promise.then(
      () => undefined,
      (reason) => reason,
    )
    assert.ok(error instanceof PodProblem, String(error))
    return error
  }
  const said = () => context.events.map(({ reason, message }) => `${reason}: ${message}`)

  it('are pulled when they are not there, and told with size and time', async () => {
    const { imageRef, imageUser } = await puller().ensure(pod('u'), container('web:1'))
    assert.equal(imageRef, 'sha256:docker.io/library/web:1')
    assert.deepEqual(imageUser, { uid: 65535 })
    assert.deepEqual(pulls, [{ image: 'docker.io/library/web:1', auth: undefined }])
    assert.equal(said()[0], 'Pulling: Pulling image "web:1"')
    assert.match(
      said()[1]!,
      /^Pulled: Successfully pulled image "web:1" in \S+s \(\S+s including waiting\)\. Image size: 1234 bytes\.$/,
    )
    assert.equal(context.events[0]?.subject.fieldPath, 'spec.containers{web}')
  })

  it('are not pulled when they are there, unless the policy is Always', async () => {
    const of = puller()
    present.set('docker.io/library/web:1', { id: 'local', username: 'nobody' })
    assert.deepEqual(await of.ensure(pod('u'), container('web:1')), {
      imageRef: 'local',
      imageUser: { username: 'nobody' },
    })
    assert.deepEqual(said(), ['Pulled: Container image "web:1" already present on machine'])
    await of.ensure(pod('u'), container('web:1', 'Always'))
    assert.equal(pulls.length, 1)
  })

  it('are never pulled with the policy Never', async () => {
    const { reason, message } = await problem(puller().ensure(pod('u'), container('web:1', 'Never')))
    assert.equal(reason, 'ErrImageNeverPull')
    assert.match(message, /^Container image "web:1" is not present with pull policy of Never/)
    assert.equal(pulls.length, 0)
  })

  it('with a name that cannot be are refused, and the runtime is not asked', async () => {
    const { reason, message } = await problem(puller().ensure(pod('u'), container('Web:1')))
    assert.equal(reason, 'InvalidImageName')
    assert.match(message, /Failed to apply default image tag "Web:1".*must be lowercase/)
    assert.match(said()[0]!, /^InspectFailed: /)
  })

  it('back off after a failure, longer each time, and come when the cause is gone', async () => {
    const of = puller()
    answer = () => {
      throw new RuntimeFault('UNKNOWN', 'pull access denied, repository does not exist')
    }
    const ensure = () => of.ensure(pod('u'), container('web:1'))
    assert.equal((await problem(ensure())).reason, 'ErrImagePull')
    const waiting = await problem(ensure())
    assert.equal(waiting.reason, 'ImagePullBackOff')
    assert.match(waiting.message, /^Back-off pulling image "web:1": ErrImagePull: pull access denied/)
    assert.equal(said().at(-1), 'BackOff: Back-off pulling image "web:1"')
    await clock.advance(10_000)
    assert.equal((await problem(ensure())).reason, 'ErrImagePull')
    await clock.advance(19_999)
    assert.equal((await problem(ensure())).reason, 'ImagePullBackOff')
    // Another pod does not wait for this one's back-off.
    assert.equal((await problem(of.ensure(pod('v'), container('web:1')))).reason, 'ErrImagePull')
    await clock.advance(1)
    answer = () => {}
    assert.equal((await ensure()).imageRef, 'sha256:docker.io/library/web:1')
  })

  it('tell what to do next when they cannot be had', async () => {
    const cases: [string, RegExp][] = [
      [
        'failed to do request: Head "https://registry-1.docker.io/v2/library/web/manifests/1": dial tcp: lookup registry-1.docker.io: no such host',
        /no way from this node to docker\.io\..*brume image build.*brume image import/,
      ],
      ['no match for platform in manifest sha256:0: not found', /no variant for linux\/\w+:/],
      ['failed to resolve reference: docker.io/library/web:1: not found', /check the name and the tag/],
      ['unexpected status: 401 Unauthorized', /kubectl create secret docker-registry/],
      ['write /x: no space left on device', /disk of this node is full/],
    ]
    for (const [fault, advice] of cases) {
      const of = puller()
      answer = () => {
        throw new RuntimeFault('UNKNOWN', fault)
      }
      const { message } = await problem(of.ensure(pod('u'), container('web:1')))
      assert.ok(message.startsWith(fault), message)
      assert.match(message, advice)
      assert.equal(said().at(-1), `Failed: Failed to pull image "web:1": ${message}`)
    }
  })

  it('are pulled with the secrets of the pod, one after the other; missing ones are told', async () => {
    const secret = (username: string): KubeObject => {
      const auths = { 'docker.io': { username, password: 'p' } }
      const data = { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') }
      return { apiVersion: 'v1', kind: 'Secret', metadata: {}, type: 'kubernetes.io/dockerconfigjson', data }
    }
    const of = puller({ secrets: { 'ns/one': secret('wrong'), 'ns/two': secret('right') } })
    answer = (_image, auth) => {
      if (auth?.username !== 'right') throw new RuntimeFault('UNKNOWN', '401 Unauthorized')
    }
    const imagePullSecrets = [{ name: 'one' }, { name: 'gone' }, { name: 'two' }]
    await of.ensure(pod('u', { imagePullSecrets }), container('web:1'))
    assert.deepEqual(
      pulls.map(({ auth }) => auth?.username),
      ['wrong', 'right'],
    )
    assert.ok(said().some((text) => text.includes('Unable to retrieve some image pull secrets (gone)')))
  })

  it('that many pods want at once are pulled once; different ones a few at a time', async () => {
    const of = puller({ maxParallel: 2 })
    const gate = Promise.withResolvers<void>()
    answer = () => gate.promise
    const names = ['a:1', 'a:1', 'a:1', 'b:1', 'c:1']
    const all = Promise.all(names.map((name, at) => of.ensure(pod(`u${at}`), container(name))))
    await eventually('two pulls', () => pulls.length === 2)
    gate.resolve()
    await all
    assert.deepEqual(
      pulls.map(({ image }) => image),
      ['a', 'b', 'c'].map((name) => `docker.io/library/${name}:1`),
    )
  })

  it('that another pod had begun to pull did not take longer than was waited for them', async () => {
    const of = puller()
    const gate = Promise.withResolvers<void>()
    answer = () => gate.promise
    const first = of.ensure(pod('u'), container('a:1'))
    const began = performance.now()
    await eventually('it has begun for a while', () => pulls.length === 1 && performance.now() > began + 50)
    const second = of.ensure(pod('v'), container('a:1'))
    await eventually('both wait', () => said().filter((text) => text.startsWith('Pulling')).length === 2)
    gate.resolve()
    await Promise.all([first, second])
    const times = said().flatMap((text) => [...text.matchAll(/ in (\S+) \((\S+) including waiting\)/g)])
    assert.equal(times.length, 2)
    const ms = (text: string) => Number.parseFloat(text) * (text.endsWith('ms') ? 1 : 1000)
    for (const [, pulled, waited] of times) assert.ok(ms(pulled!) <= ms(waited!), `${pulled}, ${waited}`)
  })

  it('tell how far they have come when it takes long', async () => {
    const of = puller()
    const gate = Promise.withResolvers<void>()
    answer = () => gate.promise
    await mkdir(join(folder, 'ingest', 'x'), { recursive: true })
    await writeFile(join(folder, 'ingest', 'x', 'data'), Buffer.alloc(3_000_000))
    const ensured = of.ensure(pod('u'), container('web:1'))
    await eventually('the pull', () => pulls.length === 1)
    await clock.advance(10_000)
    const text = 'Pulling: Still pulling image "web:1" after 10 s: 3 MB are on their way'
    await eventually('a word about it', () => said().includes(text))
    gate.resolve()
    await ensured
  })
})
