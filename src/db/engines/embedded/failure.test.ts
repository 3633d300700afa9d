import { describe, expect, test } from 'vitest';
import { failedStart } from './failure.ts';

describe('what people read when PostgreSQL does not start', () => {
  // As initdb and postgres 18 said on full disks.
  test.each([
    ['HINT:  Check free disk space.', 'The disk is full'],
    ['FATAL:  could not write lock file "postmaster.pid": No space left on device', 'The disk is full'],
    [
      'could not resize shared memory segment "/PostgreSQL.1" to 1 bytes: No space left on device',
      'too little shared memory',
    ],
    ['FATAL:  could not open file: Read-only file system', 'The disk is read-only'],
    ['FATAL:  could not map anonymous shared memory: Cannot allocate memory', 'too little memory'],
    ['FATAL:  something new', 'It did not start.'],
  ])('%s', (output, sentence) => {
    const [first, ...rest] = failedStart('It did not start.', output).message.split('\n');
    expect(first).toContain(sentence);
    expect(rest).toEqual([output]);
  });

  test('no more than the last lines', () => {
    const lines = Array.from({ length: 40 }, (_, index) => `line ${index + 1}`);
    expect(failedStart('No.', `${lines.join('\n')}\n`).message.split('\n')).toEqual(['No.', ...lines.slice(-12)]);
  });
});
