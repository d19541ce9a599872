// Requests whose bodies are under way, before they have a seat: how many may be at once and how many bytes, of one user
// and in all, so that neither slow bodies take the seats nor many bodies the memory. Who has no room waits, unread, behind
// other requests of the same user; users take turns.

/** The most at once. */
interface Room {
  /** Bodies that have not arrived. */
  bodies: number
  /** Of these what they say they will be, and of those that have arrived and wait for a seat what they are. */
  bytes: number
}

export interface ReceivingLimits {
  ofUser: Room
  ofAll: Room
  /** Requests of one user that wait for room; further ones are refused. */
  waitingOfUser: number
}

const MIB = 1024 * 1024
export const RECEIVING_LIMITS: ReceivingLimits = {
  ofUser: { bodies: 100, bytes: 16 * MIB },
  ofAll: { bodies: 1_000, bytes: 64 * MIB },
  waitingOfUser: 400,
}

interface Sender {
  bodies: number
  bytes: number
  readonly waiting: Set<Body>
}

/** One body, from its request's coming until it has a seat. */
export interface Body {
  readonly user: string
  bytes: number
  state: 'new' | 'waiting' | 'receiving' | 'arrived' | 'gone'
  /** Called when there is room, where it had to wait for it. */
  start(): void
}

export class Receiving {
  readonly #limits: ReceivingLimits
  /** In the order of their turns; only those of whom there is something. */
  readonly #senders = new Map<string, Sender>()
  #bodies = 0
  #bytes = 0
  #waiting = 0

  constructor(limits: ReceivingLimits = RECEIVING_LIMITS) {
    this.#limits = limits
  }

  /** The bodies that are under way, and those that wait for room. */
  get counts(): { receiving: number; waiting: number } {
    return { receiving: this.#bodies, waiting: this.#waiting }
  }

  enter(body: Body): 'room' | 'waiting' | 'full' {
    const sender = this.#senders.get(body.user) ?? { bodies: 0, bytes: 0, waiting: new Set<Body>() }
    this.#senders.set(body.user, sender)
    // Nobody overtakes those of the same user who wait.
    if (sender.waiting.size === 0 && this.#hasRoom(sender, body)) {
      this.#admit(sender, body)
      return 'room'
    }
    if (sender.waiting.size >= this.#limits.waitingOfUser) return 'full'
    sender.waiting.add(body)
    this.#waiting++
    body.state = 'waiting'
    return 'waiting'
  }

  /** The body is there, or will never be; what it has taken stays taken. */
  arrived(body: Body, bytes: number): void {
    const sender = this.#senders.get(body.user)!
    sender.bodies--
    this.#bodies--
    body.state = 'arrived'
    this.#resize(sender, body, bytes)
    this.#letIn()
  }

  /** The request has a seat, or has gone, or waits no more. false: it had left already. */
  leave(body: Body): boolean {
    const sender = this.#senders.get(body.user)
    if (sender === undefined || body.state === 'gone' || body.state === 'new') return false
    if (body.state === 'waiting') {
      sender.waiting.delete(body)
      this.#waiting--
    } else {
      if (body.state === 'receiving') this.arrived(body, 0)
      this.#resize(sender, body, 0)
    }
    body.state = 'gone'
    if (sender.bodies + sender.bytes + sender.waiting.size === 0) this.#senders.delete(body.user)
    this.#letIn()
    return true
  }

  /** Whoever has nothing under way may send one body, however large. */
  #hasRoom(sender: Sender, { bytes }: Body): boolean {
    const { ofUser, ofAll } = this.#limits
    const fits = (of: Pick<Sender, 'bodies' | 'bytes'>, room: Room) =>
      of.bodies < room.bodies && (of.bytes === 0 || of.bytes + bytes <= room.bytes)
    return fits(sender, ofUser) && fits({ bodies: this.#bodies, bytes: this.#bytes }, ofAll)
  }

  #admit(sender: Sender, body: Body): void {
    sender.bodies++
    this.#bodies++
    sender.bytes += body.bytes
    this.#bytes += body.bytes
    body.state = 'receiving'
  }

  #resize(sender: Sender, body: Body, bytes: number): void {
    sender.bytes += bytes - body.bytes
    this.#bytes += bytes - body.bytes
    body.bytes = bytes
  }

  /** One of each user in turn, for as long as there is room. */
  #letIn(): void {
    for (let found = this.#waiting > 0; found; ) {
      found = false
      for (const [user, sender] of this.#senders) {
        const [body] = sender.waiting
        if (body === undefined || !this.#hasRoom(sender, body)) continue
        sender.waiting.delete(body)
        this.#waiting--
        this.#admit(sender, body)
        // To the end of the turns.
        this.#senders.delete(user)
        this.#senders.set(user, sender)
        body.start()
        found = this.#waiting > 0
        break
      }
    }
  }
}
