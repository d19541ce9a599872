// The type of a kind's own fields inside its behaviour: data whose shape the schema walk has checked already.

// biome-ignore lint/suspicious/noExplicitAny: fields of a kind are data, checked by the schema at the edge
export type Json = any

/** A list that may be absent or null. */
export function listOf(value: Json): Json[] {
  return Array.isArray(value) ? value : []
}

/** A map that may be absent or null. */
export function mapOf<T = string>(value: Json): Record<string, T> {
  return value !== null && typeof value === 'object' ? value : {}
}

/** Bytes of the text in UTF-8: what Go's `len` counts. */
export function byteLength(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x80) continue
    if (code < 0x800) bytes += 1
    else if (code >= 0xd800 && code < 0xdc00) bytes += 1
    else if (code >= 0xdc00 && code < 0xe000) bytes += 1
    else bytes += 2
  }
  return bytes
}
