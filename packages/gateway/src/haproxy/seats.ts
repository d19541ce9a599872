// Seats of endpoints in the process that runs: what it has, and the commands that make it have what it should. Pure.

import type { ServerState } from './admin.ts'
import type { Seat, Seating } from './servers.ts'

type States = ReadonlyMap<string, ReadonlyMap<string, ServerState>>

/** Where endpoints are now, as `seatingOf` wants it. */
export function seatedIn(states: States): Map<string, Seating> {
  const seated = new Map<string, Seating>()
  for (const [backend, servers] of states) {
    const seating = new Map<string, (Seat | undefined)[]>()
    for (const [server, { ip, port, weight, maintenance }] of servers) {
      const [, name, place] = /^(.*)\.(\d+)$/.exec(server) ?? []
      if (name === undefined) continue
      const seats = seating.get(name) ?? []
      seats[Number(place)] = maintenance ? undefined : { ip, port, weight }
      seating.set(name, seats)
    }
    seated.set(backend, seating)
  }
  return seated
}

/**
 * New ones come before old ones go. undefined: there are servers that the process does not have, which only a reload
 * brings.
 */
export function seatCommands(wanted: ReadonlyMap<string, Seating>, states: States): string[] | undefined {
  const coming: string[] = []
  const going: string[] = []
  for (const [backend, seating] of wanted) {
    for (const [name, seats] of seating) {
      for (const [place, seat] of seats.entries()) {
        const state = states.get(backend)?.get(`${name}.${place}`)
        if (state === undefined) return undefined
        const set = `set server ${backend}/${name}.${place}`
        if (seat === undefined) {
          if (!state.maintenance) going.push(`${set} state maint`)
          continue
        }
        const moved = state.ip !== seat.ip || state.port !== seat.port
        if (moved && !state.maintenance) coming.push(`${set} state maint`)
        if (moved) coming.push(`${set} addr ${seat.ip} port ${seat.port}`)
        if (state.weight !== seat.weight) coming.push(`${set} weight ${seat.weight}`)
        if (moved || state.maintenance) coming.push(`${set} state ready`)
      }
    }
  }
  return [...coming, ...going]
}
