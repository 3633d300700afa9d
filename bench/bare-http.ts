/**
 * The physical neighbour of web and API: node:http and nothing else. POST takes a body and answers as many bytes as a push gets; GET
 * answers the bytes that were PUT under the same path; /live is a stream that gets what is POSTed to /tell.
 */
import { createServer, type ServerResponse } from 'node:http';

const PUSHED = JSON.stringify({ results: [{ serial: '116100000000', status: 'ok', inverter_id: 1, power_ac: 233.1 }] });
const bodies = new Map<string, Buffer>();
const streams = new Set<ServerResponse>();

const server = createServer((request, response) => {
  const { method = '', url = '' } = request;
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    if (url === '/live') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('retry: 2000\n\n');
      streams.add(response);
    } else if (url === '/tell') {
      for (const stream of streams) stream.write(body);
      response.end();
    } else if (method === 'PUT') {
      bodies.set(url, body);
      response.end();
    } else if (method === 'POST') {
      response.writeHead(201, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(PUSHED) });
      response.end(PUSHED);
    } else {
      const known = bodies.get(url) ?? Buffer.alloc(0);
      response.writeHead(200, { 'content-type': 'text/html', 'content-length': known.length }).end(known);
    }
  });
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' && address !== null ? address.port : 0 });
});
