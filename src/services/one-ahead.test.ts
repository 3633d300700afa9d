import { describe, expect, it } from 'vitest';
import { oneAhead } from './one-ahead.ts';

/** Pieces that arrive when they are let, and who asked for what. */
function source() {
  const begun: number[] = [];
  const arrive: (() => void)[] = [];
  const signals: AbortSignal[] = [];
  const read = (piece: number, signal: AbortSignal): Promise<string> => {
    begun.push(piece);
    signals.push(signal);
    return new Promise((resolve, reject) => {
      arrive.push(() => resolve(`piece ${piece}`));
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  };
  return { begun, signals, read, arrive: (n: number) => arrive[n]?.() };
}

const PIECES = [0, 1, 2, 3];

describe('pieces read one ahead', () => {
  it('come in their order, and each is begun while the one before is used, from the second on', async () => {
    const { begun, read, arrive } = source();
    const pieces = oneAhead(PIECES, read);
    const taken: (string | undefined)[] = [];
    const begunThen: number[] = [];
    for (const n of PIECES) {
      const next = pieces.next();
      arrive(n);
      taken.push((await next).value as string);
      begunThen.push(begun.length);
    }
    expect(taken).toEqual(PIECES.map((n) => `piece ${n}`));
    expect(begunThen).toEqual([1, 3, 4, 4]);
    expect((await pieces.next()).done).toBe(true);
    expect(begun).toEqual(PIECES);
  });

  it('are no more than that one for who stops taking', async () => {
    const { begun, read } = source();
    const pieces = oneAhead(PIECES, async (piece, signal) => {
      void read(piece, signal).catch(() => undefined);
      return piece;
    });
    await pieces.next();
    await pieces.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).toEqual([0, 1, 2]);
  });

  it('end with who leaves: what is under way is ended before he has gone', async () => {
    const { begun, signals, read, arrive } = source();
    const pieces = oneAhead(PIECES, read);
    for (const n of [0, 1]) {
      const next = pieces.next();
      arrive(n);
      await next;
    }
    expect([begun.at(-1), signals.at(-1)?.aborted]).toEqual([2, false]);
    await pieces.return(undefined);
    expect(signals.at(-1)?.aborted).toBe(true);
    expect((await pieces.next()).done).toBe(true);
  });

  it('end with the signal, though the next is there already', async () => {
    const gone = new AbortController();
    const pieces = oneAhead(PIECES, async (piece) => piece, gone.signal);
    await pieces.next();
    await pieces.next();
    await new Promise((resolve) => setImmediate(resolve));
    gone.abort(new Error('nobody wants it'));
    await expect(pieces.next()).rejects.toThrow('nobody wants it');
    expect((await pieces.next()).done).toBe(true);
  });

  it('tell of a failure where it belongs, and leave none unheard', async () => {
    const pieces = oneAhead(PIECES, async (piece) => {
      if (piece === 2) throw new Error('broken');
      return piece;
    });
    expect([(await pieces.next()).value, (await pieces.next()).value]).toEqual([0, 1]);
    await new Promise((resolve) => setImmediate(resolve));
    await expect(pieces.next()).rejects.toThrow('broken');
  });
});
