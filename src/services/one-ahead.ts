/**
 * What is read of each piece, in their order. Who has come back for a second piece is reading on: from then on the next is read while the
 * one before is used. Never more than that one, so that who stops taking finds nothing under way, and one piece kept for him.
 * @param read has to heed its signal, which also fires when nobody takes the rest
 * @param signal ends it, what is read ahead included; it throws the signal's reason then
 */
export async function* oneAhead<P, T>(
  pieces: Iterable<P>,
  read: (piece: P, signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): AsyncGenerator<T> {
  const left = new AbortController();
  const ends = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]);
  const rest = pieces[Symbol.iterator]();
  const begin = (): Promise<T> | null => {
    const { done, value } = rest.next();
    if (done === true) return null;
    const reading = read(value, ends);
    // Where it fails, who takes it is told; where nobody does, there is nobody to tell.
    reading.catch(() => undefined);
    return reading;
  };
  let ahead = begin();
  try {
    for (let taken = 0; ahead !== null; taken++) {
      const piece: T = await ahead;
      ahead = taken === 0 ? null : begin();
      signal?.throwIfAborted();
      yield piece;
      if (taken === 0) ahead = begin();
    }
  } finally {
    left.abort(new Error('Nobody takes the rest.'));
    await ahead?.catch(() => undefined);
  }
}
