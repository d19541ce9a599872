// An app as objects of the API: a Deployment, a Service when it has a port, and claims for what it keeps. Pure.

import { EDGE_CLASS } from '@brume/api/edge'
import type { KubeObject } from '@brume/api/object'
import { GROUP, PLACEMENT, type PlacementWord } from '@brume/api/placement'
import { SIZES, type SizeName } from './sizes.ts'
import type { VolumeRequest } from './volumes.ts'

export interface App {
  name: string
  namespace: string
  image: string
  port: number | undefined
  /** The name under which the HTTP edge serves it. */
  host?: string | undefined
  size: SizeName
  group: string | undefined
  placement: PlacementWord | undefined
  replicas: number
  env: readonly { name: string; value: string }[]
  volumes: readonly VolumeRequest[]
  command: readonly string[]
  args: readonly string[]
}

/** What all objects of an app carry. The label's name is kubectl create deployment's. */
export function labelsOf({ name }: Pick<App, 'name'>): Record<string, string> {
  return { app: name }
}

/** In the order in which they are to be made. */
export function objectsOf(app: App): KubeObject[] {
  const { port, host } = app
  const edge = port === undefined || host === undefined ? [] : [ingressOf(app, port, host)]
  return [...claimsOf(app), ...(port === undefined ? [] : [serviceOf(app, port)]), ...edge, deploymentOf(app)]
}

function deploymentOf(app: App): KubeObject {
  const { name, image, replicas, size, port, env, command, args, volumes } = app
  const { cpu, memory } = SIZES[size]
  const keeps = volumes.some(({ source }) => source.type === 'new' || source.type === 'claim')
  const container = {
    name,
    image,
    ...(command.length === 0 ? {} : { command }),
    ...(args.length === 0 ? {} : { args }),
    ...(env.length === 0 ? {} : { env }),
    ...(port === undefined ? {} : { ports: [{ containerPort: port }] }),
    // More CPU than is promised may be used when it is free; memory that is not there cannot be lent.
    resources: { requests: { cpu, memory }, limits: { memory } },
    ...(volumes.length === 0 ? {} : { volumeMounts: volumes.map(mountOf) }),
  }
  const labels = { ...labelsOf(app), ...placementLabels(app) }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadataOf(app),
    spec: {
      replicas,
      selector: { matchLabels: labelsOf(app) },
      // Two at once would write to the same data.
      ...(keeps ? { strategy: { type: 'Recreate' } } : {}),
      template: {
        metadata: { labels },
        spec: {
          containers: [container],
          ...(volumes.length === 0 ? {} : { volumes: volumes.map((volume, i) => volumeOf(app, volume, i)) }),
        },
      },
    },
  }
}

function placementLabels({ group, placement }: App): Record<string, string> {
  return {
    ...(group === undefined ? {} : { [GROUP]: group }),
    ...(placement === undefined ? {} : { [PLACEMENT]: placement }),
  }
}

function serviceOf(app: App, port: number): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataOf(app),
    spec: { selector: labelsOf(app), ports: [{ port, targetPort: port }] },
  }
}

function ingressOf(app: App, port: number, host: string): KubeObject {
  const backend = { service: { name: app.name, port: { number: port } } }
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: metadataOf(app),
    spec: {
      ingressClassName: EDGE_CLASS,
      rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  }
}

function claimsOf(app: App): KubeObject[] {
  return app.volumes.flatMap(({ source }, i) => {
    if (source.type !== 'new') return []
    return {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { ...metadataOf(app), name: claimName(app, i) },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: source.size } } },
    }
  })
}

function metadataOf({ name, namespace }: App): KubeObject['metadata'] {
  return { name, namespace, labels: labelsOf({ name }) }
}

function mountOf({ path, readOnly }: VolumeRequest, i: number) {
  return { name: `data-${i}`, mountPath: path, ...(readOnly ? { readOnly } : {}) }
}

function volumeOf(app: App, { source }: VolumeRequest, i: number) {
  const name = `data-${i}`
  switch (source.type) {
    case 'passing':
      return { name, emptyDir: {} }
    case 'new':
      return { name, persistentVolumeClaim: { claimName: claimName(app, i) } }
    case 'claim':
      return { name, persistentVolumeClaim: { claimName: source.name } }
    case 'configmap':
      return { name, configMap: { name: source.name } }
    case 'secret':
      return { name, secret: { secretName: source.name } }
    case 'host':
      return { name, hostPath: { path: source.path } }
  }
}

function claimName({ name }: App, i: number): string {
  return `${name}-data-${i}`
}
