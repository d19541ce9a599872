import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type App, objectsOf } from './objects.ts'
import { parseVolume } from './volumes.ts'

const APP: App = {
  name: 'web',
  namespace: 'default',
  image: 'nginx',
  port: undefined,
  size: 's',
  group: undefined,
  placement: undefined,
  replicas: 1,
  env: [],
  volumes: [],
  command: [],
  args: [],
}

const labels = { app: 'web' }

describe('the objects of an app', () => {
  it('are one Deployment, when nothing else is asked for', () => {
    assert.deepEqual(objectsOf(APP), [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web', namespace: 'default', labels },
        spec: {
          replicas: 1,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              containers: [
                {
                  name: 'web',
                  image: 'nginx',
                  resources: { requests: { cpu: '250m', memory: '512Mi' }, limits: { memory: '512Mi' } },
                },
              ],
            },
          },
        },
      },
    ])
  })

  it('have a Service before the Deployment when there is a port', () => {
    const [service, deployment] = objectsOf({ ...APP, port: 80 })
    assert.deepEqual(service?.['spec'], { selector: labels, ports: [{ port: 80, targetPort: 80 }] })
    assert.deepEqual(deployment?.['spec'].template.spec.containers[0].ports, [{ containerPort: 80 }])
  })

  it('say where to run in the words of the scheduler, on the pods and not in the selector', () => {
    const [deployment] = objectsOf({ ...APP, group: 'fast', placement: 'spread' })
    assert.deepEqual(deployment?.['spec'].template.metadata.labels, {
      app: 'web',
      'brume.dev/group': 'fast',
      'brume.dev/placement': 'spread',
    })
    assert.deepEqual(deployment?.['spec'].selector.matchLabels, labels)
  })

  it('keep data in claims of their own, with one pod at a time', () => {
    const volumes = ['1Gi:/data', '/tmp/x', 'secret:keys:/keys:ro'].map(parseVolume)
    const [claim, deployment] = objectsOf({ ...APP, volumes })
    assert.equal(claim?.metadata.name, 'web-data-0')
    assert.deepEqual(claim?.['spec'].resources.requests, { storage: '1Gi' })
    assert.deepEqual(deployment?.['spec'].strategy, { type: 'Recreate' })
    const spec = deployment?.['spec'].template.spec
    assert.deepEqual(spec.volumes, [
      { name: 'data-0', persistentVolumeClaim: { claimName: 'web-data-0' } },
      { name: 'data-1', emptyDir: {} },
      { name: 'data-2', secret: { secretName: 'keys' } },
    ])
    assert.deepEqual(spec.containers[0].volumeMounts, [
      { name: 'data-0', mountPath: '/data' },
      { name: 'data-1', mountPath: '/tmp/x' },
      { name: 'data-2', mountPath: '/keys', readOnly: true },
    ])
  })

  it('pass words on as arguments or as the command', () => {
    const container = (app: App) => objectsOf(app)[0]?.['spec'].template.spec.containers[0]
    assert.deepEqual(container({ ...APP, args: ['-v'] }).args, ['-v'])
    assert.deepEqual(container({ ...APP, command: ['sh', '-c', 'x'] }).command, ['sh', '-c', 'x'])
  })
})
