import { describe, expect, it } from 'vitest';
import { type Claim, decideClaim, type Sign } from './claim.ts';

const NOW = new Date('2026-06-21T12:00:00Z');
const ago = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);
const HOME = '203.0.113.7';

function claim(given: Partial<Claim> = {}): Claim {
  const nothing = { isOnlyAccount: false, restartAskedAt: null, releasedAt: null, visits: [] };
  return { userId: 1, inverterId: 10, ...nothing, ...given };
}

const asked = (minutes: number) => claim({ restartAskedAt: ago(minutes) });
const visited = (address: string, minutes = 1) => claim({ visits: [{ address, at: ago(minutes) }] });
const restart: Sign = { at: NOW, address: null, powerOnTimeS: 58, before: null };
const heartbeat: Sign = { at: NOW, address: HOME, powerOnTimeS: null, before: null };
const seen = (minutes: number, returned: number | null = null): Sign => ({
  ...restart,
  before: { lastSeenAt: ago(minutes), returnedAt: returned === null ? null : ago(returned) },
});

describe('a logger is', () => {
  it.each<[string, Claim, Sign, string | null]>([
    ['nobody’s by its serial alone', claim(), { ...restart, address: HOME }, null],
    ['that of the only account', claim({ isOnlyAccount: true }), heartbeat, 'only_account'],
    [
      'not given back to the only account that gave it up',
      claim({ isOnlyAccount: true, releasedAt: ago(1) }),
      restart,
      null,
    ],
    ['whose who restarts it', asked(3), restart, 'power_cycle'],
    ['whose who restarted it a quarter of an hour after saying so', asked(15), restart, 'power_cycle'],
    ['not whose who said so longer ago', asked(15.1), restart, null],
    ['not whose who says so in the future', claim({ restartAskedAt: ago(-5) }), restart, null],
    ['whose who restarts it, 299 s ago', asked(6), { ...restart, powerOnTimeS: 299 }, 'power_cycle'],
    ['not proven by one that has run for 300 s', asked(6), { ...restart, powerOnTimeS: 300 }, null],
    ['not proven by a frame that tells no power-on time', asked(3), { ...heartbeat, address: null }, null],
    ['not whose who restarted it without saying so', claim(), restart, null],
    ['whose who restarts it two hours after it was here', asked(3), seen(120), 'power_cycle'],
    ['not whose who awaited the morning', asked(3), seen(121), null],
    ['not whose who awaited a morning of clouds, with a power-on after the other', asked(14), seen(2, 9), null],
    ['whose who restarts it after the morning', asked(3), seen(4, 300), 'power_cycle'],
    ['whose who uses the server from where it is', visited(HOME), heartbeat, 'same_address'],
    ['whose who did so an hour ago', visited(HOME, 60), heartbeat, 'same_address'],
    ['not whose who did so longer ago', visited(HOME, 61), heartbeat, null],
    ['not whose who uses the server from elsewhere', visited('203.0.113.8'), heartbeat, null],
    ['not whose where its address proves nothing', visited(HOME), { ...heartbeat, address: null }, null],
    [
      'whose who is in the same /64',
      visited('2001:db8:1:2::5'),
      { ...heartbeat, address: '2001:db8:1:2:aaaa::1' },
      'same_address',
    ],
    [
      'not whose who gave it up, though they are where it is',
      { ...visited(HOME), releasedAt: ago(5) },
      heartbeat,
      null,
    ],
    ['whose who gave it up and restarts it', { ...asked(3), releasedAt: ago(5) }, restart, 'power_cycle'],
    ['not whose who said so before giving it up', { ...asked(5), releasedAt: ago(3) }, restart, null],
  ])('%s', (_, one, sign, proof) => {
    expect(decideClaim([one], sign)?.proof ?? null).toBe(proof);
  });

  it('whose of several waiting who has the proof', () => {
    const others = [claim({ userId: 2, inverterId: 20 }), { ...visited('203.0.113.9'), userId: 3, inverterId: 30 }];
    expect(decideClaim([...others, asked(3)], { ...restart, address: HOME })).toMatchObject({
      claim: { userId: 1 },
      proof: 'power_cycle',
    });
  });

  it('whose who restarts it rather than whose who lives at the same address', () => {
    const neighbour = { ...visited(HOME), userId: 2, inverterId: 20 };
    expect(decideClaim([neighbour, asked(3)], { ...restart, address: HOME })?.claim.userId).toBe(1);
  });

  it.each<[string, Claim, Sign]>([
    ['have said that they restart it', asked(3), restart],
    ['live at its address', visited(HOME), heartbeat],
  ])('nobody’s where two %s', (_, one, sign) => {
    expect(decideClaim([one, { ...one, userId: 2, inverterId: 20 }], sign)).toBeNull();
  });

  it('nobody’s where two say that they restart it, although one of them lives at its address', () => {
    const here = { ...asked(3), visits: [{ address: HOME, at: ago(1) }] };
    expect(decideClaim([here, { ...asked(2), userId: 2 }], { ...restart, address: HOME })).toBeNull();
  });
});
