// Node's HTTP/1.1 module without what an `import` of it brings: importing reads every export, among them the browser's
// WebSocket and EventSource, and with these comes a whole HTTP client (20 ms and 5 MB that a server never uses).

export const { createServer, STATUS_CODES } = process.getBuiltinModule('node:http')
