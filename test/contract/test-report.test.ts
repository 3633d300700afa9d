import { expect, it } from 'vitest';
import { reportOf } from '../../scripts/test-report.ts';

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
