// Where containers mount volumes, as directories and as devices.

import {
  type FieldError,
  forbiddenField,
  invalid,
  notFoundField,
  notSupported,
  required,
} from '../../../field-error.ts'
import { type Json, listOf } from '../../../validate/json.ts'
import { validateDescendingPath } from './paths.ts'

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None']
const RECURSIVE = ['Disabled', 'Enabled', 'IfPossible']

export function validateMounts(
  container: Json,
  volumes: ReadonlyMap<string, Json>,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  const points = new Set<string>()
  const devices = listOf(container.volumeDevices)
  for (const [i, mount] of listOf(container.volumeMounts).entries()) {
    const at = `${field}[${i}]`
    const name: string = mount.name ?? ''
    const path: string = mount.mountPath ?? ''
    if (name === '') errors.push(required(`${at}.name`))
    if (!volumes.has(name)) errors.push(notFoundField(`${at}.name`, name))
    if (path === '') errors.push(required(`${at}.mountPath`))
    if (points.has(path)) errors.push(invalid(`${at}.mountPath`, path, 'must be unique'))
    points.add(path)
    if (devices.some((device) => device.name === name)) {
      errors.push(invalid(`${at}.name`, name, 'must not already exist in volumeDevices'))
    }
    if (devices.some((device) => device.devicePath === path)) {
      errors.push(invalid(`${at}.mountPath`, path, 'must not already exist as a path in volumeDevices'))
    }
    errors.push(...validateSubPaths(mount, volumes.get(name), at, field))
    errors.push(...validatePropagation(mount, container, `${field}.mountPropagation`))
    errors.push(...validateRecursiveReadOnly(mount, `${field}.recursiveReadOnly`))
  }
  return errors
}

export function validateDevices(
  container: Json,
  volumes: ReadonlyMap<string, Json>,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  const paths = new Set<string>()
  const names = new Set<string>()
  const mounts = listOf(container.volumeMounts)
  for (const [i, device] of listOf(container.volumeDevices).entries()) {
    const at = `${field}[${i}]`
    const name: string = device.name ?? ''
    const path: string = device.devicePath ?? ''
    const volume = volumes.get(name)
    if (name === '') errors.push(required(`${at}.name`))
    if (names.has(name)) errors.push(invalid(`${at}.name`, name, 'must be unique'))
    if (volume === undefined) errors.push(notFoundField(`${at}.name`, name))
    else if (!volume.persistentVolumeClaim && !volume.ephemeral) {
      const why = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'
      errors.push(invalid(`${at}.name`, name, why))
    }
    if (path === '') errors.push(required(`${at}.devicePath`))
    if (paths.has(path)) errors.push(invalid(`${at}.devicePath`, path, 'must be unique'))
    if (path.split('/').includes('..')) {
      errors.push(invalid(`${at}.devicePath`, path, "can not contain backsteps ('..')"))
    } else paths.add(path)
    if (mounts.some((mount) => mount.name === name)) {
      errors.push(invalid(`${at}.name`, name, 'must not already exist in volumeMounts'))
    }
    if (mounts.some((mount) => mount.mountPath === path)) {
      errors.push(invalid(`${at}.devicePath`, path, 'must not already exist as a path in volumeMounts'))
    }
    if (name !== '') names.add(name)
  }
  return errors
}

/** `at` is the mount, `field` the list: Kubernetes reports path errors at the list. */
function validateSubPaths(mount: Json, volume: Json, at: string, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (volume?.image) {
    for (const name of ['subPath', 'subPathExpr']) {
      if (mount[name]) {
        errors.push(invalid(`${at}.${name}`, mount[name], 'not allowed in image volume sources'))
      }
    }
  }
  if (mount.subPath) errors.push(...validateDescendingPath(mount.subPath, `${field}.subPath`))
  if (!mount.subPathExpr) return errors
  if (mount.subPath) {
    const why = 'subPathExpr and subPath are mutually exclusive'
    errors.push(invalid(`${at}.subPathExpr`, mount.subPathExpr, why))
  }
  return errors.concat(validateDescendingPath(mount.subPathExpr, `${field}.subPathExpr`))
}

function validatePropagation(mount: Json, container: Json, field: string): FieldError[] {
  const mode = mount.mountPropagation
  if (mode === undefined || mode === null) return []
  if (!PROPAGATIONS.includes(mode)) return [notSupported(field, mode, PROPAGATIONS)]
  if (mode !== 'Bidirectional' || container.securityContext?.privileged === true) return []
  return [forbiddenField(field, 'Bidirectional mount propagation is available only to privileged containers')]
}

function validateRecursiveReadOnly(mount: Json, field: string): FieldError[] {
  const mode = mount.recursiveReadOnly
  if (mode === undefined || mode === null || mode === 'Disabled') return []
  if (!RECURSIVE.includes(mode)) return [notSupported(field, mode, RECURSIVE)]
  const errors: FieldError[] = []
  if (!mount.readOnly) errors.push(forbiddenField(field, 'may only be specified when readOnly is true'))
  if (mount.mountPropagation && mount.mountPropagation !== 'None') {
    const why = 'may only be specified when mountPropagation is None or not specified'
    errors.push(forbiddenField(field, why))
  }
  return errors
}
