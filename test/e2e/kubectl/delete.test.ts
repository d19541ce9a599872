// kubectl delete and kubectl wait.

import assert from 'node:assert/strict'
import { eventually } from '@brume/testkit/eventually'
import type { Shell } from './session.ts'
import { fails, kubectlSuite } from './steps.ts'

const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: x}]}'

kubectlSuite('kubectl delete and wait', [
  {
    name: 'delete',
    core: true,
    files: { 'pod.yaml': POD },
    steps: [
      ['create -f pod.yaml', 'pod/p created'],
      [
        'wait pod/p --for=condition=Ready --timeout=1s',
        fails(/^error: timed out waiting for the condition on pods\/p$/),
      ],
      ["wait pod/p --for=jsonpath='{.status.phase}'=Pending --timeout=5s", 'pod/p condition met'],
      ["wait pod/p --for=jsonpath='{.status.phase}' --timeout=5s", 'pod/p condition met', { since: 31 }],
      [
        'wait pod/nope --for=condition=Ready --timeout=1s',
        fails('Error from server (NotFound): pods "nope" not found'),
      ],
      ['wait pod/nope --for=delete --timeout=1s', ''],
      ['wait pod/p --for=create --timeout=1s', 'pod/p condition met', { since: 31 }],
      ['delete pod p --dry-run=client', 'pod "p" deleted (dry run)'],
      ['delete pod p --dry-run=server', 'pod "p" deleted (server dry run)'],
      ['delete -f pod.yaml --now', 'pod "p" deleted'],
      ['delete pod p', fails('Error from server (NotFound): pods "p" not found')],
      ['delete pod p --ignore-not-found', ''],
      ['create cm a', 'configmap/a created'],
      ['create cm b', 'configmap/b created'],
      ['label cm a b z=1', 'configmap/a labeled\nconfigmap/b labeled'],
      ['delete cm -l z=1', 'configmap "a" deleted\nconfigmap "b" deleted'],
      ['delete cm -l z=1', { out: 'No resources found' }],
      [
        'delete cm/a cm/b',
        fails(
          'Error from server (NotFound): configmaps "a" not found\nError from server (NotFound): configmaps "b" not found',
        ),
      ],
      ['delete cm --all', 'configmap "kube-root-ca.crt" deleted'],
      [
        'delete -f -',
        fails('Error from server (NotFound): error when deleting "STDIN": configmaps "gone" not found'),
        { stdin: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: gone}' },
      ],
      ['create ns bye-$V', 'namespace/bye-$V created'],
      ['create cm q -n bye-$V', 'configmap/q created'],
      ['delete ns bye-$V', 'namespace "bye-$V" deleted'],
      ['get cm q -n bye-$V', fails('Error from server (NotFound): namespaces "bye-$V" not found')],
      [
        'delete ns default',
        fails(
          'Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted',
        ),
      ],
      [
        'delete ns kube-system',
        fails(
          'Error from server (Forbidden): namespaces "kube-system" is forbidden: this namespace may not be deleted',
        ),
      ],
    ],
  },
  { name: 'cascade', steps: [], also: cascades },
  { name: 'wait', steps: [], also: waits },
])

async function cascades({ must, run }: Shell): Promise<void> {
  const owned = (name: string, uid: string) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: `${name}-child`,
        ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid, blockOwnerDeletion: true }],
      },
    })
  for (const cascade of ['background', 'foreground', 'orphan']) {
    await must(['create', 'configmap', cascade])
    const uid = await must(['get', 'configmap', cascade, '-o', 'jsonpath={.metadata.uid}'])
    await must(['create', '-f', '-'], { stdin: owned(cascade, uid) })
    assert.equal(
      await must(['delete', 'configmap', cascade, `--cascade=${cascade}`]),
      `configmap "${cascade}" deleted\n`,
    )
    const child = ['get', 'configmap', `${cascade}-child`, '-o', 'jsonpath={.metadata.ownerReferences}']
    if (cascade === 'orphan') {
      assert.equal(await must(child), '')
      continue
    }
    const isGone = async () => (await run(child)).code === 1
    if (cascade === 'foreground') assert.ok(await isGone(), 'the owner went before its dependent')
    await eventually('the deletion of the dependent', isGone)
  }
}

async function waits({ must, kubectl }: Shell): Promise<void> {
  await must(['run', 'slow', '--image=x', '--restart=Never'])
  const gone = must(['wait', 'pod/slow', '--for=delete', '--timeout=60s'])
  await must(['delete', 'pod', 'slow', '--wait=false'])
  assert.match(await gone, /^(pod\/slow condition met\n)?$/)
  if (kubectl.minor < 31) return
  const created = must(['wait', 'configmap/late', '--for=create', '--timeout=60s'])
  await must(['create', 'configmap', 'late'])
  assert.equal(await created, 'configmap/late condition met\n')
}
