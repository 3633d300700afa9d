import { createServer } from 'node:net';

/** Whether this process could listen there now. */
export function checkPort(host: string, port: number): Promise<'free' | 'in use' | Error> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE' ? 'in use' : error));
    server.listen(port, host, () => server.close(() => resolve('free')));
  });
}
