// Values as Go's %#v prints them: tools and people know some messages of Kubernetes by this form.

import { type Json, listOf, mapOf } from './json.ts'

/** `map[string]string{"a":"b"}`, keys sorted. */
export function goMap(map: Json): string {
  if (map === undefined || map === null) return 'map[string]string(nil)'
  const entries = Object.entries(mapOf(map)).sort(([a], [b]) => (a < b ? -1 : 1))
  return `map[string]string{${entries.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join(', ')}}`
}

/** `[]string{"a", "b"}`. */
export function goStrings(list: Json): string {
  if (list === undefined || list === null) return '[]string(nil)'
  return `[]string{${listOf(list)
    .map((item) => JSON.stringify(item))
    .join(', ')}}`
}

export function goLabelSelector(selector: Json): string {
  if (selector === undefined || selector === null) return 'null'
  const expressions = selector.matchExpressions
  const shown = expressions ? `{${listOf(expressions).map(goRequirement).join(', ')}}` : '(nil)'
  return `v1.LabelSelector{MatchLabels:${goMap(selector.matchLabels)}, MatchExpressions:[]v1.LabelSelectorRequirement${shown}}`
}

export function goIntOrString(value: Json): string {
  if (typeof value === 'string') {
    return `intstr.IntOrString{Type:1, IntVal:0, StrVal:${JSON.stringify(value)}}`
  }
  return `intstr.IntOrString{Type:0, IntVal:${value ?? 0}, StrVal:""}`
}

function goRequirement(requirement: Json): string {
  const { key, operator, values } = requirement
  return `v1.LabelSelectorRequirement{Key:${JSON.stringify(key ?? '')}, Operator:${JSON.stringify(operator ?? '')}, Values:${goStrings(values)}}`
}
