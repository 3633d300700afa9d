import { describe, expect, it } from 'vitest';
import { Doorkeeper, roomAfter } from './doorkeeper.ts';

const bounds = { few: 200, most: 2_000 };

describe('the room inside', () => {
  it.each<[string, number, { inside: number; waitedMs: number }, number]>([
    [
      'who waited too long leaves as much room as would have been in time',
      2_000,
      { inside: 800, waitedMs: 4_000 },
      400,
    ],
    ['a longer wait than before does not make it larger', 300, { inside: 2_000, waitedMs: 4_000 }, 300],
    ['the few always have room', 2_000, { inside: 400, waitedMs: 60_000 }, 200],
    ['the few tell nothing of a crowd', 2_000, { inside: 199, waitedMs: 60_000 }, 2_000],
    ['who was quick makes it larger by one', 400, { inside: 3, waitedMs: 999 }, 401],
    ['never more than the most', 2_000, { inside: 2_000, waitedMs: 10 }, 2_000],
    ['who was in time leaves it as it is', 400, { inside: 400, waitedMs: 1_500 }, 400],
  ])('%s', (_, room, done, expected) => {
    expect(roomAfter(room, done, bounds)).toBe(expected);
  });
});

/** A doorkeeper with a clock of the test's own, and how to let somebody in and out. */
function atTheDoor(most: number, atWork = most) {
  const clock = { ms: 0 };
  const doorkeeper = new Doorkeeper(most, () => clock.ms, atWork);
  const leave: (() => void)[] = [];
  const inside: Promise<void>[] = [];
  const enter = (many: number): void => {
    for (let i = 0; i < many; i++) {
      inside.push(doorkeeper.admit(() => new Promise<void>((resolve) => leave.push(resolve))));
    }
  };
  return { clock, doorkeeper, leave, inside, enter };
}

describe('the doorkeeper', () => {
  it('lets in as many as are done in good time: of 800 who took 8 s, 200', async () => {
    const { clock, doorkeeper, leave, inside, enter } = atTheDoor(2_000);
    enter(800);
    for (const go of leave.splice(0)) {
      clock.ms += 10;
      go();
      await inside.shift();
    }
    enter(199);
    expect(doorkeeper.isFull).toBe(false);
    enter(1);
    expect(doorkeeper.isFull).toBe(true);
    await expect(doorkeeper.admit(async () => {})).rejects.toBe(doorkeeper.refusal);
  });

  it('lets nobody in while nobody gets out, unless they are few', async () => {
    const { clock, doorkeeper, leave, inside, enter } = atTheDoor(2_000);
    enter(200);
    clock.ms = 2_000;
    expect(doorkeeper.isFull).toBe(false);
    clock.ms = 2_001;
    expect([doorkeeper.isFull, doorkeeper.spare]).toEqual([true, 0]);
    leave.shift()?.();
    await inside[0];
    expect(doorkeeper.isFull).toBe(false);
  });

  it('begins to count when somebody comes in after nobody was there', async () => {
    const { clock, doorkeeper, enter } = atTheDoor(2_000);
    await doorkeeper.admit(async () => {});
    clock.ms = 60_000;
    enter(200);
    expect(doorkeeper.isFull).toBe(false);
  });

  it('has so many at work at once, and the others follow in the order they came, whatever became of those before', async () => {
    const { doorkeeper } = atTheDoor(5, 2);
    const begun: number[] = [];
    const end: ((error?: Error) => void)[] = [];
    const work = (n: number): Promise<void> => {
      begun.push(n);
      return new Promise((resolve, reject) => {
        end[n] = (error) => (error === undefined ? resolve() : reject(error));
      });
    };
    const done = [0, 1, 2, 3, 4].map((n) => doorkeeper.admit(() => work(n)));
    expect([begun, doorkeeper.isFull]).toEqual([[0, 1], true]);
    end[1]?.(new Error('refused'));
    await expect(done[1]).rejects.toThrow('refused');
    expect(begun).toEqual([0, 1, 2]);
    end[0]?.();
    end[2]?.();
    await Promise.all([done[0], done[2]]);
    expect(begun).toEqual([0, 1, 2, 3, 4]);
    end[3]?.();
    end[4]?.();
    await Promise.all(done.slice(3));
    // Nobody's turn was lost: two begin at once again.
    for (const n of [5, 6, 7]) void doorkeeper.admit(() => work(n));
    expect(begun.slice(5)).toEqual([5, 6]);
  });

  it('tells how many may come until it is half full', () => {
    const { doorkeeper, enter } = atTheDoor(5);
    expect(doorkeeper.spare).toBe(3);
    enter(2);
    expect(doorkeeper.spare).toBe(1);
    enter(3);
    expect([doorkeeper.isFull, doorkeeper.spare]).toEqual([true, 0]);
  });
});
