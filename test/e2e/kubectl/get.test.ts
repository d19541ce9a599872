// kubectl get: output forms, selectors, chunks, raw paths and watches.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { eventually } from '@brume/testkit/eventually'
import { POD } from './manifests.ts'
import type { Shell } from './session.ts'
import { fails, kubectlSuite, warns } from './steps.ts'

const NUMBERS = Array.from({ length: 20 }, (_, i) => i + 1)
const MANY = NUMBERS.map(
  (n) => `apiVersion: v1
kind: ConfigMap
metadata: {name: o${String(n).padStart(2, '0')}, labels: {rank: "${n}", tier: ${n % 2 === 0 ? 'even' : 'odd'}}}
`,
).join('---\n')
const names = (wanted: (n: number) => boolean) =>
  NUMBERS.filter(wanted)
    .map((n) => `configmap/o${String(n).padStart(2, '0')}`)
    .join('\n')

const BAD_SELECTOR = `Error from server (BadRequest): Unable to find "/v1, Resource=configmaps" that match label selector "a b", field selector "": unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt`
const BAD_FIELD = `Error from server (BadRequest): Unable to find "/v1, Resource=configmaps" that match label selector "", field selector "data.x=1": "data.x" is not a known field selector: only "metadata.name", "metadata.namespace"`
const BAD_POD_FIELD = `Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "", field selector "spec.x=1": field label not supported: spec.x`

