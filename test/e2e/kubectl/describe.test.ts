// kubectl describe of every kind that it knows, and of those it prints field by field.

import { POD } from './manifests.ts'
import { kubectlSuite, type Step } from './steps.ts'

const OBJECTS = `
{apiVersion: v1, kind: LimitRange, metadata: {name: lr}, spec: {limits: [{type: Container, default: {cpu: 100m}, max: {cpu: "2"}}]}}
{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}, spec: {hard: {configmaps: "50", pods: "99"}}}
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: pvc}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
{apiVersion: v1, kind: PersistentVolume, metadata: {name: pv-$V}, spec: {accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}, hostPath: {path: /x}}}
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: sc-$V}, provisioner: x/y}
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: np}, spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {matchLabels: {a: b}}}], ports: [{port: 80}]}]}}
{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: ic-$V}, spec: {controller: x.io/y}}
{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: ing}, spec: {rules: [{host: foo.com, http: {paths: [{path: /bar, pathType: Prefix, backend: {service: {name: svc, port: {number: 80}}}}]}}]}}
{apiVersion: v1, kind: Service, metadata: {name: svc}, spec: {type: NodePort, selector: {a: b}, ports: [{port: 80, targetPort: 8080}]}}
{apiVersion: apps/v1, kind: Deployment, metadata: {name: dep}, spec: {replicas: 2, selector: {matchLabels: {a: d}}, template: {metadata: {labels: {a: d}}, spec: {containers: [{name: c, image: x}]}}}}
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: sts}, spec: {serviceName: svc, selector: {matchLabels: {a: sts}}, template: {metadata: {labels: {a: sts}}, spec: {containers: [{name: c, image: x}]}}, volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]}}
{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: ds}, spec: {selector: {matchLabels: {a: ds}}, template: {metadata: {labels: {a: ds}}, spec: {containers: [{name: c, image: x}]}}}}
{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: rs}, spec: {replicas: 1, selector: {matchLabels: {a: rs}}, template: {metadata: {labels: {a: rs}}, spec: {containers: [{name: c, image: x}]}}}}
{apiVersion: v1, kind: ReplicationController, metadata: {name: rc}, spec: {replicas: 1, selector: {a: rc}, template: {metadata: {labels: {a: rc}}, spec: {containers: [{name: c, image: x}]}}}}
{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: x}]}}}}
{apiVersion: batch/v1, kind: CronJob, metadata: {name: cj}, spec: {schedule: "*/5 * * * *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: x}]}}}}}}
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: hpa}, spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: dep}, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]}}
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: pdb}, spec: {minAvailable: 1, selector: {matchLabels: {a: d}}}}
{apiVersion: v1, kind: Node, metadata: {name: node-$V}, status: {capacity: {cpu: "4"}, conditions: [{type: Ready, status: "True"}]}}
{apiVersion: v1, kind: Endpoints, metadata: {name: ep}, subsets: [{addresses: [{ip: 1.2.3.4}], ports: [{port: 80}]}]}
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: eps}, addressType: IPv4, endpoints: [{addresses: [1.2.3.4]}], ports: [{port: 80}]}
{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: l}, spec: {holderIdentity: me}}
{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {a: "12345"}}
{apiVersion: v1, kind: ConfigMap, metadata: {name: cm}, data: {k: v}}
{apiVersion: v1, kind: ServiceAccount, metadata: {name: sa}}
{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: pc-$V}, value: 100, description: d}
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r}, rules: [{apiGroups: ["", apps], resources: [pods, deployments], verbs: [get, list], resourceNames: [x]}]}
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: rb}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}, subjects: [{kind: ServiceAccount, name: sa, namespace: $NS}]}
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: cr-$V}, rules: [{nonResourceURLs: [/healthz], verbs: [get]}]}
{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: rtc-$V}, handler: runc}
`
const MANIFEST = OBJECTS.trim()
  .split('\n')
  .map((line) => `---\n${line}\n`)
  .join('')

const EVENT = `---
{apiVersion: v1, kind: Event, metadata: {name: e1}, involvedObject: {kind: ConfigMap, name: cm, namespace: $NS, apiVersion: v1}, reason: Testing, message: hi there, type: Warning, count: 3, firstTimestamp: "2026-01-01T00:00:00Z", lastTimestamp: "2026-01-01T00:00:00Z", source: {component: x}}`

const describes = (what: string, out: RegExp): Step => [`describe ${what}`, out]

