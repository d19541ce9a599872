// The ports of a Service.

import { duplicate, type FieldError, forbiddenField, invalid, required } from '../../field-error.ts'
import { PROTOCOLS } from '../../validate/choices.ts'
import { named, oneOf } from '../../validate/fields.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { isDNS1123Label, isQualifiedName } from '../../validate/names.ts'
import { isPortName, isPortNumber } from '../../validate/ports.ts'

export function validateServicePorts(spec: Json): FieldError[] {
  const ports: Json[] = listOf(spec.ports)
  const names = new Set<string>()
  const errors: FieldError[] = []
  for (const [i, port] of ports.entries()) {
    const field = `spec.ports[${i}]`
    errors.push(...validateName(port, { field, names, isNeeded: ports.length > 1 }))
    errors.push(...validatePort(port, field))
  }
  return [...errors, ...validateNodePorts(spec), ...validateUnique(ports)]
}

function validateName(
  port: Json,
  { field, names, isNeeded }: { field: string; names: Set<string>; isNeeded: boolean },
): FieldError[] {
  if (!port.name) return isNeeded ? [required(`${field}.name`)] : []
  const errors = named(`${field}.name`, port.name, isDNS1123Label)
  if (names.has(port.name)) errors.push(duplicate(`${field}.name`, port.name))
  names.add(port.name)
  return errors
}

function validatePort(port: Json, field: string): FieldError[] {
  const errors = isPortNumber(port.port ?? 0).map((why) => invalid(`${field}.port`, port.port ?? 0, why))
  errors.push(...oneOf(`${field}.protocol`, port.protocol, PROTOCOLS))
  errors.push(...portNumberOrName(port.targetPort, `${field}.targetPort`))
  if ((port.appProtocol ?? null) !== null) {
    errors.push(...named(`${field}.appProtocol`, port.appProtocol, isQualifiedName))
  }
  return errors
}

function portNumberOrName(value: number | string | undefined, field: string): FieldError[] {
  const wrong = typeof value === 'string' ? isPortName(value) : isPortNumber(value ?? 0)
  return wrong.map((why) => invalid(field, value ?? 0, why))
}

/** The range is the allocator's to check. */
function validateNodePorts(spec: Json): FieldError[] {
  const errors: FieldError[] = []
  const used = new Set<string>()
  for (const [i, { nodePort, protocol }] of listOf(spec.ports).entries()) {
    if (!nodePort) continue
    const field = `spec.ports[${i}].nodePort`
    if (spec.type === 'ClusterIP') {
      errors.push(forbiddenField(field, "may not be used when `type` is 'ClusterIP'"))
    }
    const key = `${protocol}/${nodePort}`
    if (used.has(key)) errors.push(duplicate(field, nodePort))
    used.add(key)
  }
  return errors
}

function validateUnique(ports: Json[]): FieldError[] {
  const errors: FieldError[] = []
  const used = new Set<string>()
  for (const [i, { port, protocol }] of ports.entries()) {
    const key = `${protocol}/${port}`
    if (used.has(key)) errors.push(duplicatePort(`spec.ports[${i}]`, protocol, port))
    used.add(key)
  }
  return errors
}

/** People know the message with Kubernetes' own type in it. */
function duplicatePort(field: string, protocol: string, port: number): FieldError {
  const shown = `core.ServicePort{Name:"", Protocol:${JSON.stringify(protocol)}, AppProtocol:(*string)(nil), Port:${port}, TargetPort:intstr.IntOrString{Type:0, IntVal:0, StrVal:""}, NodePort:0}`
  return { type: 'FieldValueDuplicate', field, message: `Duplicate value: ${shown}` }
}
