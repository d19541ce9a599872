// helm against a real control plane: the life of a small chart, with a CRD, a hook, a test of values, and a rollback.
// Skipped where there is no helm: on PATH or in .state/bin (`GOBIN=$PWD/.state/bin go install helm.sh/helm/v3/cmd/helm@latest`).

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { Client } from '@brume/client/client'
import { type ServerProcess, startServer } from '../crash/server-process.ts'
import { runCommand } from './session.ts'

const STATE_BIN = resolve(import.meta.dirname, '../../../.state/bin')
const HELM = [...(process.env['PATH'] ?? '').split(delimiter), STATE_BIN]
  .map((folder) => join(folder, 'helm'))
  .find(existsSync)

const CHART: Record<string, string> = {
  'Chart.yaml': 'apiVersion: v2\nname: small\nversion: 0.1.0\nappVersion: "1"\n',
  'values.yaml': 'replicas: 1\nimage: nginx:1\nextra: false\n',
  'crds/gadgets.yaml': `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.small.example.com}
spec:
  group: small.example.com
  scope: Namespaced
  names: {plural: gadgets, singular: gadget, kind: Gadget}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}}]
`,
  'templates/deployment.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec: {containers: [{name: c, image: "{{ .Values.image }}"}]}
`,
  'templates/gadget.yaml': `{{ if .Capabilities.APIVersions.Has "apps/v1" }}
apiVersion: small.example.com/v1
kind: Gadget
metadata: {name: {{ .Release.Name }}}
spec: {size: {{ .Values.replicas }}}
{{ end }}
`,
  'templates/extra.yaml': `{{ if .Values.extra }}
apiVersion: v1
kind: ConfigMap
metadata: {name: extra}
data: {found: {{ (lookup "v1" "Namespace" "" .Release.Namespace).metadata.name | quote }}}
{{ end }}
`,
  'templates/hook.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: hook
  annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: before-hook-creation}
data: {revision: "{{ .Release.Revision }}"}
`,
}

suite('helm', { skip: HELM === undefined ? 'helm is not on this machine' : false, timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'brume-helm-'))
  const chart = join(folder, 'small')
  let server: ServerProcess
  let client: Client
  before(async () => {
    for (const [name, text] of Object.entries(CHART)) {
      mkdirSync(dirname(join(chart, name)), { recursive: true })
      writeFileSync(join(chart, name), text)
    }
    server = startServer(join(folder, 'data'))
    client = await server.ready()
  })
  after(async () => {
    await server?.kill('SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  })

  const run = (...args: string[]) =>
    runCommand(HELM!, [...args, '--namespace', 'shop'], {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, KUBECONFIG: join(folder, 'data/kubeconfig') },
    })
  const helm = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(...args)
    assert.equal(code, 0, `helm ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  const get = async (path: string) => {
    const response = await client.transport.request({ method: 'GET', path, query: {}, headers: {} })
    return { status: response.status, body: JSON.parse((await response.buffer()).toString()) }
  }
  const deployment = async () => (await get('/apis/apps/v1/namespaces/shop/deployments/one')).body.spec
  const statusOf = async (path: string) => (await get(`/api/v1/namespaces/shop/configmaps/${path}`)).status

  test('installs, upgrades, rolls back and uninstalls a chart', async () => {
    assert.match(
      await helm('install', 'one', chart, '--create-namespace'),
      /\nSTATUS: deployed\nREVISION: 1\n/,
    )
    assert.equal((await deployment()).replicas, 1)
    const gadget = await get('/apis/small.example.com/v1/namespaces/shop/gadgets/one')
    assert.equal(gadget.body.spec.size, 1)
    assert.match(await helm('list'), /\none\s+shop\s+1\s.*\sdeployed\s+small-0.1.0\s+1\s*\n/)

    const upgraded = await helm('upgrade', 'one', chart, '--set', 'replicas=3,extra=true,image=nginx:2')
    assert.match(upgraded, /\nSTATUS: deployed\nREVISION: 2\n/)
    assert.equal((await deployment()).replicas, 3)
    const extra = await get('/api/v1/namespaces/shop/configmaps/extra')
    assert.equal(extra.body.data.found, 'shop')
    assert.match(await helm('get', 'values', 'one'), /\nreplicas: 3\n/)
    assert.match(await helm('get', 'manifest', 'one'), /image: "nginx:2"/)

    assert.match(await helm('rollback', 'one', '1'), /Rollback was a success/)
    assert.equal((await deployment()).replicas, 1)
    assert.equal((await deployment()).template.spec.containers[0].image, 'nginx:1')
    assert.equal(await statusOf('extra'), 404)
    const history = JSON.parse(await helm('history', 'one', '-o', 'json'))
    assert.deepEqual(
      history.map(({ status }: { status: string }) => status),
      ['superseded', 'superseded', 'deployed'],
    )

    assert.match(await helm('uninstall', 'one', '--wait'), /release "one" uninstalled/)
    assert.equal((await get('/apis/apps/v1/namespaces/shop/deployments/one')).status, 404)
    // Hooks are nobody's.
    assert.equal(await statusOf('hook'), 200)
    assert.match(await helm('list', '-o', 'json'), /^\[\]/)
  })

  test('a release that is refused is marked as failed and can be repaired', async () => {
    const refused = await run(
      'upgrade',
      '--install',
      'two',
      chart,
      '--create-namespace',
      '--set',
      'replicas=-1',
    )
    assert.match(
      refused.stderr,
      /Deployment.apps "two" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0/,
    )
    assert.match(await helm('status', 'two'), /\nSTATUS: failed\n/)
    assert.match(
      await helm('upgrade', '--install', 'two', chart, '--reset-values'),
      /\nSTATUS: deployed\nREVISION: 2\n/,
    )
    const dry = await helm('upgrade', 'two', chart, '--dry-run=server', '--set', 'extra=true')
    assert.match(dry, /data: \{found: "shop"\}/)
    assert.match(await helm('uninstall', 'two'), /uninstalled/)
  })
})
