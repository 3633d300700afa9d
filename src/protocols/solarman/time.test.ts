import { describe, expect, it } from 'vitest';
import {
  acquiredAt,
  BootClocks,
  contradicts,
  readTimeBlock,
  reckonedClock,
  type TimeBlock,
  toldClock,
  writeTimeBlock,
} from './time.ts';

const block = (workingS: number, powerOnS: number, offsetS = 0): TimeBlock => ({ workingS, powerOnS, offsetS });
const noon = new Date('2025-07-15T12:00:00Z');
const noonS = noon.getTime() / 1000;

function tell(clocks: BootClocks, time: TimeBlock): void {
  const clock = toldClock(time);
  if (clock !== null) clocks.learn(clock);
}

describe('time block', () => {
  it('is three little-endian numbers, and null where the payload ends before', () => {
    const payload = Buffer.alloc(15);
    writeTimeBlock(block(1, 2, 0xffffffff), payload, 3);
    expect(payload.toString('hex')).toBe('0000000100000002000000ffffffff');
    expect(readTimeBlock(payload, 3)).toEqual(block(1, 2, 0xffffffff));
    expect(readTimeBlock(payload, 4)).toBeNull();
  });

  it('means working time plus offset, without the power-on time', () => {
    expect(acquiredAt(block(6_000_000, 300, noonS - 6_000_000))).toEqual(noon);
    expect(acquiredAt(block(6_000_000, 300, 0))).toBeNull();
  });

  it('adds in 32 bits, for a logger whose count is ahead of the time', () => {
    const ahead = 3_000_000_000;
    expect(acquiredAt(block(ahead, 5, (noonS - ahead) >>> 0))).toEqual(noon);
  });
});

describe('boot clocks', () => {
  it('dates a frame by the offset another frame of the same power-on told', () => {
    const clocks = new BootClocks();
    tell(clocks, block(6_003_600, 3600, noonS - 6_003_600));
    expect(clocks.told(block(6_000_040, 40))).toEqual(new Date(noon.getTime() - 3_560_000));
  });

  it.each([
    [10, true],
    [-10, true],
    [11, false],
    [-11, false],
  ])('takes power-ons %i s apart for the same: %s', (apart, same) => {
    const clocks = new BootClocks();
    tell(clocks, block(6_003_600, 3600, 5));
    expect(clocks.told(block(6_000_040 + apart, 40)) !== null).toBe(same);
  });

  it('never carries an offset over to another power-on', () => {
    const clocks = new BootClocks();
    tell(clocks, block(6_003_600, 3600, noonS));
    clocks.learn(reckonedClock(block(6_003_600, 3600), noon));
    expect(clocks.told(block(6_010_000, 20))).toBeNull();
    expect(clocks.reckoned(block(6_010_000, 20))).toBeNull();
  });

  it('learns nothing from a frame without an offset', () => {
    const clocks = new BootClocks();
    tell(clocks, block(6_003_600, 3600, 0));
    expect(clocks.told(block(6_003_600, 3600))).toBeNull();
  });

  it('reckons with the handshake that was least delayed', () => {
    const clocks = new BootClocks();
    clocks.learn(reckonedClock(block(6_000_058, 58), new Date(noon.getTime() + 9000)));
    clocks.learn(reckonedClock(block(6_000_089, 89), new Date(noon.getTime() + 31_000)));
    clocks.learn(reckonedClock(block(6_000_120, 120), new Date(noon.getTime() + 67_000)));
    expect(clocks.reckoned(block(6_000_058, 58))).toEqual(noon);
  });

  it('forgets the oldest of many power-ons', () => {
    const clocks = new BootClocks();
    for (let boot = 0; boot < 20; boot++) tell(clocks, block(1_000_000 + boot * 1000, 0, 7));
    expect(clocks.told(block(1_000_000, 0))).toBeNull();
    expect(clocks.told(block(1_019_000, 0))).not.toBeNull();
  });
});

describe("the inverter's clock", () => {
  it.each<[string | null, boolean]>([
    ['2025-07-15T14:00:00', false],
    ['2025-07-16T02:00:00', false],
    ['2025-07-14T13:00:00', false],
    ['2025-07-13T00:00:00', true],
    ['2020-01-01T00:00:10', true],
    [null, false],
  ])('%s contradicts noon: %s', (clock, answer) => {
    expect(contradicts(clock, noon)).toBe(answer);
  });
});