kubectlSuite('kubectl get', [
  {
    name: 'forms',
    core: true,
    files: { 'pod.yaml': POD },
    steps: [
      ['get pods', warns('No resources found in $NS namespace.', '')],
      ['create -f pod.yaml', 'pod/p1 created'],
      ['get pods', /^NAME {3}READY {3}STATUS {4}RESTARTS {3}AGE\np1 {5}0\/1 {5}Pending {3}0 {10}\d+s$/],
      [
        'get po p1 -o wide',
        /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\np1 +0\/1 +Pending +0 +\d+s +<none> +<none> +<none> +<none>$/,
      ],
      ['get pod/p1 -o name', 'pod/p1'],
      [
        'get po p1 -o yaml',
        /^apiVersion: v1\nkind: Pod\nmetadata:\n {2}creationTimestamp: "(.|\n)*\nstatus:\n(.|\n)* {2}phase: Pending\n {2}qosClass: Guaranteed$/,
      ],
      ['get po p1 -o json', /^\{\n {4}"apiVersion": "v1",\n {4}"kind": "Pod",/],
      ['get po -o json', /^\{\n {4}"apiVersion": "v1",\n {4}"items": \[\n/],
      [
        "get po -o 'custom-columns=NAME:.metadata.name,IMG:.spec.containers[*].image,NO:.x.y'",
        'NAME   IMG       NO\np1     busybox   <none>',
      ],
      ["get po -o 'go-template={{range .items}}{{.metadata.name}}{{end}}'", 'p1'],
      [
        `get po -o 'jsonpath={range .items[*]}{.metadata.name}{"\\t"}{.status.phase}{"\\n"}{end}'`,
        'p1\tPending',
      ],
      ['get po --show-labels', /^NAME +READY +STATUS +RESTARTS +AGE +LABELS\np1 .* app=p$/],
      [
        'get po p1 --show-managed-fields -o yaml',
        /\n {4}manager: kubectl-create\n {4}operation: Update\n {4}time: "/,
      ],
      ['get po p1 -o yaml', { out: /^(?![\s\S]*managedFields)/ }],
      ['get po p1 --subresource=status', /^NAME +READY +STATUS/],
      [
        'get po,cm',
        /^NAME +READY[\s\S]*\npod\/p1 [\s\S]*\n\nNAME +DATA +AGE\nconfigmap\/kube-root-ca.crt +1/,
      ],
      ['get all', /^NAME +READY +STATUS +RESTARTS +AGE\npod\/p1 /],
      ['get -f pod.yaml --no-headers', /^p1 +0\/1/],
      ['get po --server-print=false', /^NAME +AGE\np1 +\d+s$/],
      ['get po nope', fails('Error from server (NotFound): pods "nope" not found')],
      ['get po nope --ignore-not-found', ''],
      ['get nope', fails(`error: the server doesn't have a resource type "nope"`)],
      [
        'get po p1 nope',
        { code: 1, out: /\np1 /, err: 'Error from server (NotFound): pods "nope" not found' },
      ],
      ['get componentstatuses', { out: /^/, err: /^Warning: v1 ComponentStatus is deprecated in v1.19\+/ }],
      ['get clusterrole admin', /^NAME +CREATED AT\nadmin +\d{4}-\d\d-\d\dT/],
      [
        'get svc -A --field-selector metadata.name=kubernetes',
        /^NAMESPACE +NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE\ndefault +kubernetes +ClusterIP +10.96.0.1 +<none> +443\/TCP/,
      ],
    ],
  },
  {
    name: 'selectors',
    files: { 'many.yaml': MANY, 'pod.yaml': POD },
    steps: [
      ['create -f many.yaml -f pod.yaml', /configmap\/o20 created\npod\/p1 created$/],
      ['get cm -o name -l tier=even', names((n) => n % 2 === 0)],
      ['get cm -o name -l tier==odd', names((n) => n % 2 === 1)],
      ["get cm -o name -l 'tier!=even'", `configmap/kube-root-ca.crt\n${names((n) => n % 2 === 1)}`],
      ["get cm -o name -l 'tier in (even,odd)'", names(() => true)],
      ["get cm -o name -l 'tier notin (even),tier'", names((n) => n % 2 === 1)],
      ['get cm -o name -l tier', names(() => true)],
      ["get cm -o name -l '!tier'", 'configmap/kube-root-ca.crt'],
      ["get cm -o name -l 'rank>18'", names((n) => n > 18)],
      ["get cm -o name -l 'rank<3,tier=odd'", 'configmap/o01'],
      ["get cm -l 'a b'", fails(BAD_SELECTOR)],
      ['get cm -o name --field-selector metadata.name=o03', 'configmap/o03'],
      [
        'get cm -o name -l tier=odd --field-selector metadata.name!=o03',
        names((n) => n % 2 === 1 && n !== 3),
      ],
      ['get cm --field-selector data.x=1', fails(BAD_FIELD)],
      ['get po --field-selector spec.x=1', fails(BAD_POD_FIELD)],
      ['get po -o name --field-selector status.phase=Pending,spec.nodeName=', 'pod/p1'],
      ['get po --field-selector status.phase!=Pending', warns('No resources found in $NS namespace.', '')],
      ['get cm --chunk-size=5 -o name -l tier', names(() => true)],
      ['get cm -L tier,rank -l rank=7', /^NAME +DATA +AGE +TIER +RANK\no07 +0 +\S+ +odd +7$/],
      ['get cm --sort-by=.metadata.name -l tier -o name', names(() => true)],
      ["get cm --sort-by='{.metadata.labels.rank}' -l rank<12 -o name", names((n) => n < 12)],
      ['get --raw /api/v1/namespaces/$NS/configmaps?limit=5', /"remainingItemCount":16\},"items":\[/],
      [
        'get --raw /api/v1/namespaces/$NS/configmaps/o01',
        /^\{"kind":"ConfigMap","apiVersion":"v1","metadata":\{"name":"o01"/,
      ],
      [
        'get --raw /nope',
        fails('Error from server (NotFound): the server could not find the requested resource'),
      ],
      ['get cm -l tier=odd -A --no-headers --output-watch-events=false -o name', /^configmap\/o01\n/],
    ],
  },
  { name: 'watch', steps: [], also: watches },
])

async function watches(shell: Shell): Promise<void> {
  const { must, namespace, kubectl } = shell
  const all = watching(shell, ['get', 'configmaps', '--watch', '--output-watch-events'])
  const only = watching(shell, ['get', 'configmaps', '--watch-only', '-l', 'seen=yes'])
  await eventually('the first event', () => all.printed().includes('ADDED'))
  await must(['create', 'configmap', 'w1'])
  // The list is empty, so that only a later event tells that this watch is open.
  await eventually('the second watch', async () => {
    await must(['label', 'configmap', 'kube-root-ca.crt', 'seen=yes', '--overwrite'])
    await must(['label', 'configmap', 'kube-root-ca.crt', 'seen-'])
    return only.printed().includes('kube-root-ca.crt')
  })
  await must(['label', 'configmap', 'w1', 'a=b'])
  await must(['delete', 'configmap', 'w1'])
  const ofOne = () =>
    all
      .printed()
      .split('\n')
      .map((line) => line.split(/\s+/))
      .filter(([, name]) => name === 'w1')
      .map(([event]) => event)
  await eventually('the deletion', () => ofOne().includes('DELETED'))
  assert.deepEqual(ofOne(), ['ADDED', 'MODIFIED', 'DELETED'], `${namespace} ${kubectl.version}`)
  await all.end()
  await only.end()
}

function watching({ folder, env }: Shell, args: readonly string[]) {
  const child = spawn(join(folder, 'bin/kubectl'), args, { cwd: folder, env })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more
  })
  return {
    printed: () => text,
    async end() {
      const closed = once(child, 'close')
      child.kill('SIGKILL')
      await closed
    },
  }
}
