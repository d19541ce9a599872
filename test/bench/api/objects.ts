// What the load writes. `{n}` becomes the number of the object, `{n1}` and `{n2}` its last one and two
// digits, `{now}` the time of sending in microseconds.

import { NAMESPACE, WATCHED_NAMESPACE } from './target.ts'

export const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`
export const CONFIG_MAPS = `/api/v1/namespaces/${NAMESPACE}/configmaps`
export const WATCHED = `/api/v1/namespaces/${WATCHED_NAMESPACE}/configmaps`
/** One pod in ten has it. */
export const SELECTED = 'labelSelector=shard%3Ds3'

const TEXT = 'v'.repeat(500)

/** A small pod as a Deployment would make it: about 1 KB as sent, 3 KB as stored. */
export const podNamed = (name: string) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      labels: { app: 'web', 'app.kubernetes.io/part-of': 'shop', shard: 's{n1}' },
      annotations: { 'example.com/checksum': '5f3a9c0b7d1e' },
    },
    spec: {
      containers: [
        {
          name: 'web',
          image: 'registry.example.com/shop/web:1.2.3',
          ports: [{ name: 'http', containerPort: 8080 }],
          env: [
            { name: 'MODE', value: 'production' },
            { name: 'HOST_IP', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } },
          ],
          resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
          readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 5 },
          volumeMounts: [{ name: 'config', mountPath: '/etc/web' }],
        },
      ],
      volumes: [{ name: 'config', configMap: { name: 'web' } }],
    },
  })

export const configMapNamed = (name: string, data: Record<string, string> = { text: TEXT }) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data })
