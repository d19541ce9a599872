// Bad input, client side and server side, in the words of Kubernetes.

import { CONFIG_MAP, DEPLOYMENT } from './manifests.ts'
import { fails, kubectlSuite, type Step, warns } from './steps.ts'

const pod = (container: string) => `
apiVersion: v1
kind: Pod
metadata: {name: b}
spec: {containers: [{name: c, image: x, ${container}}]}
`
const TYPO = DEPLOYMENT.replace('replicas: 2', 'replica: 2').replace('ports:', 'prots:')
const TYPOS = 'unknown field "spec.replica", unknown field "spec.template.spec.containers[0].prots"'
const decodes = (kind: string, version: string, why: string) =>
  fails(
    `Error from server (BadRequest): error when creating "STDIN": ${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`,
  )
const QUANTITY = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const typed = (what: string, why: string) =>
  fails(`Error from server: failed to create typed patch object ($NS/${what}): ${why}`)

const creates = (stdin: string, expected: Step[1]): Step => ['create -f -', expected, { stdin }]
const applies = (stdin: string, expected: Step[1]): Step => ['apply --server-side -f -', expected, { stdin }]
const LONG = 'a'.repeat(1_100_000)

kubectlSuite('kubectl and bad input', [
  {
    name: 'fields',
    core: true,
    steps: [
      ['apply -f -', decodes('Deployment', 'v1', `strict decoding error: ${TYPOS}`), { stdin: TYPO }],
      ['create -f - --validate=ignore', 'deployment.apps/web created', { stdin: TYPO }],
      [
        'replace -f - --validate=warn',
        warns(
          'Warning: unknown field "spec.replica"\nWarning: unknown field "spec.template.spec.containers[0].prots"',
          'deployment.apps/web replaced',
        ),
        { stdin: TYPO },
      ],
      [
        'replace -f -',
        fails(
          `Error from server (BadRequest): error when replacing "STDIN": Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: ${TYPOS}`,
        ),
        { stdin: TYPO },
      ],
      applies(
        TYPO,
        typed(
          'web; apps/v1, Kind=Deployment',
          'errors:\n  .spec.replica: field not declared in schema\n  .spec.template.spec.containers[name="c"].prots: field not declared in schema',
        ),
      ),
      creates(
        DEPLOYMENT.replace('replicas: 2', 'replicas: "3"'),
        decodes(
          'Deployment',
          'v1',
          'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
        ),
      ),
      applies(
        DEPLOYMENT.replace('replicas: 2', 'replicas: "3"'),
        typed('web; apps/v1, Kind=Deployment', '.spec.replicas: expected numeric (int or float), got string'),
      ),
      creates(
        CONFIG_MAP.replace('"1"', '1'),
        decodes(
          'ConfigMap',
          'v1',
          'json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
        ),
      ),
      creates(
        '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"},"spec":{"containers":{"name":"c"}}}',
        decodes(
          'Pod',
          'v1',
          'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
        ),
      ),
      creates(
        pod('env: [{name: A, value: 1}]'),
        decodes(
          'Pod',
          'v1',
          'json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string',
        ),
      ),
      creates(pod('resources: {limits: {cpu: abc}}'), decodes('Pod', 'v1', QUANTITY)),
      creates(
        '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"b"},"data":{"a":"%%%"}}',
        decodes('Secret', 'v1', 'illegal base64 data at input byte 0'),
      ),
      creates(
        '{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"b"},"spec":{"renewTime":"yesterday"}}',
        decodes(
          'Lease',
          'v1',
          'parsing time "yesterday" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "yesterday" as "2006"',
        ),
      ),
      applies(
        pod('ports: [{containerPort: 80}, {containerPort: 80}]'),
        typed(
          'b; /v1, Kind=Pod',
          '.spec.containers[name="c"].ports: duplicate entries for key [containerPort=80,protocol="TCP"]',
        ),
      ),
    ],
  },
  {
    name: 'values',
    steps: [
      creates(
        CONFIG_MAP.replace('c1', 'A_b'),
        fails(
          `The ConfigMap "A_b" is invalid: metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
        ),
      ),
      creates(
        CONFIG_MAP.replace('name: c1, ', ''),
        fails('The ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'),
      ),
      creates(
        CONFIG_MAP.replace('c1', 'c1, namespace: nowhere'),
        fails('Error from server (NotFound): error when creating "STDIN": namespaces "nowhere" not found'),
      ),
      creates(
        pod('ports: [{containerPort: 80}, {containerPort: 80}]'),
        warns(
          'Warning: spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]',
          'pod/b created',
        ),
      ),
      creates(
        '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"},"spec":{}}',
        fails('The Pod "b" is invalid: spec.containers: Required value'),
      ),
      creates(
        '{"apiVersion":"v1","kind":"Service","metadata":{"name":"b"},"spec":{"ports":[{"port":99999}]}}',
        fails(
          'The Service "b" is invalid: \n* spec.ports[0].port: Invalid value: 99999: must be between 1 and 65535, inclusive\n* spec.ports[0].targetPort: Invalid value: 99999: must be between 1 and 65535, inclusive',
        ),
      ),
      [
        '-n other create -f -',
        fails(
          'error: the namespace from the provided object "$NS" does not match the namespace "other". You must pass \'--namespace=$NS\' to perform this operation.',
        ),
        { stdin: CONFIG_MAP.replace('c1', 'c1, namespace: $NS') },
      ],
      creates(
        'apiVersion: v1\nkind: Nope\nmetadata: {name: b}',
        fails(
          'error: resource mapping not found for name: "b" namespace: "" from "STDIN": no matches for kind "Nope" in version "v1"\nensure CRDs are installed first',
        ),
      ),
      creates(
        'apiVersion: nope.io/v1\nkind: Nope\nmetadata: {name: b}',
        fails(
          'error: resource mapping not found for name: "b" namespace: "" from "STDIN": no matches for kind "Nope" in version "nope.io/v1"\nensure CRDs are installed first',
        ),
      ),
      creates(
        'apiVersion: v1\nmetadata: {name: b}',
        fails(
          'error: error validating "STDIN": error validating data: kind not set; if you choose to ignore these errors, turn validation off with --validate=false',
        ),
      ),
      creates(
        'kind: ConfigMap\nmetadata: {name: b}',
        fails(
          'error: error validating "STDIN": error validating data: apiVersion not set; if you choose to ignore these errors, turn validation off with --validate=false',
        ),
      ),
      creates(
        CONFIG_MAP.replace('"1"', LONG),
        fails('The ConfigMap "c1" is invalid: []: Too long: may not be more than 1048576 bytes'),
      ),
      creates(
        CONFIG_MAP.replace('"1"', LONG.repeat(4)),
        fails(
          'Error from server (RequestEntityTooLarge): error when creating "STDIN": Request entity too large: limit is 3145728',
        ),
      ),
      [
        'apply -f -',
        fails(
          'The ConfigMap "c1" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes',
        ),
        { stdin: CONFIG_MAP.replace('"1"', LONG.slice(0, 300_000)) },
      ],
    ],
  },
])
