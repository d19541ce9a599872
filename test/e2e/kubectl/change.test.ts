// kubectl's commands that change an object: label, annotate, patch, replace, scale, set, rollout, autoscale, expose.

import { CONFIG_MAP, DEPLOYMENT, SERVICE } from './manifests.ts'
import { fails, kubectlSuite, warns } from './steps.ts'

const IMMUTABLE = `The Deployment "web" is invalid: 
* spec.template.metadata.labels: Invalid value: map[string]string{"app":"web"}: \`selector\` does not match template \`labels\`
* spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"app":"web", "q":"r"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: field is immutable`

const REJECTED = 'The request is invalid: the server rejected our request due to an error in our request'

kubectlSuite('kubectl label, patch, replace, scale, set and rollout', [
  {
    name: 'label',
    files: { 'cm.yaml': CONFIG_MAP },
    steps: [
      ['create -f cm.yaml', 'configmap/c1 created'],
      ['label cm c1 a=b', 'configmap/c1 labeled'],
      ['label cm c1 a=b', 'configmap/c1 not labeled'],
      ['label cm c1 a=c', fails("error: 'a' already has a value (b), and --overwrite is false")],
      ['label cm c1 a=c --overwrite', 'configmap/c1 labeled'],
      [
        'label cm c1 a=d --overwrite --resource-version=1',
        fails(
          /Operation cannot be fulfilled on configmaps "c1": the object has been modified; please apply your changes to the latest version and try again$/,
        ),
      ],
      ['label cm c1 a=d --overwrite --dry-run=server', 'configmap/c1 labeled (server dry run)'],
      ['label cm c1 --list', /^(a=c\napp=x|app=x\na=c)$/, { since: 30 }],
      ['label cm c1 a-', 'configmap/c1 unlabeled'],
      ['label cm --all z=1', 'configmap/c1 labeled\nconfigmap/kube-root-ca.crt labeled'],
      [
        "label cm c1 'bad key=x'",
        fails(
          `The ConfigMap "c1" is invalid: metadata.labels: Invalid value: "bad key": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
        ),
      ],
      ['annotate cm c1 a=b c=d', /^configmap\/c1 annotated?$/],
      ['annotate cm c1 a=q', fails(/'a' already has a value \(b\)/)],
      ['annotate cm c1 a=q c- --overwrite', /^configmap\/c1 annotated?$/],
      ['annotate cm c1 --list', 'a=q', { since: 30 }],
      ['annotate cm c1 a- --dry-run=client', /^configmap\/c1 annotated? \(dry run\)$/],
    ],
  },
  {
    name: 'patch',
    core: true,
    files: { 'dep.yaml': DEPLOYMENT },
    steps: [
      ['create -f dep.yaml', 'deployment.apps/web created'],
      [`patch deploy web -p '{"spec":{"replicas":3}}'`, 'deployment.apps/web patched'],
      ['create cm same --from-literal=a=b', 'configmap/same created'],
      [`patch cm same -p '{"data":{"a":"b"}}'`, 'configmap/same patched (no change)'],
      [`patch deploy web --type=merge -p '{"spec":{"replicas":4}}'`, 'deployment.apps/web patched'],
      [
        `patch deploy web --type=json -p '[{"op":"test","path":"/spec/replicas","value":4},{"op":"replace","path":"/spec/replicas","value":5}]'`,
        'deployment.apps/web patched',
      ],
      [
        `patch deploy web --type=json -p '[{"op":"test","path":"/spec/replicas","value":7}]'`,
        fails(REJECTED),
      ],
      [`patch deploy web --type=json -p '[{"op":"remove","path":"/spec/nope"}]'`, fails(REJECTED)],
      [
        `patch deploy web --type=json -p '{"op":"x"}'`,
        fails(
          'Error from server (BadRequest): json: cannot unmarshal object into Go value of type jsonpatch.Patch',
        ),
      ],
      [
        `patch deploy web -p '{"spec":{"template":{"spec":{"containers":[{"name":"c","$patch":"delete"},{"name":"c2","image":"y"}]}}}}'`,
        'deployment.apps/web patched',
      ],
      ["get deploy web -o 'jsonpath={.spec.template.spec.containers[*].name}'", 'c2'],
      [
        `patch deploy web --subresource=status -p '{"status":{"replicas":20}}' -o 'jsonpath={.status.replicas}'`,
        '20',
      ],
      [
        `patch deploy web --subresource=scale --type=merge -p '{"spec":{"replicas":6}}'`,
        'scale.autoscaling/web patched',
      ],
      ["get deploy web -o 'jsonpath={.spec.replicas}'", '6'],
      [`patch deploy web --dry-run=server -p '{"spec":{"replicas":9}}' -o 'jsonpath={.spec.replicas}'`, '9'],
      [
        `patch deploy web -p '{"spec":{"replicas":"x"}}'`,
        fails(
          'The request is invalid: patch: Invalid value: "map[spec:map[replicas:x]]": unrecognized type: int32',
        ),
      ],
      [
        `patch deploy web --type=merge -p '{"spec":{"replicas":"x"}}'`,
        fails(
          /^The request is invalid: patch: Invalid value: "\{.*\}": json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32$/,
        ),
      ],
      [
        `patch deploy web -p '{"spec":{"foo":"x"}}'`,
        warns('Warning: unknown field "spec.foo"', 'deployment.apps/web patched (no change)'),
      ],
      [
        `patch deploy web -p '{"metadata":{"name":"other"}}'`,
        fails(
          'Error from server (BadRequest): the name of the object (other) does not match the name on the URL (web)',
        ),
      ],
      [
        `patch deploy web -p '{"metadata":{"resourceVersion":"1"}}'`,
        fails(
          'Error from server (Conflict): Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your changes to the latest version and try again',
        ),
      ],
      [
        `patch deploy web -p '{"spec":{"template":{"spec":{"containers":[{"image":"x"}]}}}}'`,
        fails(/map: map\[image:x\] does not contain declared merge key: name$/),
      ],
      [`patch deploy web -p '{"spec":{"selector":{"matchLabels":{"q":"r"}}}}'`, fails(IMMUTABLE)],
      [`patch deploy nope -p '{}'`, fails('Error from server (NotFound): deployments.apps "nope" not found')],
    ],
  },
  {
    name: 'replace and scale',
    files: {
      'dep.yaml': DEPLOYMENT,
      'dep4.yaml': DEPLOYMENT.replace('replicas: 2', 'replicas: 4'),
      'old.yaml': CONFIG_MAP.replace('c1,', 'c1, resourceVersion: "1",'),
      'cm.yaml': CONFIG_MAP,
    },
    steps: [
      ['create -f dep.yaml -f cm.yaml', /created$/],
      // A replace without a version reads one first: not while the controllers write.
      [
        "wait deploy web --for=jsonpath='{.status.updatedReplicas}'=2 --timeout=60s",
        'deployment.apps/web condition met',
      ],
      ['replace -f dep4.yaml', 'deployment.apps/web replaced'],
      [
        "wait deploy web --for=jsonpath='{.status.updatedReplicas}'=4 --timeout=60s",
        'deployment.apps/web condition met',
      ],
      ['replace -f dep4.yaml --subresource=status', 'deployment.apps/web replaced'],
      [
        'replace -f old.yaml',
        fails(
          'Error from server (Conflict): error when replacing "old.yaml": Operation cannot be fulfilled on configmaps "c1": the object has been modified; please apply your changes to the latest version and try again',
        ),
      ],
      ['replace --force -f dep.yaml', 'deployment.apps "web" deleted\ndeployment.apps/web replaced'],
      [
        'replace -f -',
        fails('Error from server (NotFound): error when replacing "STDIN": configmaps "nope" not found'),
        { stdin: CONFIG_MAP.replace('c1', 'nope') },
      ],
      ['scale deploy web --replicas=3', 'deployment.apps/web scaled'],
      [
        'scale deploy web --replicas=4 --current-replicas=9',
        fails('error: Expected replicas to be 9, was 3'),
      ],
      ['scale deploy web --replicas=4 --current-replicas=3', 'deployment.apps/web scaled'],
      [
        'scale deploy web --replicas=5 --resource-version=3',
        fails(/^error: Expected resource version to be 3, was \d+$/),
      ],
      ['scale -f dep.yaml --replicas=5 --dry-run=server', 'deployment.apps/web scaled (server dry run)'],
      [
        'scale cm c1 --replicas=3',
        fails('Error from server (NotFound): the server could not find the requested resource'),
      ],
      [
        "get deploy web --subresource=scale -o 'jsonpath={.kind} {.spec.replicas} {.status.selector}'",
        'Scale 4 app=web',
      ],
      ['get deploy web --subresource=scale', /^NAME +DESIRED +AVAILABLE +AGE\nweb +4 +\d +\S+$/],
    ],
  },
  {
    name: 'set and rollout',
    files: { 'dep.yaml': DEPLOYMENT, 'svc.yaml': SERVICE },
    steps: [
      ['create -f dep.yaml -f svc.yaml', /created$/],
      ['set image deploy/web c=nginx:2', 'deployment.apps/web image updated'],
      ['set image deploy/web nope=nginx:2', fails('error: unable to find container named "nope"')],
      ['set env deploy/web A=b', 'deployment.apps/web env updated'],
      ['set env deploy/web --list', '# Deployment web, container c\nA=b'],
      ['set env deploy/web A-', 'deployment.apps/web env updated'],
      [
        'set resources deploy/web --limits=cpu=1 --requests=cpu=100m',
        'deployment.apps/web resource requirements updated',
      ],
      [
        'set resources deploy/web --limits=cpu=1 --requests=cpu=2',
        fails(
          /Deployment.apps "web" is invalid: spec.template.spec.containers\[0\].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1$/,
        ),
      ],
      ['set selector svc web a=b', 'service/web selector updated'],
      ['set serviceaccount deploy web foo', 'deployment.apps/web serviceaccount updated'],
      [
        'create rolebinding rb --clusterrole=view --user=u',
        'rolebinding.rbac.authorization.k8s.io/rb created',
      ],
      ['set subject rolebinding rb --user=v', 'rolebinding.rbac.authorization.k8s.io/rb subjects updated'],
      [
        'rollout history deploy web',
        /^deployment.apps\/web\s*\n?(No rollout history found\.|REVISION +CHANGE-CAUSE\n)/,
      ],
      [
        'rollout status deploy web --timeout=1s',
        { code: 1, out: /^Waiting for deployment/, err: /timed out waiting for the condition$/ },
      ],
      ['rollout pause deploy web', 'deployment.apps/web paused'],
      ['rollout pause deploy web', fails('error: deployments.apps "web" is already paused')],
      [
        'rollout restart deploy web',
        fails(`error: deployments.apps "web" can't restart paused deployment (run rollout resume first)`),
      ],
      ['rollout resume deploy web', 'deployment.apps/web resumed'],
      ['rollout restart deploy web', 'deployment.apps/web restarted'],
      [
        "get deploy web -o 'jsonpath={.spec.template.metadata.annotations.kubectl\\.kubernetes\\.io/restartedAt}'",
        /^\d{4}-/,
      ],
      [
        'autoscale deploy web --min=1 --max=3 --cpu-percent=80',
        'horizontalpodautoscaler.autoscaling/web autoscaled',
      ],
      [
        'get hpa',
        /^NAME +REFERENCE +TARGETS +MINPODS +MAXPODS +REPLICAS +AGE\nweb +Deployment\/web +cpu: <unknown>\/80% +1 +3 +\d /,
      ],
      ['expose deploy web --port=80 --target-port=8000 --name=exposed', 'service/exposed exposed'],
      ["get svc exposed -o 'jsonpath={.spec.selector} {.spec.ports[0].targetPort}'", '{"app":"web"} 8000'],
    ],
  },
])
