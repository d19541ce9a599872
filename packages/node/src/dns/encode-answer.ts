// Answers as bytes. The name that was asked for is written once (RFC 1035, section 4.1.4), which the library does not do:
// three times as many addresses fit into a datagram. What does not fit is cut off. Pure.

import { encode, type Packet } from 'dns-packet'
import { TRUNCATED } from './wire.ts'

/** Names in an answer that are the question's: a pointer to it, behind the head of the message. */
const TO_QUESTION = Buffer.from([0xc0, 12])
const HEAD_BYTES = 12
/** Where the head counts the answers. */
const ANSWERS_AT = 6
/** A message over TCP. */
const MAX_BYTES = 65_535

/** At most `limitBytes`. When it is cut, that is said, and the client asks again over TCP. */
export function encodeForUdp(packet: Packet, limitBytes: number): Buffer {
  const whole = encodeAnswer(packet)
  if (whole.length <= limitBytes) return whole
  const { authorities: _, ...rest } = packet
  return fitted({ ...rest, flags: (packet.flags ?? 0) | TRUNCATED }, limitBytes)
}

/** With its length before it (RFC 1035, section 4.2.2). There is no larger message: some answers must do. */
export function encodeForTcp(packet: Packet): Buffer {
  const message = fitted(packet, MAX_BYTES)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  return Buffer.concat([length, message])
}

function fitted(packet: Packet, limitBytes: number): Buffer {
  let answers = packet.answers ?? []
  for (;;) {
    const message = encodeAnswer({ ...packet, answers })
    if (message.length <= limitBytes || answers.length === 0) return message
    const most = Math.floor((answers.length * limitBytes) / message.length)
    answers = answers.slice(0, Math.min(most, answers.length - 1))
  }
}

function encodeAnswer(packet: Packet): Buffer {
  const { questions = [], answers = [], authorities = [], additionals = [], ...head } = packet
  const asked = questions[0]?.name
  const encoded = answers.map((record) => {
    if (record.name !== asked) return encode({ answers: [record] }).subarray(HEAD_BYTES)
    // The name of the root is one byte.
    const rest = encode({ answers: [{ ...record, name: '.' }] }).subarray(HEAD_BYTES + 1)
    return Buffer.concat([TO_QUESTION, rest])
  })
  const before = encode({ ...head, questions })
  const after = encode({ authorities, additionals })
  const message = Buffer.concat([before, ...encoded, after.subarray(HEAD_BYTES)])
  message.writeUInt16BE(answers.length, ANSWERS_AT)
  after.copy(message, ANSWERS_AT + 2, ANSWERS_AT + 2, HEAD_BYTES)
  return message
}
