// Warnings about volume types that are deprecated or gone, and about paths that a token will hide.

import { type Json, listOf } from '../../../validate/json.ts'

const DEPRECATED: Readonly<Record<string, string>> = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
}

const DEPRECATED_TYPES = Object.keys(DEPRECATED)

export function volumeWarnings(volumes: Json, field: string): string[] {
  const list = listOf(volumes)
  const warnings: string[] = []
  for (let i = 0; i < list.length; i++) {
    for (const type of DEPRECATED_TYPES) {
      if (!list[i][type]) continue
      const name = type === 'storageos' ? 'storageOS' : type
      warnings.push(`${field}[${i}].${name}: ${DEPRECATED[type]}`)
    }
  }
  return warnings.concat(tokenPathWarnings(list, field))
}

function tokenPathWarnings(volumes: Json[], field: string): string[] {
  const tokens = new Set<string>()
  for (const volume of volumes) {
    for (const source of listOf(volume.projected?.sources)) {
      if (source.serviceAccountToken) tokens.add(source.serviceAccountToken.path)
    }
  }
  if (tokens.size === 0) return []
  const warnings: string[] = []
  const warn = (at: string, path: string) => {
    if (tokens.has(path)) {
      warnings.push(`${at}: has duplicated path with ServiceAccountToken ${JSON.stringify(path)}`)
    }
  }
  for (const [i, volume] of volumes.entries()) {
    const at = `${field}[${i}].projected.sources`
    for (const source of listOf(volume.projected?.sources)) {
      for (const [j, item] of listOf(source.configMap?.items).entries())
        warn(`${at}.configMap[${j}]`, item.path)
      for (const [j, item] of listOf(source.secret?.items).entries()) warn(`${at}.secrets[${j}]`, item.path)
      for (const [j, item] of listOf(source.downwardAPI?.items).entries()) {
        warn(`${at}.downwardAPI[${j}]`, item.path)
      }
      if (source.clusterTrustBundle) warn(`${at}.ClusterTrustBundle`, source.clusterTrustBundle.path)
    }
  }
  return warnings
}
