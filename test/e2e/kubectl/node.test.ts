// Nodes and what runs on them, as far as no node agent is needed: cordon, taint, drain with a budget, and clear errors.

import { any, fails, kubectlSuite } from './steps.ts'

const pod = (name: string, spec: string) => `---
apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: d}}
spec: {nodeName: node-$V, terminationGracePeriodSeconds: 0, containers: [{name: c, image: x}]${spec}}
`
const OBJECTS = `
apiVersion: v1
kind: Node
metadata: {name: node-$V}
${pod('d1', '')}${pod('d2', ', volumes: [{name: e, emptyDir: {}}]')}---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: pdb}
spec: {minAvailable: 2, selector: {matchLabels: {app: d}}}
`
const READY = `{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}`
const BLOCKED = `{"status":{"disruptionsAllowed":0,"currentHealthy":2,"desiredHealthy":2,"expectedPods":2,"observedGeneration":1}}`
const FREE = `{"status":{"disruptionsAllowed":2,"currentHealthy":2,"desiredHealthy":0,"expectedPods":2,"observedGeneration":2}}`
/** The budget's controller may have found the same already. */
const PATCHED = /^poddisruptionbudget.policy\/pdb patched( \(no change\))?$/
const DRAIN = 'drain node-$V --force --delete-emptydir-data'
const CANNOT = "Cannot evict pod as it would violate the pod's disruption budget."

const NO_HOST = 'pod p does not have a host assigned'
const noHost = fails(`Error from server (BadRequest): ${NO_HOST}`)

kubectlSuite('kubectl and nodes', [
  {
    name: 'node',
    files: { 'objects.yaml': OBJECTS },
    steps: [
      [
        'create -f objects.yaml',
        /^node\/node-\d\d created\npod\/d1 created\npod\/d2 created\npoddisruptionbudget.policy\/pdb created$/,
      ],
      [
        `patch node node-$V --subresource=status --type=merge -p '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}'`,
        'node/node-$V patched',
      ],
      ['get node node-$V', /^NAME +STATUS +ROLES +AGE +VERSION\nnode-\d\d +Ready +<none> /],
      ['cordon node-$V', 'node/node-$V cordoned'],
      ['cordon node-$V', 'node/node-$V already cordoned'],
      ['get node node-$V --no-headers', /^node-\d\d +Ready,SchedulingDisabled /],
      ['uncordon node-$V', 'node/node-$V uncordoned'],
      ['taint node node-$V k=v:NoSchedule', 'node/node-$V tainted'],
      [
        'taint node node-$V k=v:NoSchedule',
        fails('error: node node-$V already has k taint(s) with same effect(s) and --overwrite is false'),
      ],
      ['taint node node-$V k=w:NoSchedule --overwrite', 'node/node-$V modified'],
      ['taint node node-$V k-', 'node/node-$V untainted'],
      ['taint node node-$V k-', fails('error: taint "k" not found')],
      ['label node node-$V node-role.kubernetes.io/worker=', 'node/node-$V labeled'],
      ['get node node-$V --no-headers', /^node-\d\d +Ready +worker /],
      [`patch pod d1 d2 --subresource=status -p '${READY}'`, 'pod/d1 patched\npod/d2 patched'],
      [`patch pdb pdb --subresource=status --type=merge -p '${BLOCKED}'`, PATCHED],
      [
        'drain node-$V --timeout=3s',
        { code: 1, out: /cordoned$/, err: /Pods (that )?declare no controller/ },
      ],
      // The budget says no: kubectl says so, tries again, and gives up in time.
      [
        `${DRAIN} --timeout=3s`,
        {
          code: 1,
          out: /evicting pod \S+\/d1/,
          err: new RegExp(
            `error when evicting pods/"d1" -n "\\S+" \\(will retry after 5s\\): ${CANNOT}[\\s\\S]*global timeout reached: 3s`,
          ),
        },
      ],
      [
        `patch pdb pdb --type=merge -p '{"spec":{"minAvailable":0}}'`,
        'poddisruptionbudget.policy/pdb patched',
      ],
      [`patch pdb pdb --subresource=status --type=merge -p '${FREE}'`, PATCHED],
      [
        `${DRAIN} --timeout=30s`,
        {
          out: /\npod\/d\d evicted\npod\/d\d evicted\nnode\/node-\d\d drained$/,
          err: /^W.*: deleting Pods (that )?declare no controller: /,
        },
      ],
      ['get pods', { out: '', err: 'No resources found in $NS namespace.' }],
      ["get pdb pdb -o 'jsonpath={.status.disruptionsAllowed}'", '0'],
      ['delete node node-$V', 'node "node-$V" deleted'],
    ],
  },
  {
    name: 'no node yet',
    steps: [
      ['run p --image=x', 'pod/p created'],
      ['logs p', ''],
      ['exec p -- ls', noHost],
      [
        'attach p',
        {
          ...noHost,
          out: /^/,
          err: new RegExp(NO_HOST),
        },
      ],
      ['cp p:/x ./x', { ...any, code: 1, err: new RegExp(NO_HOST) }],
      ['logs nope', fails(/pods "nope" not found/)],
      ['exec nope -- ls', fails('Error from server (NotFound): pods "nope" not found')],
      [
        'port-forward p 0:80',
        fails('error: unable to forward port because pod is not running. Current status=Pending'),
      ],
      ['top nodes', fails('error: metrics not available yet')],
      ['top pods', fails('error: metrics not available yet')],
      ['debug p --image=busybox -c dbg', { ...any, err: /^/ }],
      ["get pod p -o 'jsonpath={.spec.ephemeralContainers[*].image}'", 'busybox'],
      [
        'delete pod p --grace-period=0 --force',
        { out: 'pod "p" force deleted', err: /^Warning: Immediate deletion does not wait/ },
      ],
    ],
  },
])
