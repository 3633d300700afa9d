/** The physical neighbour of the collector: answers every chunk with as many bytes as an acknowledgement has, and does nothing else. */
import { createServer } from 'node:net';
import { ACKNOWLEDGEMENT_BYTES } from './bench-logger.ts';

const answer = Buffer.alloc(ACKNOWLEDGEMENT_BYTES);
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', () => socket.write(answer));
  socket.on('error', () => undefined);
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' && address !== null ? address.port : 0 });
});
