// Metrics of autoscaling/v2 in the form that autoscaling/v1 keeps in annotations, and back.

import { type Json, listOf } from '../../validate/json.ts'

/** v2 `spec.metrics[]` -> v1 annotation entry. */
export function metricToV1(metric: Json): Json {
  const { type } = metric
  const { object, pods, resource, containerResource, external } = metric
  return clean({
    type,
    object: object && {
      target: object.describedObject,
      metricName: object.metric?.name ?? '',
      targetValue: object.target?.value ?? '0',
      selector: object.metric?.selector,
      averageValue: object.target?.averageValue,
    },
    pods: pods && {
      metricName: pods.metric?.name ?? '',
      targetAverageValue: pods.target?.averageValue ?? '0',
      selector: pods.metric?.selector,
    },
    resource: resource && resourceToV1(resource),
    containerResource: containerResource && {
      ...resourceToV1(containerResource),
      container: containerResource.container,
    },
    external: external && {
      metricName: external.metric?.name ?? '',
      metricSelector: external.metric?.selector,
      targetValue: external.target?.value,
      targetAverageValue: external.target?.averageValue,
    },
  })
}

/** v1 annotation entry -> v2 `spec.metrics[]`. */
export function metricFromV1(metric: Json): Json {
  const { type } = metric
  const { object, pods, resource, containerResource, external } = metric
  return clean({
    type,
    object: object && {
      describedObject: object.target,
      metric: { name: object.metricName, selector: object.selector },
      target: object.averageValue
        ? { type: 'AverageValue', averageValue: object.averageValue }
        : { type: 'Value', value: object.targetValue },
    },
    pods: pods && {
      metric: { name: pods.metricName, selector: pods.selector },
      target: { type: 'AverageValue', averageValue: pods.targetAverageValue },
    },
    resource: resource && resourceFromV1(resource),
    containerResource: containerResource && {
      ...resourceFromV1(containerResource),
      container: containerResource.container,
    },
    external: external && {
      metric: { name: external.metricName, selector: external.metricSelector },
      target: clean({
        type: external.targetValue ? 'Value' : 'AverageValue',
        value: external.targetValue,
        averageValue: external.targetAverageValue,
      }),
    },
  })
}

/** v2 `status.currentMetrics[]` -> v1 annotation entry. */
export function statusToV1(status: Json): Json {
  const { type } = status
  const { object, pods, resource, containerResource, external } = status
  return clean({
    type,
    object: object && {
      target: object.describedObject,
      metricName: object.metric?.name ?? '',
      currentValue: object.current?.value ?? '0',
      selector: object.metric?.selector,
      averageValue: object.current?.averageValue,
    },
    pods: pods && {
      metricName: pods.metric?.name ?? '',
      currentAverageValue: pods.current?.averageValue ?? '0',
      selector: pods.metric?.selector,
    },
    resource: resource && resourceStatusToV1(resource),
    containerResource: containerResource && {
      ...resourceStatusToV1(containerResource),
      container: containerResource.container,
    },
    external: external && {
      metricName: external.metric?.name ?? '',
      metricSelector: external.metric?.selector,
      currentValue: external.current?.value ?? '0',
      currentAverageValue: external.current?.averageValue,
    },
  })
}

/** v1 annotation entry -> v2 `status.currentMetrics[]`. */
export function statusFromV1(status: Json): Json {
  const { type } = status
  const { object, pods, resource, containerResource, external } = status
  return clean({
    type,
    object: object && {
      describedObject: object.target,
      metric: { name: object.metricName, selector: object.selector },
      current: { value: object.currentValue, averageValue: object.averageValue },
    },
    pods: pods && {
      metric: { name: pods.metricName, selector: pods.selector },
      current: { averageValue: pods.currentAverageValue },
    },
    resource: resource && resourceStatusFromV1(resource),
    containerResource: containerResource && {
      ...resourceStatusFromV1(containerResource),
      container: containerResource.container,
    },
    external: external && {
      metric: { name: external.metricName, selector: external.metricSelector },
      current: { value: external.currentValue, averageValue: external.currentAverageValue },
    },
  })
}

function resourceToV1({ name, target }: Json): Json {
  return {
    name,
    targetAverageUtilization: target?.averageUtilization,
    targetAverageValue: target?.averageValue,
  }
}

function resourceFromV1(resource: Json): Json {
  const { targetAverageUtilization: averageUtilization, targetAverageValue: averageValue } = resource
  const type = typeof averageUtilization === 'number' ? 'Utilization' : 'AverageValue'
  return { name: resource.name, target: { type, averageUtilization, averageValue } }
}

function resourceStatusToV1({ name, current }: Json): Json {
  return {
    name,
    currentAverageUtilization: current?.averageUtilization,
    currentAverageValue: current?.averageValue ?? '0',
  }
}

function resourceStatusFromV1(resource: Json): Json {
  const { currentAverageUtilization: averageUtilization, currentAverageValue: averageValue } = resource
  return { name: resource.name, current: { averageUtilization, averageValue } }
}

/** Without fields that are absent, at every level. */
function clean(value: Json): Json {
  if (Array.isArray(value)) return listOf(value).map(clean)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).filter(([, item]) => item !== undefined && item !== null)
  return Object.fromEntries(entries.map(([key, item]) => [key, clean(item)]))
}
