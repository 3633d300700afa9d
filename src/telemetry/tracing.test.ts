import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { OtlpExporter } from './otlp.ts';
import { type FinishedSpan, readTraceparent, Tracer } from './tracing.ts';

/** Keeps what it is given. */
function kept(): { spans: FinishedSpan[]; tracer: Tracer } {
  const spans: FinishedSpan[] = [];
  return { spans, tracer: new Tracer({ export: (span) => void spans.push(span), stop: async () => undefined }) };
}

describe('spans', () => {
  it('know what they are a part of, also after a pause and beside others', async () => {
    const { spans, tracer } = kept();
    await Promise.all(
      ['a', 'b'].map((name) =>
        tracer.trace({ name }, async () => {
          await new Promise((resolve) => setImmediate(resolve));
          await tracer.trace({ name: `${name}.child` }, async () => undefined);
        }),
      ),
    );
    for (const name of ['a', 'b']) {
      const [parent, child] = [name, `${name}.child`].map((each) => spans.find((span) => span.name === each));
      expect(child).toMatchObject({ traceId: parent?.traceId, parentId: parent?.spanId });
      expect(parent?.parentId).toBeNull();
      expect(child?.endNs).toBeLessThanOrEqual(parent?.endNs ?? 0n);
    }
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(2);
  });

  it('tell of a failure its class or state, never its text, and end once', async () => {
    const { spans, tracer } = kept();
    const failing = tracer.trace({ name: 'x' }, async (span) => {
      span.end({ rows: 1 });
      throw Object.assign(new Error('password=hunter2'), { code: '23505' });
    });
    await expect(failing).rejects.toThrow('hunter2');
    await expect(
      tracer.trace({ name: 'y' }, async () => {
        throw Object.assign(new TypeError('secret'), { code: '57P01' });
      }),
    ).rejects.toThrow('secret');
    expect(spans.map(({ name, error, attributes }) => ({ name, error, attributes }))).toEqual([
      { name: 'x', error: null, attributes: { rows: 1 } },
      { name: 'y', error: '57P01', attributes: {} },
    ]);
  });

  it.each([
    ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', '4bf92f3577b34da6a3ce929d0e0e4736'],
    ['00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01', null],
    ['00-00000000000000000000000000000000-00f067aa0ba902b7-01', null],
    ['00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01', null],
    ['nonsense', null],
    [undefined, null],
  ])('take %s for a trace: %s', (header, traceId) => {
    expect(readTraceparent(header)?.traceId ?? null).toBe(traceId);
  });
});

describe('the exporter', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  async function collector(status = 200): Promise<{ endpoint: URL; bodies: unknown[]; paths: string[] }> {
    const bodies: unknown[] = [];
    const paths: string[] = [];
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      paths.push(`${request.method} ${request.url} ${request.headers['content-type']}`);
      bodies.push(JSON.parse(Buffer.concat(chunks).toString()));
      response.writeHead(status).end('{}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { endpoint: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/otlp/`), bodies, paths };
  }

  const quiet = { warn: () => undefined };

  it('sends OTLP as JSON: ids in hex, nanoseconds and integers as text, kinds and errors as numbers', async () => {
    const { endpoint, bodies, paths } = await collector();
    const exporter = new OtlpExporter({ endpoint, resource: { 'service.name': 'deye-hard' }, log: quiet });
    exporter.export({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      spanId: '00f067aa0ba902b7',
      parentId: '1111111111111111',
      name: 'SELECT',
      kind: 'client',
      startNs: 1_700_000_000_123_456_000n,
      endNs: 1_700_000_000_123_999_000n,
      attributes: { text: 'SELECT 1', rows: 3, share: 0.5, cold: true },
      error: '57014',
    });
    await exporter.stop();
    expect(paths).toEqual(['POST /otlp/v1/traces application/json']);
    expect(bodies).toEqual([
      {
        resourceSpans: [
          {
            resource: { attributes: [{ key: 'service.name', value: { stringValue: 'deye-hard' } }] },
            scopeSpans: [
              {
                scope: { name: 'deye-hard' },
                spans: [
                  {
                    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
                    spanId: '00f067aa0ba902b7',
                    parentSpanId: '1111111111111111',
                    name: 'SELECT',
                    kind: 3,
                    startTimeUnixNano: '1700000000123456000',
                    endTimeUnixNano: '1700000000123999000',
                    attributes: [
                      { key: 'text', value: { stringValue: 'SELECT 1' } },
                      { key: 'rows', value: { intValue: '3' } },
                      { key: 'share', value: { doubleValue: 0.5 } },
                      { key: 'cold', value: { boolValue: true } },
                      { key: 'error.type', value: { stringValue: '57014' } },
                    ],
                    status: { code: 2 },
                  },
                ],
              },
            ],
          },
        ],
      },
    ]);
  });

  it('keeps a bounded number, loses what nobody takes, counts it and says so once', async () => {
    const { endpoint } = await collector(503);
    const warnings: unknown[] = [];
    const log = { warn: (line: unknown) => void warnings.push(line) };
    const exporter = new OtlpExporter({ endpoint, resource: {}, log, maxWaiting: 3 });
    const tracer = new Tracer(exporter);
    for (let n = 0; n < 5; n++) tracer.start({ name: 'x' }).end();
    expect(exporter.dropped).toBe(2);
    await tracer.stop();
    expect(exporter.dropped).toBe(5);
    expect(warnings).toEqual([expect.objectContaining({ event: 'traces_dropped', dropped: 1 })]);
  });
});
