// The protobuf wire format, read in the plainest way: what a message holds, field by field.

/** The length-delimited fields (strings, bytes, messages) of `number`, in their order. */
export function fieldsOf(message: Buffer, number: number): Buffer[] {
  const found: Buffer[] = []
  let at = 0
  const varint = () => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = message.readUInt8(at++)
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }
  while (at < message.length) {
    const tag = varint()
    const wire = tag & 7
    if (wire === 0) varint()
    else if (wire === 2) {
      const length = varint()
      if (at + length > message.length) throw new Error(`field ${tag >>> 3} is cut short`)
      if (tag >>> 3 === number) found.push(message.subarray(at, at + length))
      at += length
    } else throw new Error(`wire type ${wire} is not expected here`)
  }
  return found
}
