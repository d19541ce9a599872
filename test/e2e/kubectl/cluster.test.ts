// What kubectl asks of the cluster as a whole: discovery, versions, the proxy, raw paths, completion, configuration.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Shell } from './session.ts'
import { any, fails, kubectlSuite } from './steps.ts'

const completes = (out: string | RegExp) => ({ out, err: /^Completion ended with directive: / })

kubectlSuite('kubectl and the cluster', [
  {
    name: 'discovery',
    core: true,
    steps: [
      [
        'api-resources',
        /^NAME +SHORTNAMES +APIVERSION +NAMESPACED +KIND\nbindings +v1 +true +Binding\n[\s\S]*\ndeployments +deploy +apps\/v1 +true +Deployment\n[\s\S]*\nhorizontalpodautoscalers +hpa +autoscaling\/v2 /,
      ],
      [
        'api-resources --namespaced=false --api-group= -o name',
        'componentstatuses\nnamespaces\nnodes\npersistentvolumes',
      ],
      [
        'api-resources --api-group=apps -o wide',
        /\ncontrollerrevisions +apps\/v1 +true +ControllerRevision +create,delete,deletecollection,get,list,patch,update,watch +\ndaemonsets +ds +apps\/v1 +true +DaemonSet +create,delete,deletecollection,get,list,patch,update,watch +all\n/,
      ],
      ['api-resources --categories=all --no-headers -o name', /^pods\nreplicationcontrollers\nservices\n/],
      ['api-resources --verbs=patch,watch --sort-by=kind -o name', /^apiservices.apiregistration.k8s.io\n/],
      ['api-resources --cached --no-headers --api-group=batch -o name', 'cronjobs.batch\njobs.batch'],
      [
        'api-versions',
        /^admissionregistration.k8s.io\/v1\napiextensions.k8s.io\/v1\n[\s\S]*\nautoscaling\/v1\nautoscaling\/v2\n[\s\S]*\nv1$/,
      ],
      [
        'version -o yaml',
        {
          out: /\nserverVersion:\n[\s\S]* gitVersion: v1\.32\.\S+\n/,
          err: /^(WARNING: version difference .*)?$/,
        },
      ],
      ['version', { out: /\nServer Version: .*v1\.32\./, err: /^(WARNING: .*)*/ }],
      ['cluster-info', /Kubernetes control plane.* is running at .*https:\/\/127\.0\.0\.1:\d+/],
      [
        'cluster-info dump --namespaces=kube-system',
        /"kind": "NodeList"[\s\S]*"kind": "EventList"[\s\S]*"kind": "PodList"/,
      ],
    ],
  },
  {
    name: 'raw',
    steps: [
      ['get --raw /readyz', 'ok'],
      ['get --raw /livez?verbose', /\[\+\]ping ok\n[\s\S]*livez check passed$/],
      ['get --raw /version', /"gitVersion": "v1\.32\./],
      ['get --raw /metrics', /^# HELP /],
      ['get --raw /openapi/v2', /^\{"swagger":"2.0",[\s\S]*"io.k8s.api.core.v1.Pod"/],
      [
        'get --raw /openapi/v3',
        /^\{"paths":\{"api\/v1":\{"serverRelativeURL":"\/openapi\/v3\/api\/v1\?hash=/,
      ],
      ['get --raw /openapi/v3/apis/apps/v1', /"io.k8s.api.apps.v1.Deployment"/],
      ['get --raw /apis/apps', /^\{"kind":"APIGroup","apiVersion":"v1","name":"apps"/],
      [
        'create --raw /api/v1/namespaces/$NS/configmaps -f -',
        /"name":"raw1"/,
        { stdin: '{"kind":"ConfigMap","metadata":{"name":"raw1"}}' },
      ],
      [
        'replace --raw /api/v1/namespaces/$NS/configmaps/raw1 -f -',
        /"data":\{"a":"b"\}/,
        { stdin: '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"raw1"},"data":{"a":"b"}}' },
      ],
      ['delete --raw /api/v1/namespaces/$NS/configmaps/raw1', /"status":"Success"/],
      [
        'get --raw /api/v1/namespaces/$NS/configmaps/raw1',
        fails('Error from server (NotFound): configmaps "raw1" not found'),
      ],
      [
        'get --raw /api/v1/configmaps?limit=x',
        fails('Error from server (BadRequest): strconv.ParseInt: parsing "x": invalid syntax'),
      ],
      [
        'get --raw /api/v1/configmaps?resourceVersionMatch=Exact',
        fails(
          'The ListOptions "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
        ),
      ],
    ],
  },
  {
    name: 'completion',
    steps: [
      ['create cm known', 'configmap/known created'],
      ['__complete get conf', completes(/^configmaps\n/)],
      ["__complete get cm ''", completes(/^known\nkube-root-ca.crt\n/)],
      ['__complete delete cm kn', completes(/^known\n/)],
      ['__complete describe cm/k', completes(/^cm\/known\ncm\/kube-root-ca.crt\n/)],
      ['__complete -n kube-s', completes(/^kube-system\n/)],
      ['__complete --context brume', completes(/^brume-admin@brume\n/)],
      ['completion bash', /__start_kubectl/],
      ['plugin list', { ...any, code: 1, err: /unable to find any kubectl plugins in your PATH/ }],
      [
        'config view',
        /^apiVersion: v1\nclusters:\n- cluster:\n {4}certificate-authority-data: DATA\+OMITTED\n {4}server: https:\/\/127\.0\.0\.1:\d+\n/,
      ],
      ['config current-context', 'brume-admin@brume'],
      ['config get-contexts --no-headers', /^\* +brume-admin@brume +brume +brume-admin +completion-\d+$/],
      ['options', /^The following options can be passed to any command:/],
    ],
  },
  { name: 'proxy', steps: [], also: proxy },
])

async function proxy({ folder, env, namespace }: Shell): Promise<void> {
  const child = spawn(join(folder, 'bin/kubectl'), ['proxy', '--port=0'], { cwd: folder, env })
  try {
    const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
    const base = `http://${/127\.0\.0\.1:\d+/.exec(line)![0]}`
    const version = await (await fetch(`${base}/version`)).json()
    assert.equal((version as { major: string }).major, '1')
    const url = `${base}/api/v1/namespaces/${namespace}/configmaps`
    const created = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ metadata: { name: 'through' } }),
    })
    assert.equal(created.status, 201)
    const list = (await (await fetch(url)).json()) as { items: { metadata: { name: string } }[] }
    assert.deepEqual(list.items.map(({ metadata }) => metadata.name).sort(), ['kube-root-ca.crt', 'through'])
    assert.equal((await fetch(`${url}/nope`)).status, 404)
    assert.equal((await fetch(`${url}/through`, { method: 'DELETE' })).status, 200)
  } finally {
    const closed = once(child, 'close')
    child.kill('SIGKILL')
    await closed
  }
}
