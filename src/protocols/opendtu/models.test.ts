import { expect, test } from 'vitest';
import { modelOf } from './models.ts';

test.each<[string, number, number]>([
  ['112181234567', 1, 400],
  ['112481234567', 1, 500],
  ['112581234567', 1, 500],
  ['140081234567', 1, 500],
  ['284181234567', 1, 300],
  ['114182940773', 2, 800],
  ['114381234567', 2, 1000],
  ['114481234567', 2, 1000],
  ['114a81234567', 2, 1000],
  ['141081234567', 2, 1000],
  ['2821a1b2c3d4', 2, 800],
  ['116183771004', 4, 1500],
  ['116491626836', 4, 2000],
  ['116681234567', 4, 2000],
  ['142081234567', 4, 2000],
  ['136112345678', 4, 2000],
  ['280181234567', 4, 1800],
  ['138284652162', 6, 2250],
])('%s has %i inputs and at most %i W', (serial, inputs, ratedPowerW) => {
  expect(modelOf(serial)).toMatchObject({ inputs, ratedPowerW });
});

test.each(['199980140256', '999999999999', '116', '1161837710045', 'hq2134abcdef', ''])(
  '%j is none of Hoymiles’',
  (serial) => {
    expect(modelOf(serial)).toBeNull();
  },
);
