// kubectl apply, client side and server side, prune, diff and kustomize.

import { CONFIG_MAP, DEPLOYMENT, documents, SERVICE } from './manifests.ts'
import { fails, kubectlSuite, warns } from './steps.ts'

const CHANGED = DEPLOYMENT.replace('nginx:1', 'nginx:2').replace('replicas: 2', 'replicas: 3')

const KUSTOMIZATION = `
resources: [cm.yaml, dep.yaml]
namePrefix: pre-
configMapGenerator: [{name: gen, literals: [a=b]}]
`

const CONFLICT = `error: Apply failed with 2 conflicts: conflicts with "kubectl":
- .spec.replicas
- .spec.template.spec.containers[name="c"].image
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the \`--force-conflicts\` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts`

const PRUNING = /^(W\d+ .*prune.go:\d+\] Deprecated: kubectl apply will no longer prune .*)?$/

kubectlSuite('kubectl apply', [
  {
    name: 'apply',
    core: true,
    files: { 'cm.yaml': CONFIG_MAP, 'both.yaml': documents(DEPLOYMENT, SERVICE) },
    steps: [
      ['apply -f cm.yaml', 'configmap/c1 created'],
      ['apply -f cm.yaml', 'configmap/c1 unchanged'],
      ['apply -f both.yaml', 'deployment.apps/web created\nservice/web created'],
      ['apply -f both.yaml', 'deployment.apps/web unchanged\nservice/web unchanged'],
      ['apply -f -', 'configmap/c1 configured', { stdin: CONFIG_MAP.replace('"1"', '"2"') }],
      ["get cm c1 -o 'jsonpath={.data.a}'", '2'],
      ['apply -f -', 'configmap/c1 configured', { stdin: CONFIG_MAP.replace('a: "1"', 'b: "3"') }],
      ["get cm c1 -o 'jsonpath={.data}'", '{"b":"3"}'],
      ['apply -f cm.yaml --dry-run=client', 'configmap/c1 configured (dry run)'],
      ['apply -f cm.yaml --dry-run=server', 'configmap/c1 configured (server dry run)'],
      ["get cm c1 -o 'jsonpath={.data}'", '{"b":"3"}'],
      ['apply view-last-applied cm/c1', /^apiVersion: v1\ndata:\n {2}b: "3"\nkind: ConfigMap/],
      ['apply set-last-applied -f cm.yaml', 'configmap/c1 configured'],
      ['apply view-last-applied cm/c1 -o json', /"a": "1"/],
    ],
  },
  {
    name: 'server-side',
    core: true,
    files: { 'dep.yaml': DEPLOYMENT, 'changed.yaml': CHANGED, 'cm.yaml': CONFIG_MAP },
    steps: [
      ['apply --server-side -f dep.yaml', 'deployment.apps/web serverside-applied'],
      ['apply --server-side -f dep.yaml', 'deployment.apps/web serverside-applied'],
      [
        'apply --server-side -f dep.yaml --dry-run=server',
        'deployment.apps/web serverside-applied (server dry run)',
      ],
      ['apply --server-side -f changed.yaml --field-manager=other', fails(CONFLICT)],
      [
        'apply --server-side -f changed.yaml --field-manager=other --force-conflicts',
        'deployment.apps/web serverside-applied',
      ],
      ["get deploy web -o 'jsonpath={.spec.replicas}'", '3'],
      [
        "get deploy web --show-managed-fields -o 'jsonpath={.metadata.managedFields[*].manager}'",
        /^kubectl other( |$)/,
      ],
      // Client-side apply first: server-side apply takes its fields over without a conflict.
      ['apply -f cm.yaml', 'configmap/c1 created'],
      [
        'apply --server-side -f -',
        'configmap/c1 serverside-applied',
        { stdin: CONFIG_MAP.replace('"1"', '"2"') },
      ],
      ["get cm c1 -o 'jsonpath={.data.a}'", '2'],
      [
        'apply --server-side -f -',
        'configmap/empty serverside-applied',
        { stdin: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: empty}' },
      ],
      ["get cm empty --show-managed-fields -o 'jsonpath={.metadata.managedFields}'", ''],
    ],
  },
  {
    name: 'prune',
    files: { 'cm.yaml': CONFIG_MAP, 'both.yaml': documents(CONFIG_MAP, DEPLOYMENT) },
    steps: [
      [
        'apply -f both.yaml --prune -l app=x',
        { out: 'configmap/c1 created\ndeployment.apps/web created', err: PRUNING },
      ],
      [
        'apply -f cm.yaml --prune -l app=x',
        { out: 'configmap/c1 unchanged\ndeployment.apps/web pruned', err: PRUNING },
      ],
      ['get deploy', warns('No resources found in $NS namespace.', '')],
      [
        'apply -n $NS -f both.yaml --prune --applyset=mine',
        'configmap/c1 configured\ndeployment.apps/web created',
        { env: { KUBECTL_APPLYSET: 'true' } },
      ],
      [
        'apply -n $NS -f cm.yaml --prune --applyset=mine',
        'configmap/c1 unchanged\ndeployment.apps/web pruned',
        { env: { KUBECTL_APPLYSET: 'true' } },
      ],
      [
        "get secret mine -o 'jsonpath={.metadata.annotations.applyset\\.kubernetes\\.io/contains-group-kinds}'",
        'ConfigMap',
        { since: 30 },
      ],
    ],
  },
  {
    name: 'diff',
    files: {
      'cm.yaml': CONFIG_MAP,
      'cm2.yaml': CONFIG_MAP.replace('"1"', '"2"'),
      'dep.yaml': DEPLOYMENT,
      'changed.yaml': CHANGED,
      'secret.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: secret}',
    },
    steps: [
      ['diff -f cm.yaml', { code: 1, out: /\+kind: ConfigMap\n/ }],
      ['apply -f cm.yaml -f dep.yaml -f secret.yaml', /created/],
      ['diff -f cm.yaml -f dep.yaml -f secret.yaml', ''],
      ['diff -f cm2.yaml', { code: 1, out: /\n- {2}a: "1"\n\+ {2}a: "2"\n/ }],
      [
        'diff --server-side --force-conflicts -f changed.yaml',
        { code: 1, out: /\n- {2}replicas: 2\n\+ {2}replicas: 3\n/ },
      ],
      [
        'diff -f -',
        { code: 1, out: /\+ {2}a: '\*\*\* \(after\)'|\+ {2}a: \*\*\*/ },
        { stdin: 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: other}' },
      ],
      ['diff -f -', warns('Warning: unknown field "nope"', ''), { stdin: `${CONFIG_MAP}nope: 1` }],
      ['diff -f nope.yaml', { code: 2, out: '', err: /nope.yaml/ }],
    ],
  },
  {
    name: 'kustomize',
    files: { 'cm.yaml': CONFIG_MAP, 'dep.yaml': DEPLOYMENT, 'kustomization.yaml': KUSTOMIZATION },
    steps: [
      [
        'apply -k .',
        'configmap/pre-c1 created\nconfigmap/pre-gen-4h2mbtbbt6 created\ndeployment.apps/pre-web created',
      ],
      [
        'apply -k .',
        'configmap/pre-c1 unchanged\nconfigmap/pre-gen-4h2mbtbbt6 unchanged\ndeployment.apps/pre-web unchanged',
      ],
      ['diff -k .', ''],
      ['get -k . -o name', 'configmap/pre-c1\nconfigmap/pre-gen-4h2mbtbbt6\ndeployment.apps/pre-web'],
      [
        'delete -k .',
        'configmap "pre-c1" deleted\nconfigmap "pre-gen-4h2mbtbbt6" deleted\ndeployment.apps "pre-web" deleted',
      ],
    ],
  },
])
