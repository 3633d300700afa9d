import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type EverythingRun, STEPS, summaryOf } from '../../scripts/test-everything.ts';
import { besideOf, reportOf } from '../../scripts/test-report.ts';

it('the report of a long run counts what passed, failed and was not run, a line each file, and names what failed', () => {
  const test = (title: string, status: string) => ({ title, status });
  const report = reportOf(
    {
      startTime: Date.UTC(2026, 5, 21, 23),
      testResults: [
        { name: '/x/test/long/b.test.ts', startTime: 0, endTime: 61_400, assertionResults: [test('holds', 'passed')] },
        {
          name: '/x/test/long/a.test.ts',
          startTime: 0,
          endTime: 600,
          assertionResults: [test('breaks', 'failed'), test('waits', 'skipped'), test('stays', 'passed')],
        },
      ],
    },
    '/x',
  );
  expect(report).toMatch(/^2026-06-21, .*: 2 passed, 1 failed, 1 not run\.\n/);
  expect(report.split('\n').filter((line) => line.startsWith('| `'))).toEqual([
    '| `test/long/a.test.ts` | 1 | 1 | 1 |',
    '| `test/long/b.test.ts` | 1 | 0 | 61 |',
  ]);
  expect(report).toMatch(/\n- failed: breaks$/);
});

describe('everything that takes long', () => {
  const run: EverythingRun = {
    startTime: Date.UTC(2026, 5, 21, 23),
    steps: [
      { name: 'long', command: 'npm run test:long', passed: true, seconds: 1234.5, said: ['80 passed, 0 failed'] },
      { name: 'storm', command: 'npm run storm', passed: false, seconds: 9, said: ['1 of 2 <-- WRONG', '3 of 3'] },
    ],
  };

  it('ends with a line a step, what it said, and how many passed', () => {
    expect(summaryOf(run).split('\n')).toEqual([
      'passed  1235 s  npm run test:long',
      '                80 passed, 0 failed',
      'FAILED     9 s  npm run storm',
      '                1 of 2 <-- WRONG',
      '                3 of 3',
      '1 of 2 passed',
    ]);
  });

  it('stands in the report', () => {
    expect(besideOf(run)).toMatch(/^2026-06-21, `npm run test:everything`:\n/);
    expect(besideOf(run)).toContain('| `npm run storm` | failed | 9 | 1 of 2 <-- WRONG; 3 of 3 |');
  });

  it.each(STEPS)('$name is a script that there is', ({ script }) => {
    const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(scripts).toHaveProperty([script]);
  });

  it.each([
    ['long', '80 passed, 0 failed'],
    ['year', 'Plain PostgreSQL: 365 days; 5,256,000 AC and 21,024,000 DC samples, 350,400 quarter hours.'],
    ['storm', 'samples found after the storm                505000 of 505000'],
    ['storm', 'samples found after the storm                none of 505000   <-- WRONG'],
    ['pictures', '812 pictures in screenshots/'],
  ])('hears what %s says: %s', (name, line) => {
    expect(STEPS.find((step) => step.name === name)?.says.test(line)).toBe(true);
  });
});
