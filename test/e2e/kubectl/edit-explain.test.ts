// kubectl edit with scripted editors, and kubectl explain.

import { CONFIG_MAP, DEPLOYMENT } from './manifests.ts'
import { fails, kubectlSuite, type StepOptions } from './steps.ts'

const editor = (expression: string): StepOptions => ({ env: { EDITOR: `sed -i '${expression}'` } })

/** Makes its change once; kubectl opens the editor again after a refusal, and gives up when nothing changes. */
const ONCE = `#!/bin/sh
[ -f "$0.done" ] && exec cp "$1" "$0.reopened"
touch "$0.done"
sed -i "$EDIT" "$1"
`
const once = (name: string, EDIT: string): StepOptions => ({ env: { EDITOR: `./${name}`, EDIT } })

kubectlSuite('kubectl edit and explain', [
  {
    name: 'edit',
    files: { 'cm.yaml': CONFIG_MAP, 'dep.yaml': DEPLOYMENT, ed1: ONCE, ed2: ONCE },
    steps: [
      ['create -f cm.yaml -f dep.yaml', /created/],
      ['edit cm c1', 'configmap/c1 edited', editor('s/"1"/"9"/')],
      ["get cm c1 -o 'jsonpath={.data.a}'", '9'],
      ['edit cm c1', { out: '', err: 'Edit cancelled, no changes made.' }, { env: { EDITOR: 'true' } }],
      ['edit cm c1', { out: '', err: 'Edit cancelled, no changes made.' }, { env: { EDITOR: 'true' } }],
      ['edit deploy web --save-config', 'deployment.apps/web edited', editor('s/nginx:1/nginx:2/')],
      ['apply view-last-applied deploy web', /image: nginx:2/],
      [
        'edit deploy web',
        fails(
          /^error: deployments.apps "web" is invalid\n.*stored to .*\nerror: Edit cancelled, no valid changes were saved.$/s,
        ),
        once('ed1', 's/replicas: 2/replicas: -2/'),
      ],
      [
        'edit cm c1',
        fails(/^error: configmaps "c1" is invalid\n.*Edit cancelled, no valid changes/s),
        once('ed2', 's/^data:/dataa:/'),
      ],
      [
        'edit deploy web --output-patch',
        /^Patch: \{"spec":\{"replicas":5\}\}\ndeployment.apps\/web edited$/,
        editor('s/replicas: 2/replicas: 5/'),
      ],
      [
        'edit deploy web --subresource=status',
        'deployment.apps/web edited',
        { ...editor('s/^  replicas: .*/  replicas: 7/'), since: 28 },
      ],
    ],
    async also({ must }) {
      // The reopened file tells the reason in comments.
      const text = await must([
        'create',
        'configmap',
        'told',
        '--from-file=ed1.reopened',
        '--dry-run=client',
        '-o',
        'yaml',
      ])
      if (!text.includes('# * spec.replicas: Invalid value: -2: must be greater than or equal to 0'))
        throw new Error(text)
    },
  },
  {
    name: 'explain',
    core: true,
    steps: [
      ['explain pods', /^KIND: {7}Pod\nVERSION: {4}v1\n\nDESCRIPTION:\n.*\n {2}spec\t<PodSpec>\n/s],
      [
        'explain deploy.spec.replicas',
        /^GROUP: {6}apps\nKIND: {7}Deployment\nVERSION: {4}v1\n\nFIELD: replicas <integer>\n/,
      ],
      ['explain pods.spec.containers.livenessProbe.httpGet', /\n {2}port\t<IntOrString> -required-\n/],
      [
        'explain deploy --recursive',
        /\n {2}spec\t<DeploymentSpec>\n.*\n {4}selector\t<LabelSelector> -required-\n.*\n {10}image\t<string>\n/s,
      ],
      ['explain secret.data', /FIELD: data <map\[string\]string>/],
      ['explain ing.spec.rules.http.paths', /\n {2}pathType\t<string> -required-\n/],
      ['explain crd.spec.versions', /\n {2}additionalPrinterColumns\t<\[\]CustomResourceColumnDefinition>\n/],
      [
        'explain hpa --api-version=autoscaling/v1',
        /^GROUP: {6}autoscaling\nKIND: {7}HorizontalPodAutoscaler\nVERSION: {4}v1\n/,
      ],
      ['explain hpa', /\nVERSION: {4}v2\n/],
      [
        'explain pods --output=plaintext-openapiv2',
        /^KIND: {5}Pod\nVERSION: {2}v1\n.*\n {3}spec\t<Object>\n/s,
      ],
      ['explain pods.nope', { code: 1, out: /^KIND: {7}Pod\n/, err: 'error: field "nope" does not exist' }],
      ['explain nopes', fails(/the server doesn't have a resource type "nopes"$/)],
    ],
  },
])
