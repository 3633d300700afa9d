import { describe, expect, it } from 'vitest';
import { loadConfig } from '../config.ts';
import { announce } from './console.ts';

const WEB = [{ name: 'web', address: 'http://localhost:8000/' }];

function announced(env: NodeJS.ProcessEnv, setupToken: string | null): string {
  let text = '';
  const out = (said: string): void => {
    text += said;
  };
  announce({ out, config: loadConfig(env, '/nonexistent') }, WEB, setupToken, 1234);
  return text;
}

describe('what a start says', () => {
  it('the way to the first account, for this machine and for another one', () => {
    const text = announced({}, 'abc');
    expect(text).toContain('  http://localhost:8000/setup?token=abc\n');
    const elsewhere = /on phones\s+(\S+)/.exec(text)?.[1];
    expect(text.includes('from another device')).toBe(elsewhere !== undefined);
    if (elsewhere !== undefined) expect(text).toContain(`  ${elsewhere}setup?token=abc\n`);
  });

  it('of an address that serves everybody there is one link', () => {
    const text = announced({ BASE_URL: 'https://solar.example.org' }, 'abc');
    expect(text.match(/setup\?token=/g)).toHaveLength(1);
    expect(text).toContain('  https://solar.example.org/setup?token=abc\n');
  });

  it('nothing of it once there is an administrator', () => {
    expect(announced({}, null)).not.toContain('setup');
  });
});
