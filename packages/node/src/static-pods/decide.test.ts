import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { decideStaticPods } from './decide.ts'
import { HASH, type Manifest, MIRROR, readManifest, SOURCE } from './manifest.ts'

const FILE = `
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: c, image: web:1}]}
`
const read = (text: string, path = '/m/web.yaml') => readManifest(path, text, 'n1')
const manifest = (text = FILE, path?: string) => read(text, path) as Manifest
/** As the API gives it back. */
const mirror = (of: Manifest, more: object = {}): KubeObject => ({
  ...of.pod,
  metadata: { ...of.pod.metadata, uid: 'u', ...more },
})
const decide = (manifests: ReturnType<typeof read>[], pods: KubeObject[]) =>
  decideStaticPods({ manifests, pods }).map((action) =>
    action.type === 'say' ? `say ${action.problem}` : `${action.type} ${action.pod.metadata.name}`,
  )

test('a file becomes a pod of this node, with its name, annotations and a toleration of everything', () => {
  const { pod, hash } = manifest()
  assert.equal(pod.metadata.name, 'web-n1')
  assert.equal(pod.metadata.namespace, 'default')
  assert.deepEqual(pod.metadata.labels, { app: 'web' })
  assert.deepEqual(pod.metadata.annotations, { [HASH]: hash, [MIRROR]: hash, [SOURCE]: 'file' })
  assert.equal(pod['spec'].nodeName, 'n1')
  assert.deepEqual(pod['spec'].tolerations, [{ operator: 'Exists', effect: 'NoExecute' }])
})

test('the hash is another when the file says something else, and the same when it is only written anew', () => {
  assert.equal(manifest(`# a comment\n${FILE}`).hash, manifest().hash)
  assert.notEqual(manifest(FILE.replace('web:1', 'web:2')).hash, manifest().hash)
})

test('what is no pod is refused with a sentence', () => {
  const problem = (text: string) => (read(text) as { problem: string }).problem
  assert.match(problem('{'), /^it cannot be read: /)
  assert.match(problem(''), /^it is empty/)
  assert.match(problem('just words'), /^it is empty/)
  assert.match(
    problem('{apiVersion: v1, kind: Service}'),
    /it holds a Service, and only a v1 Pod can be static/,
  )
  assert.match(problem('{apiVersion: v1, kind: Pod, metadata: {}}'), /no name/)
  assert.match(problem('{apiVersion: v1, kind: Pod, metadata: {name: a}}'), /no spec/)
})

test('a pod is made for a file, and one that is there stays', () => {
  assert.deepEqual(decide([manifest()], []), ['create web-n1'])
  assert.deepEqual(decide([manifest()], [mirror(manifest())]), [])
})

test('a file that has changed ends its pod first, once, and makes it anew when it is gone', () => {
  const old = manifest(FILE.replace('web:1', 'web:0'))
  assert.deepEqual(decide([manifest()], [mirror(old)]), ['delete web-n1'])
  assert.deepEqual(decide([manifest()], [mirror(old, { deletionTimestamp: '2026-01-01T00:00:00Z' })]), [])
})

test('a pod whose file is gone goes; pods that are not static are left alone', () => {
  const ordinary: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name: 'x' },
    spec: {},
  }
  assert.deepEqual(decide([], [mirror(manifest()), ordinary]), ['delete web-n1'])
})

test('while a file cannot be read nothing is ended for want of a file', () => {
  assert.deepEqual(decide([read('{', '/m/other.yaml')], [mirror(manifest())]).length, 1)
})

test('two files with one pod, and a pod of that name that is none of ours, are told', () => {
  const twice = decide([manifest(), manifest(FILE, '/m/again.yaml')], [])
  assert.deepEqual(twice, ['say its pod default/web-n1 is in /m/web.yaml too', 'create web-n1'])
  const foreign: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name: 'web-n1' },
    spec: {},
  }
  assert.deepEqual(decide([manifest()], [foreign]), [
    'say there is a pod default/web-n1 that is not of this file',
  ])
})
