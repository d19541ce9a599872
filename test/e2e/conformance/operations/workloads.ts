// Rows of apps, batch, autoscaling, policy and scheduling.

import { condition, hasCondition, podTemplate } from './core.ts'
import type { Row } from './operations.ts'

const selector = { matchLabels: { app: 'a' } }
const jobTemplate = { spec: { template: { spec: { ...podTemplate.spec, restartPolicy: 'Never' } } } }

/** Without replicas: these rows are about the objects, not about pods. */
export const workloads: Row[] = [
  {
    group: 'apps',
    resource: 'deployments',
    kind: 'Deployment',
    // Paused: nobody numbers its revisions meanwhile.
    body: () => ({ spec: { replicas: 0, paused: true, selector, template: podTemplate } }),
    change: {
      patch: { spec: { minReadySeconds: 5 } },
      shows: ({ spec, metadata }) => spec.minReadySeconds === 5 && metadata.generation > 1,
    },
    status: {
      patch: { status: { conditions: [condition('StatusPatched')] } },
      shows: hasCondition('StatusPatched'),
    },
  },
  {
    group: 'apps',
    resource: 'replicasets',
    kind: 'ReplicaSet',
    body: () => ({ spec: { replicas: 0, selector, template: podTemplate } }),
    change: { patch: { spec: { minReadySeconds: 5 } }, shows: ({ spec }) => spec.minReadySeconds === 5 },
    status: {
      patch: { status: { conditions: [condition('StatusPatched')] } },
      shows: hasCondition('StatusPatched'),
    },
  },
  {
    group: 'apps',
    resource: 'statefulsets',
    kind: 'StatefulSet',
    body: () => ({ spec: { replicas: 0, serviceName: 's', selector, template: podTemplate } }),
    change: { patch: { spec: { minReadySeconds: 5 } }, shows: ({ spec }) => spec.minReadySeconds === 5 },
    status: {
      patch: { status: { conditions: [condition('StatusPatched')] } },
      shows: hasCondition('StatusPatched'),
    },
  },
  {
    group: 'apps',
    resource: 'daemonsets',
    kind: 'DaemonSet',
    body: () => ({ spec: { selector, template: podTemplate } }),
    change: { patch: { spec: { minReadySeconds: 5 } }, shows: ({ spec }) => spec.minReadySeconds === 5 },
    status: {
      patch: { status: { conditions: [condition('StatusPatched')] } },
      shows: hasCondition('StatusPatched'),
    },
  },
  {
    group: 'apps',
    resource: 'controllerrevisions',
    kind: 'ControllerRevision',
    body: (n) => ({ revision: n, data: { spec: { template: podTemplate } } }),
    change: { patch: { revision: 9 }, shows: ({ revision }) => revision === 9 },
  },
  {
    group: 'batch',
    resource: 'jobs',
    kind: 'Job',
    body: () => ({ spec: { suspend: true, ...jobTemplate.spec } }),
    change: { patch: { spec: { parallelism: 2 } }, shows: ({ spec }) => spec.parallelism === 2 },
    status: {
      patch: { status: { conditions: [condition('StatusPatched')] } },
      shows: hasCondition('StatusPatched'),
    },
  },
  {
    group: 'batch',
    resource: 'cronjobs',
    kind: 'CronJob',
    body: () => ({ spec: { schedule: '0 0 1 1 *', suspend: true, jobTemplate } }),
    change: {
      patch: { spec: { schedule: '*/5 * * * *' } },
      shows: ({ spec }) => spec.schedule === '*/5 * * * *',
    },
    status: {
      patch: { status: { lastScheduleTime: '2026-01-01T00:00:00Z' } },
      shows: ({ status }) => status.lastScheduleTime === '2026-01-01T00:00:00Z',
    },
  },
  ...(['v1', 'v2'] as const).map(
    (version): Row => ({
      group: 'autoscaling',
      version,
      resource: 'horizontalpodautoscalers',
      kind: 'HorizontalPodAutoscaler',
      body: () => ({
        spec: { maxReplicas: 4, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' } },
      }),
      change: {
        patch: { spec: { maxReplicas: 6 } },
        shows: ({ spec }) => spec.maxReplicas === 6 && spec.minReplicas === 1,
      },
      status: {
        patch: { status: { currentReplicas: 1, desiredReplicas: 2 } },
        shows: ({ status }) => status.desiredReplicas === 2,
      },
    }),
  ),
  {
    group: 'policy',
    resource: 'poddisruptionbudgets',
    kind: 'PodDisruptionBudget',
    body: () => ({ spec: { minAvailable: 1, selector } }),
    change: { patch: { spec: { minAvailable: '50%' } }, shows: ({ spec }) => spec.minAvailable === '50%' },
    status: {
      patch: {
        status: {
          disruptionsAllowed: 1,
          currentHealthy: 2,
          desiredHealthy: 1,
          expectedPods: 2,
          conditions: [{ ...condition('StatusPatched'), lastTransitionTime: '2026-01-01T00:00:00Z' }],
        },
      },
      shows: ({ status }) => status.conditions.some(({ type }: { type: string }) => type === 'StatusPatched'),
    },
  },
  {
    group: 'scheduling.k8s.io',
    resource: 'priorityclasses',
    kind: 'PriorityClass',
    clusterScoped: true,
    body: (n) => ({ value: n, description: 'one' }),
    change: { patch: { description: 'other' }, shows: ({ description }) => description === 'other' },
  },
]
