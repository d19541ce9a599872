// A static program for Linux, assembled here: it leaves its children to the kernel, ends on SIGTERM and SIGINT, and
// otherwise sleeps for good. The first process of every sandbox; 400 bytes instead of an image from somewhere.

import { assert } from '@brume/base/assert'
import type { Architecture } from '../oci/types.ts'

/** Where the file is mapped: above every page size's first page. */
const BASE = 0x400000
/** Larger than any page of either architecture. */
const ALIGN = 0x10000
const HEADERS_BYTES = 64 + 2 * 56
const SIGINT = 2
const SIGTERM = 15
const SIGCHLD = 17
const SIG_IGN = 1
const SA_NOCLDSTOP = 0x1
const SA_NOCLDWAIT = 0x2
const SA_RESTORER = 0x0400_0000
/** Of the kernel's struct sigaction: handler, flags, restorer, mask. */
const SIGACTION_BYTES = 32
const SIGSET_BYTES = 8

interface Code {
  machine: number
  bytes: Buffer
  /** Of the handler that exits, from the start of the code. */
  exitOffset: number
}

export function pauseProgram(architecture: Architecture): Buffer {
  const { machine, bytes, exitOffset } = architecture === 'amd64' ? amd64() : arm64()
  const dataOffset = dataOffsetOf(bytes.length)
  const exitAddress = BigInt(BASE + HEADERS_BYTES + exitOffset)
  const data = Buffer.concat([
    sigaction(BigInt(SIG_IGN), SA_NOCLDSTOP | SA_NOCLDWAIT, 0n),
    // amd64 wants a way back from handlers; this one never returns.
    sigaction(exitAddress, SA_RESTORER, exitAddress),
  ])
  const file = Buffer.alloc(HEADERS_BYTES + dataOffset + data.length)
  elfHeader(file, machine)
  loadSegment(file)
  stackSegment(file)
  bytes.copy(file, HEADERS_BYTES)
  data.copy(file, HEADERS_BYTES + dataOffset)
  return file
}

/** From the start of the code: behind it, on a boundary of 8. */
const dataOffsetOf = (codeBytes: number) => Math.ceil((HEADERS_BYTES + codeBytes) / 8) * 8 - HEADERS_BYTES

function sigaction(handler: bigint, flags: number, restorer: bigint): Buffer {
  const bytes = Buffer.alloc(SIGACTION_BYTES)
  bytes.writeBigUInt64LE(handler, 0)
  bytes.writeBigUInt64LE(BigInt(flags), 8)
  bytes.writeBigUInt64LE(restorer, 16)
  return bytes
}

/** The signals, and which of the two actions (0: ignore, 1: exit). */
const ACTIONS: readonly [signal: number, action: 0 | 1][] = [
  [SIGCHLD, 0],
  [SIGTERM, 1],
  [SIGINT, 1],
]

function amd64(): Code {
  const perAction = 5 + 7 + 2 + 6 + 5 + 2
  const loopBytes = 5 + 2 + 2
  const exitOffset = ACTIONS.length * perAction + loopBytes
  const dataOffset = dataOffsetOf(exitOffset + 2 + 5 + 2)
  const code: number[] = []
  const word = (value: number) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255]
  const syscall = (number: number) => code.push(0xb8, ...word(number), 0x0f, 0x05) // mov eax, number; syscall
  for (const [signal, action] of ACTIONS) {
    code.push(0xbf, ...word(signal)) // mov edi, signal
    const target = dataOffset + action * SIGACTION_BYTES
    code.push(0x48, 0x8d, 0x35, ...word(target - (code.length + 7))) // lea rsi, [rip + ...]
    code.push(0x31, 0xd2) // xor edx, edx
    code.push(0x41, 0xba, ...word(SIGSET_BYTES)) // mov r10d, 8
    syscall(13) // rt_sigaction
  }
  syscall(34) // pause
  code.push(0xeb, 256 - loopBytes) // jmp to the pause
  assert(code.length === exitOffset, 'the handler is where it was said to be')
  code.push(0x31, 0xff) // xor edi, edi
  syscall(231) // exit_group
  return { machine: 62, bytes: Buffer.from(code), exitOffset }
}

function arm64(): Code {
  const perAction = 6
  const loopWords = 8
  const exitOffset = 4 * (ACTIONS.length * perAction + loopWords)
  const dataOffset = dataOffsetOf(exitOffset + 4 * 3)
  const code: number[] = []
  const set = (register: number, value: number) => code.push(0xd2800000 | (value << 5) | register) // movz
  const syscall = (number: number) => {
    set(8, number)
    code.push(0xd4000001) // svc #0
  }
  for (const [signal, action] of ACTIONS) {
    set(0, signal)
    const distance = dataOffset + action * SIGACTION_BYTES - 4 * code.length
    code.push(0x10000000 | ((distance & 3) << 29) | ((distance >> 2) << 5) | 1) // adr x1, ...
    set(2, 0)
    set(3, SIGSET_BYTES)
    syscall(134) // rt_sigaction
  }
  for (let register = 0; register < 5; register++) set(register, 0)
  syscall(73) // ppoll of nothing, without end
  code.push(0x14000000 | ((1 - loopWords) & 0x3ffffff)) // b to the first movz
  assert(4 * code.length === exitOffset, 'the handler is where it was said to be')
  set(0, 0)
  syscall(94) // exit_group
  const bytes = Buffer.alloc(4 * code.length)
  code.forEach((instruction, i) => void bytes.writeUInt32LE(instruction >>> 0, 4 * i))
  return { machine: 183, bytes, exitOffset }
}

function elfHeader(file: Buffer, machine: number): void {
  file.write('\x7fELF\x02\x01\x01', 0, 'latin1') // 64 bits, little-endian, version 1
  file.writeUInt16LE(2, 16) // an executable
  file.writeUInt16LE(machine, 18)
  file.writeUInt32LE(1, 20)
  file.writeBigUInt64LE(BigInt(BASE + HEADERS_BYTES), 24) // entry
  file.writeBigUInt64LE(64n, 32) // program headers
  file.writeUInt16LE(64, 52)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(2, 56)
}

function loadSegment(file: Buffer): void {
  const at = 64
  file.writeUInt32LE(1, at) // PT_LOAD
  file.writeUInt32LE(5, at + 4) // readable, executable
  file.writeBigUInt64LE(BigInt(BASE), at + 16)
  file.writeBigUInt64LE(BigInt(BASE), at + 24)
  file.writeBigUInt64LE(BigInt(file.length), at + 32)
  file.writeBigUInt64LE(BigInt(file.length), at + 40)
  file.writeBigUInt64LE(BigInt(ALIGN), at + 48)
}

/** Says that the stack is not to be executable. */
function stackSegment(file: Buffer): void {
  const at = 64 + 56
  file.writeUInt32LE(0x6474e551, at) // PT_GNU_STACK
  file.writeUInt32LE(6, at + 4)
  file.writeBigUInt64LE(16n, at + 48)
}
