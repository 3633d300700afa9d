import { afterEach, describe, expect, it } from 'vitest';
import { fakeServices, inverter, sunnyInverter } from '../../../../test/support/fake-services.ts';
import { type FakeWeb, fakeWeb, NOON } from '../../../../test/support/fake-web.ts';
import { textOf } from '../../../../test/support/page-text.ts';
import type { InverterCurrent } from '../../../services/services.ts';

let web: FakeWeb;
afterEach(() => web.app.close());

async function page(inverters: InverterCurrent[], query = ''): Promise<{ status: number; body: string; text: string }> {
  web = await fakeWeb(fakeServices(inverters));
  const answer = await web.get(`/dashboard/summary${query}`, { headers: { 'accept-language': 'de' } });
  return { status: answer.statusCode, body: answer.body, text: textOf(answer.body) };
}

describe('all inverters together', () => {
  it('the maximum is that of the sum, in the statistics as in the chart', async () => {
    const two = [
      sunnyInverter(NOON, { id: 1, powerW: 200 }),
      // Its highest value came at another time of the day.
      sunnyInverter(NOON, { id: 2, name: 'Garten', powerW: 100, ageS: 4 * 3600, state: 'offline' }),
    ];
    const { text, body } = await page(two);
    const sum = /Maximum heute (\S+) (k?W)/.exec(text);
    expect(body).toContain(`>${sum?.[1]}\u00a0${sum?.[2]}</text>`);
    const maxima = two.reduce((watts, one) => watts + (one.maxPowerTodayW ?? 0), 0);
    const shown = Number(sum?.[1]?.replace(',', '.')) * (sum?.[2] === 'kW' ? 1000 : 1);
    expect(shown).toBeLessThan(maxima - 1);
    expect(text).toContain('Aktuell 200 W vor 40 s alter Wert 1 von 2 nicht mitgezählt: kein aktueller Wert');
  });

  it('what comes now is never more than the maximum of today, in the statistics as in the chart', async () => {
    const { text, body } = await page([
      sunnyInverter(NOON, { id: 1, powerW: 2600 }),
      sunnyInverter(NOON, { id: 2, name: 'Garten', powerW: 2500 }),
    ]);
    expect(text).toMatch(/Aktuell 5,10 kW .*Maximum heute 5,10 kW/);
    expect(body).toContain('>5,10\u00a0kW</text>');
  });

  // Each by itself, and all together; of many the strongest five, and all with the others.
  it.each([
    [1, 1],
    [2, 3],
    [6, 7],
    [40, 6],
  ])(
    'reads the power of today once for the figures and the chart, of %i inverters with %i reads',
    async (count, reads) => {
      await page(Array.from({ length: count }, (_, i) => sunnyInverter(NOON, { id: i + 1 })));
      expect(web.services.reads.power).toBe(reads);
    },
  );

  it('names every inverter beside its colour, and sums them in the table', async () => {
    const { text } = await page([sunnyInverter(NOON, { id: 1 }), sunnyInverter(NOON, { id: 2, name: 'Garten' })]);
    expect(text).toContain('Zeit Balkon Süd Garten Zusammen');
  });

  it('says of what the lines of a long period are means, and draws no dot that belongs to none of them', async () => {
    const two = [sunnyInverter(NOON, { id: 1 }), sunnyInverter(NOON, { id: 2, name: 'Garten' })];
    const { text, body } = await page(two, '?period=week');
    expect(text).toContain('Garten Mittel je Viertelstunde');
    expect(body).not.toContain('chart-peak-dot');
    await web.app.close();
    expect((await page(two)).text).not.toContain('Mittel je');
  });

  it('before the first value shows nothing, and no zero', async () => {
    const { text } = await page([inverter({ id: 7 })]);
    expect(text).toContain('In diesem Zeitraum wurde nichts gemessen.');
    expect(text).not.toMatch(/\b0 W|0,00 kWh/);
  });

  it('without an inverter is the guide', async () => {
    expect((await page([])).status).toBe(303);
  });
});