kubectlSuite('kubectl describe', [
  {
    name: 'describe',
    files: { 'objects.yaml': MANIFEST, 'pod.yaml': POD },
    steps: [
      ['create -f objects.yaml', /created$/],
      ['create -f pod.yaml', 'pod/p1 created'],
      describes(
        'pod p1',
        /^Name: +p1\nNamespace: .*\nPriority: +0\nService Account: +default\n[\s\S]*\nQoS Class: +Guaranteed\n[\s\S]*\nEvents:/,
      ),
      describes(
        'deploy dep',
        /^Name: +dep\n[\s\S]*\nReplicas: +2 desired \| \d updated \| \d total \| 0 available \| \d unavailable\n[\s\S]*\nRollingUpdateStrategy: +25% max unavailable, 25% max surge\n/,
      ),
      describes('sts sts', /\nUpdate Strategy: +RollingUpdate\n[\s\S]*\nVolume Claims:\n {2}Name: +d\n/),
      describes('ds ds', /\nDesired Number of Nodes Scheduled: \d+\n/),
      describes('rs rs', /\nReplicas: +\d current \/ 1 desired\n/),
      describes('rc rc', /\nLabels: +a=rc\n/),
      describes(
        'job j',
        /\nSelector: +batch.kubernetes.io\/controller-uid=.*\nLabels: +batch.kubernetes.io\/controller-uid=.*\n +batch.kubernetes.io\/job-name=j\n[\s\S]*\nPods Statuses: +\d Active/,
      ),
      describes('cj cj', /\nSchedule: +\*\/5 \* \* \* \*\nConcurrency Policy: +Allow\n/),
      describes(
        'hpa hpa',
        /\nReference: +Deployment\/dep\n[\s\S]*\n +resource cpu on pods +\(as a percentage of request\): +<unknown> \/ 80%\n/,
      ),
      describes('pdb pdb', /\nMin available: +1\nSelector: +a=d\nStatus:\n +Allowed disruptions: +0\n/),
      describes(
        'svc svc',
        /\nType: +NodePort\nIP Family Policy: +SingleStack\nIP Families: +IPv4\nIP: +10\.96\..*\n[\s\S]*\nTargetPort: +8080\/TCP\nNodePort: +<unset> +3\d{4}\/TCP\n/,
      ),
      describes(
        'ing ing',
        /\nRules:\n {2}Host +Path +Backends\n {2}-+ +-+ +-+\n {2}foo.com +\n +\/bar +svc:80 \(.*\)\n/,
      ),
      describes('ingressclass ic-$V', /\nController: +x.io\/y\n/),
      describes(
        'netpol np',
        /\n {2}PodSelector: +<none> \(Allowing the specific traffic to all pods in this namespace\)\n {2}Allowing ingress traffic:\n {4}To Port: 80\/TCP\n/,
      ),
      describes('ep ep', /\nSubsets:\n {2}Addresses: +1\.2\.3\.4\n/),
      describes('endpointslice eps', /\nAddressType: +IPv4\nPorts:\n/),
      describes('secret s', /\nType: +Opaque\n\nData\n====\na: +5 bytes$/),
      describes('cm cm', /\nData\n====\nk:\n----\nv\n/),
      describes('sa sa', /\nMountable secrets: +<none>\nTokens: +<none>\n/),
      describes('quota q', /\nResource +Used +Hard\n-+ +-+ +-+\nconfigmaps +\d+ +50\npods +\d+ +99$/),
      describes('limits lr', /\nContainer +cpu +- +2 +100m +100m +-$/),
      describes(
        'ns $NS',
        /\nStatus: +Active\n\nResource Quotas\n {2}Name: +q\n[\s\S]*\nResource Limits\n Type +Resource +Min/,
      ),
      describes(
        'pvc pvc',
        /\nStatus: +Pending\n[\s\S]*\nFinalizers: +\[kubernetes.io\/pvc-protection\]\n[\s\S]*\nUsed By: +<none>\n/,
      ),
      describes(
        'pv pv-$V',
        /\nFinalizers: +\[kubernetes.io\/pv-protection\]\n[\s\S]*\nReclaim Policy: +Retain\nAccess Modes: +RWO\n/,
      ),
      describes(
        'sc sc-$V',
        /\nIsDefaultClass: +No\n[\s\S]*\nReclaimPolicy: +Delete\nVolumeBindingMode: +Immediate\n/,
      ),
      describes('pc pc-$V', /\nValue: +100\nGlobalDefault: +false\n/),
      describes('role r', /\n {2}deployments.apps +\[\] +\[x\] +\[get list\]\n/),
      describes('rolebinding rb', /\n {2}ServiceAccount +sa +\S+$/),
      describes('clusterrole cr-$V', /\n +\[\/healthz\] +\[\] +\[get\]$/),
      describes('clusterrolebinding cluster-admin', /\n {2}Group +system:masters/),
      describes('node node-$V', /\nTaints: +\S+\nUnschedulable: +false\n[\s\S]*\nAllocated resources:\n/),
      describes(
        'lease l',
        /\nAPI Version: +coordination.k8s.io\/v1\nKind: +Lease\n[\s\S]*\n {2}Holder Identity: +me\n/,
      ),
      describes('runtimeclass rtc-$V', /\nHandler: +runc\n/),
      describes('flowschema exempt', /\nKind: +FlowSchema\n/),
      describes('pods', /(^|\n)Name: +p1\n/),
      describes('-l app=p po', /(^|\n)Name: +p1\n/),
      ['describe pod nope', { code: 1, err: 'Error from server (NotFound): pods "nope" not found' }],
    ],
  },
  {
    name: 'events',
    steps: [
      ['create cm cm', 'configmap/cm created'],
      ['create -f -', 'event/e1 created', { stdin: EVENT }],
      describes('event e1', /\nReason: +Testing\n/),
      [
        'events',
        /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n\S+ .*Warning +Testing +ConfigMap\/cm +hi there$/,
      ],
      ['events --for cm/cm --types=Warning', /\n\S+ .*Warning +Testing +ConfigMap\/cm +hi there$/],
      ['events --types=Normal', { out: '', err: 'No events found in $NS namespace.' }],
      [
        'get events',
        /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n\S+ +Warning +Testing +configmap\/cm +hi there$/,
      ],
      [
        'get events -o wide',
        /^LAST SEEN +TYPE +REASON +OBJECT +SUBOBJECT +SOURCE +MESSAGE +FIRST SEEN +COUNT +NAME\n.* x +hi there +\S+ +3 +e1$/,
      ],
    ],
  },
])
