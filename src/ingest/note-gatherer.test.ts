import { expect, it } from 'vitest';
import { Unavailable } from '../domain/errors.ts';
import { NoteGatherer } from './note-gatherer.ts';

interface Note {
  subject: string;
  said: string;
}

/** Writes into a list what each statement would have written; the test says when a statement is over, and of which words it fails. */
function gatherer({ refuses = () => null }: { refuses?: (note: Note) => Error | null } = {}) {
  const statements: string[][] = [];
  const refused: string[] = [];
  let atOnce = 0;
  let mostAtOnce = 0;
  const notes = new NoteGatherer<Note>(
    async (some) => {
      mostAtOnce = Math.max(mostAtOnce, ++atOnce);
      statements.push(some.map(({ subject, said }) => `${subject}:${said}`));
      await new Promise((resolve) => setImmediate(resolve));
      atOnce--;
      const error = some.map(refuses).find((one) => one !== null);
      if (error !== undefined) throw error;
    },
    (subjects) => refused.push(...subjects),
  );
  return { notes, statements, refused, mostAtOnce: () => mostAtOnce };
}

const note = (subject: string, said = ''): Note => ({ subject, said });

it('what is noted together is written together, in the order of its subjects', async () => {
  const { notes, statements } = gatherer();
  for (const subject of ['c', 'a', 'b']) notes.add(note(subject));
  await expect.poll(() => statements).toEqual([['a:', 'b:', 'c:']]);
});

it('what comes while one statement is under way goes with the next, never beside it', async () => {
  const { notes, statements, mostAtOnce } = gatherer();
  notes.add(note('a'));
  await expect.poll(() => statements.length).toBe(1);
  for (const subject of ['c', 'b']) notes.add(note(subject));
  await expect.poll(() => statements).toEqual([['a:'], ['b:', 'c:']]);
  expect(mostAtOnce()).toBe(1);
});

it('of one subject there is one in a statement, and the last word is written last', async () => {
  const { notes, statements } = gatherer();
  for (const [subject, said] of [
    ['b', 'old'],
    ['a', 'old'],
    ['b', 'new'],
  ] as const)
    notes.add(note(subject, said));
  await notes.settled();
  expect(statements).toEqual([['a:old', 'b:old'], ['b:new']]);
});

it('one that is refused takes nobody along', async () => {
  const { notes, statements, refused } = gatherer({ refuses: ({ said }) => (said === 'bad' ? new Error('no') : null) });
  for (const subject of ['a', 'b', 'd', 'e']) notes.add(note(subject));
  notes.add(note('c', 'bad'));
  await notes.settled();
  expect(refused).toEqual(['c']);
  const alone = statements.filter((some) => !some.includes('c:bad')).flat();
  expect(alone.sort()).toEqual(['a:', 'b:', 'd:', 'e:']);
});

it('without a database all are given back after one attempt', async () => {
  const { notes, statements, refused } = gatherer({ refuses: () => new Unavailable('gone') });
  for (const subject of ['a', 'b', 'c']) notes.add(note(subject));
  await notes.settled();
  expect(statements).toHaveLength(1);
  expect(refused).toEqual(['a', 'b', 'c']);
});

it('some hundred go into a statement, and beyond some thousand they are shed', async () => {
  const { notes, statements } = gatherer();
  const taken = Array.from({ length: 6_000 }, (_, i) => notes.add(note(`${i}`)));
  expect(taken.filter((isTaken) => isTaken)).toHaveLength(5_000);
  await notes.settled();
  expect(statements.map((some) => some.length)).toEqual(Array(10).fill(500));
  expect(new Set(statements.flat()).size).toBe(5_000);
  expect(notes.add(note('x'))).toBe(true);
  await notes.settled();
});
