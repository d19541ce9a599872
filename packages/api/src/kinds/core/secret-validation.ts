// What each type of Secret must hold.

import { createPrivateKey, X509Certificate } from 'node:crypto'
import { type FieldError, invalid, required, tooLong } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { base64Bytes } from '../../validate/bytes.ts'
import { named } from '../../validate/fields.ts'
import { mapOf } from '../../validate/json.ts'
import { isConfigMapKey } from '../../validate/names.ts'
import { MAX_CONTENT_BYTES } from './config-map.ts'

const ACCOUNT_ANNOTATION = 'kubernetes.io/service-account.name'

export function validateSecret(object: KubeObject): FieldError[] {
  const data = mapOf(object['data'])
  const errors: FieldError[] = []
  let bytes = 0
  for (const [key, value] of Object.entries(data)) {
    errors.push(...named(`data[${key}]`, key, isConfigMapKey))
    bytes += base64Bytes(value ?? '')
  }
  if (bytes > MAX_CONTENT_BYTES) errors.push(tooLong('data', MAX_CONTENT_BYTES))
  return [...errors, ...validateType(object, data)]
}

function validateType(object: KubeObject, data: Record<string, string>): FieldError[] {
  const missing = (keys: string[]) =>
    keys.filter((key) => !Object.hasOwn(data, key)).map((key) => required(`data[${key}]`))
  switch (object['type']) {
    case 'kubernetes.io/service-account-token':
      if (object.metadata.annotations?.[ACCOUNT_ANNOTATION]) return []
      return [required(`metadata.annotations[${ACCOUNT_ANNOTATION}]`)]
    case 'kubernetes.io/dockercfg':
      return jsonObject(data, '.dockercfg')
    case 'kubernetes.io/dockerconfigjson':
      return jsonObject(data, '.dockerconfigjson')
    case 'kubernetes.io/basic-auth': {
      const absent = missing(['username', 'password'])
      return absent.length === 2 ? absent : []
    }
    case 'kubernetes.io/ssh-auth':
      return data['ssh-privatekey'] ? [] : [required('data[ssh-privatekey]')]
    case 'kubernetes.io/tls':
      return missing(['tls.crt', 'tls.key'])
    default:
      return []
  }
}

function jsonObject(data: Record<string, string>, key: string): FieldError[] {
  const field = `data[${key}]`
  if (!Object.hasOwn(data, key)) return [required(field)]
  const why = notAnObject(Buffer.from(data[key] ?? '', 'base64').toString('utf8'))
  return why === undefined ? [] : [invalid(field, '<secret contents redacted>', why)]
}

/** Never shows any of the text. */
function notAnObject(text: string): string | undefined {
  if (text.trim() === '') return 'unexpected end of JSON input'
  try {
    const value: unknown = JSON.parse(text)
    if (value === null || (typeof value === 'object' && !Array.isArray(value))) return undefined
    const type = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
    return `json: cannot unmarshal ${type} into Go value of type map[string]interface {}`
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return 'invalid character in JSON input'
  }
}

/** A pair that no server could use is worth a word, as in Kubernetes; it is no error. */
export function tlsWarnings(object: KubeObject, old: KubeObject | undefined): string[] {
  if (object['type'] !== 'kubernetes.io/tls') return []
  const [data, before] = [mapOf(object['data']), mapOf(old?.['data'])]
  if (old && data['tls.crt'] === before['tls.crt'] && data['tls.key'] === before['tls.key']) return []
  const certificate = Buffer.from(data['tls.crt'] ?? '', 'base64')
  const key = Buffer.from(data['tls.key'] ?? '', 'base64')
  for (const [what, pem] of [['certificate', certificate] as const, ['key', key] as const]) {
    if (!pem.includes('-----BEGIN ')) return [`tls: failed to find any PEM data in ${what} input`]
  }
  try {
    const fits = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
    return fits ? [] : ['tls: private key does not match public key']
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return [`tls: failed to parse certificate or private key: ${error.message}`]
  }
}
