// Ports of containers, and ports of the host that only one container may have.

import { duplicate, type FieldError, invalid, notSupported, required } from '../../../field-error.ts'
import { type Json, listOf } from '../../../validate/json.ts'
import { isPortName, isPortNumber } from '../../../validate/ports.ts'

const PROTOCOLS = ['SCTP', 'TCP', 'UDP']

export function validatePorts(ports: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [i, port] of listOf(ports).entries()) {
    const at = `${field}[${i}]`
    if (port.name) {
      const wrong = isPortName(port.name)
      errors.push(...wrong.map((message) => invalid(`${at}.name`, port.name, message)))
      if (wrong.length === 0 && names.has(port.name)) errors.push(duplicate(`${at}.name`, port.name))
      if (wrong.length === 0) names.add(port.name)
    }
    if (!port.containerPort) errors.push(required(`${at}.containerPort`))
    else errors.push(...portNumber(port.containerPort, `${at}.containerPort`))
    if (port.hostPort) errors.push(...portNumber(port.hostPort, `${at}.hostPort`))
    if (!port.protocol) errors.push(required(`${at}.protocol`))
    else if (!PROTOCOLS.includes(port.protocol)) {
      errors.push(notSupported(`${at}.protocol`, port.protocol, PROTOCOLS))
    }
  }
  return errors
}

/** A number in range, or the name of a port. */
export function validatePortOrName(port: number | string | undefined, field: string): FieldError[] {
  if (typeof port === 'string') return isPortName(port).map((message) => invalid(field, port, message))
  return portNumber(port ?? 0, field)
}

/** Two containers may not have the same protocol, address and port of the host. */
export function validateHostPortConflicts(containers: Json[], field: string): FieldError[] {
  const errors: FieldError[] = []
  const taken = new Set<string>()
  for (const [c, container] of containers.entries()) {
    for (const [p, port] of listOf(container.ports).entries()) {
      if (!port.hostPort) continue
      const key = `${port.protocol ?? ''}/${port.hostIP ?? ''}/${port.hostPort}`
      if (taken.has(key)) errors.push(duplicate(`${field}[${c}].ports[${p}].hostPort`, key))
      taken.add(key)
    }
  }
  return errors
}

/** With hostNetwork the port of the host is the port of the container; a template may leave it out. */
export function validateHostNetworkPorts(spec: Json, field: string, isPod: boolean): FieldError[] {
  if (spec.hostNetwork !== true) return []
  const errors: FieldError[] = []
  for (const [c, container] of listOf(spec.containers).entries()) {
    for (const [p, port] of listOf(container.ports).entries()) {
      const hostPort = port.hostPort ?? 0
      if ((!isPod && hostPort === 0) || hostPort === port.containerPort) continue
      const at = `${field}.containers[${c}].ports[${p}].hostPort`
      errors.push(invalid(at, hostPort, 'must match `containerPort` when `hostNetwork` is true'))
    }
  }
  return errors
}

function portNumber(port: number, field: string): FieldError[] {
  return isPortNumber(port).map((message) => invalid(field, port, message))
}
