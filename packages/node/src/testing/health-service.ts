// A gRPC server with the standard health service, for tests of probes.

import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js'

export interface HealthService {
  port: number
  /** By name of the service: 1 serving, 2 not; others are not known. */
  statuses: Map<string, number>
  stop(): void
}

interface Request {
  service: string
}

/** `implemented` false: a gRPC server that has no health service. */
export async function startHealthService(implemented = true): Promise<HealthService> {
  const server = new Server()
  const statuses = new Map<string, number>()
  const check = {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    // HealthCheckRequest { string service = 1 }, shorter than 128 bytes here.
    requestDeserialize: (bytes: Buffer) => ({ service: bytes.subarray(2).toString('utf8') }),
    requestSerialize: ({ service }: Request) => Buffer.from(service),
    // HealthCheckResponse { ServingStatus status = 1 }
    responseSerialize: (value: number) => Buffer.from([8, value]),
    responseDeserialize: (bytes: Buffer) => bytes[1],
  }
  if (implemented) {
    server.addService({ check } as never, {
      check: ({ request }: ServerUnaryCall<Request, number>, reply: sendUnaryData<number>) => {
        const value = statuses.get(request.service)
        if (value === undefined) reply({ code: status.NOT_FOUND, details: 'unknown service' })
        else reply(null, value)
      },
    })
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  return { port, statuses, stop: () => server.forceShutdown() }
}
